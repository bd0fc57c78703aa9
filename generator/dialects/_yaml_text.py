"""Data as YAML text that every reader takes for the same data: scalars, literals, blocks.

A string stands bare only where YAML 1.1 and 1.2, PyYAML, ruamel and Go's readers all see a
string; everything that begins with a digit, a sign, a dot or an indicator is quoted. Flow text is
JSON. Multi-line strings become literal blocks where a literal can carry them.
"""

from __future__ import annotations

import re
from typing import Any

from generator.dialects._strings import double, flow, map_key, refused, unprintable, word
from generator.dialects.base import Embedded, Structured, Unwritable

# Bare text begins with a letter (or _ / $ ( ./ ../), holds no indicator, no " #" and no ": ", and
# does not end in a blank. Sizes and durations (4Gi, 100m, 30s) begin with a digit and are numbers
# to no reader; e3 is one to npm's yaml 2 (in YAML 1.1, it reads NaN).
_BARE = re.compile(
    r"(?![eE][-+]?[0-9]+\Z)(?:[A-Za-z_/$(]|\.\.?/)[A-Za-z0-9_./@+=%~^$(),-]*"
    r"(?:[: ][A-Za-z0-9_./$(][A-Za-z0-9_./@+=%~^$(),-]*)*"
    r"|[1-9][0-9]*(?:[KMGT]i|[mhs])"
)
# Inside [ ] and { } a comma ends a scalar and old readers stumble over a colon.
_BARE_FLOW = re.compile(
    r"(?![eE][-+]?[0-9]+\Z)[A-Za-z_/][A-Za-z0-9_./@+=%~^$()-]*"
    r"(?:[ ][A-Za-z0-9_./][A-Za-z0-9_./@+=%~^$()-]*)*"
)
_BARE_KEY = re.compile(r"(?![eE][-+]?[0-9]+\Z)[A-Za-z_/][A-Za-z0-9_./-]*")

# Words that a reader resolves to a bool or null (YAML 1.1's y, n, on and off among them).
_RESERVED = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
_LONGEST_RESERVED = 5

# YAML readers look 1,024 characters ahead for the colon of a key.
_LONGEST_KEY = 1000

STEP = 2
"""Columns of one level."""


def _bare(text: str, shape: re.Pattern[str]) -> bool:
    return shape.fullmatch(text) is not None and not (
        len(text) <= _LONGEST_RESERVED and text.lower() in _RESERVED
    )


def string(text: str) -> str:
    """Write a string on one line of block context: bare where it is safe, else in quotes."""
    return text if _bare(text, _BARE) else double(text)


def key(value: Any) -> str:
    """Write a key, in block or flow; raises Unwritable unless a string readers can find."""
    text = map_key(value)
    written = text if _bare(text, _BARE_KEY) else double(text)
    if len(written) > _LONGEST_KEY:
        reason = f"a key of {len(written)} characters is longer than YAML readers look for"
        raise Unwritable(reason, f"at most {_LONGEST_KEY} characters")
    return written


def inline(value: Any) -> str:
    """Write a value inside `[ ]` or `{ }`: on one line, data as JSON; raises Unwritable."""
    if isinstance(value, Embedded):
        value = value.text
    if isinstance(value, str):
        return value if _bare(value, _BARE_FLOW) else double(value)
    if isinstance(value, Structured) and value.style == "json":
        return json_flow(value.value)
    return word(value)


def json_flow(value: Any) -> str:
    """Write data as one line of YAML flow that is JSON too; raises Unwritable."""
    return flow(value, _json_key)


def _json_key(name: Any) -> str:
    key(name)
    return double(name)


def scalar(value: Any, indent: int) -> str:
    """Write a scalar whole, to stand after `key: ` or `- ` at column `indent`.

    A multi-line string becomes a literal block below, indented by one step from there.
    """
    if isinstance(value, str):
        if "\n" in value and (text := literal(value, indent)):
            return text
        return string(value)
    return word(value)


def literal(text: str, indent: int) -> str:
    """Write text as a literal block below column `indent`, or "" where no literal can carry it.

    The last line break of the text is not written: it is the one that ends the line. Not carried:
    characters only an escape can write, more than one line break at the end (blank lines that
    follow would join them), blanks at the end of the last line (readers differ).
    """
    body = text.removesuffix("\n")
    last = body.rpartition("\n")[2]
    if not last or last[-1] in " \t" or unprintable(text):
        return ""
    # Without the indicator readers take the indentation from the first line that is not blank.
    indicator = str(STEP) if text[0] in " \t\n" else ""
    chomp = "" if len(body) < len(text) else "-"
    pad = " " * (indent + STEP)
    lines = (pad + line if line else "" for line in body.split("\n"))
    return f"|{indicator}{chomp}\n" + "\n".join(lines)


def block(data: Any, column: int) -> str:
    """Write data as a block without its last line break; raises Unwritable.

    The first line is to stand at `column`; the blanks before it are not written.
    """
    pad = "\n" + " " * column
    match data:
        case dict() if data:
            return pad.join(key(name) + ":" + below(child, column) for name, child in data.items())
        case list() | tuple() if data:
            return pad.join("- " + _item(child, column) for child in data)
        case dict() | list() | tuple():
            return json_flow(data)
        case _:
            return scalar(data, column)


def _item(child: Any, column: int) -> str:
    nested = isinstance(child, dict | list | tuple)
    return block(child, column + STEP) if nested else scalar(child, column)


def below(data: Any, indent: int) -> str:
    """Write what follows the colon of a key at column `indent`: ` value`, or a block below it."""
    if isinstance(data, dict | list | tuple) and data:
        return "\n" + " " * (indent + STEP) + block(data, indent + STEP)
    return " " + block(data, indent)


def emit(data: Any) -> str:
    """Write plain data (dict, list, str, int, bool, None) as one YAML document.

    Keys keep their order, the text ends with a line break, the same data gives the same text;
    raises Unwritable on any other value.
    """
    return block(data, 0) + "\n"


def encode_value(value: Any, indent: int) -> str:
    """Write an expression after `key: `, the key at column `indent`; raises Unwritable."""
    match value:
        case str():
            return scalar(value, indent)
        case Embedded(text=text):
            return scalar(text, indent)
        case Structured(value=data, style="json"):
            return json_flow(data)
        case Structured(value=data) if not isinstance(data, dict | list | tuple):
            return scalar(data, indent)
        case Structured(value=data) if not data:
            return json_flow(data)
        case Structured():
            reason = "a block begins on the line below its key"
            raise Unwritable(reason, hint="write `key:<{ x | block }>`, without a blank")
        case _:
            return word(value)


def encode_item(value: Any, indent: int, column: int) -> str:
    """Write an expression after `- ` (the dash at `indent`, the expression at `column`)."""
    if isinstance(value, Structured) and value.style == "block":
        nested = isinstance(value.value, dict | list | tuple)
        return block(value.value, column) if nested else scalar(value.value, indent)
    return encode_value(value, indent)


def encode_below(value: Any, indent: int) -> str:
    """Write `key:<{ x | block }>`, the key at column `indent`; raises Unwritable."""
    if isinstance(value, Structured) and value.style == "block":
        return below(value.value, indent)
    reason = "only data written by `block` stands right after the colon of a key"
    raise Unwritable(reason, hint="put a blank between the colon and the expression")


def encode_root(value: Any) -> str:
    """Write an expression at the start of a document: a key, or the whole document as data."""
    match value:
        case Structured(value=data, style="json"):
            return json_flow(data)
        case Structured(value=data):
            return block(data, 0)
        case _:
            return encode_key(value)


def encode_key(value: Any) -> str:
    """Write an expression that stands as a key; raises Unwritable unless it is a string."""
    if isinstance(value, str):
        return key(value)
    if isinstance(value, bool | int | None):
        reason = f"a key is of type {type(value).__name__}"
        raise Unwritable(reason, "a string")
    raise refused(value)
