"""Container images: named by a version, built for platforms that have a Go.

That outputs have an image's digest, the audit holds (GG264).
"""

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


def _platforms(subject: Subject) -> Iterator[Finding]:
    if "docker" not in (subject.data.get("targets") or ()):
        return
    linux = [f"{os}/{arch}" for os, arch in subject.platforms if os == "linux"]
    for number, family in enumerate(subject.items("image", "families")):
        pointer = ("image", "families", number)
        if not linux:
            yield _without(f"family {family['name']} has no platform to build for", pointer, linux)
        for at, platform in enumerate(family.get("platforms", ())):
            if linux and platform not in linux:
                what = f"family {family['name']} is for {platform}, which go.platforms has not"
                yield _without(what, (*pointer, "platforms", at), linux)


def _without(what: str, pointer: Pointer, linux: list[str]) -> Finding:
    return Finding(
        f"{what}: its Dockerfile has no stage with a Go for it",
        pointer,
        expected=", ".join(linux) or "a linux platform in go.platforms",
        hint="add it to go.platforms, and gogen lock; or leave it out of the family",
    )


RULES = (
    Rule(
        "GG030",
        "an image without a version",
        Severity.ERROR,
        early=_tagged,
        profile=_tagged_by_targets,
    ),
    Rule("GG077", "an image family without a Go", Severity.ERROR, profile=_platforms),
)
