"""visudo reads sudoers files, strictly: an alias that nothing defines fails.

It calls a command line that gives root away "parsed OK"; that is what rule GG060 is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.validators._lines import verdict
from generator.validators.base import File, Said, Tool, Validator, bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    mine = [file for file in files if VALIDATOR.reads(file)]
    with bench(tool, mine) as here:
        for file in mine:
            said = here.run("--check", "--strict", f"--file={file.path}")
            fine = f"{file.path}: parsed OK"
            said = Said(said.code, said.out.replace(fine, ""), said.err.replace(fine, ""))
            yield from verdict(VALIDATOR.name, said, file.path)


VALIDATOR = Validator(
    name="visudo",
    programs=("visudo",),
    install="apt install sudo",
    check=_check,
    patterns=("*/sudoers.d/*", "*/sudoers"),
    dialects=("sudoers",),
)
