"""Stage discover: find the layers of a workspace and the files of each.

A layer is every YAML file that lies directly in a folder below `profiles/`. A folder with YAML
files is a layer; a folder that only holds folders is a part of nested names (`team/api`).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from generator.model import LayerFiles
from generator.problems import Place, Problem, Rejected
from generator.workspace import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = re.compile(r"[a-z0-9-]+\Z")
_YAML = (".yaml", ".yml")
_FIRST = """make profiles/base/profile.yaml, for instance with these lines, and run gogen lock:
  targets: [go]
  toolchains: {current: "1.27.1"}
  go: {toolchain: current, platforms: [linux/amd64]}"""


def discover(root: Path) -> tuple[LayerFiles, ...]:
    """Find all layers of the workspace at `root`, sorted by name.

    Raises Rejected: GG165 no `profiles/`, GG166 a folder name that is none of a layer, GG167 a
    layer without YAML files, GG168 a file or folder that is a link.
    """
    if not (root / PROFILES).is_dir():
        message = "this workspace has no profiles folder"
        raise Rejected([Problem("GG165", message, Place(PROFILES), hint=_FIRST)])
    layers: list[LayerFiles] = []
    problems: list[Problem] = []
    for found in _scan(root, ""):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            layers.append(found)
    if problems:
        raise Rejected(problems)
    return tuple(sorted(layers, key=lambda layer: layer.name))


class _Folder(NamedTuple):
    """What one folder below `profiles/` holds: workspace-relative files and links, child names."""

    path: str
    files: tuple[str, ...]
    folders: tuple[str, ...]
    links: tuple[str, ...]


def _list(root: Path, path: str) -> _Folder:
    with os.scandir(root / path) as entries:
        # Names with a dot in front belong to editors and systems.
        seen = sorted((e for e in entries if e.name[0] != "."), key=lambda entry: entry.name)
    return _Folder(
        path,
        tuple(f"{path}/{e.name}" for e in seen if not e.is_symlink() and e.name.endswith(_YAML)),
        tuple(e.name for e in seen if not e.is_symlink() and e.is_dir()),
        tuple(f"{path}/{e.name}" for e in seen if e.is_symlink()),
    )


def _scan(root: Path, name: str) -> Iterator[LayerFiles | Problem]:
    """Give the layers, or problems, of one folder and all below it."""
    folder = _list(root, f"{PROFILES}/{name}" if name else PROFILES)
    yield from _misplaced(folder, name)
    if name and folder.files:
        yield LayerFiles(name, folder.files)
    for child in folder.folders:
        if _NAME.match(child):
            yield from _scan(root, f"{name}/{child}" if name else child)
        else:
            place = Place(f"{folder.path}/{child}")
            expected = "small letters a to z, digits and -"
            hint = f"rename it: {near}" if (near := _near(child)) else ""
            message = f"{child!r} is no name of a layer"
            yield Problem("GG166", message, place, expected=expected, hint=hint)


def _near(name: str) -> str:
    """Give the name of a layer that `name` may mean, "" where there is none."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _misplaced(folder: _Folder, name: str) -> Iterator[Problem]:
    """Give what is wrong with one folder itself."""
    hint = "put the file itself there; to share a layer, extend it"
    for link in folder.links:
        yield Problem("GG168", "a link stands where a layer is read", Place(link), hint=hint)
    if not name:
        for file in folder.files:
            hint = f"move it into a folder of its own: {PROFILES}/base/{file.rpartition('/')[2]}"
            yield Problem("GG167", "a YAML file outside of any layer", Place(file), hint=hint)
    elif not folder.files and not folder.folders:
        hint = "add a YAML file, or remove the folder"
        yield Problem("GG167", "a layer without YAML files", Place(folder.path), hint=hint)
