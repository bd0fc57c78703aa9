"""The ages of pins told: a table for people, data for programs, problems for CI."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.bump.ages import Standing
from generator.problems import Problem
from generator.workspace import LOCK_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.bump.ages import Age, Blocked

_COLOURS = {
    Standing.SECURITY: "31",
    Standing.ENDED: "31",
    Standing.OLDER: "33",
    Standing.UNKNOWN: "33",
    Standing.CURRENT: "32",
}
_COUNTED = {
    Standing.SECURITY: "behind on security",
    Standing.ENDED: "of an ended line",
    Standing.OLDER: "older",
    Standing.UNKNOWN: "unknown",
    Standing.CURRENT: "current",
}
_DIGEST = len("sha256:") + 12  # as much of a digest as people compare
_LEAST = 24  # columns that remarks are not squeezed below
_WIDEST = 60  # columns of a name that others are aligned with, where no terminal sets a bound


class _Row(NamedTuple):
    """What is told of a pin."""

    standing: str
    what: str
    moves: str
    remarks: str


class _Columns(NamedTuple):
    """How wide the table is (0: as wide as it gets), and its first three columns."""

    width: int
    standing: int
    what: int
    moves: int


def as_text(ages: Sequence[Age], *, width: int, colour: bool) -> str:
    """Give the table, `width` columns wide (0: a line for each pin), and a line that counts.

    A name that is too wide for its column, as an address is, has a line of its own.
    """
    rows = [_Row(age.standing, _what(age), _moves(age), "; ".join(_remarks(age))) for age in ages]
    columns = _columns(rows, width)
    lines: list[str] = []
    for row in rows:
        first, *more = _laid_out(row, columns)
        lines += [_paint(row.standing, first, colour=colour), *more]
    lines += _wrapped(_count(ages), width) if width else [_count(ages)]
    return "".join(f"{line}\n" for line in lines)


def _columns(rows: Sequence[_Row], width: int) -> _Columns:
    standing = max((len(row.standing) for row in rows), default=0)
    moves = max((len(row.moves) for row in rows), default=0)
    room = max(width - standing - moves - 4, _LEAST) if width else _WIDEST
    what = max((len(row.what) for row in rows if len(row.what) <= room), default=0)
    return _Columns(width, standing, what, moves)


def _laid_out(row: _Row, columns: _Columns) -> list[str]:
    """Give the lines of a row: remarks stand beside what they are of, or below it."""
    standing, what = f"{row.standing:{columns.standing}}", f"{row.what:{columns.what}}"
    head = f"{standing}  {what}  {row.moves:{columns.moves}}"
    if not columns.width:
        return [f"{head}  {row.remarks}".rstrip()]
    room = columns.width - len(head) - 2
    if len(head) <= columns.width and room >= _LEAST:
        first, *more = _wrapped(row.remarks, room) or [""]
        return [f"{head}  {first}".rstrip(), *(f"{'':{len(head)}}  {line}" for line in more)]
    below = [row.remarks]
    if len(head.rstrip()) > columns.width:
        head, below = f"{standing}  {what}", [row.moves, row.remarks]
    indent = columns.standing + 2
    return [
        head.rstrip(),
        *(
            f"{'':{indent}}{line}"
            for text in below
            for line in _wrapped(text, max(columns.width - indent, _LEAST))
        ),
    ]


def _wrapped(text: str, width: int) -> list[str]:
    """Give lines of whole words: an address is to be copied."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _paint(standing: str, line: str, *, colour: bool) -> str:
    if not colour:
        return line
    return f"\x1b[{_COLOURS[Standing(standing)]}m{standing}\x1b[0m{line[len(standing) :]}"


def _what(age: Age) -> str:
    if age.kind == "go":
        return f"go {age.name} ({', '.join(age.used_as)})" if age.used_as else f"go {age.name}"
    return f"{age.kind} {age.name}"


def _moves(age: Age) -> str:
    """Give what a pin is and what it can move to; of a release the former is its name."""
    have = "" if age.kind == "go" else f"{age.current[:_DIGEST]} "
    there = f"-> {age.newest[:_DIGEST]}" if age.newest != age.current else ""
    return f"{have}{there}".rstrip()


def _remarks(age: Age) -> Iterator[str]:
    if age.misses:
        yield f"misses the security fixes of {', '.join(age.misses)}"
    if age.standing is Standing.ENDED or (age.eol and age.misses):
        yield f"line {age.line} ended on {age.eol}"
    elif age.eol:
        yield f"line {age.line} ends on {age.eol}"
    yield from (_blocked(one) for one in age.blocked if one.lacks)
    if heard := [one.version for one in age.blocked if not one.lacks]:
        yield f"heard of, without checksums: {', '.join(heard)}"
    if age.untold:
        yield f"nobody tells yet whether {' or '.join(age.untold)} fixes security"
    if age.newest_line:
        yield f"a newer line has {age.newest_line}"
    if age.newest_tag:
        yield f"a newer tag is there: gogen bump image {age.name} {age.newest_tag}"
    yield from (f"not asked: {problem.message}" for problem in age.unasked)


def _blocked(one: Blocked) -> str:
    return f"{one.version} lacks {', '.join(one.lacks)}"


def _count(ages: Sequence[Age]) -> str:
    counts = [(standing, sum(age.standing is standing for age in ages)) for standing in Standing]
    told = ", ".join(f"{number} {_COUNTED[standing]}" for standing, number in counts if number)
    return f"{len(ages)} pin{'s' * (len(ages) != 1)}: {told}" if ages else "no pins"


def data(ages: Sequence[Age], today: str) -> dict[str, Any]:
    """Give the ages for programs; a pin without a key has nothing to say there."""
    return {"today": today, "pins": [dict(_pin(age)) for age in ages]}


def _pin(age: Age) -> Iterator[tuple[str, Any]]:
    yield from (("kind", age.kind), ("name", age.name), ("state", str(age.standing)))
    yield from (("outdated", age.outdated), ("current", age.current), ("newest", age.newest))
    yield from (("file", age.place.file), ("line", age.place.line))
    yield "command", next(iter(commands(age)), "")
    yield "commands", list(commands(age))
    yield "unasked", [{"code": one.code, "message": one.message} for one in age.unasked]
    if age.kind == "image":
        yield "newest_tag", age.newest_tag or None
    if age.kind == "go":
        yield from (("toolchains", list(age.used_as)), ("release_line", age.line))
        yield from (("eol", age.eol or None), ("security", list(age.misses)))
        yield from (
            ("security_unknown", list(age.untold)),
            ("newest_line", age.newest_line or None),
        )
        yield "blocked", [{"version": one.version, "lacks": list(one.lacks)} for one in age.blocked]


def commands(age: Age) -> tuple[str, ...]:
    """Give the commands that move a pin, all of which are needed; () where it cannot move.

    Of a release each name in `toolchains` that says it moves by itself, `current` first. To move to
    another tag is a decision, and in no list of what is to be done.
    """
    if age.newest == age.current:
        return ()
    if age.kind != "go":
        return (f"gogen bump {age.kind} {age.name}",)
    if not age.used_as and age.place.file.startswith(f"{LOCK_FOLDER}/"):
        return ("gogen bump layer",)  # no profile here writes it: it moves with what is followed
    names = sorted(age.used_as, key=lambda name: (name != "current", name)) or ["current"]
    options = ("" if name == "current" else f" --toolchain {name}" for name in names)
    return tuple(f"gogen bump go {age.newest}{name} --from {age.current}" for name in options)


def unasked(ages: Sequence[Age]) -> tuple[Problem, ...]:
    """Give what kept sources from being asked, once each."""
    return tuple(dict.fromkeys(problem for age in ages for problem in age.unasked))


def problems(ages: Sequence[Age]) -> tuple[Problem, ...]:
    """Give a problem (GG592) for each pin that should move, at the line that asks for it."""
    return tuple(
        Problem(
            "GG592",
            f"{_what(age)} {_REASONS[age.standing]}",
            age.place,
            expected=age.newest if age.newest != age.current else "",
            hint="; ".join(commands(age) or _remarks(age)),
        )
        for age in ages
        if age.outdated
    )


_REASONS = {
    Standing.SECURITY: "misses a security release",
    Standing.ENDED: "is of a line that has ended",
    Standing.OLDER: "is not the newest",
}
