"""docker-bake.json: JSON whose strings are templates of HCL (hashicorp/hcl, json/spec.md).

Bake evaluates `${…}` and `%{…}` in every string and key, with variables and functions: a value that
holds one is refused, for escapes differ by what stands before them. A template writes its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from unicodedata import is_normalized

from generator.dialects._strings import each, part, prepared
from generator.dialects.base import Encoder, Misplaced, Slot, Unwritable
from generator.dialects.json import DIALECT as JSON
from generator.dialects.json import State as Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import State

_BEGINS = ("${", "%{")
_LOST = re.compile("[\r\ufeff]")
_OPEN = re.compile(r"[$%](?:\{[^}]*)?\Z")


def _literal(text: str) -> str:
    if any(mark in text for mark in _BEGINS):
        reason = "the value holds ${ or %{, which bake would evaluate"
        raise Unwritable(reason, "text without ${ and %{", "write variables in the template")
    if _LOST.search(text):
        reason = "the value holds a carriage return or a byte order mark, which bake misreads"
        raise Unwritable(reason, "text without them")
    if not is_normalized("NFC", text):
        reason = "the value is not in Unicode's normal form C, which bake would make of it"
        raise Unwritable(reason, "each letter with its accents as one character")
    return text


def _whole(value: Any) -> Any:
    """Refuse templates in a value, at any depth."""
    return each(value, lambda one: _literal(one) if isinstance(one, str) else one)


def _part(value: Any) -> str:
    text = _literal(part(value))
    if text.endswith(("$", "%")):
        reason = f"the value ends in {text[-1]}, and text behind it could make a template of it"
        raise Unwritable(reason, "text that does not end so", "write it as a whole value")
    return text


_ENCODERS: dict[str, Encoder] = {
    "value": prepared(JSON.encoders["value"], _whole),
    "key": prepared(JSON.encoders["key"], _whole),
    "string": prepared(JSON.encoders["string"], _part),
}


class Bake:
    """The dialect of docker-bake.json."""

    name: str = "bake"
    patterns: tuple[str, ...] = ("docker-bake.json", "docker-bake.override.json")
    start: State = JSON.start

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return _ENCODERS

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced."""
        after = JSON.step(cast("Json", state), text)
        if after.mode == "string" and _OPEN.search(text):
            reason = "a template of HCL that is not whole in the text"
            raise Misplaced(reason, "write all of it in one piece, without an expression")
        return after

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        return JSON.slot(cast("Json", state))

    def join(self, one: State, other: State) -> State:
        """Give the state after two branches; raises Misplaced where they cannot meet."""
        return JSON.join(cast("Json", one), cast("Json", other))

    def finish(self, state: State) -> None:
        """Raise Misplaced where a file may not end in this state."""
        JSON.finish(cast("Json", state))

    def comment(self, text: str) -> str | None:
        """Give None: JSON has no comments."""
        return JSON.comment(text)

    def parse(self, text: str) -> None:
        """Read rendered text back, strictly, without a key twice; raises Unreadable."""
        JSON.parse(text)


DIALECT = Bake()
