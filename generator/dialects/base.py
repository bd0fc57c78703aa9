"""What a dialect is: how one output language reads text, and how a value is written in it.

A dialect is one module of this package that exports `DIALECT`. The template engine walks a
template's syntax tree and threads a *state* through it: `step` for literal text, `slot` for an
expression. A state is hashable, small and comparable: two branches of an `if` must `join`, a loop
must end in a state that joins the one it began in.

The encoders run at render time, on plain values; everything else runs when a template is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

State = Hashable
Encoder = Callable[..., str]
"""`encode(value, *slot.args) -> text`; raises Unwritable."""


class Misplaced(Exception):
    """Text or an expression stands where the dialect cannot allow it (found when compiling)."""

    def __init__(self, reason: str, hint: str = "") -> None:
        """Say why ("an expression inside a block scalar") and the way out."""
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class Unwritable(Exception):
    """A value cannot be written in its place (found when rendering)."""

    def __init__(self, reason: str, expected: str = "", hint: str = "") -> None:
        """Say why ("a line break cannot stand in a go env value"), what is due, the way out."""
        super().__init__(reason)
        self.reason = reason
        self.expected = expected
        self.hint = hint


class Unreadable(Exception):
    """Rendered text is not of the dialect; line and column from 1, 0 is unknown."""

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        """Say what the parser found and where."""
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column


class Slot(NamedTuple):
    """Where an expression stands: the encoder's name, static arguments for it, the state after."""

    encoder: str
    after: State
    args: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Embedded:
    """A template rendered in a dialect of its own, to stand whole as one value in another."""

    text: str
    dialect: str
    template: str


@dataclass(frozen=True, slots=True)
class Structured:
    """A map or list that the author asked to be written as data, by `json` or `block`.

    `style` is "json" (one line; YAML flow is JSON too) or "block" (YAML
    only, indented below its key).
    """

    value: Any
    style: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Text the author asked to be written as it is (`| raw`); a rule lists every use."""

    text: str


Value = Any
"""What an encoder gets: str, int, bool, None, Secret, HomePath, Embedded, Structured, or (to be
refused with a hint to use a filter) list and dict. Raw never reaches an encoder."""


class Dialect(Protocol):
    """One output language."""

    @property
    def name(self) -> str:
        """The name a manifest uses: `dialect: systemd-unit`; the module's name with - for _."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """File name globs (before `.j2`) that choose this dialect: ("*.yaml", "*.yml")."""

    @property
    def start(self) -> State:
        """The state at the start of a file."""

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced."""

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""

    def join(self, one: State, other: State) -> State:
        """Give the state after two branches; raises Misplaced where they cannot meet."""

    def finish(self, state: State) -> None:
        """Raise Misplaced where a file may not end in this state (an open quote)."""

    def comment(self, text: str) -> str | None:
        """Write one line of text as a comment line, or None where the language has none."""

    def parse(self, text: str) -> None:
        """Read rendered text back; raises Unreadable."""
