"""Change values of a profile where they are written; every other byte stays as it is.

The place of a value is the one its reader gave, so nothing is searched for and text that only looks
like it is never touched. What was edited is read again: it must say the new values and else the
same as before, or nothing is edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from generator.model import Leaf, Map, Node, Seq, plain
from generator.problems import Place, Problem, Rejected
from generator.yamlreader import parse_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Edit(NamedTuple):
    """A text that is written at `place` and is to be another one; `key` names it for people."""

    place: Place
    key: str
    old: str
    new: str


def edited(file: str, data: bytes, edits: Iterable[Edit]) -> bytes:
    """Give a YAML file with the edits done; `data` is what it holds now.

    Raises Rejected (GG588) where a value is not written plainly or between quotes, GG10x where the
    file is no YAML.
    """
    text = data.decode()
    tree = parse_text(file, data)
    done: dict[Place, str] = {}
    for edit in sorted(edits, key=lambda edit: edit.place, reverse=True):  # those before stay
        done[edit.place] = edit.new
        due = _with(tree, done)
        found = (new for new in _written(text, edit) if _said(file, new) == due)
        text = next(found, "")
        if not text:
            raise Rejected([_unusual(edit)])
    return text.encode()


def _with(node: Node, values: Mapping[Place, str]) -> Any:
    """Give the tree as plain data, with other values at some places."""
    match node:
        case Map(items=items):
            return {key: _with(child, values) for key, child in items.items()}
        case Seq(items=children):
            return [_with(child, values) for child in children]
        case Leaf(value=value, trail=trail):
            return values.get(trail[0], value)


def _said(file: str, text: str) -> Any:
    """Give what a text says as plain data, None where it is no YAML any more."""
    try:
        return plain(parse_text(file, text.encode()))
    except Rejected:
        return None


def _unusual(edit: Edit) -> Problem:
    return Problem(
        "GG588",
        f"{edit.key} is written in a form that gogen does not edit",
        edit.place,
        expected=f'"{edit.old}" on one line, with quotes or without',
        hint=f'write it so, or write "{edit.new}" yourself and run gogen lock and gogen render',
    )


def _offset(text: str, place: Place) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1


def _written(text: str, edit: Edit) -> Iterator[str]:
    """Give the text with one value replaced, in the ways that keep how it is written.

    A value without quotes gets them where the new one needs them.
    """
    at = _offset(text, edit.place)
    for old, ways in (
        (f'"{edit.old}"', (f'"{edit.new}"',)),
        (f"'{edit.old}'", (f"'{edit.new}'",)),
        (edit.old, (edit.new, f'"{edit.new}"')),
    ):
        if text.startswith(old, at):
            yield from (text[:at] + way + text[at + len(old) :] for way in ways)
