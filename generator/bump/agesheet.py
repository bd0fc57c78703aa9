"""The ages of pins told: a table for people, data for programs, problems for CI."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

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
    Standing.CURRENT: "32",
}
_COUNTED = {
    Standing.SECURITY: "behind on security",
    Standing.ENDED: "of an ended line",
    Standing.OLDER: "older",
    Standing.CURRENT: "current",
}
_DIGEST = len("sha256:") + 12  # as much of a digest as people compare
_LEAST = 24  # columns that remarks are not squeezed below


def as_text(ages: Sequence[Age], *, width: int, colour: bool) -> str:
    """Give the table, `width` columns wide (0: as wide as it gets), and a line that counts."""
    rows = [(age.standing, _what(age), _moves(age), "; ".join(_remarks(age))) for age in ages]
    wide = [max((len(row[n]) for row in rows), default=0) for n in range(3)]
    lines: list[str] = []
    for standing, what, moves, remarks in rows:
        head = f"{standing:{wide[0]}}  {what:{wide[1]}}  {moves:{wide[2]}}"
        told = _wrapped(remarks, width - len(head) - 2 if width else 0)
        lines.append(f"{_paint(standing, head, colour=colour)}  {told[0]}".rstrip())
        lines += [f"{'':{len(head)}}  {more}" for more in told[1:]]
    return "".join(f"{line}\n" for line in (*lines, _count(ages)))


def _wrapped(text: str, width: int) -> list[str]:
    return (textwrap.wrap(text, max(width, _LEAST)) if width else [text]) or [""]


def _paint(standing: Standing, head: str, *, colour: bool) -> str:
    if not colour:
        return head
    return f"\x1b[{_COLOURS[standing]}m{standing}\x1b[0m{head[len(standing) :]}"


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
    yield "command", command(age)
    if age.kind == "go":
        yield from (("toolchains", list(age.used_as)), ("release_line", age.line))
        yield from (("eol", age.eol or None), ("security", list(age.misses)))
        yield from (
            ("security_unknown", list(age.untold)),
            ("newest_line", age.newest_line or None),
        )
        yield "blocked", [{"version": one.version, "lacks": list(one.lacks)} for one in age.blocked]


def command(age: Age) -> str:
    """Give the command that moves a pin, "" where it cannot move."""
    if age.newest == age.current:
        return ""
    if age.kind != "go":
        return f"gogen bump {age.kind} {age.name}"
    if not age.used_as and age.place.file.startswith(f"{LOCK_FOLDER}/"):
        return "gogen bump layer"  # no profile here writes it: it moves with what is followed
    name = "current" if "current" in age.used_as else next(iter(age.used_as), "")
    words = ["gogen bump go", age.newest]
    words += [f"--toolchain {name}"] if name not in {"", "current"} else []
    return " ".join([*words, f"--from {age.current}"])


def problems(ages: Sequence[Age]) -> tuple[Problem, ...]:
    """Give a problem (GG592) for each pin that should move, at the line that asks for it."""
    return tuple(
        Problem(
            "GG592",
            f"{_what(age)} {_REASONS[age.standing]}",
            age.place,
            expected=age.newest if age.newest != age.current else "",
            hint=command(age) or "; ".join(_remarks(age)),
        )
        for age in ages
        if age.outdated
    )


_REASONS = {
    Standing.SECURITY: "misses a security release",
    Standing.ENDED: "is of a line that has ended",
    Standing.OLDER: "is not the newest",
}
