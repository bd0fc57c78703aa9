r"""Values as text, and the double-quoted string that YAML, JSON and TOML read alike.

The three languages share `\"`, `\\`, `\b`, `\t`, `\n`, `\f`, `\r` and `\uXXXX`; nothing else is
used here, so one escaping serves all three.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from generator.dialects._refusals import no_text
from generator.dialects.base import Embedded, Structured, Unwritable

if TYPE_CHECKING:
    from collections.abc import Callable

# What must not stand raw in text that people review and old YAML readers read: controls (C0, DEL,
# C1 with NEL), LS and PS (line breaks in YAML 1.1), the marks that reorder or hide text on a
# screen, BOM, two noncharacters outside YAML's printable set, lone surrogates.
_UNPRINTABLE = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    r"\ud800-\udfff\ufeff\ufffe\uffff"
)
_ESCAPED = rf'["\\\t\n{_UNPRINTABLE}]'
_SHORT = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}
_FOR_DATA = "write it as data: `| json` on one line, or in YAML `| block` below its key"
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def named(char: str) -> str:
    """Name a character in a message: `a ,`, `a line break`, `the character U+2028`."""
    if name := {"\n": "a line break", "\r": "a carriage return", "\t": "a tab"}.get(char):
        return name
    return f"a {char}" if "!" <= char <= "~" else f"the character U+{ord(char):04X}"


def unprintable(text: str) -> re.Match[str] | None:
    """Find a character that only an escape may write; a tab and a line feed are not among them."""
    # None of them is printable to Python either, which tells sooner than a pattern is compiled.
    if text.replace("\n", "").isprintable():
        return None
    return re.search(f"[{_UNPRINTABLE}]", text)


def no_surrogate(text: str) -> str:
    """Give the text back; raises Unwritable where it is not Unicode (no file can hold it)."""
    if found := re.search(r"[\ud800-\udfff]", text):
        reason = f"{named(found[0])} is half of a character and cannot be written"
        raise Unwritable(reason, "Unicode text")
    return text


def escaped(text: str) -> str:
    """Escape text for the inside of double quotes; raises Unwritable on a lone surrogate."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return re.sub(_ESCAPED, _escape, no_surrogate(text))


def double(text: str) -> str:
    """Write text as a string in double quotes; raises Unwritable on a lone surrogate."""
    return f'"{escaped(text)}"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return _SHORT.get(char) or f"\\u{ord(char):04x}"


def decimal(value: int) -> str:
    """Write an integer in decimals; raises Unwritable beyond 64 bits, where readers go astray."""
    if _SMALLEST <= value <= _LARGEST:
        return str(value)
    reason = f"the number {value} does not fit 64 bits"
    raise Unwritable(reason, "an integer readers agree on", "quote it in the profile")


def word(value: Any) -> str:
    """Write a bool, None or int as all three languages' readers know it; raises Unwritable."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return decimal(value)
    raise refused(value)


def part(value: Any) -> str:
    """Give the text of a value that stands inside a string, unescaped; raises Unwritable.

    Data asked for by `json` becomes its JSON text; what is no text (None, a file of another
    language) is refused.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Structured) and value.style == "json":
        return flow(value.value)
    if value is None:
        raise refused(value)
    return word(value)


def map_key(key: Any) -> str:
    """Give a map's key back; raises Unwritable unless it is a string."""
    if isinstance(key, str):
        return key
    reason = f"a key is of type {type(key).__name__}"
    raise Unwritable(reason, "a string")


def json_key(key: Any) -> str:
    """Write a map's key in double quotes; raises Unwritable unless it is a string."""
    return double(map_key(key))


def flow(value: Any, key: Callable[[Any], str] = json_key) -> str:
    """Write data as one line of JSON, which YAML reads the same; raises Unwritable.

    Strings and keys always stand in quotes (`key` writes them), maps keep their order.
    """
    match value:
        case str():
            return double(value)
        case dict():
            pairs = (f"{key(name)}: {flow(child, key)}" for name, child in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list() | tuple():
            return "[" + ", ".join(flow(child, key) for child in value) + "]"
        case _:
            return word(value)


def refused(value: Any) -> Unwritable:
    """Say why a value of this kind cannot be written as a plain scalar, and the way out."""
    return no_text(value, _FOR_DATA)


def prepared(encoder: Callable[..., str], prepare: Callable[[Any], Any]) -> Callable[..., str]:
    """Give an encoder that looks at, or changes, every value before it is encoded."""

    def encode(value: Any, *args: str | int) -> str:
        return encoder(prepare(value), *args)

    return encode


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Give a value with every scalar of it changed, keys and an embedded file's text too.

    For a language whose strings stand in another's files, and are evaluated there at any depth.
    """
    match value:
        case Embedded(text=text):
            return replace(value, text=change(text))
        case Structured(value=data):
            return replace(value, value=each(data, change))
        case dict():
            return {change(key): each(child, change) for key, child in value.items()}
        case list() | tuple():
            return [each(child, change) for child in value]
        case _:
            return change(value)
