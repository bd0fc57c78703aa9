r"""Files of systemd's environment grammar: what `EnvironmentFile=` and environment.d share.

Read as systemd does (parse_env_file_internal in src/basic/env-file.c): a line is NAME=value, #
and ; begin comment lines, a value is bare with blanks at its end dropped, or quoted; inside "…" a
backslash escapes `"`, `\`, `` ` `` and `$`, and stays before all else; inside '…' nothing is
escaped; `\` at a line's end joins lines, in comments too. So a whole value is bare when no
character of it is special, else in "…", where line breaks and tabs stand as they are.

environment.d replaces `$NAME` and `${NAME}` after the quotes are gone; there `$$` is a dollar,
and neither quotes nor a backslash help; an empty value is "invalid syntax, ignoring" (both seen
with the real generator of systemd 252).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from generator.dialects import _scalar
from generator.dialects._reading import read_back
from generator.dialects.base import Misplaced, Slot, Unreadable, Unwritable
from generator.model import HomePath
from generator.problems import position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import Encoder, State

_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
_SPECIAL = re.compile(r'["\\`$]')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EMPTY = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(\"\"|'')?[ \t]*$", re.MULTILINE)


class At(NamedTuple):
    """Where the text stands: place is line, comment, name, value, double, single, or closed."""

    place: str = "line"
    name: str = ""
    begun: bool = False
    escaped: bool = False
    variable: str = ""


START = At()
"""The start of a file or line."""

_NAMED = At("name", name="A")  # after an expression: a name like any other


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One of the two dialects; `expands` tells environment.d from EnvironmentFile=."""

    name: str
    patterns: tuple[str, ...]
    expands: bool
    start: State = START
    encoders: Mapping[str, Encoder] = field(init=False)

    def __post_init__(self) -> None:
        """Bind the encoders to the way `$` is written."""
        encoders: dict[str, Encoder] = {
            "name": _scalar.variable,
            "whole": partial(_whole, expands=self.expands),
            "double": partial(_in_double, expands=self.expands),
            "single": partial(_in_single, expands=self.expands),
            "comment": _comment,
        }
        object.__setattr__(self, "encoders", encoders)

    def step(self, state: State, text: str) -> State:
        """Read literal text."""
        at = cast("At", state)
        for char in text:
            at = _next(at, char)
        return at

    def slot(self, state: State) -> Slot:
        """Say how a value is written here."""
        at = cast("At", state)
        if at.escaped or at.variable:
            reason = "an expression right after a backslash or variable"
            raise Misplaced(reason, "write variables as ${NAME}")
        if at.place in ("double", "single", "comment"):
            return Slot(at.place, at)
        if at.place == "value" and not at.begun:
            return Slot("whole", at._replace(place="closed"))
        if at.place == "value":
            reason = "an expression as a part of an unquoted value"
            raise Misplaced(reason, 'write NAME="…<{ x }>…"')
        if at.place == "line":
            return Slot("name", _NAMED)
        reason = "an expression as a part of a variable's name"
        raise Misplaced(reason, "make it the whole name: <{ name }>=<{ x }>")

    def join(self, one: State, other: State) -> State:
        """Let two branches differ in what a value holds, not in its quotes."""
        a, b = cast("At", one), cast("At", other)
        merged = a._replace(begun=a.begun or b.begun)
        if merged != b._replace(begun=merged.begun):
            reason = "the branches end at different places of a line"
            raise Misplaced(reason, "put whole lines, or parts of one quoted value, in each")
        return merged

    def finish(self, state: State) -> None:
        """Refuse an end inside quotes, a name or a joined line."""
        at = cast("At", state)
        if at.escaped or at.place in ("name", "double", "single"):
            reason = f"the file ends inside a {at.place}"
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:
        """Write a # line."""
        return f"# {_comment(text)}"

    def parse(self, text: str) -> None:
        """Check that every line is a comment or NAME=value and every quote closes."""
        read_back(text, START, _next, self.finish, "an environment file")
        if self.expands and (found := _EMPTY.search(text)):
            reason = f"{found[1]} is empty: environment.d ignores it as invalid"
            raise Unreadable(reason, *position(text, found.start()))


def _dollars(text: str, *, expands: bool) -> str:
    return text.replace("$", "$$") if expands else text


def _text(value: object) -> str:
    text = _scalar.lines(value)
    if text != text.lstrip("\ufeff"):
        reason = "a byte order mark"
        raise Unwritable(reason)
    return text


def _whole(value: object, *, expands: bool) -> str:
    if isinstance(value, HomePath) and expands:
        return f'"{_in_double(value, expands=True)}"'
    if expands and not _text(value):
        reason = "an empty value, which environment.d ignores as invalid"
        raise Unwritable(reason, "a value", "leave the line out with an if")
    text = _dollars(_text(value), expands=expands)
    return text if _BARE.fullmatch(text) else f'"{_SPECIAL.sub(_BACKSLASHED, text)}"'


def _in_double(value: object, *, expands: bool) -> str:
    if isinstance(value, HomePath) and expands:
        rest = _in_double(value.rest, expands=True)
        return f"${{HOME}}/{rest}" if rest else "${HOME}"
    return _SPECIAL.sub(_BACKSLASHED, _dollars(_text(value), expands=expands))


def _in_single(value: object, *, expands: bool) -> str:
    text = _dollars(_text(value), expands=expands)
    if "'" in text:
        reason = f"{text!r} holds a ', which nothing escapes inside '…'"
        raise Unwritable(reason, hint='use "…"')
    return text


def _comment(value: object) -> str:
    text = _scalar.comment(value)
    if text.endswith("\\"):
        reason = "a comment that ends in a backslash swallows the next line"
        raise Unwritable(reason, "text that ends otherwise")
    return text


_BACKSLASHED = r"\\\g<0>"


def _next(at: At, char: str) -> At:
    if at.escaped:
        return at._replace(escaped=False, begun=True)
    if char == "\\" and at.place in ("value", "double", "comment", "closed"):
        return at._replace(escaped=True, begun=True)
    return _PLACES[at.place](at, char)


def _in_line(at: At, char: str) -> At:
    if char in " \t\n":
        return at
    if char in "#;":
        return At("comment")
    return _in_name(At("name"), char)


def _in_comment(at: At, char: str) -> At:
    return START if char == "\n" else at


def _in_name(at: At, char: str) -> At:
    if char == "=" and _NAME.fullmatch(at.name):
        return At("value")
    if char != "=" and _NAME.fullmatch(at.name + char):
        return at._replace(name=at.name + char)
    reason = f"{at.name + char!r} begins no line of NAME=value: systemd skips it"
    raise Misplaced(reason, "write NAME=value without blanks, or begin a comment with #")


def _in_value(at: At, char: str) -> At:
    if char == "\n":
        return START
    if char in "\"'" and not at.begun:
        return at._replace(place="double" if char == '"' else "single")
    return at._replace(begun=at.begun or char not in " \t", variable=_variable(at, char))


def _in_double_quotes(at: At, char: str) -> At:
    if char == '"':
        return at._replace(place="closed", variable="")
    return at._replace(variable=_variable(at, char))


def _in_single_quotes(at: At, char: str) -> At:
    if char == "'":
        return at._replace(place="closed", variable="")
    return at._replace(variable=_variable(at, char))


def _after_value(at: At, char: str) -> At:
    if char == "\n":
        return START
    if char in " \t":
        return at
    reason = f"{char!r} after a whole value"
    raise Misplaced(reason, 'write all of it in one pair of quotes: NAME="…<{ x }>…"')


def _variable(at: At, char: str) -> str:
    """Tell whether the text so far ends in a variable that a value would lengthen."""
    if at.variable == "$" and char == "$":
        return ""
    if char == "$":
        return "$"
    inside = (at.variable == "$" and char == "{") or (at.variable == "{" and char != "}")
    if inside:
        return "{"
    return "$a" if at.variable in ("$", "$a") and (char.isalnum() or char == "_") else ""


_PLACES = {
    "line": _in_line,
    "comment": _in_comment,
    "name": _in_name,
    "value": _in_value,
    "double": _in_double_quotes,
    "single": _in_single_quotes,
    "closed": _after_value,
}
