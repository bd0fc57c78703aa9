"""What a bump asks for, and what came of it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.bump.editing import Edit
    from generator.lock.model import ActionPin, ImagePin
    from generator.problems import Problem
    from generator.update import Foreseen

NONE: Mapping[str, str] = MappingProxyType({})


class Asked(NamedTuple):
    """What is to move.

    `edits` are the values in profiles and manifests that say it. `go` are new releases and
    `renamed` new image references by old ones; `manifests` are the words of manifests that name
    those, new ones by old ones. `images` and `actions` are new pins for the lock, `moving` the
    repositories and refs of layers that are asked anew.
    """

    title: str
    edits: tuple[Edit, ...] = ()
    go: Mapping[str, str] = NONE
    renamed: Mapping[str, str] = NONE
    manifests: Mapping[str, str] = NONE
    images: Mapping[str, ImagePin] = MappingProxyType({})
    actions: Mapping[str, ActionPin] = MappingProxyType({})
    moving: frozenset[tuple[str, str]] = frozenset()
    remarks: tuple[str, ...] = ()


class Moved(NamedTuple):
    """A pin that moves: `kind` is go, image, action or layer.

    `old` and `new` are what people read (a release, a reference with its digest, a tag with its
    commit, an address with its), "" for one that comes or goes; `proofs` are those that all its
    new pins passed.
    """

    kind: str
    old: str
    new: str
    proofs: tuple[str, ...]


class Bumped(NamedTuple):
    """A bump, done or planned: what moved in profiles, lock and outputs.

    `files` are all files that change, sorted; `diff` is that of the profiles; `message` can serve
    as the commit's. `warnings` are of sources that could not be asked.
    """

    title: str
    edits: tuple[Edit, ...] = ()
    moved: tuple[Moved, ...] = ()
    outputs: tuple[Foreseen, ...] = ()
    remarks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    diff: str = ""
    warnings: tuple[Problem, ...] = ()
