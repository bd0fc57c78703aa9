"""What a report holds, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from generator.problems import Exit, Problem, exit_code, in_order

ReadLine = Callable[[str, int], str | None]
"""`read(file, line)` gives a line of a workspace file without its end, or None."""


def no_line(_file: str, _line: int) -> str | None:
    """Know no file: reports without excerpts."""
    return None


class Report(NamedTuple):
    """The outcome of a command.

    `data` is the command's own stable part for machines (JSON types only); `read_line` gives the
    excerpts; `colour` asks the text format for ANSI colours.
    """

    command: str
    problems: tuple[Problem, ...]
    data: Mapping[str, Any] = MappingProxyType({})
    read_line: ReadLine = no_line
    colour: bool = False

    @property
    def exit(self) -> Exit:
        """The exit code that the problems ask for."""
        return exit_code(self.problems)

    def sorted(self) -> list[Problem]:
        """Give the problems without repeats, by place."""
        return in_order(self.problems)
