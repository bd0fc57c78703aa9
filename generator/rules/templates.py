"""Templates: the only way round the escaper is in plain sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.problems import Place


def _raw(places: Sequence[Place]) -> Iterator[Finding]:
    for place in places:
        yield Finding(
            "a value is written as it is: raw goes round the escaper",
            place=place,
            hint="leave raw out where the escaper knows the place; else review every value",
        )


RULES = (Rule("GG080", "raw in a template", Severity.INFO, raw=_raw),)
