"""Proofs of the checksum database as they are kept beside the lock, in `gogen.lock.d/sumdb/`.

A database has a folder there: a bundle for each toolchain, and `latest`, the newest signed tree
that anybody saw. All are text, and each is proved by itself: where two branches changed one, either
bundle can stay, and of `latest` the one with more records should.
"""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from generator.lock.model import Archive
from generator.problems import Place, Problem, Rejected
from generator.sumdb import bundle
from generator.sumdb.note import GO_KEY, open_note, verifier
from generator.sumdb.record import head_of
from generator.sumdb.refused import Refused
from generator.supply.proofs import KEPT, WORD, State, Verdict
from generator.supply.settings import read_settings
from generator.supply.toolchain import MODULE, module_version
from generator.workspace import CONFIG, open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.lock.model import Lock
    from generator.sumdb.note import Verifier
    from generator.sumdb.record import Head
    from generator.sumdb.tlog import Tree
    from generator.supply.proofs import Named

PROOF = "sumdb"
"""Proof: the checksum database has this h1, in a tree that it signed."""

LATEST = "latest"
"""The file with the newest tree seen."""

_BARE = Problem(
    "GG515",
    "checking what the checksum database signed needs cryptography",
    hint="pip install 'gogen[lock]' (in a clone of gogen: make test sets it up)",
)

_CONFLICT = re.compile(rb"^<{7} ", re.MULTILINE)


def proof_name(version: str, platform: str) -> str:
    """Give the file name of a toolchain's proof."""
    return f"go{version}.{platform.replace('/', '-')}.tlog-proof"


def proved(data: bytes, key: Verifier, version: str, platform: str) -> str:
    """Give the h1 that a bundle proves of a toolchain. Raises Refused."""
    return bundle.verify(data, key, MODULE, module_version(version, platform)).h1


class Shelf:
    """What is kept of a database beside the lock, and what is to be kept from now on.

    `folder` is `gogen.lock.d`, which need not be there.
    """

    def __init__(self, folder: Path, key: Verifier) -> None:
        """Look below the database's own folder."""
        self._folder = folder
        self._below = f"sumdb/{re.sub(r'[^A-Za-z0-9-]+', '.', key.name).strip('.')}"
        self.new: dict[str, bytes] = {}

    def path(self, name: str) -> str:
        """Give the path of a file below the folder."""
        return f"{self._below}/{name}"

    def place(self, name: str) -> Place:
        """Give the place of a file, for messages."""
        return Place(f"{KEPT}/{self.path(name)}")

    def read(self, name: str) -> bytes:
        """Give what is kept, b"" where nothing is; line ends of a checkout are left aside.

        Raises Rejected (GG542).
        """
        try:
            data = (self._folder / self.path(name)).read_bytes().replace(b"\r\n", b"\n")
        except FileNotFoundError:
            return b""
        except OSError as error:
            message = f"it cannot be read: {error.strerror}"
            raise Rejected([Problem("GG542", message, self.place(name))]) from error
        if _CONFLICT.search(data):
            hint = (
                "keep the side whose tree has more records (the number in the line after"
                " go.sum database tree), then run gogen lock"
            )
            message = "it has merge conflict markers"
            raise Rejected([Problem("GG542", message, self.place(name), hint=hint)])
        return data

    def has(self, name: str) -> bool:
        """Tell whether a file is kept, or is to be."""
        return self.path(name) in self.new or bool(self.read(name))

    def keep(self, name: str, data: bytes) -> None:
        """Keep a file, if it is not there already."""
        if data and data != self.read(name):
            self.new[self.path(name)] = data


def unneeded(folder: Path, lock: Lock) -> Iterator[str]:
    """Give the proofs of toolchains that a lock does not have, by path below `gogen.lock.d`."""
    due = {proof_name(v, platform) for v, r in lock.go.items() for platform in r.platforms}
    for file in sorted((folder / "sumdb").glob("*/go*.tlog-proof")):
        if file.name not in due:
            yield file.relative_to(folder).as_posix()


def reproved(named: Named, kept: Path) -> Verdict:
    """Prove a toolchain's h1 again from the bundle that is kept.

    Raises Rejected (GG515) where what checks signatures is not installed: that is no verdict.
    """
    if not isinstance(named.pin, Archive):
        return WORD
    _, version, platform = named.at
    try:
        key = _key(kept.parent)
        data = Shelf(kept, key).read(proof_name(version, platform))
    except (Refused, Rejected) as refused:
        return Verdict(State.FAILED, str(refused))
    if data and find_spec("cryptography") is None:
        raise Rejected([_BARE])
    try:
        h1 = proved(data, key, version, platform) if data else None
    except Refused as refused:
        return Verdict(State.FAILED, str(refused))
    if h1 is None:
        return WORD
    if h1 != named.pin.h1:
        return Verdict(State.FAILED, f"the database has {h1}, the lock {named.pin.h1}")
    return Verdict(State.PROVED)


def unsound(lock: Lock, kept: Path) -> Iterator[Problem]:
    """Say what is wrong with the newest tree seen, which the next one must go on from (GG343).

    It is signed, and no tree of a kept proof is newer, or another one of the same size. That it
    goes on from those would take hashes that only the database has: it is asked when a tree comes.
    Raises Rejected (GG515) as `reproved` does.
    """
    if not (kept / "sumdb").is_dir():
        return
    if find_spec("cryptography") is None:
        raise Rejected([_BARE])
    try:
        key = _key(kept.parent)
    except (Refused, Rejected):
        return  # no proof of such a key holds, and each is told of
    shelf = Shelf(kept, key)
    try:
        head = _newest(shelf, key)
    except Rejected as rejected:
        yield from rejected.problems
        return
    faults = (_fault(head, name, tree) for name, tree in _trees(shelf, key, lock))
    yield from (_wrong_tree(shelf, fault) for fault in dict.fromkeys(faults) if fault)


def _newest(shelf: Shelf, key: Verifier) -> Head | None:
    """Give the newest tree seen, None where none is kept. Raises Rejected (GG343)."""
    try:
        latest = shelf.read(LATEST)
        return head_of(open_note(latest, key)) if latest else None
    except Refused as refused:
        raise Rejected([_wrong_tree(shelf, str(refused))]) from refused
    except Rejected as rejected:
        message = rejected.problems[0].message
        raise Rejected([_wrong_tree(shelf, message)]) from rejected


def _fault(head: Head | None, name: str, tree: Tree) -> str:
    """Say why a tree that a proof is of cannot be an older one of the newest, or give ""."""
    if head is None:
        return "it is not there, though proofs of its database are"
    if tree.size > head.tree.size:
        return f"{name} is of a newer tree, of {tree.size} records"
    if tree.size == head.tree.size and tree != head.tree:
        return f"{name} is of another tree of {tree.size} records"
    return ""


def _trees(shelf: Shelf, key: Verifier, lock: Lock) -> Iterator[tuple[str, Tree]]:
    """Give the signed trees of the proofs that are kept; of a broken one its pin tells."""
    for version, release in lock.go.items():
        for name in (proof_name(version, platform) for platform in release.platforms):
            with suppress(Refused, Rejected):
                if data := shelf.read(name):
                    yield name, bundle.tree_of(data, key)


def _wrong_tree(shelf: Shelf, why: str) -> Problem:
    return Problem(
        "GG343",
        f"the newest tree of the checksum database does not hold: {why}",
        shelf.place(LATEST),
        expected="the newest tree that anybody saw, as the database signed it",
        hint="look in the history who changed it, and take it from there: without it a tree of "
        "another log would be believed",
    )


def _key(root: Path) -> Verifier:
    """Give the key that a workspace believes."""
    if not (root / CONFIG).is_file():
        return verifier(GO_KEY)
    return verifier(read_settings(open_workspace(root)).sumdb)
