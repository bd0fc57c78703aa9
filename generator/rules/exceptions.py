"""Exceptions: a rule that a profile switches off is one that there is, and one it needs off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.problems import Severity
from generator.rules.base import Finding, Rule
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXCEPTIONS = Rule(
    "GG081",
    "an exception that excepts nothing, or names no rule",
    Severity.WARNING,
)
RULES = (EXCEPTIONS,)


def judged(
    listed: Sequence[Mapping[str, Any]],
    known: frozenset[str],
    found: frozenset[str] | None,
    profile: str,
) -> Iterator[Finding]:
    """Judge the exceptions of a profile: `found` are the codes found in it, None: not known.

    An exception of this rule itself names nothing that can be excepted.
    """
    for number, item in enumerate(listed):
        code = item["rule"]
        pointer = ("go", "exceptions", number, "rule")
        if code not in known - {EXCEPTIONS.code}:
            yield Finding(
                f"exception of {code}, which is no rule",
                pointer,
                expected="a code of docs/rules.md",
                hint=did_you_mean(code, sorted(known)) or "take the exception out",
                severity=Severity.ERROR,
            )
        elif found is not None and code not in found:
            yield Finding(
                f"profile {profile} excepts {code}, which finds nothing there",
                pointer,
                hint="take the exception out: it would hide the next breach",
            )
