"""Build a document as the template engine does, without templates: for tests of dialects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.dialects.base import Embedded
from generator.model import HomePath, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.dialects.base import Dialect


@dataclass(frozen=True, slots=True)
class Put:
    """An expression of a template, with the value it has."""

    value: Any


NO_NAMES: tuple[object, ...] = (
    *("", "a", "Ab", "A B", "A=", "A=b\nB", "A\n", "#A", "1A", "_A", "É", "A\0", "-A", '"A"', "$A"),
    *(None, True, 1, ["A"], Secret("A"), HomePath("A"), Embedded("A", "sh", "x.sh.j2")),
)
"""Values that are no name of a variable where a file of settings takes one."""


def fill(dialect: Dialect, parts: Iterable[str | Put]) -> str:
    """Give the document that literal text (`str`) and expressions (`Put`) make.

    Raises Misplaced and Unwritable as the dialect does.
    """
    state = dialect.start
    out = []
    for part in parts:
        if isinstance(part, Put):
            slot = dialect.slot(state)
            out.append(dialect.encoders[slot.encoder](part.value, *slot.args))
            state = slot.after
        else:
            out.append(part)
            state = dialect.step(state, part)
    dialect.finish(state)
    return "".join(out)
