"""Find the go and toolchain lines of a go.mod or go.work, and change them alone.

The grammar is golang.org/x/mod/modfile's: one directive a line, blocks in parentheses, comments
after `//`. Neither line may stand in a block. All else of the text, and its line ends, stays.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE = re.compile(r"[^\n]*\n?")
_BLOCK = re.compile(r"[ \t]*[a-z]+[ \t]*\([ \t\r]*(?://.*)?")
_END = re.compile(r"[ \t]*\)")
_OURS = re.compile(r"[ \t]*(?P<verb>go|toolchain)[ \t]+(?P<value>[^\s/]+)")
_MODULE = re.compile(r"[ \t]*module[ \t(]")


class Said(NamedTuple):
    """A value of a file: what it says and the offsets where it stands."""

    value: str
    start: int
    end: int


class Lines(NamedTuple):
    """What a file says: `go` and `toolchain`, None where it has no such line.

    `after` is the offset behind the line that a missing go line follows.
    """

    go: Said | None
    toolchain: Said | None
    after: int


def find(text: str) -> Lines:
    """Find the lines."""
    said: dict[str, Said] = {}
    module, block, at = 0, "", 0
    for line in _LINE.findall(text):
        end = at + len(line)
        if block:
            if _END.match(line):
                module = end if block == "module" else module
                block = ""
        elif _BLOCK.fullmatch(line.rstrip("\r\n")):
            block = line.split("(")[0].strip()
        elif match := _OURS.match(line):
            value = Said(match["value"], at + match.start("value"), at + match.end("value"))
            said.setdefault(match["verb"], value)
        elif _MODULE.match(line):
            module = end
        at = end
    return Lines(said.get("go"), said.get("toolchain"), module or len(text))


def edit(text: str, go: str, toolchain: str) -> str:
    """Give the text with these values; "" leaves a line as it is, or missing.

    A line that lacks is added as go itself would: after a blank line, go behind the module's
    line, toolchain behind go's.
    """
    if go:
        lines = find(text)
        text = _put(text, lines.go, lines.after, f"go {go}", go)
    if toolchain:
        lines = find(text)
        after = text.find("\n", lines.go.end) + 1 if lines.go else lines.after
        text = _put(text, lines.toolchain, after or len(text), f"toolchain {toolchain}", toolchain)
    return text


def _put(text: str, said: Said | None, after: int, line: str, value: str) -> str:
    if said:
        return text[: said.start] + value + text[said.end :]
    eol = "\r\n" if "\r\n" in text else "\n"
    before = text[:after]
    if before and not before.endswith("\n"):
        before += eol
    blank = eol if before else ""
    return f"{before}{blank}{line}{eol}{text[after:]}"
