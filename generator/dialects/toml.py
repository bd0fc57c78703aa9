"""TOML 1.0: keys, tables, basic and literal strings on one line, arrays, inline tables.

Every string is written in quotes, so that no version becomes a number and no date a date. TOML
has no null. Strings over several lines are not read; text of several lines is a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.dialects._reading import read_pieces, skip
from generator.dialects._strings import (
    double,
    escaped,
    map_key,
    named,
    part,
    refused,
    unprintable,
    word,
)
from generator.dialects.base import (
    Embedded,
    Encoder,
    Misplaced,
    Slot,
    Structured,
    Unreadable,
    Unwritable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class State:
    """A place in a text.

    `mode` is what was read last: "line" (blanks at its start), "key" (a dot, or where a key is
    due), "bare" (a part of a bare key), "named" (a whole key), "value" (where a value is due),
    "word" (a part of a number, bool or date), "basic" and "literal" (a part of a string), "done"
    (a whole value or header) or "comment". `open` holds a character for each open bracket: h and H
    for a header of one and two, [ and { for values. `key` says that the string at hand is a key;
    `back` is the mode after a comment.
    """

    mode: str = "line"
    open: str = ""
    key: bool = False
    back: str = "line"


_BLANKS = re.compile(r"[ \t]*")
_BLANKS_AND_BREAKS = re.compile(r"[ \t\n]*")
_BARE = re.compile(r"[A-Za-z0-9_-]*")
_WORD = re.compile(r"[A-Za-z0-9_.:+-]*")
_BASIC = re.compile(r'(?:[^"\\\n]|\\(?:["\\bfnrt]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}))*')
_LITERAL = re.compile(r"[^'\n]*")
_COMMENT = re.compile(r"[^\n]*")
_PART = (
    "an expression stands beside other text of a value or key",
    'put all in quotes: "a <{ x }>"',
)


def _line(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_BLANKS_AND_BREAKS, text, at)
    if end == len(text):
        return state, end
    if text[end] == "#":
        return State("comment"), end + 1
    if text[end] == "[":
        return State("key", "h"), end + 1
    return State("key"), end


def _key(state: State, text: str, at: int) -> tuple[State, int]:
    if state.open == "h" and text[at] == "[":
        return State("key", "H"), at + 1
    end = skip(_BLANKS, text, at)
    if end == len(text):
        return state, end
    if mode := {'"': "basic", "'": "literal"}.get(text[end]):
        return replace(state, mode=mode, key=True), end + 1
    if text[end] == "}" and state.open.endswith("{"):
        return State("done", state.open[:-1]), end + 1
    if skip(_BARE, text, end) == end:
        reason = f"{named(text[end])} stands where a key is due"
        raise Misplaced(reason)
    return replace(state, mode="bare"), end


def _bare(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_BARE, text, at)
    return (state if end == len(text) else replace(state, mode="named")), end


def _named(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_BLANKS, text, at)
    if end == len(text):
        return state, end
    header = state.open in ("h", "H")
    if text[end] == ".":
        return replace(state, mode="key", key=False), end + 1
    if text[end] == "=" and not header:
        return State("value", state.open), end + 1
    if text[end] == "]" and header:
        return _close_header(state), end + 1
    reason = f"{named(text[end])} follows a key"
    raise Misplaced(reason, _PART[1])


def _close_header(state: State) -> State:
    return State("named", "h") if state.open == "H" else State("done")


def _value(state: State, text: str, at: int) -> tuple[State, int]:
    inside = state.open.endswith("[")
    end = skip(_BLANKS_AND_BREAKS if inside else _BLANKS, text, at)
    if end == len(text):
        return state, end
    char = text[end]
    if mode := {'"': "basic", "'": "literal"}.get(char):
        return replace(state, mode=mode, key=False), end + 1
    if char in "[{":
        return State("value" if char == "[" else "key", state.open + char), end + 1
    if char == "#" and inside:
        return replace(state, mode="comment", back="value"), end + 1
    if char == "]" and inside:
        return State("done", state.open[:-1]), end + 1
    if skip(_WORD, text, end) == end:
        reason = f"{named(char)} stands where a value is due"
        raise Misplaced(reason)
    return replace(state, mode="word"), end


def _word(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_WORD, text, at)
    return (state if end == len(text) else replace(state, mode="done")), end


def _basic(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_BASIC, text, at)
    return _end_of_string(state, text, end, '"')


def _literal(state: State, text: str, at: int) -> tuple[State, int]:
    return _end_of_string(state, text, skip(_LITERAL, text, at), "'")


def _end_of_string(state: State, text: str, end: int, quote: str) -> tuple[State, int]:
    if end == len(text):
        return state, end
    if text[end] == quote:
        return replace(state, mode="named" if state.key else "done"), end + 1
    reason = "a line break stands in a string" if text[end] == "\n" else "an escape is not whole"
    raise Misplaced(reason, "write the string on one line")


def _done(state: State, text: str, at: int) -> tuple[State, int]:
    inside = state.open[-1:]
    end = skip(_BLANKS_AND_BREAKS if inside == "[" else _BLANKS, text, at)
    if end == len(text):
        return state, end
    char = text[end]
    if char == "\n" and not inside:
        return State(), end + 1
    if char == "#" and inside != "{":
        return State("comment", state.open, back="done" if inside else "line"), end + 1
    if char == "," and inside:
        return State("value" if inside == "[" else "key", state.open), end + 1
    if (inside, char) in (("[", "]"), ("{", "}")):
        return State("done", state.open[:-1]), end + 1
    reason = f"{named(char)} follows a value that was whole"
    raise Misplaced(reason, "a value stands on one line, without quotes over several")


def _comment(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_COMMENT, text, at)
    return (state, end) if end == len(text) else (State(state.back, state.open), end + 1)


_READERS: dict[str, Callable[[State, str, int], tuple[State, int]]] = {
    "line": _line,
    "key": _key,
    "bare": _bare,
    "named": _named,
    "value": _value,
    "word": _word,
    "basic": _basic,
    "literal": _literal,
    "done": _done,
    "comment": _comment,
}


def key_text(text: str) -> str:
    """Write a key: bare where TOML allows it, else in quotes."""
    return text if text.isascii() and _BARE.fullmatch(text) and text else double(text)


def data_text(data: Any) -> str:
    """Write data on one line, maps as inline tables; raises Unwritable (null has no TOML)."""
    match data:
        case str():
            return double(data)
        case dict():
            pairs = (f"{key_text(map_key(k))} = {data_text(v)}" for k, v in data.items())
            return "{ " + ", ".join(pairs) + " }" if data else "{}"
        case list() | tuple():
            return "[" + ", ".join(map(data_text, data)) + "]"
        case None:
            reason = "null cannot be written: TOML has none"
            hint = "leave the key out, or its line with an if block"
            raise Unwritable(reason, "a value", hint)
        case _:
            return word(data)


def encode_value(value: Any) -> str:
    """Write a whole value; raises Unwritable."""
    match value:
        case Embedded(text=text):
            return double(text)
        case Structured(value=data, style="json"):
            return data_text(data)
        case str() | int() | None:
            return data_text(value)
        case _:
            raise refused(value)


def encode_key(value: Any) -> str:
    """Write a key; raises Unwritable unless it is a string."""
    if isinstance(value, str | int | None):
        return key_text(map_key(value))
    raise refused(value)


def encode_basic(value: Any) -> str:
    """Write a value inside "…"; raises Unwritable."""
    return escaped(part(value))


def encode_literal(value: Any) -> str:
    """Write a value inside '…', which knows no escapes; raises Unwritable."""
    return _as_it_is(part(value), re.compile("'|\n|\t"), "a literal string")


def encode_comment(value: Any) -> str:
    """Write a value inside a comment; raises Unwritable."""
    return _as_it_is(part(value), re.compile("\n"), "a comment")


def _as_it_is(text: str, forbidden: re.Pattern[str], place: str) -> str:
    found = forbidden.search(text) or unprintable(text)
    if not found:
        return text
    reason = f"{named(found[0])} cannot stand in {place}"
    raise Unwritable(reason, "printable text on one line", 'double quotes can hold it: "<{ x }>"')


def _slot(encoder: str, mode: str = "") -> Callable[[State], Slot]:
    """Give a slot for an encoder; the state after is in `mode`, or as it was."""

    def slot(state: State) -> Slot:
        return Slot(encoder, replace(state, mode=mode) if mode else state)

    return slot


_SLOTS = {
    "line": _slot("key", "named"),
    "key": _slot("key", "named"),
    "value": _slot("value", "done"),
    "basic": _slot("basic"),
    "literal": _slot("literal"),
    "comment": _slot("comment"),
}


_ENCODERS: dict[str, Encoder] = {
    "value": encode_value,
    "key": encode_key,
    "basic": encode_basic,
    "literal": encode_literal,
    "comment": encode_comment,
}


class Toml:
    """The TOML dialect."""

    name: str = "toml"
    patterns: tuple[str, ...] = ("*.toml",)
    start: State = State()

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return _ENCODERS

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced."""
        return read_pieces(state, text, _READERS, "TOML")

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        if state.mode not in _SLOTS:
            raise Misplaced(*_PART)
        return _SLOTS[state.mode](state)

    def join(self, one: State, other: State) -> State:
        """Give the state after two branches; raises Misplaced where they cannot meet."""
        if one == other:
            return one
        if one.open == other.open and {one.mode, other.mode} <= {"word", "done"}:
            return State("done", one.open)
        reason = "branches end in different places of a line, or of an array"
        raise Misplaced(reason, "let each branch hold whole lines, or write all with `| json`")

    def finish(self, state: State) -> None:
        """Raise Misplaced where a file may not end in this state."""
        if state.open or state.mode not in ("line", "word", "done", "comment"):
            reason = "the file ends inside a key, a value or a bracket"
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:
        """Write one line of text as a comment line."""
        return f"# {encode_comment(text)}".rstrip()

    def parse(self, text: str) -> None:
        """Read rendered text back; raises Unreadable."""
        import tomllib  # noqa: PLC0415  only a run that reads back needs it

        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise _unreadable(str(error)) from None
        except RecursionError:
            reason = "nested too deep to be read"
            raise Unreadable(reason) from None


_TOML_PLACE = re.compile(
    r"(?P<reason>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", re.DOTALL
)


def _unreadable(message: str) -> Unreadable:
    """Take the place out of tomllib's message, which is all it gives before Python 3.14."""
    if found := _TOML_PLACE.fullmatch(message):
        return Unreadable(found["reason"].lower(), int(found["line"]), int(found["column"]))
    return Unreadable(message.lower())


DIALECT = Toml()
