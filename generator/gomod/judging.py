"""Hold the go and toolchain lines of a module against what its profile wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.gomod import lines
from generator.problems import Place, Problem, Severity, position
from generator.rules.toolchains import exact, order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.gomod.lines import Said

_MEND = "gogen modules --write edits these lines, and nothing else"


class Wanted(NamedTuple):
    """What a profile wants of a module: the release that builds it, its go line ("": any)."""

    release: str
    go: str = ""


def due(text: str, wanted: Wanted) -> tuple[str, str]:
    """Give the go and the toolchain line a file should have; "" where it may stay or lack.

    The toolchain line may lack where the go line already says the release: go mod tidy drops it.
    """
    found = lines.find(text)
    said = found.go.value if found.go else ""
    go = wanted.go or _release(said) or wanted.release
    named = f"go{wanted.release}"
    needless = go == wanted.release and not found.toolchain
    return go, "" if needless or order(go) > order(wanted.release) else named


def judge(path: str, text: str, wanted: Wanted) -> Iterator[Problem]:
    """Say what is wrong with the lines of a file, each at its place."""
    found = lines.find(text)
    go, toolchain = due(text, wanted)
    yield from _go_line(path, text, found.go, go, wanted)
    said = found.toolchain.value if found.toolchain else ""
    if toolchain and said != toolchain:
        lacks = not said
        yield Problem(
            "GG068",
            f"no toolchain line: whoever has a newer go than {go} builds with that"
            if lacks
            else f"the toolchain line says {said}, the profile is on {toolchain}",
            _place(path, text, found.toolchain or found.go),
            expected=f"toolchain {toolchain}",
            hint=_MEND,
            severity=Severity.WARNING if lacks else Severity.ERROR,
        )


def _go_line(path: str, text: str, said: Said | None, go: str, wanted: Wanted) -> Iterator[Problem]:
    place = _place(path, text, said)
    value = said.value if said else ""
    if not value or not exact(value):
        message = f"the go line {value} is a language, no release" if value else "no go line"
        yield Problem("GG067", message, place, expected=f"go {go}", hint=_MEND)
    elif wanted.go and value != wanted.go:
        message = f"the go line says {value}, the profile {wanted.go}"
        yield Problem("GG069", message, place, expected=f"go {wanted.go}", hint=_MEND)
    if order(value) > order(wanted.release):
        yield Problem(
            "GG066",
            f"it asks for go {value}, newer than its toolchain {wanted.release}",
            place,
            expected=f"at most {wanted.release}",
            hint="raise the toolchain of the profile, or lower what the module asks for",
        )


def _release(said: str) -> str:
    """Give what a go line that says no release should say: the first of its language."""
    if not said or exact(said):
        return said
    return f"{said}.0" if exact(f"{said}.0") else ""


def _place(path: str, text: str, said: Said | None) -> Place:
    return Place(path, *position(text, said.start)) if said else Place(path, 1, 1)
