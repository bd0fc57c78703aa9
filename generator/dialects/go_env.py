r"""The go command's environment file (`os.UserConfigDir()/go/env`, `$GOROOT/go.env`).

Read as cmd/go does (readEnvFile in cmd/go/internal/cfg): lines end at LF only, a line counts when
its first byte is A-Z and it holds `=`, all after the first `=` is the value, byte for byte. There
are no quotes, no escapes, no expansion and no comment after a value; every other line is skipped
without a word, so text that would be skipped by accident (a leading blank, a lower-case name) is
an error here, and only empty lines and lines that begin with `#` are comments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generator.dialects import _scalar
from generator.dialects._reading import STRANGE
from generator.dialects.base import Misplaced, Slot, Unreadable, Unwritable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import Encoder, State

LINE, COMMENT, KEY, EQUALS, VALUE = "line", "comment", "key", "equals", "value"
"""States: at a line's start; in a comment; in a name; just after its `=`; in a value."""

_PLAIN = re.compile(r"[!-~]*")
_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")


def _value(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    if isinstance(value, bool):
        reason = "a boolean has no one spelling in a go env file"
        raise Unwritable(reason, "text", 'quote what go expects in the profile: "1", "on", "off"')
    return _scalar.within_edges(_scalar.one_line(value))


@dataclass(frozen=True, slots=True)
class GoEnv:
    """Lines of KEY=VALUE, values raw."""

    name: str = "go-env"
    patterns: tuple[str, ...] = ("go.env",)
    start: State = LINE
    encoders: Mapping[str, Encoder] = field(
        default_factory=lambda: {
            "name": _scalar.variable,
            "value": _value,
            "comment": _scalar.comment,
        }
    )

    def step(self, state: State, text: str) -> State:
        """Read text character by character; lines are few and short."""
        for char in text:
            state = _next(str(state), char)
        return state

    def slot(self, state: State) -> Slot:
        """Let a value stand after `=`, in a comment, or as a whole name."""
        if state in (EQUALS, VALUE):
            return Slot("value", VALUE)
        if state == COMMENT:
            return Slot("comment", COMMENT)
        if state == LINE:
            return Slot("name", KEY)
        reason = "an expression as a part of a name"
        raise Misplaced(reason, "make it the whole name: <{ name }>=<{ x }>")

    def join(self, one: State, other: State) -> State:
        """Two branches meet in the same state; an empty value and a begun one are both values."""
        if one == other:
            return one
        if {one, other} == {EQUALS, VALUE}:
            return VALUE
        reason = f"one branch ends in a {one}, the other in a {other}"
        raise Misplaced(reason, "end both branches at a line's end")

    def finish(self, state: State) -> None:
        """Refuse a line that is a name without `=`."""
        if state == KEY:
            reason = "the last line has a name and no ="
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:
        """Go skips a line whose first byte is not A-Z."""
        return f"# {_scalar.comment(text)}"

    def parse(self, text: str) -> None:
        """Read every line; a line go would skip, or a name given twice, is an error."""
        seen: dict[str, int] = {}
        for number, line in enumerate(text.split("\n"), 1):
            if name := _name(line, number):
                if name in seen:
                    reason = f"{name} is set again (first in line {seen[name]}): go takes the last"
                    raise Unreadable(reason, number, 1)
                seen[name] = number


def _next(state: str, char: str) -> str:
    if char == "\n":
        if state == KEY:
            reason = "a line with a name and no =: go skips it"
            raise Misplaced(reason)
        return LINE
    if STRANGE.match(char):
        reason = f"control character {char!r}: go would keep it in the value"
        raise Misplaced(reason, "end lines with a line feed alone")
    if state == LINE:
        return _begin(char)
    if state == KEY:
        return _in_name(char)
    return VALUE if state == EQUALS else state


def _begin(char: str) -> str:
    if char == "#":
        return COMMENT
    if "A" <= char <= "Z":
        return KEY
    reason = f"a line that begins with {char!r}: go skips it without a word"
    raise Misplaced(reason, "begin it with the variable's name, or with # for a comment")


def _in_name(char: str) -> str:
    if char == "=":
        return EQUALS
    if "A" <= char <= "Z" or "0" <= char <= "9" or char == "_":
        return KEY
    reason = f"{char!r} in the name of a go env line"
    raise Misplaced(reason, "write GOPROXY=value, without blanks around =")


def _name(line: str, number: int) -> str:
    """Give the name a line sets, "" for a comment or an empty line."""
    if found := STRANGE.search(line):
        reason = f"control character {found[0]!r}: go would keep it in the value"
        raise Unreadable(reason, number, found.start() + 1)
    if not line or line.startswith("#"):
        return ""
    if not (found := _ASSIGNMENT.fullmatch(line)):
        reason = "not a line of NAME=value: go would skip it without a word"
        raise Unreadable(reason, number, 1)
    if found[2] != found[2].strip(" \t"):
        reason = f"blanks at an edge of the value of {found[1]}: go keeps them"
        raise Unreadable(reason, number, found.start(2) + 1)
    return found[1]


DIALECT = GoEnv()
