"""Plain text: `.go-version`, `.dockerignore`, lists, and what a manifest says is text.

A reader of plain text knows no quotes, so a value is one line of it, as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generator.dialects import _scalar
from generator.dialects.base import Slot, Unreadable
from generator.problems import position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import Encoder, State

_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text has one state: everywhere is like everywhere else."""

    name: str = "text"
    patterns: tuple[str, ...] = (".go-version", ".dockerignore", "*.txt")
    start: State = ""
    encoders: Mapping[str, Encoder] = field(default_factory=lambda: {"line": _scalar.one_line})

    def step(self, state: State, text: str) -> State:  # noqa: ARG002 - the protocol's shape
        """Stay in the only state."""
        return state

    def slot(self, state: State) -> Slot:
        """Take a value as one line, or as a part of one."""
        return Slot("line", state)

    def join(self, one: State, other: State) -> State:  # noqa: ARG002 - the protocol's shape
        """Stay in the only state."""
        return one

    def finish(self, state: State) -> None:
        """Let a text end anywhere."""

    def comment(self, text: str) -> str | None:  # noqa: ARG002 - the protocol's shape
        """Plain text has no comments."""
        return None

    def parse(self, text: str) -> None:
        """Refuse control characters but line feed and tab."""
        if found := _STRANGE.search(text):
            reason = f"control character {found[0]!r} in a text file"
            raise Unreadable(reason, *position(text, found.start()))


DIALECT = Text()
