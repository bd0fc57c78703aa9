"""Container images in a text: every name with a digest, and every place that takes an image."""

from __future__ import annotations

import re
from string import ascii_letters, digits
from typing import TYPE_CHECKING

from generator.audit.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "image"

_NAME = r"[A-Za-z0-9][A-Za-z0-9._/:-]*"
_DIGEST = re.compile(r"@sha256:[0-9A-Za-z]*")
_IN_NAME = f"{ascii_letters}{digits}._/:-"
_LONGEST = 512  # characters of a name that are looked at; registries take 255
_KEY = (  # a key of YAML or JSON that takes an image
    rf"(?m)^[ \t-]*[\"']?(?:image|(?:reference|container)(?=[^/\n]*/|.*:.*:))[\"']?:[ \t]*"
    rf"[\"']?(?:docker://)?({_NAME})"
    r"[\"']?[ \t]*(?:#.*|,)?$"
)
_PARTS = (  # as the values of a Helm chart have it
    rf"(?m)^[ \t-]*repository:[ \t]*[\"']?({_NAME})[\"']?[ \t]*(?:#.*)?"
    r"(?:\n[ \t]+tag:[ \t]*[\"']?([\w][\w.-]*)[\"']?[ \t]*(?:#.*)?)?"
    r"(?:\n[ \t]+digest:[ \t]*[\"']?(sha256:[0-9A-Za-z]*)[\"']?[ \t]*(?:#.*)?)?$"
)
_LABELS = (  # as OCI's labels have it: where the name stands, the digest stands on the line before
    r"(?m)(?:base\.digest[\"']?[:=][ \t]*[\"']?(sha256:[0-9A-Za-z]*)[\"']?,?\n)?"
    rf"[ \t]*[\"']?org\.opencontainers\.image\.base\.name[\"']?[:=][ \t]*[\"']?({_NAME})"
)
_USES = rf"uses:[ \t]*[\"']?docker://({_NAME})(?![@A-Za-z0-9._/:-])"
_SYNTAX = rf"(?m)\A#[ \t]*syntax[ \t]*=[ \t]*({_NAME})[ \t]*$"
_FROM = (
    r"(?mi)^[ \t]*(?:FROM(?=[ \t])|(?:COPY|ADD|RUN)[ \t].*?(?:--from=|,from=))"
    r"(?:[ \t]*--platform=\S+)?[ \t]*([^\s,]+)(?:[ \t]+AS[ \t]+(\S+))?"
)
_FILES = ("dockerfile", "containerfile")


def find(text: str, file_name: str) -> Iterator[Found]:
    """Give every image reference, with its digest where it has one."""
    if "@sha256:" in text:
        yield from _pinned(text)
    if "image" in text or "reference" in text or "container" in text:
        yield from _all(_KEY, text)
    if "repository:" in text:
        yield from _apart(text)
    if "image.base.name" in text:
        yield from _labelled(text)
    if "docker://" in text:
        yield from _all(_USES, text)
    if any(word in file_name.lower() for word in _FILES):
        yield from _all(_SYNTAX, text)
        yield from _stages(text)


def _all(pattern: str, text: str) -> Iterator[Found]:
    return (Found(KIND, match[1], match.start(1)) for match in re.finditer(pattern, text))


def _apart(text: str) -> Iterator[Found]:
    """Give the images whose repository, tag and digest stand on lines of their own."""
    for match in re.finditer(_PARTS, text):
        name, tag, digest = match.groups()
        if tag or digest:
            ends = f":{tag}" if tag else "", f"@{digest}" if digest else ""
            yield Found(KIND, name + "".join(ends), match.start(1))


def _labelled(text: str) -> Iterator[Found]:
    """Give the images that labels name as what an image is built on."""
    for match in re.finditer(_LABELS, text):
        digest, name = match.groups()
        yield Found(KIND, f"{name}@{digest}" if digest else name, match.start(2))


def _pinned(text: str) -> Iterator[Found]:
    """Give the images that stand with a digest.

    Seeks the digest and reads the name before it backwards: sixty times as fast as to try a
    name at every word.
    """
    for match in _DIGEST.finditer(text):
        before = text[max(0, match.start() - _LONGEST) : match.start()]
        name = before[len(before.rstrip(_IN_NAME)) :].lstrip("._/:-")
        yield Found(KIND, f"{name}{match[0]}", match.start() - len(name))


def _stages(text: str) -> Iterator[Found]:
    """Give the images a Dockerfile builds from: not its own stages, not scratch, no variable."""
    stages = {"scratch"}
    for match in re.finditer(_FROM, text):
        name = match[1]
        known = name.lower() in stages or name.isdecimal()
        if not known and "$" not in name and "@" not in name:
            yield Found(KIND, name, match.start(1))
        if match[2]:
            stages.add(match[2].lower())
