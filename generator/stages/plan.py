"""Stage plan: compare what a profile should be with what is on disk.

Pure: what was read goes in, the changes come out, sorted; no change means no drift. Contents are
compared, never trusted to SHA256SUMS, which only tells a stale file from one edited by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.disk import sums
from generator.disk.actual import FOLDER
from generator.disk.journal import PENDING
from generator.disk.paths import above
from generator.disk.places import due, sums_due
from generator.model import Change, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.disk.actual import Actual, Found
    from generator.model import Artifact, Desired


def plan(desired: Desired, actual: Actual) -> tuple[Change, ...]:
    """Give every difference of a profile between the render and the disk, sorted by path."""
    wanted = due(desired)
    needed = {folder for path in wanted for folder in above(path)}
    changes = [
        change
        for path, artifact in wanted.items()
        if (change := _of_due(path, artifact, desired, actual))
    ]
    for path, found in actual.files.items():
        if path not in wanted:
            kind = _kind_of_rest(path, found, actual, blocks=path in needed)
            if kind is not ChangeKind.EXTRA or _concerns(path, found, desired):
                changes.append(Change(kind, path, desired.profile, found.content, None))
    changes += _of_own(desired, actual)
    return tuple(sorted(changes, key=lambda change: (change.path, change.kind)))


def _of_due(path: str, artifact: Artifact, desired: Desired, actual: Actual) -> Change | None:
    """Compare one rendered file with what stands at its path."""
    found = actual.files.get(path)
    kind = _kind(path, artifact, found, actual)
    if kind is None:
        return None
    return Change(
        kind,
        path,
        desired.profile,
        old=found.content if found else None,
        new=artifact.content,
        executable=artifact.executable,
        obstacle=found.obstacle if found and kind is ChangeKind.FOREIGN else "",
    )


def _kind(path: str, artifact: Artifact, found: Found | None, actual: Actual) -> ChangeKind | None:
    if found is None:
        return ChangeKind.MISSING
    if found.content is None:
        return ChangeKind.FOREIGN if _occupied(path, found, actual) else ChangeKind.MISSING
    if found.content == artifact.content:
        return None if found.executable == artifact.executable else ChangeKind.MODE
    return _kind_of_other(path, found.content, actual)


def _kind_of_other(path: str, content: bytes, actual: Actual) -> ChangeKind:
    """Tell apart what differs from the render: as gogen wrote it, edited since, or not gogen's."""
    known = actual.written.get(path)
    if not known:
        return ChangeKind.FOREIGN
    return ChangeKind.STALE if sums.digest(content) in known else ChangeKind.EDITED


def _occupied(path: str, found: Found, actual: Actual) -> bool:
    """Tell whether what stands where a file is due must be kept.

    A folder need not be when all in it is gogen's: its files go first. One of the user's files is
    enough to keep it.
    """
    if found.obstacle != FOLDER:
        return True
    below = [p for p in actual.files if p.startswith(f"{path}/")]
    return any(p not in actual.written or actual.files[p].content is None for p in below)


def _kind_of_rest(path: str, found: Found, actual: Actual, *, blocks: bool) -> ChangeKind:
    """Tell apart what is on disk and not rendered; `blocks`: a folder is due at this path."""
    if found.content is not None and path in actual.written:
        kind = _kind_of_other(path, found.content, actual)
        return ChangeKind.ORPHAN if kind is ChangeKind.STALE else kind
    return ChangeKind.FOREIGN if blocks else ChangeKind.EXTRA


def _concerns(path: str, found: Found, desired: Desired) -> bool:
    """Tell whether an extra file is worth a word: below out/<slug>/, or once placed by gogen."""
    return path.startswith(f"{sums.OUT}/{desired.slug}/") or found.content is not None


def _of_own(desired: Desired, actual: Actual) -> Iterator[Change]:
    """Compare SHA256SUMS with the one that is due, and find what a killed run left."""
    base = f"{sums.OUT}/{desired.slug}"
    new = sums_due(desired) or None
    if new != actual.sums:
        path = f"{base}/{sums.NAME}"
        yield Change(ChangeKind.SUMS, path, desired.profile, actual.sums, new)
    if actual.pending is not None or actual.leftovers:
        path = f"{base}/{PENDING}"
        yield Change(ChangeKind.UNFINISHED, path, desired.profile, actual.pending, None)
