"""Safe paths below a root: no name leads out of it, and no link on the way is followed.

A path is relative to the root, its parts joined by "/". `fault` judges its text; `Tree` opens its
folders one by one through descriptors, never through a link, so a link that is put in the way
between a look and a write is refused as well. `disk_problem` tells what the system refused.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self

from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC  # NONBLOCK: a pipe must not wait
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

# Backslash and control characters would need escapes in SHA256SUMS and mislead in a terminal;
# lone surrogates (bytes of a name that are no UTF-8) cannot be written at all.
_UNWRITABLE = r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]"


Stamp = tuple[int, int, int]
"""What changes when a file is replaced or edited: inode, size in bytes, mtime in ns."""


def stamp(status: os.stat_result) -> Stamp:
    """Give the stamp of a file."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def fault(path: str) -> str:
    """Say why `path` may not be used below a root, or give ""."""
    if path.startswith("/"):
        return "is absolute"
    parts = path.split("/")
    if ".." in parts:
        return "leaves its folder by '..'"
    if "" in parts or "." in parts:
        return "has an empty part or a '.'"
    if "\\" in path or (not path.isprintable() and re.search(_UNWRITABLE, path)):
        return "holds a backslash, a control character or broken UTF-8"
    return ""


def parent(path: str) -> str:
    """Give the folder of `path`; "" is the root."""
    return path.rpartition("/")[0]


def above(path: str) -> Iterator[str]:
    """Give every folder above `path` below the root, the nearest first."""
    while path := parent(path):
        yield path


def matches(path: str, pattern: str) -> bool:
    """Tell whether a path fits a glob: `*` and `?` stay within a part, `**` is any parts."""
    return _fits(path.split("/"), pattern.split("/"))


def _fits(parts: list[str], globs: list[str]) -> bool:
    if not globs:
        return not parts
    if globs[0] == "**":
        return any(_fits(parts[n:], globs[1:]) for n in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], globs[0]) and _fits(parts[1:], globs[1:])


def shown(path: str) -> str:
    r"""Write a path found on disk for people: what no terminal should get becomes \xNN."""
    raw = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in raw)


class NotAFolder(NotADirectoryError):
    """Something that is no folder stands where a folder is due; `at` is its path."""

    def __init__(self, at: str) -> None:
        """Keep the path of what stands in the way."""
        super().__init__(errno.ENOTDIR, os.strerror(errno.ENOTDIR), at)
        self.at = at


class Tree:
    """A root opened once, and below it the chain of folders down to the one last used.

    Paths used in sorted order open every folder once, and never more than the depth of the tree.
    Raises Rejected (GG441) where a link stands on the way, NotAFolder where a file does.
    """

    def __init__(self, root: Path) -> None:
        """Open the root; it may itself be reached through links."""
        self._path: str | None = None  # of the last folder; None while the chain is being made
        self._names: list[str] = []
        self._fds = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]

    def __enter__(self) -> Self:
        """Give the tree."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every folder."""
        self._cut(0)
        os.close(self._fds.pop())

    def folder(self, path: str, *, make: bool = False) -> int:
        """Give the descriptor of a folder, valid until the next call; `make` makes what lacks."""
        if path == self._path:
            return self._fds[-1]
        parts = path.split("/") if path else []
        same = 0
        while same < min(len(parts), len(self._names)) and parts[same] == self._names[same]:
            same += 1
        self._cut(same)
        for part in parts[same:]:
            self._fds.append(self._enter(part, make=make))
            self._names.append(part)
        self._path = path
        return self._fds[-1]

    def _cut(self, depth: int) -> None:
        self._path = None
        while len(self._names) > depth:
            self._names.pop()
            os.close(self._fds.pop())

    def _enter(self, part: str, *, make: bool) -> int:
        try:
            if make:
                self._make(part)
            return os.open(part, _FOLDER, dir_fd=self._fds[-1])
        except OSError as error:
            if error.errno not in {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}:
                raise
            at = "/".join([*self._names, part])
            if stat.S_ISLNK(os.lstat(part, dir_fd=self._fds[-1]).st_mode):
                raise Rejected([link_problem(at)]) from error
            raise NotAFolder(at) from error

    def _make(self, part: str) -> None:
        try:
            os.lstat(part, dir_fd=self._fds[-1])
        except FileNotFoundError:
            with suppress(FileExistsError):  # workers of one run make out/ at the same time
                os.mkdir(part, 0o777, dir_fd=self._fds[-1])

    def read(self, path: str) -> tuple[bytes, os.stat_result] | None:
        """Give a regular file's bytes and status, or None where there is no regular file."""
        try:
            return read_at(self.folder(parent(path)), path.rpartition("/")[2])
        except (FileNotFoundError, NotAFolder):
            return None

    def status(self, path: str) -> os.stat_result | None:
        """Give the status of what stands at a path (a link's own), or None."""
        try:
            return os.lstat(path.rpartition("/")[2], dir_fd=self.folder(parent(path)))
        except (FileNotFoundError, NotAFolder):
            return None

    def create(
        self, path: str, content: bytes, *, executable: bool = False, mode: int | None = None
    ) -> None:
        """Write a file that must not exist yet, down to the disk; its folder must exist.

        `mode` are the permissions of the file that it is to replace.
        """
        folder = self.folder(parent(path))
        usual = 0o755 if executable else 0o644  # the umask takes from it
        fd = os.open(path.rpartition("/")[2], _NEW, usual, dir_fd=folder)
        try:
            if mode is not None:
                os.fchmod(fd, mode)
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(fd, rest) :]
            os.fsync(fd)
        finally:
            os.close(fd)

    def rename(self, old: str, new: str) -> None:
        """Put the file `old`, which lies in a folder above `new` or beside it, in place of `new`.

        Makes the folders of `new` that lack.
        """
        into = self.folder(parent(new), make=True)
        source = self._fds[old.count("/")]
        names = old.rpartition("/")[2], new.rpartition("/")[2]
        os.rename(*names, src_dir_fd=source, dst_dir_fd=into)

    def move(self, old: str, new: str) -> None:
        """Put the file `old`, wherever it lies, in place of `new`, whose folders it makes."""
        source = os.dup(self.folder(parent(old)))
        try:
            into = self.folder(parent(new), make=True)
            names = old.rpartition("/")[2], new.rpartition("/")[2]
            os.rename(*names, src_dir_fd=source, dst_dir_fd=into)
        finally:
            os.close(source)

    def unlink(self, path: str) -> bool:
        """Remove a file; False where there was none."""
        try:
            os.unlink(path.rpartition("/")[2], dir_fd=self.folder(parent(path)))
        except (FileNotFoundError, NotAFolder):
            return False
        return True

    def prune(self, path: str) -> bool:
        """Remove a folder if it is empty; False where it stays."""
        try:
            os.rmdir(path.rpartition("/")[2], dir_fd=self.folder(parent(path)))
        except OSError:
            return False
        return True

    def remove_empty(self, path: str) -> None:
        """Remove a folder that holds only empty folders, if it exists; OSError if it holds more."""
        try:
            folder = self.folder(path)
        except FileNotFoundError:
            return
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        for name in names:
            self.remove_empty(f"{path}/{name}")
        os.rmdir(path.rpartition("/")[2], dir_fd=self.folder(parent(path)))

    def sync(self, path: str) -> None:
        """Have the names of a folder on disk, if it still exists."""
        try:
            os.fsync(self.folder(path))
        except (FileNotFoundError, NotAFolder):
            return
        except OSError as error:
            if error.errno != errno.EINVAL:  # a file system that keeps folders by itself
                raise


def read_at(folder: int, name: str) -> tuple[bytes, os.stat_result] | None:
    """Give the bytes and status of a regular file in an open folder, or None if it is none.

    Raises FileNotFoundError where nothing stands there.
    """
    try:
        fd = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK, errno.ENXIO}:  # a link, a socket
            return None
        raise
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return None
        parts = []
        while data := os.read(fd, status.st_size + 1):
            parts.append(data)
            if len(data) == status.st_size:
                break
        return b"".join(parts), status
    finally:
        os.close(fd)


def link_problem(path: str) -> Problem:
    """Say that a link stands where gogen would go through."""
    return Problem(
        "GG441",
        f"{shown(path)} is a symbolic link, and gogen follows none",
        Place(shown(path)),
        hint="put a real folder or file there",
    )


def meanwhile(path: str) -> Problem:
    """Say that a file is no longer as it was read."""
    return Problem(
        "GG402",
        "changed on disk while gogen was running; nothing was written",
        Place(shown(path)),
        hint="run the same command again",
    )


_TOLD = {
    errno.EROFS: ("GG421", "the file system is read-only", "mount it for writing"),
    errno.ENOSPC: ("GG422", "the disk is full", "make room and run the same command again"),
    errno.EDQUOT: (
        "GG422",
        "the disk quota is used up",
        "make room and run the same command again",
    ),
    errno.ENAMETOOLONG: ("GG423", "the name is too long for this file system", "shorten the path"),
    errno.EISDIR: ("GG424", "a folder stands where a file is due", "move the folder away"),
    errno.ENOTDIR: ("GG424", "a file stands where a folder is due", "move the file away"),
    errno.ENOTEMPTY: ("GG424", "a folder with files stands in the way", "move the folder away"),
    errno.EACCES: ("GG420", "permission denied", "give this user the right, or run as its owner"),
    errno.EPERM: ("GG420", "permission denied", "give this user the right, or run as its owner"),
}


_UNWRITABLE_FOLDER = ("GG421", "its folder may not be written", "make the folder writable")


def disk_problem(error: OSError, path: str, *, writing: bool = False) -> Problem:
    """Tell what the system refused at `path` (workspace-relative), with the way out where known."""
    if writing and error.errno == errno.EACCES:
        told = _UNWRITABLE_FOLDER
    else:
        other = ("GG429", (error.strerror or str(error)).lower(), "")
        told = _TOLD.get(error.errno or 0, other)
    code, message, hint = told
    return Problem(code, message, Place(shown(path)), hint=hint)


class disk_errors:  # noqa: N801  (a function to its users, as contextlib.suppress)
    """Turn an OSError of the block into Rejected with its disk problem at `path`.

    `writing` tells a folder that may not be written (GG421) from a file that may not be read. No
    generator, as each file that is read or written enters some.
    """

    def __init__(self, path: str, *, writing: bool = False) -> None:
        """Tell of `path`, relative to the workspace."""
        self._path = path
        self._writing = writing

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Raise Rejected where the block raised an OSError; let all else pass."""
        if isinstance(error, OSError):
            at = error.at if isinstance(error, NotAFolder) else self._path
            raise Rejected([disk_problem(error, at, writing=self._writing)]) from error
