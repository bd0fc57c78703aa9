"""What went wrong, where, and the way out: the one form every problem of gogen takes.

The lowest module: it imports nothing of ours. Stages build `Problem` values; a stage that
cannot give its value raises `Rejected` with all the problems it found; only `cli` prints them.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Exit(IntEnum):
    """Exit codes of the command (design §8)."""

    CLEAN = 0
    DRIFT = 1
    INPUT = 2
    LOCK = 3
    OUTPUT = 4
    SOURCE = 5
    UNKNOWN = 6
    BUG = 70
    DISK = 74
    INTERRUPTED = 130


# Of several codes the first of this order is the run's (design §8).
PRECEDENCE = (
    Exit.BUG,
    Exit.INTERRUPTED,
    Exit.DISK,
    Exit.SOURCE,
    Exit.UNKNOWN,
    Exit.LOCK,
    Exit.OUTPUT,
    Exit.INPUT,
    Exit.DRIFT,
)

# The longest matching prefix of a code decides its exit; a group of codes is a stage's.
_EXIT_BY_PREFIX = {
    "GG0": Exit.INPUT,  # rules (one file a family in generator/rules)
    "GG001": Exit.LOCK,  # a pin the lock lacks
    "GG1": Exit.INPUT,  # profiles: 100 load, 120 merge, 140 references, 150 schema, 160 workspace
    "GG2": Exit.INPUT,  # templates: 200 syntax and escaping, 220 values, 240 manifests and paths
    "GG25": Exit.OUTPUT,  # a rendered file that its dialect cannot read back
    "GG26": Exit.OUTPUT,  # audit of pins over the rendered bytes
    "GG27": Exit.OUTPUT,  # derived overlays
    "GG28": Exit.OUTPUT,  # validators (gogen lint)
    "GG3": Exit.LOCK,
    "GG40": Exit.DRIFT,  # drift and hand edits
    "GG42": Exit.DISK,  # disk, permission
    "GG43": Exit.DISK,  # another run holds the workspace, a worker was killed
    "GG44": Exit.INPUT,  # a path that leaves its root
    "GG5": Exit.SOURCE,
    "GG585": Exit.INPUT,  # a bump that cannot be what is meant
    "GG586": Exit.INPUT,
    "GG587": Exit.INPUT,
    "GG588": Exit.INPUT,
    "GG589": Exit.INPUT,
    "GG590": Exit.LOCK,  # a release that lacks what is in use
    "GG591": Exit.LOCK,
    "GG595": Exit.DRIFT,  # an attestation of what is not so
    "GG596": Exit.INPUT,  # what gogen attest and sbom are given
    "GG597": Exit.INPUT,
    "GG592": Exit.DRIFT,  # a pin that should move
    "GG593": Exit.DRIFT,  # a change of several files that was stopped, and files edited since
    "GG594": Exit.DRIFT,
    "GG575": Exit.INPUT,  # layers of other repositories: an address that is none,
    "GG576": Exit.INPUT,  # a chain without end,
    "GG577": Exit.LOCK,  # a layer that is not locked,
    "GG578": Exit.LOCK,  # not vendored,
    "GG579": Exit.LOCK,  # edited,
    "GG580": Exit.LOCK,  # vendored for nobody
    "GG60": Exit.DRIFT,  # a machine that is not as its profile says
    "GG61": Exit.UNKNOWN,  # a machine of which nobody knows
    "GG62": Exit.INPUT,  # what gogen verify needs
    "GG9": Exit.BUG,
}


class Severity(StrEnum):
    """How much a problem weighs; only an error changes the exit code."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Place(NamedTuple):
    """A point in a file: workspace-relative path; line and column from 1, 0 is unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Give `file:line:column`, leaving out what is unknown."""
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts)


def position(text: str, offset: int) -> tuple[int, int]:
    """Give line and column, both from 1, of the character at an offset of a text."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class Problem(NamedTuple):
    """One problem.

    `message` says what was found (lower case, no full stop), `expected` what was due, `hint` the
    way out; `related` names further places, each with what it is ("first set here").
    """

    code: str
    message: str
    place: Place | None = None
    expected: str = ""
    hint: str = ""
    severity: Severity = Severity.ERROR
    related: tuple[tuple[str, Place], ...] = ()

    @property
    def exit(self) -> Exit:
        """The exit code this problem asks for; CLEAN unless it is an error."""
        if self.severity is not Severity.ERROR:
            return Exit.CLEAN
        return next(
            _EXIT_BY_PREFIX[self.code[:n]]
            for n in range(len(self.code), 0, -1)
            if self.code[:n] in _EXIT_BY_PREFIX
        )


class Rejected(Exception):
    """A stage cannot give its value; carries every problem it found, at least one an error."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order found; reports sort them."""
        self.problems = tuple(problems)
        super().__init__("; ".join(f"[{p.code}] {p.place}: {p.message}" for p in self.problems))


def exit_code(problems: Iterable[Problem]) -> Exit:
    """Give the run's exit code: the one of all its problems' that stands first in PRECEDENCE."""
    found = {p.exit for p in problems}
    return next((code for code in PRECEDENCE if code in found), Exit.CLEAN)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Give the problems sorted by place, then code, then message, each told once.

    One line of a layer is a problem of every profile that extends it: the first found tells it, and
    names what the others relate it to.
    """
    told: dict[tuple[Place, str, str], Problem] = {}
    for problem in problems:
        key = (problem.place or Place(""), problem.code, problem.message)
        first = told.setdefault(key, problem)
        related = tuple(dict.fromkeys((*first.related, *problem.related)))
        if related != first.related:
            told[key] = first._replace(related=related)
    return [told[key] for key in sorted(told)]
