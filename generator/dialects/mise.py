"""Settings of mise: TOML whose strings are templates of Tera's.

mise evaluates `{{ … }}`, `{% … %}` and `{# … #}` in the values of `[env]` and in paths, so a value
that holds the start of one is refused. So is one with `$NAME` or `${NAME}`, which a newer mise
expands, and an older does not. A home path is written by a template, which knows Windows' name of
the home folder too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from generator.dialects._strings import each, part, prepared
from generator.dialects.base import Encoder, Misplaced, Unwritable
from generator.dialects.toml import DIALECT as TOML
from generator.dialects.toml import Toml
from generator.model import HomePath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.toml import State

_MEANT = re.compile(r"\{[{%#]|\$[A-Za-z0-9_{$]")
_HOME = "{{get_env(name='HOME', default=get_env(name='USERPROFILE', default='~'))}}"
_EDGE = re.compile(r"[{$]\Z")
_OPEN = re.compile(r"\{[{%#](?:(?![}%#]\}).)*\Z|\$(?:\{[^}]*|[A-Za-z0-9_]*)\Z|\{\Z", re.DOTALL)


def _literal(text: str) -> str:
    if found := _MEANT.search(text):
        reason = f"the value holds {found[0]}, which mise would evaluate"
        raise Unwritable(reason, f"text without {found[0]}")
    return text


def _home(path: HomePath) -> str:
    rest = _literal(path.rest)
    return f"{_HOME}/{rest}" if rest else _HOME


def _whole(value: Any) -> Any:
    """Refuse templates in a value, at any depth; write home paths as mise does."""
    return each(value, _one)


def _one(value: Any) -> Any:
    if isinstance(value, HomePath):
        return _home(value)
    return _literal(value) if isinstance(value, str) else value


def _part(value: Any) -> str:
    if isinstance(value, HomePath):
        return _home(value)
    text = _literal(part(value))
    if found := _EDGE.search(text):
        reason = f"the value ends in {found[0]}: mise could evaluate it with the text behind it"
        raise Unwritable(reason, "text that does not end so", "write it as a whole value")
    return text


_PREPARE = {"value": _whole, "key": _whole, "basic": _part, "literal": _part}
_ENCODERS: dict[str, Encoder] = {
    name: prepared(encoder, _PREPARE[name]) if name in _PREPARE else encoder
    for name, encoder in TOML.encoders.items()
}


class Mise(Toml):
    """TOML as above, with the file names that mise looks for."""

    name: str = "mise"
    patterns: tuple[str, ...] = ("mise.toml", "mise.local.toml")

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return _ENCODERS

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced, too where a value would be evaluated."""
        after = super().step(state, text)
        if after.mode in ("basic", "literal") and _OPEN.search(text):
            reason = "a template or variable of mise's that is not whole in the text"
            raise Misplaced(reason, "write all of it in one piece, without an expression")
        return after


DIALECT = Mise()
