"""What jsonschema finds wrong with a profile, by file and line, in the words of who wrote it.

Every problem names the rule it breaks as `(schemas/profile.schema.json#/properties/go)`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.model import Map, dotted, find
from generator.problems import Place, Problem
from generator.wording import did_you_mean, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.model import Pointer
    from generator.profile.schema import Schema

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
    "null": "null",
}

# Keywords whose value completes a phrase.
_LIMITS = {
    "pattern": "text that matches {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
    "uniqueItems": "no item twice",
    "const": "{}",
}

_SHOWN = 9
"""How many alternatives a message lists."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Turns jsonschema's errors into problems with places."""

    schema: Schema
    tree: Map

    def tell(self, errors: Iterable[Any]) -> Iterator[Problem]:
        """Give the problems of errors."""
        tellers: dict[str | None, Callable[[Any, Pointer], Iterator[Problem]]] = {
            "additionalProperties": self._unknown_keys,
            "unevaluatedProperties": self._unknown_keys,
            "required": self._missing,
            "type": self._type,
            "enum": self._enum,
            "anyOf": self._branches,
            "oneOf": self._branches,
            None: self._never,
        }
        for error in errors:
            teller = tellers.get(error.validator, self._limit)
            yield from teller(error, tuple(error.absolute_path))

    def _place(self, pointer: Pointer) -> Place:
        """Give the place of a node; of its nearest parent where it has none."""
        while pointer:
            node = find(self.tree, pointer)
            if node is not None and node.trail:
                return node.trail[0]
            pointer = pointer[:-1]
        return self.tree.trail[0] if self.tree.trail else Place("profiles")

    def _rule(self, error: Any) -> str:
        """Write where the schema says so: the schema that holds the keyword."""
        return f"({self.schema.rule(error.absolute_schema_path).rpartition('/')[0]})"

    def _unknown_keys(self, error: Any, pointer: Pointer) -> Iterator[Problem]:
        node = find(self.tree, pointer)
        view = self.schema.view.at(pointer)
        patterns = error.schema.get("patternProperties", ())
        for key in sorted(error.instance):
            known = key in error.schema.get("properties", ()) or any(
                re.search(pattern, key) for pattern in patterns
            )
            if known or (error.validator == "unevaluatedProperties" and not view.key(key).empty):
                continue
            places = node.key_places if isinstance(node, Map) else {}
            message = f"unknown key {dotted((*pointer, key))}"
            expected = f"{_one_of(sorted(view.names)) or _keys_like(patterns)} {self._rule(error)}"
            place = places.get(key) or self._place((*pointer, key))
            hint = did_you_mean(key, view.names)
            if not pointer and key in self.schema.undescribed:
                hint = (
                    f"to give the target {key} this section, write {self.schema.undescribed[key]}"
                )
            yield Problem("GG150", message, place, expected=expected, hint=hint)

    def _missing(self, error: Any, pointer: Pointer) -> Iterator[Problem]:
        for name in error.validator_value:
            if name not in error.instance:
                message = f"{dotted(pointer) or 'the profile'} lacks {name}"
                about = error.schema.get("properties", {}).get(name, {})
                about = about.get("description", "") if isinstance(about, dict) else ""
                hint = f"add {name}: {about}" if about else f"add {name}"
                expected = f"{name} {self._rule(error)}"
                place = self._place(pointer)
                yield Problem("GG151", message, place, expected=expected, hint=hint)

    def _type(self, error: Any, pointer: Pointer) -> Iterator[Problem]:
        node = find(self.tree, pointer)
        wanted = error.validator_value
        wanted = [wanted] if isinstance(wanted, str) else wanted
        expected = f"{' or '.join(_TYPES[name] for name in wanted)} {self._rule(error)}"
        found = kind_of(node) if node is not None else "of another kind"
        hint = _about(error)
        if "string" in wanted and isinstance(error.instance, bool | int):
            hint = f'write it in quotes: "{_shown(error.instance)}"'
        message = f"{dotted(pointer)} is {found}"
        yield Problem("GG152", message, self._place(pointer), expected=expected, hint=hint)

    def _enum(self, error: Any, pointer: Pointer) -> Iterator[Problem]:
        choices = [_shown(value) for value in error.validator_value]
        message = f"{dotted(pointer)} is {_shown(error.instance)}"
        expected = f"{_one_of(choices)} {self._rule(error)}"
        hint = did_you_mean(str(error.instance), choices) or _about(error)
        yield Problem("GG153", message, self._place(pointer), expected=expected, hint=hint)

    def _limit(self, error: Any, pointer: Pointer) -> Iterator[Problem]:
        place, message = self._place(pointer), f"{dotted(pointer)} is {_shown(error.instance)}"
        if "propertyNames" in error.absolute_schema_path:
            node = find(self.tree, pointer)
            places = node.key_places if isinstance(node, Map) else {}
            place = places.get(error.instance, place)
            message = f"the key {dotted((*pointer, error.instance))}"
        phrase = _LIMITS.get(error.validator, "")
        wanted = phrase.format(_shown(error.validator_value)) if phrase else error.message
        about = _about(error)
        if error.validator == "pattern" and about:
            # A regular expression tells nobody what is meant: the schema's sentence goes first.
            wanted, about = about.removesuffix("."), wanted
        expected = f"{wanted} {self._rule(error)}"
        yield Problem("GG154", message, place, expected=expected, hint=about)

    def _never(self, error: Any, pointer: Pointer) -> Iterator[Problem]:
        """Tell a value where the schema is `false`; jsonschema names only what holds it."""
        where = dotted(pointer) or "the profile"
        message = f"{where} holds {_shown(error.instance)} where nothing may stand"
        expected = f"no such key ({self.schema.rule(error.absolute_schema_path)})"
        yield Problem("GG150", message, self._place(pointer), expected=expected)

    def _branches(self, error: Any, pointer: Pointer) -> Iterator[Problem]:
        """Tell what is wrong with the branch that was most likely meant."""
        branches: dict[Any, list[Any]] = {}
        for inner in error.context:
            branches.setdefault(inner.relative_schema_path[0], []).append(inner)
        likely = [inners for inners in branches.values() if not any(map(_other_kind, inners))]
        if likely:
            nearest: list[Any] = min(likely, key=_distance)
            yield from self.tell(nearest)
            return
        kinds = [
            _TYPES[name]
            for inner in error.context
            if _other_kind(inner)
            for name in ([inner.validator_value] * isinstance(inner.validator_value, str))
        ]
        node = find(self.tree, pointer)
        found = kind_of(node) if node is not None else _shown(error.instance)
        message = f"{dotted(pointer)} is {found}"
        wanted = " or ".join(dict.fromkeys(kinds)) or "one form only"
        expected = f"{wanted} {self._rule(error)}"
        hint = _about(error)
        yield Problem("GG155", message, self._place(pointer), expected=expected, hint=hint)


def _other_kind(error: Any) -> bool:
    """Whether a branch failed because it describes another kind of value altogether."""
    return error.validator == "type" and not error.relative_path


def _distance(errors: list[Any]) -> tuple[int, int]:
    """Order branches: the one that goes deepest before it fails, then the one with least errors."""
    return -max(len(error.relative_path) for error in errors), len(errors)


def _shown(value: Any) -> str:
    """Write a value for a message."""
    if isinstance(value, str):
        return value if len(value) <= 80 else f"{value[:77]}..."  # noqa: PLR2004 - a line's width
    if isinstance(value, list | dict):
        return f"a {'list' if isinstance(value, list) else 'map'} of {len(value)}"
    return json.dumps(value)


def _one_of(choices: list[str]) -> str:
    if not choices:
        return ""
    more = "" if len(choices) <= _SHOWN else f" and {len(choices) - _SHOWN} more"
    return f"one of {', '.join(choices[:_SHOWN])}{more}"


def _keys_like(patterns: Iterable[str]) -> str:
    return " or ".join(f"a key like {pattern}" for pattern in patterns) or "no keys"


def _about(error: Any) -> str:
    """Give what the schema says of the value, as a hint."""
    return str(error.schema.get("description", "")) if isinstance(error.schema, dict) else ""
