"""Signed notes (https://c2sp.org/signed-note): a text, and who signed it.

Only Ed25519 is known here, the one algorithm a checksum database signs with.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

from generator.problems import Problem
from generator.sumdb.encoding import BASE64, from_base64
from generator.sumdb.refused import Refused, shown

GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
"""The key of Go's own database, as the go command holds it: cmd/go/internal/modfetch/key.go."""

LONGEST = 1_000_000
"""More bytes than this are no note; Go's own reader has the same limit."""

_ED25519 = b"\x01"
_KEY_SIZE = 32
_SIGNATURE = re.compile(rf"— (?P<name>[^\s+]+) (?P<base64>{BASE64})")
_VERIFIER = re.compile(rf"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{{8}})\+(?P<key>{BASE64})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_LEFT_OUT = "a database, or what stands between, answers with something else than signed notes"


class Verifier(NamedTuple):
    """A public key: the signer's name, four bytes that hint at the key, the Ed25519 key itself."""

    name: str
    hint: bytes
    key: bytes


class Note(NamedTuple):
    """A note whose signature holds: its text, and all its bytes as they were signed."""

    text: str
    signed: bytes


def verifier(text: str) -> Verifier:
    """Read a verifier key, `name+hash+base64`. Raises Refused (GG530)."""
    found = _VERIFIER.fullmatch(text.strip())
    raw = from_base64(found["key"]) if found else b""
    if not found or len(raw) != 1 + _KEY_SIZE or raw[:1] != _ED25519:
        expected = "name+hash+base64 of an Ed25519 key, as a checksum database publishes it"
        raise Refused(Problem("GG530", f"{shown(text)} is no verifier key", expected=expected))
    due = sha256(found["name"].encode() + b"\n" + raw).digest()[:4]
    if due.hex() != found["id"]:
        message = f"the verifier key of {found['name']} says its hash is {found['id']}"
        raise Refused(
            Problem(
                "GG530",
                message,
                expected=f"{due.hex()}, which its bytes have",
                hint="copy the key whole",
            )
        )
    return Verifier(found["name"], due, raw[1:])


def open_note(data: bytes, by: Verifier) -> Note:
    """Give the note if that key signed it; what others signed beside it counts for nothing.

    Raises Refused: GG531 no note, GG532 not signed by this key, GG533 the signature is wrong.
    """
    text, lines = _split(data)
    ours = [
        signature[4:]
        for line in lines
        for name, signature in [_signature(line)]
        if name == by.name and signature[:4] == by.hint
    ]
    if not ours:
        signers = ", ".join(sorted({_named(line) for line in lines}))
        raise Refused(
            Problem(
                "GG532",
                f"the note is not signed by a known key, but by {signers}",
                expected=f"a signature of {by.name}+{by.hint.hex()}",
                hint="sumdb in gogen.toml names the key that is believed",
            )
        )
    if not all(_holds(by.key, signature, text.encode()) for signature in ours):
        raise Refused(
            Problem(
                "GG533",
                f"the signature of {by.name} is not of this note",
                expected="a note as it was signed",
                hint="somebody changed it on its way: do not use it",
            )
        )
    return Note(text, data)


def _split(data: bytes) -> tuple[str, list[str]]:
    """Give a note's text, and the lines of its signatures."""
    try:
        whole = data.decode() if len(data) <= LONGEST else ""
    except UnicodeDecodeError:
        whole = ""
    text, gap, signatures = whole.rpartition("\n\n")
    if not gap or not signatures.endswith("\n") or _CONTROL.search(whole):
        message = f"this is no signed note: {shown(data)}"
        raise Refused(
            Problem("GG531", message, expected="a text, an empty line, signatures", hint=_LEFT_OUT)
        )
    return text + "\n", signatures.removesuffix("\n").split("\n")


def _signature(line: str) -> tuple[str, bytes]:
    """Give who signed, and the signature with the four bytes of the key before it."""
    found = _SIGNATURE.fullmatch(line)
    signature = from_base64(found["base64"]) if found else b""
    if not found or len(signature) <= len(b"hint"):
        message = f"{shown(line)} is no line of a signature"
        raise Refused(Problem("GG531", message, expected="— name base64", hint=_LEFT_OUT))
    return found["name"], signature


def _named(line: str) -> str:
    name, signature = _signature(line)
    return shown(f"{name}+{signature[:4].hex()}")


def _holds(key: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  (only to lock)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  (only to lock)
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
