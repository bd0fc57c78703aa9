"""Sentinels: what a check of an installed toolchain compares its files with, or has nothing to.

The lock has them of releases whose whole tree was proved (docs/supply-chain.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Subject


COMPARE = words("go helm installer kustomize testinfra")
"""The targets whose outputs compare a toolchain with the lock's sentinels."""


def _unchecked(subject: Subject) -> Iterator[Finding]:
    if COMPARE.isdisjoint(subject.items("targets")):
        return
    for release in subject.pins["toolchains_pinned"]:
        lacking = [each["platform"] for each in release["platforms"] if not each["sentinels"]]
        if lacking:
            yield Finding(
                f"the lock has no sentinels of go {release['version']} for {', '.join(lacking)}:"
                " start checks and gogen verify compare no file of the toolchain there",
                ("go", "toolchain"),
                expected="checksums of go, compile, link and others, from a tree that was proved",
                hint="gogen lock --download; or except GG082, with what stands against it",
            )


RULES = (
    Rule(
        "GG082",
        "a toolchain that no check can compare",
        Severity.WARNING,
        profile=_unchecked,
    ),
)
