"""How notes and proofs write numbers and bytes: decimal without leading zeros, base64."""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64

NUMBER = r"(?:0|[1-9][0-9]{0,17})"
"""A number, as a pattern; no log is longer than this."""

HASH = r"[A-Za-z0-9+/]{43}="
"""The base64 of 32 bytes, as a pattern."""

BASE64 = r"[A-Za-z0-9+/]+={0,2}"
"""Any base64, as a pattern; some text that it matches is none."""


def to_base64(data: bytes) -> str:
    """Write bytes as RFC 4648 §4 says."""
    return b64encode(data).decode()


def from_base64(text: str | bytes) -> bytes:
    """Read base64 of RFC 4648 §4, written in the one way there is; nothing for what is none."""
    try:
        data = b64decode(text, validate=True)
    except NotBase64:
        return b""
    return data if b64encode(data) == (text.encode() if isinstance(text, str) else text) else b""
