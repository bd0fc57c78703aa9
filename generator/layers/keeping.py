"""What `gogen lock` changes in `gogen.lock.d/layers/`: all in it is gogen's, and of a pin."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from generator.disk.paths import Tree, disk_errors, shown
from generator.layers.address import parse
from generator.layers.vendored import ATTRIBUTES, LAYERS, paths, proof_of
from generator.problems import Place, Problem
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from generator.lock.model import LayerPin

_KEPT_AS_THEY_ARE = b"* -text\n"


class Step(NamedTuple):
    """A file to write (`old` None: there is none yet) or to remove (`new` None)."""

    path: str
    old: bytes | None
    new: bytes | None


def steps(root: Path, pins: Mapping[str, LayerPin], fresh: Mapping[str, bytes]) -> tuple[Step, ...]:
    """Give what makes the vendored layers those of the pins; `fresh` are the bytes of new files.

    A file that is not fresh was held against its pin, and stays.
    """
    held = dict(_held(root))
    due = _due(pins)
    new = {path: content for path, content in fresh.items() if path in due}
    if due:
        new[ATTRIBUTES] = _KEPT_AS_THEY_ARE
    return (
        *(Step(p, held.get(p), new[p]) for p in sorted(new) if held.get(p) != new[p]),
        *(Step(path, held[path], None) for path in sorted(held) if path not in due | new.keys()),
    )


def strays(root: Path, pins: Mapping[str, LayerPin]) -> tuple[Problem, ...]:
    """Say which vendored files no pin names (GG580)."""
    due = _due(pins)
    known = due | {ATTRIBUTES} if due else due
    return tuple(
        Problem(
            "GG580",
            f"{shown(path)} is of no layer that the lock names",
            Place(shown(path)),
            hint="run gogen lock: it removes the file",
        )
        for path, _content in _held(root)
        if path not in known
    )


def _due(pins: Mapping[str, LayerPin]) -> set[str]:
    due: set[str] = set()
    for url, pin in pins.items():
        address = parse(url, Place(LOCK))
        due |= {*paths(address, pin), proof_of(address, pin)}
    return due


def _held(root: Path) -> Iterator[tuple[str, bytes]]:
    """Give every file there is, sorted, a link as one without bytes: removing it looks again."""
    found = [
        os.path.relpath(os.path.join(folder, name), root)  # noqa: PTH118  (os.walk's own)
        for folder, folders, names in os.walk(root / LAYERS)
        for name in (*names, *(one for one in folders if (root / folder / one).is_symlink()))
    ]
    with disk_errors(LAYERS), Tree(root) as tree:
        for path in sorted(found):
            read = tree.read(path)
            yield path, read[0] if read else b""
