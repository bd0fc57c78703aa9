"""Take `file:line: complaint` apart, the form in which most programs complain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators.base import Said, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem

_NUMBER = re.compile(r"(?:: ?(?:line )?| \(line )(\d+)\b(?::(\d+))?\)?")


def place(file: str, said: str) -> Place:
    """Give the first `:12:3`, `: line 12` or ` (line 12)` that follows a file's name in a text."""
    found = _NUMBER.search(said)
    return Place(file, int(found[1]), int(found[2] or 0)) if found else Place(file)


def verdict(name: str, said: Said, file: str) -> Iterator[Problem]:
    """Refuse a file whose program ended badly or said anything at all, in one problem."""
    if said.code or said.text:
        yield refused(name, said.text or f"exit code {said.code}", place(file, said.text))
