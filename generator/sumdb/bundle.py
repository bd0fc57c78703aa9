"""Proofs that can be checked again without the network (https://c2sp.org/tlog-proof).

A bundle holds the signed tree, the record's number and the hashes from its leaf to the root. The
leaf itself is the hash of the record's text; `extra` carries this text, so that the module, the
version and the h1 are bound: whoever changes a letter of it has another leaf.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from generator.problems import Problem
from generator.sumdb import tlog
from generator.sumdb.encoding import BASE64, HASH, NUMBER, from_base64, to_base64
from generator.sumdb.note import open_note
from generator.sumdb.record import Record, hash_in, head_of
from generator.sumdb.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.sumdb.note import Verifier
    from generator.sumdb.record import Head
    from generator.sumdb.tlog import Tree

_BUNDLE = re.compile(
    rf"c2sp\.org/tlog-proof@v1\n"
    rf"extra (?P<text>{BASE64})\n"
    rf"index (?P<index>{NUMBER})\n"
    rf"(?P<proof>(?:{HASH}\n)*)\n"
    rf"(?P<note>.+)".encode(),
    re.DOTALL,
)


class Proved(NamedTuple):
    """What a bundle proves: the module's h1, in which record and which signed tree it stands."""

    h1: str
    record: Record
    head: Head


def write(record: Record, proof: Iterable[bytes], note: bytes) -> bytes:
    """Give the bundle for a record; `proof` are the hashes from its leaf to the root."""
    lines = [
        "c2sp.org/tlog-proof@v1",
        f"extra {to_base64(record.text.encode())}",
        f"index {record.number}",
        *map(to_base64, proof),
        "",
        "",
    ]
    return "\n".join(lines).encode() + note


def verify(data: bytes, key: Verifier, module: str, version: str) -> Proved:
    """Give what a bundle proves about a module, by that key alone.

    Raises Refused: GG541 it is no bundle, GG536 about another module, GG538 its record is not in
    its tree, and what `open_note` and `head_of` refuse.
    """
    found = _read(data)
    head = head_of(open_note(found["note"], key))
    record = Record(int(found["index"]), from_base64(found["text"]).decode(errors="replace"))
    proof = [from_base64(line) for line in found["proof"].splitlines()]
    if not tlog.includes(head.tree, record.number, tlog.leaf_hash(record.text.encode()), proof):
        raise Refused(
            Problem(
                "GG538",
                f"record {record.number} is not in the signed tree of {head.tree.size} records",
                expected="hashes that lead from the record to the root that was signed",
                hint="the record or its proof was changed: do not use it",
            )
        )
    return Proved(hash_in(record.text, module, version), record, head)


def tree_of(data: bytes, key: Verifier) -> Tree:
    """Give the signed tree that a bundle is of. Raises Refused as `verify` does for it."""
    return head_of(open_note(_read(data)["note"], key)).tree


def _read(data: bytes) -> re.Match[bytes]:
    """Take a bundle apart. Raises Refused (GG541)."""
    found = _BUNDLE.fullmatch(data)
    if not found:
        raise Refused(
            Problem(
                "GG541",
                "this is no proof of a transparency log",
                expected="c2sp.org/tlog-proof@v1, extra, index, hashes, a signed tree",
                hint="remove the file, and run gogen lock",
            )
        )
    return found
