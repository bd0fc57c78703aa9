"""Stage write: bring the disk to what was rendered. The only stage that changes anything.

Files equal to the render are not touched. What someone else wrote is not replaced, unless forced;
what gogen wrote and no longer renders is removed, with the folders that it leaves empty. All new
contents are on disk beside their files before the first file changes, so a full disk changes
nothing; `journal` tells how a killed run is finished by the next.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from generator.disk import journal, sums
from generator.disk.actual import FOLDER
from generator.disk.drift import drift
from generator.disk.paths import (
    NotAFolder,
    Tree,
    above,
    disk_errors,
    meanwhile,
    parent,
    shown,
    stamp,
)
from generator.disk.places import due
from generator.model import Change, ChangeKind
from generator.problems import Place, Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from generator.disk.actual import Actual
    from generator.model import Desired

_GUARDED = {ChangeKind.EDITED, ChangeKind.FOREIGN}
_LEFT_ALONE = {ChangeKind.EXTRA}
_BOOKKEEPING = {ChangeKind.SUMS, ChangeKind.UNFINISHED}


class Written(NamedTuple):
    """What a write did: sorted workspace-relative paths, and how many files were right already."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def write(
    root: Path,
    desired: Desired,
    actual: Actual,
    changes: tuple[Change, ...],
    *,
    force: bool = False,
) -> Written:
    """Apply the changes planned for a profile; to be called under `runlock.hold`.

    Raises Rejected: GG402, GG403 for files that are not gogen's to replace, with nothing written
    (`force` replaces them, but no folder, GG424, and outside out/ only what gogen once wrote);
    GG42x for what the system refuses, GG441 for links that came in the way. Whatever it raises,
    every file is whole, old or new, and a later run finishes the work.
    """
    if problems := _refused(changes, force=force):
        raise Rejected(problems)
    work = [change for change in changes if change.kind not in _LEFT_ALONE]
    puts = [c for c in work if c.kind not in _BOOKKEEPING and c.new is not None]
    removals = [c for c in work if c.kind not in _BOOKKEEPING and c.new is None]
    if work:
        with disk_errors(sums.OUT, writing=True), Tree(root) as tree:
            _Writer(tree, desired.slug, actual, _sums_to_be(work, actual)).run(puts, removals)
    own = tuple(c.path for c in work if c.kind is ChangeKind.SUMS and c.new is not None)
    return Written(
        changed=tuple(sorted((*(c.path for c in puts), *own))),
        removed=tuple(sorted(c.path for c in removals)),
        unchanged=len(due(desired)) - len(puts),
    )


def _sums_to_be(changes: Iterable[Change], actual: Actual) -> bytes:
    """Give the SHA256SUMS of a write, empty for none: as planned, or as it stands there."""
    planned = [change.new for change in changes if change.kind is ChangeKind.SUMS]
    return (planned[0] if planned else actual.sums) or b""


def _refused(changes: Iterable[Change], *, force: bool) -> tuple[Problem, ...]:
    guarded = [change for change in changes if change.kind in _GUARDED]
    if not force:
        return drift(guarded)
    folders = tuple(
        Problem(
            "GG424",
            "a folder with files that gogen did not write stands where a file is due",
            Place(shown(change.path)),
            hint="move the folder away; --force removes no folders",
        )
        for change in guarded
        if change.obstacle == FOLDER
    )
    return (*folders, *drift(change for change in guarded if _of_others(change)))


def _of_others(change: Change) -> bool:
    """Whether a file is no output of gogen's at all: such a one only the user hands over."""
    inside = change.path.startswith(f"{sums.OUT}/")
    return change.kind is ChangeKind.FOREIGN and change.obstacle != FOLDER and not inside


class Rewrite(NamedTuple):
    """A file of which a write would make another: its bytes before and after, None: no file.

    Where `executable` is None, a file keeps its mode.
    """

    path: str
    old: bytes | None
    new: bytes | None
    executable: bool | None = None


def rewrites(changes: tuple[Change, ...]) -> tuple[Rewrite, ...]:
    """Give what `write` would do, to be done in one transaction with other files.

    Raises Rejected as `write` does, and where a killed render is to be finished first (GG408).
    """
    stopped = [change for change in changes if change.kind is ChangeKind.UNFINISHED]
    if problems := (*_refused(changes, force=False), *drift(stopped)):
        raise Rejected(problems)
    return tuple(
        Rewrite(change.path, change.old, change.new, change.executable)
        for change in changes
        if change.kind not in _LEFT_ALONE
    )


class _Writer:
    """One write: the steps of `journal`, with what is needed to take them back."""

    def __init__(self, tree: Tree, slug: str, actual: Actual, after: bytes) -> None:
        self.tree = tree
        self.slug = slug
        self.base = f"{sums.OUT}/{slug}"
        self.actual = actual
        self.now = actual.sums
        self.after = after
        self.staged: dict[str, str] = {}

    def run(self, puts: list[Change], removals: list[Change]) -> None:
        """Write all of it, or nothing but what the next run will finish."""
        self._begin()
        try:
            for change in removals:
                self._as_read(change)
            for change in puts:
                self._stage(change)
        except BaseException:
            self._take_back()
            raise
        for change in removals:
            self._remove(change.path)
        for change in puts:
            self._put(change.path)
        for folder in {parent(change.path) for change in (*puts, *removals)}:
            self.tree.sync(folder)
        self._commit()

    def _begin(self) -> None:
        """Write the journal; with that of a killed run folded in, and its leftovers removed."""
        before = None
        if self.actual.pending is not None:
            before = sums.write(self.actual.written, self.slug)
            self.now = before
        with disk_errors(f"{self.base}/{journal.PENDING}", writing=True):
            journal.begin(self.tree, self.slug, self.after, before=before)
            for path in self.actual.leftovers:
                self.tree.unlink(path)

    def _stage(self, change: Change) -> None:
        """Write the new content of a file beside it, or above where its folder cannot be yet."""
        with disk_errors(change.path, writing=True):
            waiting = iter(journal.staged(change.path))
            beside = next(waiting)
            try:
                self.tree.folder(parent(change.path), make=True)
            except NotAFolder as error:
                beside = next(path for path in waiting if parent(path) == parent(error.at))
            self._as_read(change)
            self.staged[change.path] = beside
            self.tree.create(beside, change.new or b"", executable=change.executable)

    def _as_read(self, change: Change) -> None:
        """Refuse what an editor did since the disk was read; a look also tells a name too long."""
        found = self.actual.files.get(change.path)
        status = self.tree.status(change.path)
        if found and found.stamp is None:  # no file that was read
            return
        if (stamp(status) if status else None) != (found.stamp if found else None):
            raise Rejected([meanwhile(change.path)])

    def _take_back(self) -> None:
        """Remove what was staged; if that fails too, the journal stays for the next run."""
        with suppress(OSError, Rejected):
            for path, beside in self.staged.items():
                self.tree.unlink(beside)
                self._prune(path)
            journal.abandon(self.tree, self.slug)

    def _remove(self, path: str) -> None:
        with disk_errors(path, writing=True):
            self.tree.unlink(path)
            self._prune(path)

    def _prune(self, path: str) -> None:
        """Remove the folders above a path that are empty; out/<slug>/ holds the journal."""
        for folder in above(path):
            if not self.tree.prune(folder):
                break

    def _put(self, path: str) -> None:
        with disk_errors(path, writing=True):
            self._clear(path)
            self.tree.rename(self.staged[path], path)

    def _clear(self, path: str) -> None:
        """Remove the empty folders that stand where a file is due."""
        if not (found := self.actual.files.get(path)) or found.obstacle != FOLDER:
            return
        self.tree.remove_empty(path)

    def _commit(self) -> None:
        with disk_errors(f"{self.base}/{sums.NAME}", writing=True):
            journal.commit(self.tree, self.slug, to=self.after, now=self.now)
            if not self.after:
                self.tree.prune(self.base)


def adopt(root: Path, desired: Desired, actual: Actual, paths: Iterable[str]) -> tuple[str, ...]:
    """Take over files of a profile that were edited or are foreign: the next render replaces them.

    Their present digests go into SHA256SUMS as if gogen had written them; the files stay as they
    are. Gives the paths that were taken over, sorted; those that were gogen's already are left out.
    Raises Rejected: GG444 for a path the profile does not write, GG445 where no file is.
    """
    wanted = sorted(set(paths))
    if problems := [p for path in wanted if (p := _unadoptable(path, desired, actual))]:
        raise Rejected(problems)
    digests = dict(actual.written)
    taken = []
    for path in wanted:
        here = sums.digest(actual.files[path].content or b"")
        if here not in actual.written.get(path, ()):
            taken.append(path)
        digests[path] = frozenset({here})
    if taken:
        target = f"{sums.OUT}/{desired.slug}/{sums.NAME}"
        with disk_errors(target, writing=True), Tree(root) as tree:
            tree.folder(parent(target), make=True)
            journal.replace(tree, target, sums.write(digests, desired.slug))
    return tuple(taken)


def _unadoptable(path: str, desired: Desired, actual: Actual) -> Problem | None:
    at = Place(shown(path))
    known = due(desired).keys() | actual.written.keys()
    if path not in known:
        return Problem(
            "GG444",
            f"profile {desired.profile} does not write {shown(path)}",
            at,
            hint=did_you_mean(path, known),
        )
    found = actual.files.get(path)
    if found is None or found.content is None:
        hint = "gogen render writes it: there is nothing to hand over"
        return Problem("GG445", f"there is no file {shown(path)} to adopt", at, hint=hint)
    return None
