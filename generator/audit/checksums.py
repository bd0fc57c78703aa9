"""Checksums in a text: SHA-256 in hex, and Go's h1 hashes.

A digest of an image (`@sha256:…`) is left to `images`, which reads it with its image. An annotation
`checksum/NAME` is no pin: it holds the hash of an object of the same output, so that pods roll with
it, and nothing is fetched or verified by it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.audit.found import Found, line_at

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "checksum"

_HEX = re.compile(r"[0-9a-fA-F]{64,}")
_H1 = r"h1:[A-Za-z0-9+/]{43}="
SHORTEST = len("h1:=") + 43
"""Characters below which a text holds no checksum."""

_DIGITS = 64
_DIGEST = "@sha256:"
# Before the value of such an annotation: its key, or its path in a JSON patch.
_ANNOTATION = r"checksum(?:/|~1)[A-Za-z0-9._-]+[\"']?(?:\n[ \t]*value)?:[ \t]*[\"']?$"
_BEFORE = 200  # characters that a key and its indentation take at most


def find(text: str, file_name: str) -> Iterator[Found]:  # noqa: ARG001 - every extractor has it
    """Give every checksum with the line it stands in."""
    for match in _HEX.finditer(text):
        start = match.start()
        if len(match[0]) == _DIGITS and not _elsewhere(text, start):
            yield Found(KIND, match[0], start, line_at(text, start))
    if "h1:" in text:
        for match in re.finditer(_H1, text):
            yield Found(KIND, match[0], match.start(), line_at(text, match.start()))


def _elsewhere(text: str, start: int) -> bool:
    """Tell whether a hash is an image's digest or that of an annotation."""
    before = text[max(0, start - _BEFORE) : start]
    return before.endswith(_DIGEST) or re.search(_ANNOTATION, before) is not None
