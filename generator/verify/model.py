"""What is known of a machine after it was asked: each property, and the whole."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple


def printable(text: str) -> str:
    """Give a text of a host as it may stand on a screen: what steers a terminal is spelt out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Verdict(StrEnum):
    """What was found of one property."""

    RIGHT = "right"
    DIFFERS = "differs"
    SKIPPED = "skipped"  # it means nothing on this machine, or was not asked for


class State(StrEnum):
    """What is known of a machine."""

    RIGHT = "right"
    DIFFERS = "differs"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    BROKEN = "broken"  # the suite itself did not run to its end

    @property
    def known(self) -> bool:
        """Tell whether the machine was looked at whole."""
        return self in (State.RIGHT, State.DIFFERS)


class Check(NamedTuple):
    """One property of a machine; of one that was skipped, `found` says why."""

    name: str
    verdict: Verdict
    expected: str = ""
    found: str = ""


class Host(NamedTuple):
    """A machine, in the order of its checks; `reason` says why it is not known."""

    name: str
    state: State
    checks: tuple[Check, ...] = ()
    reason: str = ""
    seconds: float = 0.0

    @property
    def wrong(self) -> tuple[Check, ...]:
        """The properties that are not as the profile says."""
        return tuple(check for check in self.checks if check.verdict is Verdict.DIFFERS)

    def data(self) -> dict[str, Any]:
        """Give the record as programs get it: `--format json`, `--on-fail`."""
        return {
            "host": self.name,
            "outcome": str(self.state),
            "reason": self.reason or None,
            "seconds": round(self.seconds, 3),
            "checks": [
                {
                    "property": check.name,
                    "outcome": str(check.verdict),
                    "expected": check.expected,
                    "found": check.found,
                }
                for check in self.checks
            ],
        }
