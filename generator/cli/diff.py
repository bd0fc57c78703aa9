"""`gogen diff`: what a render would change, as a unified diff."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from generator.cli.options import Format, FormatOption, ProfileOption, ProfilesArgument
from generator.cli.progress import progress
from generator.cli.session import Outcome, Session, execute, wants_colour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model import Change

_COLOURS = {"+": "32", "-": "31", "@": "36"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("diff")(diff)


def diff(
    context: typer.Context,
    profiles: ProfilesArgument = None,
    profile: ProfileOption = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 where there is a difference.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Show what `gogen render` would change, without writing; exit 0 unless --exit-code."""
    names = (*(profiles or ()), *(profile or ()))
    return execute(
        context, "diff", format_, lambda session: _work(session, names, exit_code=exit_code)
    )


def _work(session: Session, names: tuple[str, ...], *, exit_code: bool) -> Outcome:
    from generator.disk.drift import unified  # noqa: PLC0415
    from generator.update import compare  # noqa: PLC0415  (not for --help)

    with progress("comparing") as advance:
        result = compare(session.compiler, names, advance)
    problems = (*result.problems, *(result.drift if exit_code else ()))
    data = {
        "changes": [
            {"kind": str(c.kind), "path": c.path, "profile": c.profile, "diff": unified(c)}
            for c in result.changes
        ]
    }
    return Outcome(problems, coloured(result.changes), data)


def coloured(changes: Iterable[Change]) -> str:
    """Give the unified diffs of changes one after the other, in colour on a terminal."""
    from generator.disk.drift import unified  # noqa: PLC0415

    text = "".join(unified(change) for change in changes)
    if not wants_colour(sys.stdout):
        return text
    return "".join(_line(line) for line in text.splitlines(keepends=True))


def _line(line: str) -> str:
    colour = "1" if line.startswith(("+++", "---")) else _COLOURS.get(line[:1])
    return f"\x1b[{colour}m{line.rstrip()}\x1b[0m\n" if colour else line
