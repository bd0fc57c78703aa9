"""shfmt says how a shell script would be laid out; a script that differs is refused with the diff.

The depth of indentation is the script's own: that of its first indented line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators._shell import is_bash
from generator.validators.base import File, Tool, Validator, bench, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem

_INDENTED = re.compile(rb"^( +)\S", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(\d+)", re.MULTILINE)
_SYNTAX = re.compile(r":(\d+):(\d+): ")


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    mine = [file for file in files if VALIDATOR.reads(file)]
    with bench(tool, mine) as here:
        for file in mine:
            indented = _INDENTED.search(file.content)
            depth = len(indented[1]) if indented else 0
            language = "bash" if is_bash(file) else "posix"
            said = here.run("-d", "-ln", language, "-i", str(depth), file.path)
            if said.code or said.text:
                yield _problem(file, said.out, said.err)


def _problem(file: File, diff: str, error: str) -> Problem:
    if error.strip():
        at = _SYNTAX.search(error)
        place = Place(file.path, int(at[1]), int(at[2])) if at else Place(file.path)
        return refused(VALIDATOR.name, error, place)
    hunk = _HUNK.search(diff)
    place = Place(file.path, int(hunk[1])) if hunk else Place(file.path)
    changed = [line for line in diff.splitlines()[3:] if line[:1] in "+-"]
    return refused(VALIDATOR.name, f"laid out otherwise: {' '.join(changed[:4])}", place)


VALIDATOR = Validator(
    name="shfmt",
    programs=("shfmt",),
    install="pip install shfmt-py",
    check=_check,
    dialects=("sh",),
)
