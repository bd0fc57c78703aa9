"""devcontainer.json: JSON with comments, whose strings hold variables (containers.dev).

A tool replaces `${localEnv:NAME}`, `${containerEnv:NAME}` and others in every string, and nothing
escapes them: a value that holds `${` is refused. A home path is that of the container's user,
`${containerEnv:HOME}/…`. A comment is a line of its own that begins with `//`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from generator.dialects import _scalar
from generator.dialects._strings import each, part, prepared
from generator.dialects.base import Encoder, Misplaced, Slot, Unwritable
from generator.dialects.json import DIALECT as JSON
from generator.dialects.json import State as Json
from generator.model import HomePath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import State

_COMMENT = re.compile(r"(?m)^[ \t]*//.*$")
_OPEN = re.compile(r"\$(?:\{[^}]*)?\Z")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_HOME = "${containerEnv:HOME}"


class At(NamedTuple):
    """A place in the JSON; whether it is in a comment, and at a line's start but for blanks."""

    json: Json
    comment: bool = False
    fresh: bool = True


def _literal(text: str) -> str:
    if "${" in text:
        reason = "the value holds ${, which would be replaced"
        raise Unwritable(reason, "text without ${", "write variables in the template")
    return text


def _home(path: HomePath) -> str:
    rest = _literal(path.rest)
    return f"{_HOME}/{rest}" if rest else _HOME


def _whole(value: Any) -> Any:
    """Refuse variables in a value, at any depth; write home paths as the container's."""
    return each(value, _one)


def _one(value: Any) -> Any:
    if isinstance(value, HomePath):
        return _home(value)
    return _literal(value) if isinstance(value, str) else value


def _part(value: Any) -> str:
    if isinstance(value, HomePath):
        return _home(value)
    text = _literal(part(value))
    if text.endswith("$"):
        reason = "the value ends in $, and text behind it could make a ${ of it"
        raise Unwritable(reason, "text that does not end in $", "write it as a whole value")
    return text


_ENCODERS: dict[str, Encoder] = {
    "value": prepared(JSON.encoders["value"], _whole),
    "key": prepared(JSON.encoders["key"], _whole),
    "string": prepared(JSON.encoders["string"], _part),
    "comment": _scalar.comment,
}


def _on(state: Json, text: str) -> Json:
    after = JSON.step(state, text)
    if after.mode == "string" and _OPEN.search(text):
        reason = "a variable that is not whole in the text"
        raise Misplaced(reason, "write all of it in one piece, without an expression")
    return after


class Devcontainer:
    """The dialect of devcontainer.json."""

    name: str = "devcontainer"
    patterns: tuple[str, ...] = ("devcontainer.json",)
    start: State = At(JSON.start)

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return _ENCODERS

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced."""
        at = cast("At", state)
        for line in _LINE.findall(text):
            ends = line.endswith("\n")
            begins = at.fresh and line.lstrip(" \t").startswith("//")
            if at.comment or (begins and at.json.mode != "string"):
                at = At(at.json, comment=not ends, fresh=ends)
            else:
                blank = not line.strip()
                at = At(_on(at.json, line), fresh=ends or (at.fresh and blank))
        return at

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        at = cast("At", state)
        if at.comment:
            return Slot("comment", at)
        slot = JSON.slot(at.json)
        return Slot(slot.encoder, At(cast("Json", slot.after), fresh=False))

    def join(self, one: State, other: State) -> State:
        """Give the state after two branches; raises Misplaced where they cannot meet."""
        a, b = cast("At", one), cast("At", other)
        if a.comment != b.comment:
            reason = "one branch ends inside a comment"
            raise Misplaced(reason, "put whole lines in each")
        return At(JSON.join(a.json, b.json), a.comment, a.fresh and b.fresh)

    def finish(self, state: State) -> None:
        """Raise Misplaced where a file may not end in this state."""
        JSON.finish(cast("At", state).json)

    def comment(self, text: str) -> str | None:
        """Write one line of text as a comment line."""
        return f"// {_scalar.comment(text)}"

    def parse(self, text: str) -> None:
        """Read rendered text back, strictly but for comments; raises Unreadable."""
        JSON.parse(_COMMENT.sub("", text))


DIALECT = Devcontainer()
