"""Write a document through a dialect as the template engine will: text and values in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generator.dialects.base import Dialect


@dataclass(frozen=True)
class V:
    """A value that stands as an expression (text around it is plain `str`)."""

    value: Any


def fill(dialect: Dialect, pieces: list[str | V]) -> str:
    """Give the document: text is stepped over, values are encoded where they stand."""
    state = dialect.start
    written = []
    for piece in pieces:
        if isinstance(piece, str):
            state = dialect.step(state, piece)
            written.append(piece)
        else:
            slot = dialect.slot(state)
            written.append(dialect.encoders[slot.encoder](piece.value, *slot.args))
            state = slot.after
    dialect.finish(state)
    return "".join(written)
