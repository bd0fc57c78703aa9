"""What a rule is: a semantic check that schemas and validators cannot make (design §8).

A rule says *what* is wrong at a pointer of the profile or at a line of an output; one place turns
that into a Problem with file, line and column. A module of this package is a family of rules and
exports `RULES`; adding a rule is adding it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.model import Artifact, Pinned, Pointer
    from generator.problems import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule: where (a pointer into the profile's tree, or a line of an output)."""

    message: str
    pointer: Pointer = ()
    line: int = 0
    column: int = 0
    expected: str = ""
    hint: str = ""
    severity: Severity | None = None


ProfileCheck = Callable[["Pinned"], Iterator[Finding]]
OutputCheck = Callable[["Artifact", "Pinned"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code (GG0xx of the domain reference), what it holds, how much it weighs.

    `profile` looks at a pinned profile, `output` at one rendered file; either may be absent.
    """

    code: str
    title: str
    severity: Severity
    profile: ProfileCheck | None = None
    output: OutputCheck | None = None
