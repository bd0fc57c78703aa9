"""Read a table of gogen.toml strictly: each wrong key and value is told at its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.problems import Place, Problem, Rejected
from generator.wording import did_you_mean
from generator.workspace import CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.workspace import Workspace


class Key(NamedTuple):
    """What a key may hold: a test of its value, and what is due, for the message."""

    holds: Callable[[Any], object]
    expected: str


class Table(NamedTuple):
    """A table of gogen.toml by its name; `text` is the file's, for lines."""

    name: str
    values: Mapping[str, Any]
    text: str

    def require(self, keys: Mapping[str, Key]) -> None:
        """Raise Rejected with every key that is none of these (GG162) or holds something else."""
        problems = [
            self._unknown(key, keys) if key not in keys else self.problem(key, keys[key].expected)
            for key, value in self.values.items()
            if key not in keys or not keys[key].holds(value)
        ]
        if problems:
            raise Rejected(problems)

    def _unknown(self, key: str, keys: Mapping[str, Key]) -> Problem:
        return Problem(
            "GG162",
            f"unknown key {self.name}.{key}",
            self.place(key),
            expected="one of " + ", ".join(sorted(keys)),
            hint=did_you_mean(key, keys),
        )

    def problem(self, key: str, expected: str, message: str = "", hint: str = "") -> Problem:
        """Give the problem of a value that is not what it should be (GG163)."""
        message = message or f"{self.name}.{key} has the wrong type"
        return Problem("GG163", message, self.place(key), expected=expected, hint=hint)

    def place(self, key: str, word: str = "") -> Place:
        """Give where a key stands, or from there on a word of its value; else where the table is.

        tomllib keeps no positions. A key inside its table's own line is where that line begins.
        """
        lines = self.text.splitlines()
        dotted = re.compile(rf"\s*{_quoted(self.name)}\s*\.\s*{_quoted(key)}\s*[=.]")
        here = re.compile(rf"\s*{_quoted(key)}\s*[=.]")
        head = re.compile(rf"\s*\[?\s*{_quoted(self.name)}\s*[=.\]]")
        inside, found = "", 0
        for number, line in enumerate(lines, 1):
            if header := re.match(r"\s*\[\s*([^\]]*?)\s*\]", line):
                inside = header[1].replace('"', "").replace("'", "")
            if (dotted if not inside else here).match(line) and inside in {"", self.name}:
                return self._inside(lines, number, word)
            if inside == f"{self.name}.{key}" or (not found and head.match(line)):
                found = number
        return self._inside(lines, found, word) if found else Place(CONFIG)

    def _inside(self, lines: list[str], number: int, word: str) -> Place:
        """Give the place of a word from a line on, the line's first letter where it has none."""
        for at in range(number, len(lines) + 1) if word else ():
            if (column := lines[at - 1].find(word)) >= 0:
                return Place(CONFIG, at, column + 1)
        line = lines[number - 1]
        return Place(CONFIG, number, len(line) - len(line.lstrip(" \t[")) + 1)


def table(workspace: Workspace, name: str, values: Mapping[str, Any]) -> Table:
    """Give a table of the workspace's gogen.toml."""
    try:
        text = (workspace.root / CONFIG).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""  # it was read before; a problem has no line then
    return Table(name, values, text)


def _quoted(word: str) -> str:
    return rf"[\"']?{re.escape(word)}[\"']?"
