"""GitHub actions in a text: every `uses:` of another repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.audit.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND = "action"

_USES = (
    r"uses[\"']?:[ \t]*[\"']?([A-Za-z0-9_.-]+/[A-Za-z0-9_./-]+(?:@[^\s\"'#,}]*)?)[\"']?"
    r"(?:[ \t]+#[ \t]*(\S+))?"
)


def find(text: str, file_name: str) -> Iterator[Found]:  # noqa: ARG001 - every extractor has it
    """Give every action as `owner/name[/path][@ref]`, with the first word of its comment.

    Actions of the same repository (`./…`) have no version of their own.
    """
    if "uses" in text:
        for match in re.finditer(_USES, text):
            if not match[1].startswith("."):
                yield Found(KIND, match[1], match.start(1), match[2] or "")
