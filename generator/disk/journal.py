"""The journal of a write: what makes a run that was killed at any instant finish in the next.

The journal of a profile is `out/<slug>/SHA256SUMS.pending`, the sums that a write is about to make
true; the old ones are SHA256SUMS itself. So there is no format of its own, and the last step of a
write is one rename of the journal over SHA256SUMS:

1. `begin`: SHA256SUMS.pending is there, on disk, before any file changes;
2. new contents are written beside the files they replace, under names that follow from the path
   (`staged`), so that the next run knows where to look for what a killed one left;
3. files that went are removed, new ones renamed into place;
4. `commit`.

At every instant each file is whole and its digest stands in one of the two lists. A run that finds
a journal takes both as written by gogen, joins them in SHA256SUMS (`before`), and only then puts
its own journal in place of the old one: killed again, it still loses nothing.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from generator.disk import sums
from generator.disk.paths import above, parent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.disk.paths import Tree

PENDING = "SHA256SUMS.pending"


def staged(path: str) -> Iterator[str]:
    """Give where the new content of `path` may wait: beside it, then in the folders above it.

    It waits above only while a file stands where its folder is due.
    """
    name = f".gogen-{sums.digest(path.encode())[:16]}.tmp"
    for folder in above(path):
        yield f"{folder}/{name}"
    yield name


def begin(tree: Tree, slug: str, after: bytes, *, before: bytes | None = None) -> None:
    """Put the journal on disk: `after` is the SHA256SUMS to come.

    `before` is given when the journal of a killed run stands there: both lists joined.
    """
    base = f"{sums.OUT}/{slug}"
    tree.folder(base, make=True)
    if before is not None:
        replace(tree, f"{base}/{sums.NAME}", before)
    try:
        replace(tree, f"{base}/{PENDING}", after)
    except BaseException:
        if before is None:  # else its list still leads to what the killed run left
            with suppress(OSError):
                abandon(tree, slug)
        raise


def abandon(tree: Tree, slug: str) -> None:
    """Take the journal back: nothing was changed since `begin`."""
    tree.unlink(f"{sums.OUT}/{slug}/{PENDING}")


def commit(tree: Tree, slug: str, *, to: bytes, now: bytes | None) -> None:
    """End the write: SHA256SUMS, which is `now`, becomes `to` (empty: none), the journal goes."""
    base = f"{sums.OUT}/{slug}"
    if not to:
        tree.unlink(f"{base}/{sums.NAME}")
        tree.unlink(f"{base}/{PENDING}")
    elif to == now:
        tree.unlink(f"{base}/{PENDING}")
    else:
        tree.rename(f"{base}/{PENDING}", f"{base}/{sums.NAME}")
    tree.sync(base)


def replace(tree: Tree, path: str, content: bytes) -> None:
    """Write a file beside `path` and rename it there, both down to the disk."""
    beside = next(staged(path))
    tree.unlink(beside)
    try:
        tree.create(beside, content)
        tree.rename(beside, path)
    except BaseException:
        with suppress(OSError):
            tree.unlink(beside)
        raise
    tree.sync(parent(path))
