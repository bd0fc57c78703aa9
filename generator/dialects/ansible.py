"""Ansible's playbooks, tasks and variables: YAML whose strings Ansible reads as Jinja templates.

A string that Jinja could take for a template is tagged `!unsafe`, which Ansible never evaluates
(docs.ansible.com, "Advanced playbook syntax"; it detects `{{`, `{%` and `{#`). Where no tag can
stand, in quotes and inside data, such text is refused. Conditions are expressions without braces,
and command lines are split into words: they take no expression of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from generator.dialects._strings import part, prepared
from generator.dialects._yaml_state import UNKNOWN, Mode, State, path
from generator.dialects.base import Embedded, Encoder, Misplaced, Structured, Unwritable
from generator.dialects.yaml import ENCODERS, Yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import Slot

_TEMPLATE = re.compile(r"\{[{%#]")
_OPENS = re.compile(r"\{(?:[{%#]|\Z)")
# Literal text that leaves a template open, or a brace that the value could make one.
_OPEN = re.compile(r"\{\Z|\{\{(?:(?!\}\}).)*\Z|\{%(?:(?!%\}).)*\Z|\{#(?:(?!#\}).)*\Z", re.DOTALL)
_QUOTED = (Mode.DOUBLE, Mode.SINGLE)
_EXPRESSIONS = frozenset(
    ("break_when", "changed_when", "failed_when", "that", "until", "var", "when")
)
_COMMANDS = frozenset(("cmd", "command", "expect", "raw", "script", "shell"))
_DATA = frozenset(("environment", "vars"))
_HINT = "put the value into a variable, and name the variable"


class Ansible(Yaml):
    """YAML as above; a manifest names it, no file name tells it from other YAML."""

    name = "ansible"
    patterns: tuple[str, ...] = ()

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return _ENCODERS

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        slot = super().slot(state)
        if state.mode is Mode.COMMENT or slot.encoder == "key":
            return slot
        _check_key(path(cast("State", slot.after)))
        if state.mode in _QUOTED and (state.word is None or _OPEN.search(state.word)):
            reason = "an expression stands inside {{ }}, or behind the start of one"
            raise Misplaced(reason, _HINT)
        return slot


def _check_key(keys: tuple[str, ...]) -> None:
    """Raise Misplaced where Ansible evaluates or runs the value at a path of keys."""
    key = next((key for key in reversed(keys) if key != "-"), "")
    if key in _EXPRESSIONS:
        reason = f"`{key}:` holds an expression of Ansible's"
        raise Misplaced(reason, _HINT)
    if key.rpartition(".")[2] in _COMMANDS:
        reason = f"`{key}:` is a command line, whose words Ansible or a shell tells apart"
        raise Misplaced(reason, "write the words below `argv:`")
    if key == UNKNOWN and len(keys) > 1 and not _DATA.intersection(keys):
        reason = "the key of this value is an expression, so that a condition cannot be told"
        raise Misplaced(reason, "write the key as text, or the map below `vars:`")


def _tagged(encoder: Encoder) -> Encoder:
    """Give an encoder that tags what Jinja would read."""

    def encode(value: Any, *args: str | int) -> str:
        text = value.text if isinstance(value, Embedded) else value
        written = encoder(_no_template(value), *args)
        return f"!unsafe {written}" if isinstance(text, str) and _TEMPLATE.search(text) else written

    return encode


def _no_template(value: Any) -> Any:
    """Refuse data with text that Jinja would read: no tag can stand in it."""
    if isinstance(value, Structured):
        _all_plain(value.value)
    return value


def _all_plain(data: Any) -> None:
    match data:
        case dict():
            for key, child in data.items():
                _all_plain(key)
                _all_plain(child)
        case list() | tuple():
            for child in data:
                _all_plain(child)
        case str() if _TEMPLATE.search(data):
            reason = "the data holds {{, {% or {#, which Ansible would evaluate"
            raise Unwritable(reason, hint="write each value in a loop: `- <{ item }>`")
        case _:
            pass


def _part(value: Any) -> Any:
    if _OPENS.search(part(value)):
        reason = "the value holds {{, {% or {#, or ends in {, and Ansible would evaluate it"
        raise Unwritable(reason, "text without them", "write it as a whole value, without quotes")
    return value


def _key(value: Any) -> Any:
    """Refuse a key that Jinja would read."""
    _all_plain(value)
    return _no_template(value)


_ENCODERS: dict[str, Encoder] = {
    **{name: _tagged(ENCODERS[name]) for name in ("value", "item", "flow", "below")},
    **{name: prepared(ENCODERS[name], _key) for name in ("root", "key")},
    **{name: prepared(ENCODERS[name], _part) for name in ("double", "single")},
    "comment": ENCODERS["comment"],
}

DIALECT = Ansible()
