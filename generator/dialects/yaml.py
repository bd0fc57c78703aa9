"""YAML: block and flow, for every reader of YAML 1.1 and 1.2.

An expression without quotes is a whole scalar; a part of a scalar stands inside quotes. In block
context nothing but a line break follows an expression without quotes (its value may be a literal
block). NUL and all other characters that YAML cannot print are escaped in double quotes; only
lone surrogates, which no file can hold, are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.dialects import _yaml_state as machine
from generator.dialects import _yaml_text as text_of
from generator.dialects._strings import escaped, named, part, unprintable
from generator.dialects._yaml_state import Mode, Role, State
from generator.dialects.base import Encoder, Misplaced, Slot, Unreadable, Unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_DEEPEST = 200


def encode_double(value: Any) -> str:
    """Write a value inside "…"; raises Unwritable."""
    return escaped(part(value))


def encode_single(value: Any) -> str:
    """Write a value inside '…', which knows no escapes; raises Unwritable."""
    text = one_line(part(value), "single quotes")
    return text.replace("'", "''")


def encode_comment(value: Any) -> str:
    """Write a value inside a comment, to the end of the line; raises Unwritable."""
    return one_line(part(value), "a comment")


def one_line(text: str, place: str) -> str:
    """Give the text back; raises Unwritable where it holds a break or needs an escape."""
    if "\n" not in text and not unprintable(text):
        return text
    found = unprintable(text)
    reason = f"{named(found[0] if found else chr(10))} cannot stand in {place}"
    raise Unwritable(reason, "printable text on one line", 'double quotes can hold it: "<{ x }>"')


class Yaml:
    """The YAML dialect; a dialect of one kind of YAML file overrides `slot` and the encoders."""

    name = "yaml"
    patterns: tuple[str, ...] = ("*.yaml", "*.yml")
    start: State = State()

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return ENCODERS

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced."""
        return machine.step(state, text)

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        slot = _SLOTS.get(state.mode)
        if slot is None:
            raise Misplaced(*machine.PART)
        return slot(state)

    def join(self, one: State, other: State) -> State:
        """Give the state after two branches; raises Misplaced where they cannot meet."""
        return machine.join(one, other)

    def finish(self, state: State) -> None:
        """Raise Misplaced where a file may not end in this state."""
        machine.finish(state)

    def comment(self, text: str) -> str | None:
        """Write one line of text as a comment line."""
        return f"# {encode_comment(text)}".rstrip()

    def parse(self, text: str) -> None:
        """Read rendered text back, several documents allowed; raises Unreadable.

        A key twice in one map is refused too: readers differ about which one counts.
        """
        check(text)


def _slot_line(state: State) -> Slot:
    if not state.levels and not state.column:
        after = state._replace(mode=Mode.SLOT, role=Role.ROOT, mixed=True)
        return Slot("root", after)
    return Slot("key", state._replace(mode=Mode.SLOT, role=Role.KEY, mixed=True))


def _slot_item(state: State) -> Slot:
    after = state._replace(mode=Mode.SLOT, role=Role.ITEM, mixed=True)
    return Slot("item", after, (state.levels[-1].column, state.column))


def _slot_value(state: State) -> Slot:
    after = state._replace(mode=Mode.SLOT, role=Role.VALUE, mixed=True)
    return Slot("value", after, (state.levels[-1].column,))


def _slot_colon(state: State) -> Slot:
    if state.flow or state.role is Role.VALUE:
        raise Misplaced(*machine.PART)
    return _slot_value(machine.open_key(state))._replace(encoder="below")


def _slot_flow(state: State) -> Slot:
    due_key = state.flow[-1][0] == "{"
    role = Role.ITEM if due_key else Role.VALUE
    after = state._replace(mode=Mode.DONE, role=role, mixed=True, apart=False)
    return Slot("key" if due_key else "flow", after)


def _slot_quoted(state: State) -> Slot:
    return Slot(str(state.mode), state._replace(word="", mixed=True))


def _slot_comment(state: State) -> Slot:
    return Slot("comment", state)


def _slot_block(state: State) -> Slot:
    if state.mode is Mode.BLOCK and not machine.in_block(state):
        return _slot_line(state._replace(mode=Mode.LINE))
    raise Misplaced(*machine.FOREIGN)


_SLOTS: dict[Mode, Callable[[State], Slot]] = {
    Mode.LINE: _slot_line,
    Mode.ITEM: _slot_item,
    Mode.VALUE: _slot_value,
    Mode.COLON: _slot_colon,
    Mode.FLOW: _slot_flow,
    Mode.DOUBLE: _slot_quoted,
    Mode.SINGLE: _slot_quoted,
    Mode.COMMENT: _slot_comment,
    Mode.HEAD: _slot_block,
    Mode.BLOCK: _slot_block,
    Mode.TEXT: _slot_block,
}

ENCODERS: dict[str, Encoder] = {
    "root": text_of.encode_root,
    "key": text_of.encode_key,
    "value": text_of.encode_value,
    "item": text_of.encode_item,
    "below": text_of.encode_below,
    "flow": text_of.inline,
    "double": encode_double,
    "single": encode_single,
    "comment": encode_comment,
}


def check(text: str) -> None:
    """Read YAML with libyaml; raises Unreadable with the place."""
    # Imported late: only a run that reads back needs them. The parser itself, for ruamel's YAML()
    # looks for plug-ins on disk each time it is made, which takes as long as to read a file.
    from _ruamel_yaml import CParser  # type: ignore[import-not-found]  # noqa: PLC0415 - no stubs
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415  (late)

    try:
        _check_keys(iter(CParser(text).get_event, None))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise Unreadable(str(error.problem or error.context), line, column) from None
    except YAMLError as error:
        raise Unreadable(str(error).splitlines()[0]) from None


class _Open:
    """A map or list being read: the keys seen (None in a list), and whether a key is due."""

    __slots__ = ("key_due", "keys")

    def __init__(self, keys: set[str] | None) -> None:
        self.keys = keys
        self.key_due = True

    def take(self, event: Any, kind: str) -> None:
        """Take a node of a map; raises Unreadable at a key that it already has."""
        if self.key_due and kind == "ScalarEvent":
            if event.value in self.keys:  # type: ignore[operator] # asked for maps only
                raise _at(event, f"the key {event.value!r} stands twice in one map")
            self.keys.add(event.value)  # type: ignore[union-attr] # the same
        self.key_due = not self.key_due


_STARTS = ("MappingStartEvent", "SequenceStartEvent")
_ENDS = ("MappingEndEvent", "SequenceEndEvent")


def _check_keys(events: Iterator[Any]) -> None:
    """Go through parser events and raise Unreadable at a key that its map already has."""
    stack: list[_Open] = []
    for event in events:
        kind = type(event).__name__
        if kind in _ENDS:
            stack.pop()
            continue
        # Of what is no node only the document's start and end are left: they stand in no map.
        if stack and stack[-1].keys is not None:
            stack[-1].take(event, kind)
        if kind in _STARTS:
            stack.append(_Open(set() if kind == "MappingStartEvent" else None))
            if len(stack) > _DEEPEST:
                raise _at(event, f"nested deeper than {_DEEPEST} levels")


def _at(event: Any, reason: str) -> Unreadable:
    mark = event.start_mark
    return Unreadable(reason, mark.line + 1, mark.column + 1)


DIALECT = Yaml()
