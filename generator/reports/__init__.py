"""The forms in which problems are shown: every module here but `base` is one format.

A format exports `render(report) -> str`; `cli` picks it by name and prints what it gives.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from generator.reports.base import Report


def names() -> tuple[str, ...]:
    """Give the names of all formats, sorted."""
    return tuple(sorted(m.name for m in iter_modules(__path__) if m.name != "base"))


def render(name: str, report: Report) -> str:
    """Write a report in the named format; text ends with a line break unless it is empty."""
    return cast("str", import_module(f"{__name__}.{name}").render(report))
