"""Reading text on from a state: what the dialects' machines share, whatever their states are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from generator.dialects._strings import named, unprintable
from generator.dialects.base import Misplaced, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _HasMode(Protocol):
    """A state that says by its mode which reader is next."""

    @property
    def mode(self) -> Any:
        """The key of the reader."""


T = TypeVar("T")
S = TypeVar("S", bound=_HasMode)

STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
"""A control character that no script and no settings file needs."""


def read_back(
    text: str, start: T, advance: Callable[[T, str], T], finish: Callable[[T], None], what: str
) -> None:
    """Read rendered text as templates are read, character by character; raises Unreadable.

    `what` names the kind of file, with its article.
    """
    at, line = start, 1
    try:
        for char in text:
            if STRANGE.match(char):
                reason = f"control character {char!r} in {what}"
                raise Unreadable(reason, line)
            at = advance(at, char)
            line += char == "\n"
        finish(at)
    except Misplaced as problem:
        raise Unreadable(problem.reason, line) from None


def read_pieces(
    state: S, text: str, readers: Mapping[Any, Callable[[S, str, int], tuple[S, int]]], what: str
) -> S:
    """Read template text by the reader of each mode, which gives the state and offset it ends at.

    `what` names the language. Raises Misplaced.
    """
    if found := unprintable(text):
        reason = f"{named(found[0])} stands raw in {what} text"
        raise Misplaced(reason, "leave it out, or write it as an escape inside double quotes")
    at = 0
    while at < len(text):
        state, at = readers[state.mode](state, text, at)
    return state


def skip(shape: re.Pattern[str], text: str, at: int) -> int:
    """Give where a shape that begins at an offset ends; the offset itself where none does."""
    found = shape.match(text, at)
    return found.end() if found else at
