"""How the files of a profile's target are made from its parent's: one module a way to derive.

A way is named by `derive:` in a target's manifest and exports `derive(own, parent) -> artifacts`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.model import Artifact, Desired


def names() -> tuple[str, ...]:
    """Give the names of all ways to derive, sorted."""
    return tuple(sorted(m.name for m in iter_modules(__path__) if m.name[0] != "_"))


def derive(way: str, target: str, own: Desired, parent: Desired | None) -> tuple[Artifact, ...]:
    """Give what the target `target` of a profile writes, derived from its parent's flat render.

    `own` and `parent` are flat renders; `parent` is None for a profile without one. Raises
    Rejected (GG27x).
    """
    module = import_module(f"{__name__}.{way}")
    result: tuple[Artifact, ...] = module.derive(target, own, parent)
    return result
