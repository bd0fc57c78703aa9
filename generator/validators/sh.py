"""A POSIX shell reads scripts, but those for bash, without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.validators._lines import verdict
from generator.validators._shell import is_bash
from generator.validators.base import File, Tool, Validator, bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    mine = [file for file in files if VALIDATOR.reads(file) and not is_bash(file)]
    with bench(tool, mine) as here:
        for file in mine:
            yield from verdict(VALIDATOR.name, here.run("-n", file.path), file.path)


VALIDATOR = Validator(
    name="sh",
    programs=("dash", "sh"),
    install="apt install dash",
    check=_check,
    dialects=("sh",),
)
