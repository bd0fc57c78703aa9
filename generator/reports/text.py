"""Problems for people: code and place, the line in question, what was found, the way out."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from generator.problems import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Place
    from generator.reports.base import ReadLine, Report

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}
_WIDTH = 160  # an excerpt longer than this is cut: a minified file must not flood the screen
_GUTTER = 5
_PASSWORD = re.compile(r"(?<=://)[^\s@]*(?=@)")  # with its user; logs of CI are read by many


def render(report: Report) -> str:
    """Write every problem as a block, then one line that counts them."""
    problems = report.sorted()
    blocks = ["\n".join(_block(p, report.read_line, colour=report.colour)) for p in problems]
    if problems:
        blocks.append(_count(problems))
    return "".join(f"{block}\n" for block in blocks)


def _paint(text: str, code: str, *, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def _block(problem: Problem, read_line: ReadLine, *, colour: bool) -> Iterator[str]:
    label = _paint(
        f"{problem.severity}[{problem.code}]", f"1;{_COLOURS[problem.severity]}", colour=colour
    )
    yield f"{label} {problem.place}" if problem.place else label
    pad = " " * _GUTTER
    if problem.place and problem.place.line and _on_disk(problem.code, problem.place):
        line = read_line(problem.place.file, problem.place.line)
        if line is not None:
            yield f"{problem.place.line:>{_GUTTER - 1}} | {_visible(line)}".rstrip()
    yield f"{pad}= {_indented(problem.message)}"
    if problem.expected:
        yield f"{pad}= expected: {_indented(problem.expected)}"
    for label, place in problem.related:
        yield f"{pad}= {label}: {place}"
    if problem.hint:
        yield f"{pad}= hint: {_indented(problem.hint)}"


def _on_disk(code: str, place: Place) -> bool:
    """Whether a place is a line on disk: what is wrong with a render was not written there."""
    return code.startswith("GG4") or not place.file.startswith("out/")


def _visible(line: str) -> str:
    """Show tabs and other unprintable characters; hide a URL's password; cut what is too long."""
    line = _PASSWORD.sub("…", line)
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return shown if len(shown) <= _WIDTH else shown[: _WIDTH - 1] + "…"


def _indented(text: str) -> str:
    return text.replace("\n", "\n" + " " * (_GUTTER + 2))


def _count(problems: list[Problem]) -> str:
    counts = Counter(p.severity for p in problems)
    parts = [f"{n} {s}{'s' if n > 1 else ''}" for s in Severity if (n := counts.get(s, 0))]
    return ", ".join(parts)
