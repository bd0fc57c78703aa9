"""JSON (RFC 8259): UTF-8, strict, no comments.

Strings keep their characters; only what a screen cannot show is escaped. An expression outside
quotes is a whole value, inside `"…"` a part of a string. Numbers are written as integers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from generator.dialects._reading import read_pieces, skip
from generator.dialects._strings import (
    double,
    escaped,
    flow,
    json_key,
    part,
    refused,
    word,
)
from generator.dialects.base import Embedded, Encoder, Misplaced, Slot, Structured, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class State:
    """A place in a text.

    `mode` is what comes next: "element", "string" (its rest), "word" (its rest), "done" (after an
    element). `open` holds a character for each open bracket: [, { where a key is due, : where its
    value is. `key` says that the string at hand is a key.
    """

    mode: str = "element"
    open: str = ""
    key: bool = False


_BLANKS = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*')
_WORD = re.compile(r"[A-Za-z0-9.+-]+")
_WHERE = {
    "element": "where a value is due",
    "string": "inside a string",
    "word": "in a number or word",
    "done": "after a value",
}
_PART = ("an expression stands beside other text of a value", 'put all in quotes: "a <{ x }>"')


def _element(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_BLANKS, text, at)
    if end == len(text):
        return state, end
    char = text[end]
    if char == '"':
        return replace(state, mode="string", key=state.open.endswith("{")), end + 1
    if char in "}]" and state.open.endswith({"}": "{", "]": "["}[char]):
        return State("done", state.open[:-1]), end + 1
    if state.open.endswith("{"):
        reason = f"a {char} stands where a key in quotes is due"
        raise Misplaced(reason)
    if char in "[{":
        return replace(state, open=state.open + char), end + 1
    after = skip(_WORD, text, end)
    if after == end:
        reason = f"a {char} stands where a value is due"
        raise Misplaced(reason)
    return replace(state, mode="word"), after


def _string(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_STRING, text, at)
    if end == len(text):
        return state, end
    if text[end] == '"':
        return replace(state, mode="done"), end + 1
    reason = "a line break stands in a string" if text[end] == "\n" else "an escape is not whole"
    raise Misplaced(reason)


def _word(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_WORD, text, at)
    return (state if end == len(text) else replace(state, mode="done")), end


def _done(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_BLANKS, text, at)
    if end == len(text):
        return state, end
    char, inside = text[end], state.open[-1:]
    if state.key:
        if char == ":":
            return State("element", state.open[:-1] + ":"), end + 1
        reason = "no colon follows a key"
        raise Misplaced(reason)
    if char == "," and inside:
        return State("element", state.open[:-1] + ("{" if inside == ":" else "[")), end + 1
    if (inside, char) in ((":", "}"), ("[", "]")):
        return State("done", state.open[:-1]), end + 1
    reason = f"a {char} follows a value that was whole"
    raise Misplaced(reason, _PART[1])


_READERS: dict[str, Callable[[State, str, int], tuple[State, int]]] = {
    "element": _element,
    "string": _string,
    "word": _word,
    "done": _done,
}


def encode_value(value: Any) -> str:
    """Write a whole value; raises Unwritable."""
    match value:
        case str(text) | Embedded(text=text):
            return double(text)
        case Structured(value=data, style="json"):
            return flow(data)
        case _:
            return word(value)


def encode_key(value: Any) -> str:
    """Write a key; raises Unwritable unless it is a string."""
    if isinstance(value, str | int | None):
        return json_key(value)
    raise refused(value)


def encode_string(value: Any) -> str:
    """Write a value inside "…"; raises Unwritable."""
    return escaped(part(value))


_ENCODERS: dict[str, Encoder] = {
    "value": encode_value,
    "key": encode_key,
    "string": encode_string,
}


class Json:
    """The JSON dialect."""

    name: str = "json"
    patterns: tuple[str, ...] = ("*.json",)
    start: State = State()

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return _ENCODERS

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced."""
        return read_pieces(state, text, _READERS, "JSON")

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        if state.mode == "string":
            return Slot("string", state)
        if state.mode != "element":
            raise Misplaced(*_PART)
        key = state.open.endswith("{")
        return Slot("key" if key else "value", State("done", state.open, key))

    def join(self, one: State, other: State) -> State:
        """Give the state after two branches; raises Misplaced where they cannot meet."""
        if one == other:
            return one
        modes = {one.mode, other.mode}
        if one.open == other.open and one.key is other.key and modes == {"word", "done"}:
            return replace(one, mode="done")
        reason = f"branches end in different places: {_WHERE[one.mode]}, and {_WHERE[other.mode]}"
        raise Misplaced(reason, "let each branch hold whole values, or write all with `| json`")

    def finish(self, state: State) -> None:
        """Raise Misplaced where a file may not end in this state."""
        if state.open or state.mode in ("element", "string"):
            reason = f"the file ends {_WHERE[state.mode]}, or before a bracket is closed"
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:  # noqa: ARG002  (the protocol's)
        """Give None: JSON has no comments."""
        return None

    def parse(self, text: str) -> None:
        """Read rendered text back, strictly, without a key twice; raises Unreadable."""
        import json  # noqa: PLC0415  only a run that reads back needs it

        try:
            json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            raise Unreadable(error.msg.lower(), error.lineno, error.colno) from None
        except RecursionError:
            reason = "nested too deep to be read"
            raise Unreadable(reason) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            reason = f"the key {key!r} stands twice in one object"
            raise Unreadable(reason)
        seen[key] = value
    return seen


def _no_constant(name: str) -> Any:
    reason = f"{name} is no JSON"
    raise Unreadable(reason)


DIALECT = Json()
