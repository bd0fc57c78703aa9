"""A tiny language for tests of the template engine, and the values a render starts from.

Text is bare words and "quoted strings" with backslash escapes; `{…}` holds a foreign language. A
bare word takes only letters, digits, dots and dashes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from generator.dialects.base import (
    Embedded,
    Misplaced,
    Slot,
    State,
    Structured,
    Unreadable,
    Unwritable,
)
from generator.model import FileSpec, HomePath, Leaf, Map, Pinned, Profile, Secret, Seq, Target
from generator.problems import Place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.dialects.base import Encoder
    from generator.model import Node

WORD = re.compile(r"[A-Za-z0-9._-]+\Z")


def _text(value: Any) -> str:
    match value:
        case Embedded(text=text):
            return text
        case Structured(value=inner, style=style):
            return f"{style}:{inner}"
        case bool() | None:
            return str(value).lower()
        case str() | int():
            return str(value)
        case Secret() | HomePath():
            return str(value)
        case _:
            pass
    msg = f"no text: {type(value).__name__}"
    raise Unwritable(msg, "text", "write it with | json")


def _word(value: Any) -> str:
    text = _text(value)
    if not WORD.match(text):
        msg = f"{text!r} is no word"
        raise Unwritable(msg, "letters, digits, dots and dashes", "quote it")
    return text


def _quoted(value: Any, mark: str) -> str:
    return _text(value).replace("\\", "\\\\").replace(mark, f"\\{mark}")


@dataclass
class Fake:
    """The language; counts its steps, so that a test sees whether a template was compiled."""

    name: str = "fake"
    patterns: tuple[str, ...] = ("*.fake",)
    start: State = "out"
    steps: int = 0
    encoders: Mapping[str, Encoder] = field(
        default_factory=lambda: {"word": _word, "quoted": _quoted}
    )

    def step(self, state: State, text: str) -> State:
        self.steps += 1
        for char in text:
            match state, char:
                case "out", '"':
                    state = "in"
                case "out", "{":
                    state = "foreign"
                case "out", "}":
                    msg = "a } that nothing opens"
                    raise Misplaced(msg, "leave it out")
                case "in", '"':
                    state = "out"
                case "foreign", "}":
                    state = "out"
                case _:
                    pass
        return state

    def slot(self, state: State) -> Slot:
        if state == "foreign":
            msg = "an expression inside a foreign language"
            raise Misplaced(msg, "embed it")
        return Slot("quoted", state, ('"',)) if state == "in" else Slot("word", state)

    def join(self, one: State, other: State) -> State:
        if one != other:
            msg = f"{one} and {other}"
            raise Misplaced(msg, "balance the quotes")
        return one

    def finish(self, state: State) -> None:
        if state != "out":
            msg = "the file ends inside a quote"
            raise Misplaced(msg, "close it")

    def comment(self, text: str) -> str | None:
        return f"# {text}"

    def parse(self, text: str) -> None:
        for number, line in enumerate(text.split("\n"), 1):
            if "BAD" in line:
                msg = "BAD is not of this language"
                raise Unreadable(msg, number, line.index("BAD") + 1)


@dataclass
class Dialects:
    """Stands for the package generator.dialects."""

    fake: Fake = field(default_factory=Fake)
    other: Fake = field(default_factory=lambda: Fake("other", ("*.other",)))

    def get(self, name: str, /) -> Fake:
        return {"fake": self.fake, "other": self.other}[name]

    def for_file(self, file_name: str, /) -> str:
        return "other" if file_name.endswith(".other") else "fake"


def tree(value: Any, lines: list[int] | None = None) -> Node:
    """Give plain data as a profile's tree, each node on a line of its own, depth first."""
    count = lines if lines is not None else [0]
    count[0] += 1
    trail = (Place("profiles/p/p.yaml", count[0], 1),)
    match value:
        case dict():
            return Map({key: tree(child, count) for key, child in value.items()}, trail)
        case list():
            return Seq(tuple(tree(child, count) for child in value), trail)
        case _:
            return Leaf(value, trail)


def pinned(
    folder: Path,
    context: Mapping[str, Any],
    *files: FileSpec,
    delimiters: str = "gogen",
) -> Pinned:
    """Give a profile with one target `t` whose templates lie in a folder."""
    target = Target(
        name="t",
        description="of a test",
        files=files,
        images=(),
        actions=(),
        folders=(folder,),
        manifest="templates/t/target.yaml",
        delimiters=delimiters,
    )
    top = tree(dict(context))
    assert isinstance(top, Map)
    return Pinned(Profile("p", ("p",), (), top), (target,), dict(context), "1.27.1")


def templates(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


__all__ = ["Dialects", "Fake", "HomePath", "Secret", "pinned", "templates", "tree"]
