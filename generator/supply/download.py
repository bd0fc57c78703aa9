"""Download the archives of a lock, hold their bytes against it, and try the proofs of archives.

What came lies in the cache under the name of its checksum; a file that lies there already is hashed
anew, never believed. A place that fails is followed by the next: the bytes are the proof, wherever
they come from. Bytes that are not the lock's end everything.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from threading import Lock as Mutex
from typing import TYPE_CHECKING, NamedTuple

from generator.cache.sweeping import sweep
from generator.lock.joining import joined
from generator.problems import Problem, Rejected
from generator.supply import archive_h1
from generator.supply.asks import shown
from generator.supply.pooling import outcomes, pool
from generator.supply.proofs import SHA256, TRIED, tried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from generator.lock.model import Archive, Lock
    from generator.supply.http import Client

GO_ARCHIVES = "https://dl.google.com/go/"
"""Where Go's archives are published."""

AT_ONCE = 4
"""Archives that are downloaded at a time."""

_LARGEST = 1 << 30  # bytes, where the size is not known; the largest archive has 170 million
_OK = 200


class Fetched(NamedTuple):
    """An archive at hand (`proofs.Download`); `address` is where it came from, or its mirror's."""

    archive: Archive
    path: Path
    address: str
    client: Callable[[], Client]

    def beside(self, suffix: str, limit: int) -> bytes | None:
        """Give what lies beside the archive where it came from."""
        if _is_folder(self.address):
            file = Path(f"{self.address}{suffix}")
            return file.read_bytes() if file.is_file() else None
        answer = self.client().get(f"{self.address}{suffix}", limit=limit)
        return answer.body if answer.status == _OK else None


class Downloads:
    """Archives of one lock on their way; to be used as a context."""

    def __init__(
        self,
        places: Sequence[str],
        client: Callable[[], Client],
        cache: Path | None,
        advance: Callable[[int, int], None],
    ) -> None:
        """Look in `places`, addresses or folders that end with "/", in this order.

        Files are kept in `cache`, or for the time being where there is none. `advance` hears of the
        bytes that are done and due.
        """
        self._places = tuple(places) or (GO_ARCHIVES,)
        self._client = client
        self._cache = cache
        self._advance = advance
        self._mutex = Mutex()
        self._done: dict[str, int] = {}
        self._due: dict[str, int] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Make the folder for files."""
        if self._cache is None:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gogen-"))
            self._folder = Path(folder)
        else:
            self._folder = self._cache / "archives"
            self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Drop what was kept for the time being, and what is old."""
        if self._cache is not None:
            sweep(self._folder, self._folder)
        self._stack.close()

    def prove(self, lock: Lock) -> Lock:
        """Give the lock with what its archives were seen to be.

        Raises Rejected: GG513 for bytes that are not the lock's, what an archive's proofs raise,
        and where no place has an archive what each said.
        """
        archives = {
            (version, platform): archive
            for version, release in sorted(lock.go.items())
            for platform, archive in sorted(release.platforms.items())
        }
        self._due = {archive.file: archive.size or 0 for archive in archives.values()}
        with pool(AT_ONCE, "gogen downloads") as threads:
            tasks = {threads.submit(self._proved, archive): at for at, archive in archives.items()}
            problems = list(outcomes(tasks, lambda _done: None))
        if problems:
            raise Rejected(problems)
        found = {at: task.result() for task, at in tasks.items()}
        go = {
            version: release._replace(platforms={p: found[version, p] for p in release.platforms})
            for version, release in lock.go.items()
        }
        return lock._replace(go=go)

    def _proved(self, archive: Archive) -> Archive:
        """Get one archive, and give its pin with the proofs that it passed."""
        got = self._got(archive)
        passed = {proof for proof in TRIED if tried(proof, got)}
        seen = archive._replace(
            size=got.path.stat().st_size, proofs=tuple(sorted({SHA256, *passed}))
        )
        if archive_h1.PROOF in passed and not archive.sentinels:
            seen = seen._replace(sentinels=archive_h1.sentinels(got))
        return joined(seen, archive)

    def _got(self, archive: Archive) -> Fetched:
        """Find the archive in a folder, in the cache or at an address, the first that has it."""
        problems: list[Problem] = []
        for place in self._places:
            address = f"{place}{archive.file}"
            try:
                if _is_folder(place):
                    path = self._in_folder(Path(address), archive)
                else:
                    path = self._kept(archive) or self._fetched(address, archive)
            except Rejected as rejected:
                if any(problem.code == "GG513" for problem in rejected.problems):
                    raise
                problems += rejected.problems
            else:
                return Fetched(archive, path, address, self._client)
        raise Rejected(problems)

    def _in_folder(self, path: Path, archive: Archive) -> Path:
        try:
            _require(str(path), _hash(path), archive)
        except OSError as error:
            message = f"{path}: it cannot be read: {error.strerror}"
            hint = "put the archive there, or name another mirror"
            raise Rejected([Problem("GG514", message, hint=hint)]) from None
        return path

    def _kept(self, archive: Archive) -> Path | None:
        """Give the file of a former run, if it still is what it was."""
        path = self._folder / archive.sha256
        try:
            whole = _hash(path) == archive.sha256
        except OSError:
            return None
        if not whole:
            path.unlink()
            return None
        self._tell(archive.file, path.stat().st_size, path.stat().st_size)
        return path

    def _fetched(self, address: str, archive: Archive) -> Path:
        """Download an archive; it gets its name in the cache when its bytes are the lock's."""
        fd, name = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        path = Path(name)
        try:
            with os.fdopen(fd, "wb") as file:
                found = self._client().save(
                    address,
                    file,
                    limit=archive.size or _LARGEST,
                    advance=lambda done, due: self._tell(archive.file, done, due),
                )
            _require(shown(address), found, archive)
            return path.rename(self._folder / archive.sha256)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _tell(self, file: str, done: int, due: int) -> None:
        with self._mutex:
            self._done[file], self._due[file] = done, due
            self._advance(sum(self._done.values()), sum(self._due.values()))


def _is_folder(place: str) -> bool:
    return "://" not in place


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require(where: str, found: str, archive: Archive) -> None:
    """Raise Rejected (GG513) where the bytes are not those the lock has."""
    if found == archive.sha256:
        return
    raise Rejected(
        [
            Problem(
                "GG513",
                f"{where}: these bytes have the SHA-256 {found}",
                expected=f"{archive.sha256}, as the lock and its sources have it",
                hint="do not use this file: something between its makers and here changed it",
            )
        ]
    )
