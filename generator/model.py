"""The values that flow between stages: all frozen, none does I/O.

Profile values are a tree of `Map`, `Seq` and `Leaf` nodes, each with a trail: the places that
set it, the winner first, then all it hid. Templates see the same tree as plain data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from generator.problems import Place

Pointer = tuple[str | int, ...]
"""Route to a node from the root of a profile's tree: map keys and list indices."""


class NotText(Exception):
    """A value that is not text (a secret, a home path) was used as text in a template."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret by name, `{$secret: name}`; gogen never knows the value."""

    name: str

    def __str__(self) -> str:
        """Refuse: a secret is written by a dialect natively, or not at all."""
        msg = f"secret {self.name!r} cannot become text"
        raise NotText(msg)


@dataclass(frozen=True, slots=True)
class HomePath:
    """A path below the reader's home folder; `rest` is what follows `~/` ("" is home itself)."""

    rest: str

    def __str__(self) -> str:
        """Refuse: each dialect writes a home path in its own way."""
        msg = f"home path '~/{self.rest}' cannot become text"
        raise NotText(msg)


Scalar = str | int | bool | None | Secret | HomePath


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar of a profile, and where it came from."""

    value: Scalar
    trail: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping of a profile: keys sorted, values are nodes.

    `key_places` is where each key itself stands (winner first); `tombstones` are the keys that a
    `null` removed, with the trail of the removal and of what it hid.
    """

    items: Mapping[str, Node]
    trail: tuple[Place, ...]
    key_places: Mapping[str, Place] = field(default_factory=dict)
    tombstones: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seq:
    """A list of a profile."""

    items: tuple[Node, ...]
    trail: tuple[Place, ...]


Node = Map | Seq | Leaf


def find(node: Node, pointer: Pointer) -> Node | None:
    """Give the node at `pointer` below `node`, or None where there is none."""
    for step in pointer:
        match node:
            case Map(items=items) if isinstance(step, str) and step in items:
                node = items[step]
            case Seq(items=children) if isinstance(step, int) and step < len(children):
                node = children[step]
            case _:
                return None
    return node


def walk(node: Node, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Node]]:
    """Give every node of the tree with its pointer, parents before children, maps sorted."""
    yield pointer, node
    match node:
        case Map(items=items):
            for key, child in sorted(items.items()):
                yield from walk(child, (*pointer, key))
        case Seq(items=children):
            for index, child in enumerate(children):
                yield from walk(child, (*pointer, index))
        case Leaf():
            pass


def plain(node: Node) -> Any:
    """Give the tree as plain data (dict, list, scalars); map keys sorted, places dropped."""
    match node:
        case Map(items=items):
            return {key: plain(items[key]) for key in sorted(items)}
        case Seq(items=children):
            return [plain(child) for child in children]
        case Leaf(value=value):
            return value


def dotted(pointer: Pointer) -> str:
    """Write a pointer as users do: `go.env.GOPROXY`, `modules[0].path`, `images["a.b"]`."""
    text = ""
    for step in pointer:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step and all(c.isalnum() or c in "_-" for c in step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


@dataclass(frozen=True, slots=True)
class LayerFiles:
    """A layer's folder as discovered: its name and its YAML files (workspace-relative, sorted)."""

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer read: its own `extends` (in written order, with places) and the rest as a tree."""

    name: str
    extends: tuple[tuple[str, Place], ...]
    tree: Map


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile merged: `order` is the C3 linearisation, the profile itself first, base last.

    `extends` are its direct parents in written order; `tree` has references resolved.
    """

    name: str
    order: tuple[str, ...]
    extends: tuple[str, ...]
    tree: Map

    @property
    def slug(self) -> str:
        """The profile's name as a folder of out/: / becomes a dot."""
        return self.name.replace("/", ".")


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One entry of `files` in a target's manifest (design §5)."""

    template: str
    path: str
    mode: str = "0644"
    install: str = ""
    place: str = ""
    when: str = ""
    for_each: str = ""
    dialect: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A target as its manifest says: what it writes and which pins that needs.

    `folders` are searched for a template in order (a workspace's own folder, then the built-in it
    extends); `derive` names how the files of a profile are made from its parent's ("kustomize").
    """

    name: str
    description: str
    files: tuple[FileSpec, ...]
    images: tuple[str, ...]
    actions: tuple[str, ...]
    folders: tuple[Path, ...]
    manifest: str
    delimiters: str = "gogen"
    derive: str = ""
    section_schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Pinned:
    """A profile with every pin looked up.

    `context` is what templates see: plain data, maps sorted (docs/templates.md lists its names).
    `toolchain` is the exact Go version its outputs are meant to have, "1.27.1".
    """

    profile: Profile
    targets: tuple[Target, ...]
    context: Mapping[str, Any]
    toolchain: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file as it should be.

    `path` is relative to `out/<slug>/`; `place` is a second, workspace-relative home ("" is none);
    `toolchains` are the Go versions its text may name; `template` names the template it came from.
    """

    path: str
    content: bytes
    target: str
    template: str
    executable: bool = False
    install: str = ""
    place: str = ""
    toolchains: tuple[str, ...] = ()
    dialect: str = "text"


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything a profile renders to, sorted by path."""

    profile: str
    slug: str
    artifacts: tuple[Artifact, ...]


class ChangeKind(StrEnum):
    """How a file on disk differs from the render."""

    MISSING = "missing"  # rendered, not on disk
    STALE = "stale"  # on disk is what gogen last wrote, and the render differs
    EDITED = "edited"  # on disk is neither what gogen last wrote nor the render
    FOREIGN = "foreign"  # a file gogen never wrote stands where it would write
    ORPHAN = "orphan"  # gogen wrote it and no longer renders it
    EXTRA = "extra"  # below out/<slug>/, not rendered and not written by gogen
    MODE = "mode"  # the executable bit differs


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between desired and actual; `path` is workspace-relative.

    `old` and `new` are the bytes on disk and of the render, None where there is no file.
    """

    kind: ChangeKind
    path: str
    profile: str
    old: bytes | None
    new: bytes | None
    executable: bool = False
