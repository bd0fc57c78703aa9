"""The link from an archive to the checksum database: the tree in it makes the module with this h1.

A tree that passed is whole, so the checksums of its tools are those that a host check looks for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from generator.problems import Problem, Rejected
from generator.supply.toolchain import (
    NotATree,
    Toolchain,
    is_module_of_archive,
    of_archive,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.supply.proofs import Download

PROOF = "archive-h1"
"""Proof: the archive's tree, filtered and renamed as Go's packaging does, has the module's h1."""

_FILE = re.compile(r"go([0-9.]+)\.([a-z0-9]+)-([a-z0-9]+)\.(?:tar\.gz|zip)")


def tried(download: Download) -> bool:
    """Tell whether the archive makes the module; False where no h1 of it is known, or before 1.21.

    Raises Rejected (GG543) for a tree that does not.
    """
    archive = download.archive
    version, _ = _release(archive.file)
    if not archive.h1 or not is_module_of_archive(version):
        return False
    tree = _tree(download)
    require(archive.file, tree, archive.h1)
    return True


def sentinels(download: Download) -> Mapping[str, str]:
    """Give the checksums of the tools in an archive that passed, by path below GOROOT."""
    return _tree(download).sentinels


def require(name: str, tree: Toolchain, h1: str) -> None:
    """Refuse a tree that is not the one of this h1 (GG543)."""
    if tree.h1 == h1:
        return
    what = f"{name}: its tree makes a module with {tree.h1}"
    if tree.lacks:
        what += f", and it lacks {', '.join(tree.lacks)}: somebody trimmed it"
    hint = "this is not the tree that Go's developers published: do not use it"
    raise Rejected([Problem("GG543", what, expected=f"{h1}, as the lock has it", hint=hint)])


def unreadable(name: str, reason: NotATree) -> Rejected:
    """Tell of a file that holds no tree (GG543)."""
    expected = "a toolchain of Go, whole"
    return Rejected([Problem("GG543", f"{name}: {reason}", expected=expected)])


def _release(file: str) -> tuple[str, str]:
    """Give version and platform of an archive by its name."""
    found = _FILE.fullmatch(file)
    if not found:
        raise ValueError(file)
    return found[1], f"{found[2]}/{found[3].replace('armv6l', 'arm')}"


def _tree(download: Download) -> Toolchain:
    status = download.path.stat()
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
    try:
        return _read(download.path, stamp, *_release(download.archive.file))
    except NotATree as reason:
        raise unreadable(download.archive.file, reason) from reason


@lru_cache(maxsize=4)
def _read(path: Path, _stamp: tuple[int, ...], version: str, platform: str) -> Toolchain:
    """Read an archive; kept for who asks for the sentinels next."""
    with path.open("rb") as file:
        return of_archive(file, version, platform)
