"""The shape of each kind of pin: its keys, and what each of them may hold.

This is the fast twin of schemas/lock.schema.json; tests/unit/test_lock.py holds the two together.
"""

from __future__ import annotations

import re
from base64 import b64decode
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Form:
    """A form of text: a regular expression that is compiled when first asked for.

    Most runs ask for none: the lock was right before.
    """

    def __init__(self, pattern: str) -> None:
        """Take the expression of the whole text."""
        self._pattern = pattern

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Give the match of a text of this form; raises TypeError for what is no text."""
        return self._compiled.fullmatch(text)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._pattern)


VERSION = Form(r"1\.(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))?")
"""An exact Go release; releases before 1.21 have no third number when it would be 0."""

PLATFORM = Form(r"[a-z0-9]+/[a-z0-9]+")
IMAGE = Form(r"[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
ACTION = Form(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
LAYER = Form(r"git\+[a-z]+://[^\s?#]*(\?ref=[^\s?#]+)?")

SECTIONS = ("go", "images", "actions", "layers")

_HEX64 = Form(r"[0-9a-f]{64}")
_SENTINEL = Form(r"[A-Za-z0-9_]+(/[A-Za-z0-9_.]+)+")
_OBJECT = Form(r"[0-9a-f]{40}")
_PROOF = Form(r"[a-z0-9]+(-[a-z0-9]+)*")


class Field(NamedTuple):
    """One key of a pin: a test of its value, and what is due, for the message.

    The test gives something false, or raises TypeError, for a value that is not right.
    """

    holds: Callable[[Any], object]
    expected: str


class Shape(NamedTuple):
    """A kind of pin: its fields by key, and the keys it must have."""

    fields: Mapping[str, Field]
    required: frozenset[str]


def line_of(version: str) -> str:
    """Give the line of a release: "1.27" of "1.27.1"."""
    return ".".join(version.split(".")[:2])


def version_key(version: str) -> tuple[int, ...]:
    """Order releases as numbers: "1.9" before "1.10"."""
    return tuple(int(part) for part in version.split("."))


def hex_of_h1(h1: str) -> str:
    """Give the hash of "h1:BASE64" in hex: scripts have no base64 on every machine."""
    return b64decode(h1[3:]).hex()


def _text(pattern: str, expected: str) -> Field:
    return Field(Form(pattern).fullmatch, expected)


def _is_size(value: Any) -> bool:
    return type(value) is int and value > 0


def _are_sentinels(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _SENTINEL.fullmatch(path) and _HEX64.fullmatch(sha) for path, sha in value.items()
    )


def _are_objects(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_OBJECT.fullmatch, value.values()))


def _listed(item: Form) -> Callable[[Any], bool]:
    """Give a test for a sorted list without repeats whose items match."""

    @cache  # many pins carry the same few lists
    def hold(values: tuple[Any, ...]) -> bool:
        return all(map(item.fullmatch, values)) and list(values) == sorted(set(values))

    return lambda value: isinstance(value, list) and hold(tuple(value))


_PROOFS = Field(_listed(_PROOF), "a sorted list of proof names")

ARCHIVE = Shape(
    {
        "file": _text(r"go[0-9.]+\.[a-z0-9]+-[a-z0-9]+\.(tar\.gz|zip)", "an archive's file name"),
        "sha256": _text(r"[0-9a-f]{64}", "64 lower-case hex digits"),
        "size": Field(_is_size, "a number of bytes"),
        "h1": _text(r"h1:[A-Za-z0-9+/]{43}=", "h1: and the base64 of 32 bytes"),
        "h1_hex": _text(r"[0-9a-f]{64}", "64 lower-case hex digits"),
        "sentinels": Field(_are_sentinels, "SHA-256 by path below GOROOT"),
        "proofs": _PROOFS,
    },
    frozenset({"file", "sha256"}),
)

RELEASE = Shape(
    {
        "eol": _text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, YYYY-MM-DD"),
        "ports": Field(_listed(PLATFORM), "a sorted list of GOOS/GOARCH"),
        "platforms": Field(lambda value: isinstance(value, dict), "archives by GOOS/GOARCH"),
    },
    frozenset({"platforms"}),
)

IMAGE_PIN = Shape(
    {
        "digest": _text(r"sha256:[0-9a-f]{64}", "sha256: and 64 lower-case hex digits"),
        "as_of": _text(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", "YYYY, YYYY-MM or YYYY-MM-DD"),
        "proofs": _PROOFS,
    },
    frozenset({"digest"}),
)

ACTION_PIN = Shape(
    {
        "tag": _text(r"v[0-9]+(\.[0-9]+)*", "a version tag, v1.2.3"),
        "commit": _text(r"[0-9a-f]{40}", "40 lower-case hex digits"),
        "proofs": _PROOFS,
    },
    frozenset({"tag", "commit"}),
)

LAYER_PIN = Shape(
    {
        "commit": _text(r"[0-9a-f]{40}", "40 lower-case hex digits"),
        "tree": _text(r"[0-9a-f]{40}", "40 lower-case hex digits"),
        "ref": _text(r"refs/[^\s]+", "the full name of a ref, refs/tags/v1.2.0"),
        "files": Field(_are_objects, "ids of git objects by name"),
        "proofs": _PROOFS,
    },
    frozenset({"commit", "tree", "files"}),
)
