"""Ask a checksum database, and believe nothing that its signed trees do not prove.

As Go's own client (golang.org/x/mod/sumdb) it keeps the newest tree it saw: each tree that comes
later must begin with it, each that comes earlier must be how it began. A log that showed others
other records is caught so.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from generator.problems import Problem
from generator.sumdb import bundle, tlog
from generator.sumdb.encoding import to_base64
from generator.sumdb.note import open_note
from generator.sumdb.record import head_of, lookup_of
from generator.sumdb.refused import Refused, told_of
from generator.sumdb.tiles import Tiles
from generator.sumdb.tlog import Tree

if TYPE_CHECKING:
    from generator.sumdb.bundle import Proved
    from generator.sumdb.note import Verifier
    from generator.sumdb.record import Head, Record
    from generator.sumdb.tiles import Fetch

EMPTY = Tree(0, tlog.fold([]))


class Evidence(NamedTuple):
    """What the database says of a module, and the bundle that proves it again offline."""

    proved: Proved
    bundle: bytes


class Database:
    """A checksum database; it may be asked from several threads at once.

    `fetch` gives what lies at a path of it ("latest"), None where it says that there is nothing.
    Every answer that proves nothing raises Rejected, with its address below `origin`.
    """

    def __init__(self, key: Verifier, fetch: Fetch, origin: str, seen: bytes = b"") -> None:
        """Believe `key` alone; `seen` is the note of the newest tree seen before, b"" at first."""
        self._key = key
        self._fetch = fetch
        self._origin = origin
        self._raw: dict[str, bytes] = {}
        self._lock = Lock()
        self._seen = head_of(open_note(seen, key)) if seen else None
        self._newest: Head | None = None

    @property
    def newest(self) -> bytes:
        """The note of the newest tree seen, b"" where none was."""
        head = self._newest or self._seen
        return head.note if head else b""

    def prove(self, module: str, version: str) -> Evidence | None:
        """Give the h1 of a module, proved; None where the database does not know the module.

        Path and version are as in go.sum; they must have no upper-case letters. Raises Rejected.
        """
        path = f"lookup/{module}@{version}"
        answer = self._fetch(path)
        if answer is None:
            return None
        with told_of(f"{self._origin}/{path}"):
            record, note = lookup_of(answer)
            beside = head_of(open_note(note, self._key))
        with self._lock, told_of(self._origin):
            self._catch_up()
            head = self._merge(beside)
            proof = self._proof(record, head)
        with told_of(f"{self._origin}/{path}"):
            text = bundle.write(record, proof, head.note)
            return Evidence(bundle.verify(text, self._key, module, version), text)

    def _catch_up(self) -> None:
        """Ask once for the newest tree there is; it is not older than what was seen before."""
        if self._newest:
            return
        answer = self._fetch("latest")
        with told_of(f"{self._origin}/latest"):
            head = head_of(open_note(answer or b"", self._key))
            if self._seen:
                self._check_age(self._seen.tree, head.tree)
                self._check(self._seen, head)
        self._newest = head

    def _check_age(self, seen: Tree, now: Tree) -> None:
        if now.size < seen.size:
            raise Refused(
                Problem(
                    "GG540",
                    f"the newest tree is said to have {now.size} records, and one of {seen.size}"
                    " was seen before",
                    expected="a tree that is not older",
                    hint="what answers is stale, or hides what is new: ask later, or another proxy",
                )
            )

    def _merge(self, head: Head) -> Head:
        """Hold a tree against the newest one, and give the newer of the two."""
        newest = self._newest or head
        older, newer = sorted((newest, head), key=lambda one: one.tree.size)
        self._check(older, newer)
        self._newest = newer
        return newer

    def _check(self, older: Head, newer: Head) -> None:
        """Refuse two trees that cannot be of one log (GG539), with both notes as Go tells them."""
        if not older.tree.size or older.tree == newer.tree:
            return
        tiles = self._tiles(newer)
        found = tlog.root(older.tree.size, tiles.read)
        if found != older.tree.root:
            raise _forked(self._key.name, older, newer, _against(older, newer, tiles))

    def _tiles(self, head: Head) -> Tiles:
        return Tiles(head.tree, self._fetch, self._raw)

    def _proof(self, record: Record, head: Head) -> list[bytes]:
        """Give the hashes that lead from a record to the root, none where the tree ends before."""
        if record.number >= head.tree.size:
            return []
        return tlog.hashes(tlog.inclusion(record.number, head.tree.size), self._tiles(head).read)


def _against(older: Head, newer: Head, tiles: Tiles) -> list[bytes]:
    """Give the root that the newer tree has in the older one's place, and the proof that it has."""
    root = tlog.root(older.tree.size, tiles.read)
    if older.tree.size == newer.tree.size:
        return [root]
    return [root, *tlog.hashes(tlog.consistency(older.tree.size, newer.tree.size), tiles.read)]


def _forked(name: str, older: Head, newer: Head, proof: list[bytes]) -> Refused:
    parts = [
        f"{name} misbehaves: it signed two trees that cannot both be of one log",
        f"old database:\n{older.note.decode()}",
        f"new database:\n{newer.note.decode()}",
        "proof of misbehavior:\n" + "\n".join(map(to_base64, proof)),
    ]
    return Refused(
        Problem(
            "GG539",
            "\n".join(part.rstrip("\n") for part in parts),
            expected="a tree that begins with every older one",
            hint="somebody is shown other records than the rest: believe neither, keep both notes",
        )
    )
