"""Apple's property lists as XML: what launchd reads, plist(5).

A value stands as the text of a `<string>`, `<key>` or `<integer>`, where no markup is left of it.
launchd expands nothing, so a home path is refused. Comments, too, are XML's: without `--`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from generator.dialects import _scalar
from generator.dialects._reading import skip
from generator.dialects._strings import named, unprintable
from generator.dialects.base import Encoder, Misplaced, Slot, Unreadable, Unwritable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import State

_BLANKS = re.compile(r"[ \t\n]*")
_HOLDERS = ("string", "key", "integer")
_TAG = re.compile(r"<(/?)([A-Za-z]+)(?: [^<>]*)?(/?)>|<\?xml [^<>]*\?>|<!DOCTYPE [^<>]*>")
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);")


class At(NamedTuple):
    """Where the text stands: between elements, in a comment, or in an element that holds text."""

    place: str = ""
    dash: bool = False
    """The text of a comment ends in a hyphen so far."""


START = At()


class _Unique(dict[str, Any]):
    """A dictionary that takes no key twice; plistlib would keep the last."""

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self:
            reason = f"the key {key!r} stands twice in one dict"
            raise Unreadable(reason)
        super().__setitem__(key, value)


def _between(text: str, at: int) -> tuple[At, int]:
    end = skip(_BLANKS, text, at)
    if end == len(text):
        return START, end
    if text.startswith("<!--", end):
        return At("comment"), end + 4
    tag = _TAG.match(text, end)
    if not tag:
        reason = f"{named(text[end])} stands where an element is due, or a tag is not whole"
        raise Misplaced(reason, "write whole tags; values stand inside them")
    closes, name, empty = tag.groups()
    holds = name in _HOLDERS and not closes and not empty
    return At(name) if holds else START, tag.end()


def _in_comment(state: At, text: str, at: int) -> tuple[At, int]:
    end = text.find("--", at)
    split = state.dash and text.startswith("-", at)
    if end < 0 and not split:
        return At("comment", text.endswith("-")), len(text)
    if text.startswith("-->", end) and not split:
        return START, end + 3
    reason = "two hyphens in a comment, which XML does not know"
    raise Misplaced(reason, "write one")


def _in_text(state: At, text: str, at: int) -> tuple[At, int]:
    end = text.find("<", at)
    literal = text[at : end if end >= 0 else None]
    if "&" in _ENTITY.sub("", literal):
        reason = "a & that begins no entity"
        raise Misplaced(reason, "&amp;")
    if end < 0:
        return state, len(text)
    due = f"</{state.place}>"
    if not text.startswith(due, end):
        reason = f"markup inside <{state.place}>"
        raise Misplaced(reason, f"only text stands there, until {due}")
    return START, end + len(due)


def encode_text(value: Any) -> str:
    """Write a value, or a file of another language, as an element's text; raises Unwritable."""
    text = _scalar.lines(value)
    if found := unprintable(text):
        reason = f"{named(found[0])} cannot stand in a property list"
        raise Unwritable(reason, "printable text", "change the value in the profile")
    return "".join(_MARKUP.get(char, char) for char in text)


def encode_integer(value: Any) -> str:
    """Write an integer; raises Unwritable."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    reason = f"{value!r} is no integer"
    raise Unwritable(reason, "an integer")


def encode_comment(value: Any) -> str:
    """Write a value inside a comment; raises Unwritable where it could end the comment."""
    text = _scalar.comment(value)
    if "--" in text or text.startswith("-") or text.endswith("-"):
        reason = f"{text!r} could end a comment"
        raise Unwritable(reason, "text without two hyphens, and none at its ends")
    return text


_ENCODERS: dict[str, Encoder] = {
    "string": encode_text,
    "key": encode_text,
    "integer": encode_integer,
    "comment": encode_comment,
}


class Plist:
    """The dialect of XML property lists."""

    name: str = "plist"
    patterns: tuple[str, ...] = ("*.plist",)
    start: State = START

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return _ENCODERS

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced."""
        here, at = cast("At", state), 0
        while at < len(text):
            if here.place == "comment":
                here, at = _in_comment(here, text, at)
            elif here.place:
                here, at = _in_text(here, text, at)
            else:
                here, at = _between(text, at)
        return here

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        here = cast("At", state)
        if here.dash:
            reason = "an expression right after a hyphen of a comment"
            raise Misplaced(reason, "put a blank between them")
        if not here.place:
            reason = "an expression between elements"
            raise Misplaced(reason, "put it inside <string>, <key> or <integer>")
        return Slot(here.place, here)

    def join(self, one: State, other: State) -> State:
        """Give the state after two branches; raises Misplaced where they cannot meet."""
        if one == other:
            return one
        reason = "the branches end in different elements"
        raise Misplaced(reason, "put whole elements in each")

    def finish(self, state: State) -> None:
        """Raise Misplaced where a file may not end in this state."""
        if cast("At", state).place:
            reason = f"the file ends inside a {cast('At', state).place}"
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:
        """Write one line of text as a comment."""
        return f"<!-- {encode_comment(text)} -->"

    def parse(self, text: str) -> None:
        """Read rendered text back, without a key twice; raises Unreadable."""
        import plistlib  # noqa: PLC0415  only a run that reads back needs it
        from xml.parsers.expat import ExpatError  # noqa: PLC0415  (as above)

        try:
            plistlib.loads(text.encode(), fmt=plistlib.FMT_XML, dict_type=_Unique)
        except ExpatError as error:
            raise Unreadable(str(error), error.lineno, error.offset + 1) from None
        except (ValueError, IndexError, AttributeError) as error:
            # plistlib tells what is no property list, though XML, by what it stumbles over.
            raise Unreadable(str(error) or "no property list") from None


DIALECT = Plist()
