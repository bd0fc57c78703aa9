"""Where in a YAML document a template stands: a state machine over block and flow text.

The machine reads the YAML that people write by hand: block maps and lists, flow on one or more
lines, quoted scalars on one line, block scalars, comments, several documents. What it cannot read
surely it refuses (Misplaced): tabs, anchors, aliases, tags, directives, complex keys, scalars over
several lines outside a block scalar.
"""

from __future__ import annotations

import re
from enum import StrEnum, auto
from typing import TYPE_CHECKING, NamedTuple

from generator.dialects._reading import read_pieces, skip
from generator.dialects.base import Misplaced

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN = "?"
"""The key of a level whose key is not known when the template is compiled."""


class Mode(StrEnum):
    """What has just been read."""

    LINE = auto()  # the indentation of a line
    DASH = auto()  # a dash that may begin a list item
    ITEM = auto()  # "- " and blanks
    COLON = auto()  # a colon that may end a key
    VALUE = auto()  # "key: " and blanks
    FLOW = auto()  # the place of an element inside [ ] or { }
    PLAIN = auto()  # a part of a plain scalar
    DOUBLE = auto()  # a part of "…"
    SINGLE = auto()  # a part of '…'
    CLOSED = auto()  # a quote that may end '…'
    DONE = auto()  # a whole scalar on its line, or closed flow
    SLOT = auto()  # an expression outside quotes, in block context
    COMMENT = auto()  # a part of a comment
    HEAD = auto()  # the | or > of a block scalar
    BLOCK = auto()  # the indentation of a line in a block scalar
    TEXT = auto()  # a part of a line in a block scalar


class Role(StrEnum):
    """What the scalar in progress may become."""

    KEY = auto()  # it begins a line: a key
    ROOT = auto()  # an expression that begins a document: a key, or the whole of it
    ITEM = auto()  # it follows "- " or a brace: an item, or a key
    VALUE = auto()  # it follows a colon or a bracket: nothing but a value


class Level(NamedTuple):
    """One level of block nesting: its column and its key ("-" for a list item).

    `full` says that its value stood on its line, so that nothing may be nested in it; `text` is
    the last short scalar read here or, before any, ahead of here ("" where that is not literal):
    `-c` ahead of a list item tells that the item is a script.
    """

    column: int
    key: str
    full: bool = False
    text: str = ""


class State(NamedTuple):
    """A place in a document.

    `column` counts the blanks of a line so far, then is where its scalar begins. `flow` holds an
    open bracket each: ("[", the short element before, as in Level), ("{", "") where a key is due,
    (":", key) where its value is.
    `word` is the literal text of the scalar in progress since its start or its last expression
    (None where branches differ); `mixed` says that it holds an expression. `apart` says that a
    blank came before; `done` that the element before a colon or comment was whole.
    """

    mode: Mode = Mode.LINE
    column: int = 0
    levels: tuple[Level, ...] = ()
    flow: tuple[tuple[str, str], ...] = ()
    role: Role = Role.KEY
    word: str | None = ""
    mixed: bool = False
    apart: bool = False
    done: bool = False


_SHORT = 8  # characters of a scalar that is remembered


_WHOLE_DOCUMENT = Level(-1, "", full=True)  # an expression wrote all of it


PART = (
    "an expression stands beside other text of a scalar without quotes",
    'put the whole scalar in quotes: "text <{ x }>"',
)
FOREIGN = (
    "an expression inside a block scalar, whose language YAML does not know",
    "make the text a template of its own and write `key: <{ embed(…) }>`",
)
_MISFITS = {
    "&": "an anchor",
    "*": "an alias",
    "!": "a tag",
    "?": "a complex key",
    "%": "a directive",
    "@": "a reserved character",
    "`": "a reserved character",
    ",": "a comma without an element before it",
    "]": "a closing bracket that none opened",
    "}": "a closing brace that none opened",
    ":": "a colon without a key before it",
}
_BLANKS = re.compile(r" *")
_BLANKS_AND_BREAKS = re.compile(r"[ \n]*")
_REST_OF_LINE = re.compile(r"[^\n]*")
_PLAIN = re.compile(r"[^:#\n\t]*")
_PLAIN_FLOW = re.compile(r"[^:#\n\t,\[\]{}]*")
_DOUBLE = re.compile(
    r'(?:[^"\\\n]|\\(?:[0abtnvfre "/\\N_LP]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}))*'
)
_SINGLE = re.compile(r"[^'\n]*")
_HEAD = re.compile(r"[1-9+-]*")


def step(state: State, text: str) -> State:
    """Read literal text; raises Misplaced."""
    return read_pieces(state, text, _READERS, "YAML")


def finish(state: State) -> None:
    """Raise Misplaced where a file may not end."""
    if state.flow:
        reason = "the file ends inside [ ] or { }"
        raise Misplaced(reason)
    if state.mode in (Mode.DOUBLE, Mode.SINGLE):
        reason = "the file ends inside quotes"
        raise Misplaced(reason)
    if state.mode is Mode.SLOT:
        reason = "the file ends right after an expression"
        raise Misplaced(reason, "end the file with a line break")
    if state.mode in (Mode.PLAIN, Mode.DONE, Mode.CLOSED):
        _end_line(state)


def path(state: State) -> tuple[str, ...]:
    """Give the keys that lead to this place, outermost first; "-" for a list item."""
    keys = [level.key for level in state.levels]
    for bracket, key in state.flow:
        keys.append("-" if bracket == "[" else key)
    return tuple(keys)


# -- block lines ---------------------------------------------------------------------------------


def _line(state: State, text: str, at: int) -> tuple[State, int]:
    """Read the indentation of a line, or the blanks of an item."""
    end = _blanks(text, at)
    state = state._replace(column=state.column + end - at)
    if end == len(text):
        return state, end
    char = text[end]
    if char == "\n":
        return state._replace(mode=Mode.LINE, column=0), end + 1
    if char == "#":
        return state._replace(mode=Mode.COMMENT, done=False), end + 1
    role = Role.KEY if state.mode is Mode.LINE else Role.ITEM
    return _node(state._replace(role=role), text, end)


def _node(state: State, text: str, at: int) -> tuple[State, int]:
    """Read the first character of a node at `state.column`, in the role given."""
    char = text[at]
    state = state._replace(word="", mixed=False, apart=False, done=False)
    if mode := {'"': Mode.DOUBLE, "'": Mode.SINGLE}.get(char):
        return state._replace(mode=mode), at + 1
    if char in "[{":
        return _open(state, char), at + 1
    if char == "-" and not state.flow:
        return state._replace(mode=Mode.DASH), at + 1
    if char in "|>" and not state.flow:
        return _head_of_block(state), at + 1
    if char == "\t":
        raise _tab()
    if misfit := _MISFITS.get(char):
        reason = f"{misfit} ({char}) stands at the start of a node"
        raise Misplaced(reason, "gogen's templates leave it out; text with it stands in quotes")
    return state._replace(mode=Mode.PLAIN), at


def _dash(state: State, text: str, at: int) -> tuple[State, int]:
    if text[at] not in " \n":
        return state._replace(mode=Mode.PLAIN, word="-"), at
    if state.role is Role.VALUE:
        reason = "a list item begins on the line of a key"
        raise Misplaced(reason, "begin the list on the next line")
    return State(Mode.ITEM, state.column + 1, _nested(state, "-")), at


def _nested(state: State, key: str) -> tuple[Level, ...]:
    """Give the levels with one more for a key, or a dash, at the state's column."""
    levels = _parents(state.levels, state.column, dash=key == "-")
    text = state.levels[-1].text if state.levels else ""
    return (*levels, Level(state.column, key, text=text))


def _parents(levels: tuple[Level, ...], column: int, *, dash: bool) -> tuple[Level, ...]:
    """Give the levels that a key or dash at `column` stands in; raises Misplaced."""
    while levels and not _holds(levels[-1], column, dash=dash):
        levels = levels[:-1]
    if levels and levels[-1].full:
        reason = "a line is indented below a value that was already whole"
        raise Misplaced(reason, "a scalar stands on one line; longer text is a block scalar (|)")
    return levels


def _holds(level: Level, column: int, *, dash: bool) -> bool:
    if level.column == column:
        return dash and level.key not in ("-", UNKNOWN)
    return level.column < column


def _head_of_block(state: State) -> State:
    if state.role is Role.KEY:
        reason = "a block scalar stands where a key is due"
        raise Misplaced(reason)
    return state._replace(mode=Mode.HEAD, levels=_filled(state.levels, ""))


def _filled(levels: tuple[Level, ...], text: str) -> tuple[Level, ...]:
    return (*levels[:-1], levels[-1]._replace(full=True, text=text)) if levels else ()


def _short(state: State) -> str:
    """Give the scalar just read if it is literal and short enough to be told apart, else ""."""
    word = "" if state.mixed or state.word is None else state.word.strip()
    return word if len(word) <= _SHORT else ""


def _end_line(state: State) -> State:
    """Go to the next line after a scalar or closed flow; raises Misplaced after a lone key."""
    if state.flow:
        return state._replace(mode=Mode.DONE, apart=True, word="")
    if state.role is Role.KEY:
        if state.column == 0 and state.word in ("---", "..."):
            return State()
        reason = "a line is neither a key with a colon nor a list item"
        raise Misplaced(reason, "a scalar stands on one line; longer text is a block scalar (|)")
    if state.role is Role.ROOT:
        return State(levels=(_WHOLE_DOCUMENT,))
    return State(levels=_filled(state.levels, _short(state)))


# -- scalars -------------------------------------------------------------------------------------


def _plain(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_PLAIN_FLOW if state.flow else _PLAIN, text, at)
    state = state._replace(word=_longer(state.word, text[at:end]))
    if end == len(text):
        return state, end
    char = text[end]
    if char == "\n":
        return _end_line(state._replace(word=_stripped(state.word))), end + 1
    if char == ":":
        return state._replace(mode=Mode.COLON, done=False), end + 1
    if char == "#":
        return _hash(state), end + 1
    if char == "\t":
        raise _tab()
    return _punctuation(state, char), end + 1


def _hash(state: State) -> State:
    """Read a # in plain text: a comment after a blank, else a character like any other."""
    if state.word is None:
        reason = "branches that differ stand before a #"
        raise Misplaced(reason)
    if not state.word.endswith(" "):
        return state._replace(word=state.word + "#")
    return _comment_after(state._replace(word=_stripped(state.word)))


def _comment_after(state: State) -> State:
    """Begin a comment behind a whole scalar or closed flow."""
    if state.flow:
        return state._replace(mode=Mode.COMMENT, done=True)
    return _end_line(state)._replace(mode=Mode.COMMENT, done=False)


def _double(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_DOUBLE, text, at)
    state = state._replace(word=_longer(state.word, text[at:end]))
    if end == len(text):
        return state, end
    if text[end] == "\\":
        reason = "an escape in double quotes is unknown or not whole"
        raise Misplaced(reason)
    return _quote_end(state, text[end], Mode.DONE), end + 1


def _single(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_SINGLE, text, at)
    state = state._replace(word=_longer(state.word, text[at:end]))
    if end == len(text):
        return state, end
    return _quote_end(state, text[end], Mode.CLOSED), end + 1


def _quote_end(state: State, char: str, mode: Mode) -> State:
    if char == "\n":
        reason = "a quoted scalar goes over several lines"
        raise Misplaced(reason, "write it on one line, or as a block scalar (|)")
    return state._replace(mode=mode, apart=False)


def _closed(state: State, text: str, at: int) -> tuple[State, int]:
    if text[at] == "'":
        return state._replace(mode=Mode.SINGLE, word=_longer(state.word, "'")), at + 1
    return state._replace(mode=Mode.DONE), at


def _done(state: State, text: str, at: int) -> tuple[State, int]:
    """Read what follows a whole scalar or closed flow."""
    end = _blanks(text, at)
    state = state._replace(apart=state.apart or end > at)
    if end == len(text):
        return state, end
    char = text[end]
    if char == "\n":
        return _end_line(state), end + 1
    if char == "#" and state.apart:
        return _comment_after(state), end + 1
    if char == ":" and state.role is not Role.VALUE:
        return state._replace(mode=Mode.COLON, done=True), end + 1
    if char in ",]}" and state.flow:
        return _punctuation(state, char), end + 1
    if char == "\t":
        raise _tab()
    reason = "text follows a scalar or closed bracket that was already whole"
    raise Misplaced(reason, PART[1])


def _slot(state: State, text: str, at: int) -> tuple[State, int]:
    """Read what follows an expression in block context.

    After a value only a line break may follow: it may have been written as a literal block, to
    which a comment or blanks would belong.
    """
    char = text[at]
    if char == ":" and state.role in (Role.KEY, Role.ROOT):
        return state._replace(mode=Mode.COLON, done=True), at + 1
    if char == "\n" and state.role is not Role.KEY:
        return _end_line(state), at + 1
    if state.role is Role.KEY:
        reason = "an expression at the start of a line is a key and no colon follows"
        raise Misplaced(reason, PART[1])
    if char in " #":
        reason = "a blank or comment follows an expression without quotes"
        hint = 'write "<{ x }>" in quotes, or the comment on a line of its own'
        raise Misplaced(reason, hint)
    raise Misplaced(*PART)


def _colon(state: State, text: str, at: int) -> tuple[State, int]:
    """Read what follows a colon: a blank or line break makes a key of what stood before it."""
    char = text[at]
    adjacent = bool(state.flow) and state.done
    if char in " \n" or adjacent:
        return open_key(state), at
    if state.done:
        reason = "no blank follows the colon of a key"
        raise Misplaced(reason)
    if state.flow and char in ",[]{}":
        reason = "a key without a value in braces"
        raise Misplaced(reason)
    return state._replace(mode=Mode.PLAIN, word=_longer(state.word, ":")), at


def open_key(state: State) -> State:
    """Make a key of the scalar before a colon; its value is due. Raises Misplaced."""
    if state.role is Role.VALUE:
        reason = "a second colon stands in a value"
        raise Misplaced(reason, "put the value in quotes")
    key = UNKNOWN if state.mixed or state.word is None else state.word.rstrip(" ")
    if state.flow:
        flow = (*state.flow[:-1], (":", key))
        return State(Mode.FLOW, levels=state.levels, flow=flow)
    return State(Mode.VALUE, levels=_nested(state, key))


def _value(state: State, text: str, at: int) -> tuple[State, int]:
    end = _blanks(text, at)
    if end == len(text):
        return state, end
    if text[end] == "\n":
        return State(levels=state.levels), end + 1
    if text[end] == "#":
        return state._replace(mode=Mode.COMMENT, done=False), end + 1
    return _node(state._replace(role=Role.VALUE), text, end)


# -- flow ----------------------------------------------------------------------------------------


def _open(state: State, bracket: str) -> State:
    if state.role is Role.KEY and (state.levels or state.column):
        reason = "a bracket stands where a key is due"
        raise Misplaced(reason)
    ahead = state.levels[-1].text if bracket == "[" and state.levels and not state.flow else ""
    return state._replace(mode=Mode.FLOW, flow=(*state.flow, (bracket, ahead)), role=Role.VALUE)


def _flow(state: State, text: str, at: int) -> tuple[State, int]:
    """Read the place of an element: a node, a closing bracket or a comment."""
    end = skip(_BLANKS_AND_BREAKS, text, at)
    if end == len(text):
        return state, end
    char = text[end]
    bracket = state.flow[-1][0]
    if char == "#":
        return state._replace(mode=Mode.COMMENT, done=False), end + 1
    if (bracket, char) in (("[", "]"), ("{", "}")):
        return _close(state), end + 1
    role = Role.ITEM if bracket == "{" else Role.VALUE
    return _node(state._replace(role=role), text, end)


def _punctuation(state: State, char: str) -> State:
    """Read a comma or bracket behind an element."""
    bracket = state.flow[-1][0]
    if char in "[{":
        reason = f"a {char} stands in the middle of a plain scalar"
        raise Misplaced(reason, "put the scalar in quotes")
    if bracket == "{":
        reason = "a key without a value in braces"
        raise Misplaced(reason)
    if char == ",":
        opened = ("{", "") if bracket == ":" else ("[", _short(state))
        flow = (*state.flow[:-1], opened)
        return State(Mode.FLOW, levels=state.levels, flow=flow)
    if (bracket, char) not in (("[", "]"), (":", "}")):
        reason = f"a {char} closes what it did not open"
        raise Misplaced(reason)
    return _close(state)


def _close(state: State) -> State:
    """Close a bracket; its last element is kept as the text of what it closes."""
    word = _short(state)
    return State(Mode.DONE, levels=state.levels, flow=state.flow[:-1], role=Role.VALUE, word=word)


# -- comments and block scalars ------------------------------------------------------------------


def _comment(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_REST_OF_LINE, text, at)
    if end == len(text):
        return state, end
    if state.flow:
        mode = Mode.DONE if state.done else Mode.FLOW
        return state._replace(mode=mode, apart=True), end + 1
    return State(levels=state.levels), end + 1


def _head(state: State, text: str, at: int) -> tuple[State, int]:
    """Read the indicators, blanks and comment between | and the line break."""
    end = at if state.done else _blanks(text, skip(_HEAD, text, at))
    if state.done or text[end : end + 1] == "#":
        end = skip(_REST_OF_LINE, text, end)
        state = state._replace(done=True)
    if end == len(text):
        return state, end
    if text[end] != "\n":
        reason = "text follows the | or > of a block scalar"
        raise Misplaced(reason)
    return State(Mode.BLOCK, levels=state.levels), end + 1


def _block(state: State, text: str, at: int) -> tuple[State, int]:
    """Read the indentation of a line: text, if deeper than the scalar's key; else the end."""
    end = _blanks(text, at)
    state = state._replace(column=state.column + end - at)
    if end == len(text):
        return state, end
    if text[end] == "\n":
        return state._replace(column=0), end + 1
    return state._replace(mode=Mode.TEXT if in_block(state) else Mode.LINE), end


def in_block(state: State) -> bool:
    """Say whether the next character of a line belongs to the block scalar above."""
    return state.column > (state.levels[-1].column if state.levels else -1)


def _text(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_REST_OF_LINE, text, at)
    if end == len(text):
        return state, end
    return State(Mode.BLOCK, levels=state.levels), end + 1


# -- branches ------------------------------------------------------------------------------------

_LINES = frozenset((Mode.LINE, Mode.BLOCK))
_SCALARS = frozenset((Mode.PLAIN, Mode.DONE, Mode.CLOSED, Mode.SLOT))


def join(one: State, other: State) -> State:
    """Give the state after two branches; raises Misplaced where they cannot meet.

    Lines meet in what both are nested in; scalars of one role meet as whole scalars; text inside
    quotes meets there.
    """
    if one == other:
        return one
    same_place = (one.flow, one.column) == (other.flow, other.column)
    modes = {one.mode, other.mode}
    if same_place and modes <= _LINES:
        return _join_lines(one, other)
    levels, whole = _join_levels(one.levels, other.levels)
    if same_place and whole and one.role is other.role and (mode := _join_modes(modes)):
        word = one.word if one.word == other.word else None
        mixed = one.mixed or other.mixed or word is None
        joined = one._replace(mode=mode, levels=levels, word=word, mixed=mixed)
        return joined._replace(apart=one.apart and other.apart, done=one.done and other.done)
    reason = f"branches end in different places: {_WHERE[one.mode]}, and {_WHERE[other.mode]}"
    raise Misplaced(reason, "let each branch hold whole lines, or whole scalars")


def _join_modes(modes: set[Mode]) -> Mode | None:
    if len(modes) == 1:
        return next(iter(modes))
    if modes <= _SCALARS:
        return Mode.SLOT if Mode.SLOT in modes else Mode.DONE
    return None


def _join_lines(one: State, other: State) -> State:
    levels, whole = _join_levels(one.levels, other.levels)
    if not whole and not (levels and levels[-1].full):
        # No line may be nested deeper than the first level that only one branch has: it would
        # belong to that branch's value or scalar.
        depth = len(levels)
        rest = [s.levels[depth].column for s in (one, other) if len(s.levels) > depth]
        levels = (*levels, Level(min(rest), UNKNOWN, full=True))
    mode = Mode.BLOCK if whole and one.mode is other.mode is Mode.BLOCK else Mode.LINE
    if mode is Mode.LINE and Mode.BLOCK in (one.mode, other.mode) and whole:
        levels = _filled(levels, "")
    return State(mode, one.column, levels)


def _join_levels(
    one: tuple[Level, ...], other: tuple[Level, ...]
) -> tuple[tuple[Level, ...], bool]:
    """Give the levels that both share, keys unknown where they differ, and whether that is all."""
    levels: list[Level] = []
    for a, b in zip(one, other, strict=False):
        if a.column != b.column:
            break
        key = a.key if a.key == b.key else UNKNOWN
        text = a.text if a.text == b.text else ""
        levels.append(Level(a.column, key, a.full or b.full, text))
    return tuple(levels), len(levels) == len(one) == len(other)


_WHERE = {
    Mode.LINE: "at the start of a line",
    Mode.DASH: "after a dash",
    Mode.ITEM: "after a dash",
    Mode.COLON: "after a colon",
    Mode.VALUE: "after a colon",
    Mode.FLOW: "inside brackets",
    Mode.PLAIN: "in a plain scalar",
    Mode.DOUBLE: "inside double quotes",
    Mode.SINGLE: "inside single quotes",
    Mode.CLOSED: "after a quoted scalar",
    Mode.DONE: "after a scalar",
    Mode.SLOT: "after an expression",
    Mode.COMMENT: "in a comment",
    Mode.HEAD: "at the head of a block scalar",
    Mode.BLOCK: "in a block scalar",
    Mode.TEXT: "in a block scalar",
}


# -- small things --------------------------------------------------------------------------------


def _blanks(text: str, at: int) -> int:
    return skip(_BLANKS, text, at)


def _longer(word: str | None, more: str) -> str | None:
    return None if word is None else word + more


def _stripped(word: str | None) -> str | None:
    return None if word is None else word.rstrip(" ")


def _tab() -> Misplaced:
    return Misplaced("a tab stands outside quotes", "YAML is indented with blanks")


_READERS: dict[Mode, Callable[[State, str, int], tuple[State, int]]] = {
    Mode.LINE: _line,
    Mode.DASH: _dash,
    Mode.ITEM: _line,
    Mode.COLON: _colon,
    Mode.VALUE: _value,
    Mode.FLOW: _flow,
    Mode.PLAIN: _plain,
    Mode.DOUBLE: _double,
    Mode.SINGLE: _single,
    Mode.CLOSED: _closed,
    Mode.DONE: _done,
    Mode.SLOT: _slot,
    Mode.COMMENT: _comment,
    Mode.HEAD: _head,
    Mode.BLOCK: _block,
    Mode.TEXT: _text,
}
