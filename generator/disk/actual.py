"""What is on disk of a profile: its files, what gogen last wrote, what a killed run left.

Reads, never writes. A file is read whole when the profile renders it or gogen wrote it; of others
only the name is taken. Content equal to the render is kept once.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from generator.disk import sums
from generator.disk.journal import PENDING, staged
from generator.disk.paths import (
    NotAFolder,
    Tree,
    above,
    disk_errors,
    link_problem,
    parent,
    read_at,
    stamp,
)
from generator.disk.places import allows, due, unusable
from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from generator.disk.paths import Stamp
    from generator.model import Artifact, Desired

FOLDER = "a folder"
_LINK = "a symbolic link"


class Found(NamedTuple):
    """What stands at a path: `content` of a regular file that was read, else None.

    `obstacle` names what is no regular file ("a folder"); `stamp` tells a later look whether the
    file that was read still stands there.
    """

    content: bytes | None = None
    executable: bool = False
    obstacle: str = ""
    stamp: Stamp | None = None


class Actual(NamedTuple):
    """A profile as it is on disk; paths are workspace-relative.

    `files` are all files below `out/<slug>/` (without SHA256SUMS and the journal) and what stands
    at its places, in their way, or below a folder there. `written` are the digests gogen is known
    to have written at a path, by SHA256SUMS and the journal. `sums` and `pending` are those two as
    read, None if there is none; `leftovers` are temporary files of a killed run.
    """

    files: Mapping[str, Found]
    written: Mapping[str, frozenset[str]]
    sums: bytes | None
    pending: bytes | None
    leftovers: tuple[str, ...] = ()


def observe(root: Path, desired: Desired, allowed: tuple[str, ...] = ()) -> Actual:
    """Read what is on disk of a profile; `allowed` are the globs of gogen.toml's places.

    Raises Rejected: paths that may not be written (places.unusable), links in the way (GG441), what
    the system refuses (GG420 to GG429).
    """
    if problems := unusable(desired, allowed):
        raise Rejected(problems)
    with disk_errors(sums.OUT), Tree(root) as tree:
        reader = _Reader(tree, desired, allowed)
        reader.records()
        reader.walk(reader.base)
        reader.places()
        return reader.result()


def strays(root: Path, slugs: Iterable[str]) -> tuple[str, ...]:
    """Give the folders of out/ that belong to no profile of `slugs`, sorted.

    Planned as a profile without files, such a folder loses what gogen wrote in it.
    """
    known = set(slugs)
    with disk_errors(sums.OUT), Tree(root) as tree:
        return tuple(name for name in _folders(tree) if name not in known)


def _folders(tree: Tree) -> list[str]:
    """Give the names of the folders in out/, sorted; links are none."""
    try:
        with os.scandir(tree.folder(sums.OUT)) as entries:
            return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


class _Reader:
    """One reading: collects files, records and problems."""

    def __init__(self, tree: Tree, desired: Desired, allowed: tuple[str, ...]) -> None:
        self.tree = tree
        self.slug = desired.slug
        self.base = f"{sums.OUT}/{desired.slug}"
        self.allowed = allowed
        self.due: dict[str, Artifact] = due(desired)
        self.needed = {folder for path in self.due for folder in above(path)}
        self.files: dict[str, Found] = {}
        self.written: dict[str, frozenset[str]] = {}
        self.own: dict[str, bytes | None] = {}
        self.leftovers: list[str] = []
        self.problems: list[Problem] = []

    def records(self) -> None:
        """Read SHA256SUMS and the journal."""
        for name in (sums.NAME, PENDING):
            path = f"{self.base}/{name}"
            found = self._found(path)
            self.own[name] = found.content if found else None
            if found and found.obstacle:
                self.problems.append(_own_file_blocked(path, found.obstacle))
            if found and found.content:
                _add(self.written, sums.read(found.content, self.slug).digests)

    def walk(self, top: str) -> None:
        """Take every file below a folder."""
        todo = [top]
        while todo:
            folder = todo.pop()
            try:
                fd = self.tree.folder(folder)
            except FileNotFoundError:
                continue
            with disk_errors(folder), os.scandir(fd) as entries:
                listed = [(e.name, e.is_dir(follow_symlinks=False)) for e in entries]
            todo += [f"{folder}/{name}" for name, is_folder in listed if is_folder]
            for name, is_folder in listed:
                self._entry(f"{folder}/{name}", is_folder=is_folder)

    def _entry(self, path: str, *, is_folder: bool) -> None:
        if path in self.due or (path in self.written and not is_folder):
            self._take(path)
        elif not is_folder and path not in {f"{self.base}/{name}" for name in self.own}:
            self.files[path] = Found()
            if path in self.needed and self._obstacle(path) == _LINK:
                self.problems.append(link_problem(path))

    def places(self) -> None:
        """Take what stands at the placed files, those due and those gogen wrote."""
        inside = f"{self.base}/"
        for path in sorted(p for p in self.due if not p.startswith(inside)):
            self._take(path)
            if path in self.files and self.files[path].obstacle == FOLDER:
                self.walk(path)
        gone = [p for p in self.written if p not in self.due and not p.startswith(inside)]
        if not gone and not self._unexplained():
            return
        others = self._others()
        for path in gone:
            self._take_gone(path, others)
        for path in self._unexplained():
            self.written[path] = self.written.get(path, frozenset()) | others.get(path, frozenset())

    def _unexplained(self) -> list[str]:
        """Give the placed files that differ from the render and are not as this profile wrote them.

        Another profile may have: a file that moves from one to the other is no foreign file.
        """
        return [
            path
            for path, artifact in self.due.items()
            if path == artifact.place
            and (found := self.files.get(path))
            and found.content is not None
            and found.content != artifact.content
            and sums.digest(found.content) not in self.written.get(path, ())
        ]

    def _others(self) -> dict[str, frozenset[str]]:
        """Give the digests of placed files that the other profiles wrote."""
        found: dict[str, frozenset[str]] = {}
        for slug in _folders(self.tree):
            if slug == self.slug:
                continue
            if read := self.tree.read(f"{sums.OUT}/{slug}/{sums.NAME}"):
                digests = sums.read(read[0], slug).digests
                _add(found, {p: d for p, d in digests.items() if not p.startswith(sums.OUT + "/")})
        return found

    def _take_gone(self, path: str, others: Mapping[str, frozenset[str]]) -> None:
        """Take a placed file that gogen wrote and no longer renders, unless it is another's now."""
        if path in others:
            del self.written[path]
        elif (found := self._found(path)) and found.content is not None:
            self.files[path] = found
            if not allows(self.allowed, path):
                del self.written[path]

    def _take(self, path: str) -> None:
        found = self._found(path)
        if found is None:
            return
        artifact = self.due.get(path)
        if artifact and artifact.content == found.content:
            found = found._replace(content=artifact.content)
        elif artifact and found.obstacle == _LINK:
            self.problems.append(link_problem(path))
        self.files[path] = found

    def _found(self, path: str) -> Found | None:
        """Look at a path; a link on the way to a file that is due is a problem."""
        with disk_errors(path):
            try:
                read = read_at(self.tree.folder(parent(path)), path.rpartition("/")[2])
            except FileNotFoundError:
                return None
            except NotAFolder as error:
                if path in self.due:
                    self.files.setdefault(error.at, Found())
                return None
            except Rejected as error:
                if path in self.due:
                    self.problems += error.problems
                return None
        if read is None:
            return Found(obstacle=self._obstacle(path))
        content, status = read
        return Found(content, bool(status.st_mode & stat.S_IXUSR), stamp=stamp(status))

    def _obstacle(self, path: str) -> str:
        """Name what stands at a path and is no regular file, "" if nothing of the kind does."""
        status = self.tree.status(path)
        if status is None or stat.S_ISREG(status.st_mode):
            return ""
        if stat.S_ISLNK(status.st_mode):
            return _LINK
        return FOLDER if stat.S_ISDIR(status.st_mode) else "something that is no file"

    def result(self) -> Actual:
        """Give all that was seen; raises Rejected with the problems found."""
        if self.problems:
            raise Rejected(self.problems)
        self._find_leftovers()
        for path in self.leftovers:
            self.files.pop(path, None)
        return Actual(
            files=self.files,
            written=self.written,
            sums=self.own[sums.NAME],
            pending=self.own[PENDING],
            leftovers=tuple(self.leftovers),
        )

    def _find_leftovers(self) -> None:
        """Find the temporary files that a killed run of gogen can have left, and no others."""
        own = [next(staged(f"{self.base}/{name}")) for name in self.own]
        self.leftovers += [path for path in own if path in self.files]
        if self.own[PENDING] is None:
            return
        for path in sorted(self.due.keys() | self.written.keys()):
            inside = path.startswith(f"{self.base}/")
            for temporary in staged(path):
                if temporary in self.files if inside else self._stands(temporary):
                    self.leftovers.append(temporary)

    def _stands(self, path: str) -> bool:
        try:
            status = self.tree.status(path)
        except Rejected:  # behind a link: gogen writes nothing there
            return False
        return status is not None and stat.S_ISREG(status.st_mode)


def _own_file_blocked(path: str, obstacle: str) -> Problem:
    if obstacle == _LINK:
        return link_problem(path)
    return Problem(
        "GG424",
        f"{obstacle} stands where gogen keeps a file of its own",
        Place(path),
        hint="move it away",
    )


def _add(to: dict[str, frozenset[str]], digests: Mapping[str, frozenset[str]]) -> None:
    for path, values in digests.items():
        to[path] = to.get(path, frozenset()) | values
