"""Container images: named by a version. That outputs have its digest, the audit holds (GG264)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Pointer
    from generator.rules.base import Subject

_LATEST = r"[a-z0-9][a-z0-9._/:-]*:latest(@\S*)?"


def _tagged(subject: Subject) -> Iterator[Finding]:
    for pointer, text in subject.texts:
        if ":latest" in text and re.fullmatch(_LATEST, text):
            yield _latest(text, pointer)


def _tagged_by_targets(subject: Subject) -> Iterator[Finding]:
    ours = {text for _, text in subject.texts}
    for ref in subject.pins["images"]:
        if ref not in ours and re.fullmatch(_LATEST, ref):
            yield _latest(ref, ("targets",))


def _latest(ref: str, pointer: Pointer) -> Finding:
    return Finding(
        f"image {ref} is named by latest: nobody can say what its digest is of",
        pointer,
        expected="a tag that says a version",
        hint="name the version; the lock holds its digest",
    )


RULES = (
    Rule(
        "GG030",
        "an image without a version",
        Severity.ERROR,
        early=_tagged,
        profile=_tagged_by_targets,
    ),
)
