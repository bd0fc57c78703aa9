"""What a database holds and signs: records of go.sum lines, and trees of them.

The forms are those of https://go.dev/design/25530-sumdb#checksum-database: a lookup answers with
the record's number, its text, an empty line and a signed tree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from generator.problems import Problem
from generator.sumdb.encoding import HASH, NUMBER, from_base64
from generator.sumdb.refused import Refused, shown
from generator.sumdb.tlog import Tree

if TYPE_CHECKING:
    from generator.sumdb.note import Note

_TREE = re.compile(rf"go\.sum database tree\n(?P<size>{NUMBER})\n(?P<root>{HASH})\n.*", re.DOTALL)
_LOOKUP = re.compile(
    rf"(?P<index>{NUMBER})\n(?P<text>[^\n]+\n(?:[^\n]+\n)*)\n(?P<note>.+)", re.DOTALL
)
_H1 = re.compile(rf"h1:{HASH}")


class Record(NamedTuple):
    """A record: its number in the log from 0, and its text, go.sum lines each with its end."""

    number: int
    text: str


class Head(NamedTuple):
    """A tree that the database signed, and the note that says so."""

    tree: Tree
    note: bytes


def head_of(note: Note) -> Head:
    """Read the tree that a note is about. Raises Refused (GG534)."""
    found = _TREE.fullmatch(note.text)
    if not found:
        message = f"the signed note is about no tree: {shown(note.text)}"
        raise Refused(
            Problem("GG534", message, expected="go.sum database tree, its size and its root")
        )
    return Head(Tree(int(found["size"]), from_base64(found["root"])), note.signed)


def lookup_of(answer: bytes) -> tuple[Record, bytes]:
    """Read what a lookup answered: a record, and the note beside it. Raises Refused (GG535)."""
    try:
        found = _LOOKUP.fullmatch(answer.decode())
    except UnicodeDecodeError:
        found = None
    if not found:
        raise Refused(
            Problem(
                "GG535",
                f"the answer holds no record: {shown(answer)}",
                expected="a number, go.sum lines, an empty line and a signed tree",
                hint="it was cut off, or something else than the database answered: try again",
            )
        )
    return Record(int(found["index"]), found["text"]), found["note"].encode()


def hash_in(record: str, module: str, version: str) -> str:
    """Give the h1 that a record's text states of a module. Raises Refused (GG536)."""
    start = f"{module} {version} "
    stated = {ln.removeprefix(start) for ln in record.splitlines() if ln.startswith(start)}
    if len(stated) != 1 or not all(map(_H1.fullmatch, stated)):
        raise Refused(
            Problem(
                "GG536",
                f"the record is not about {module}@{version}, but says {shown(record)}",
                expected=f"one line {start}h1:…",
                hint="an answer about another module proves nothing of this one: do not use it",
            )
        )
    return stated.pop()
