"""Go versions in a text: releases and language versions, wherever tools read one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.audit.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "go"

_NUMBER = r"(1\.[0-9]+(?:\.[0-9]+)?(?:rc[0-9]+|beta[0-9]+)?)(?![0-9A-Za-z_])"
_NAMED = re.compile(rf"go{_NUMBER}")  # go1.27.1, go1.27.1.linux-amd64.tar.gz, GOTOOLCHAIN=go1.27.1
_TAG = rf"golang:{_NUMBER}"  # the image, whatever its registry
_SET = (  # GO_VERSION=1.27.1, go-version: '1.27.1', "goVersion": "1.27.1"
    rf"(?:GO_?VERSION|go[-_]?[vV]ersion)[\"']?[ \t]*[:=][ \t]*[\"']?{_NUMBER}"
)
_LINE = rf"(?m)^[ \t]*go[ \t]+{_NUMBER}[ \t]*(?://.*)?$"  # of go.mod, go.work
_WHOLE = rf"(?m)^[ \t]*{_NUMBER}[ \t]*$"  # all there is in .go-version
_ASDF = rf"(?m)^golang[ \t]+{_NUMBER}[ \t]*(?:#.*)?$"  # of .tool-versions
_MISE = rf"(?m)^[ \t]*[\"']?go[\"']?[ \t]*=[ \t]*[\"']{_NUMBER}[\"']"  # of mise.toml's [tools]

_FILES = ((".go-version", _WHOLE), (".tool-versions", _ASDF), (".toml", _MISE))


def find(text: str, file_name: str) -> Iterator[Found]:
    """Give every version: "1.27.1", "1.27", "1.28rc1"."""
    for match in _NAMED.finditer(text):
        before = text[match.start() - 1 : match.start()]
        if not before.isalnum() and before != "_":
            yield Found(KIND, match[1], match.start(1))
    if "golang:" in text:
        yield from _all(_TAG, text)
    if "ersion" in text or "ERSION" in text:
        yield from _all(_SET, text)
    if "go " in text:
        yield from _all(_LINE, text)
    for ending, pattern in _FILES:
        if file_name.endswith(ending):
            yield from _all(pattern, text)


def _all(pattern: str, text: str) -> Iterator[Found]:
    return (Found(KIND, match[1], match.start(1)) for match in re.finditer(pattern, text))
