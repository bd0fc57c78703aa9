"""`gogen diff`: what a render would change, as a unified diff."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator.cli.options import FormatOption, ProfileOption, ProfilesArgument
from generator.cli.progress import progress, waiting
from generator.cli.session import Outcome, Session, execute, search_path
from generator.cli.streams import shows_colour
from generator.problems import Problem, Rejected
from generator.reports import Format

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model import Change

_COLOURS = {"+": "32", "-": "31", "@": "36"}


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("diff", short_help="Show what a render would change, or a revision changed.")(diff)


def diff(
    context: typer.Context,
    profiles: ProfilesArgument = None,
    profile: ProfileOption = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 where there is a difference.")
    ] = False,
    base: Annotated[
        str,
        typer.Option(
            "--base",
            metavar="REV",
            help="Compare with a git revision, grouped by the profile line that moved the lines.",
            show_default=False,
        ),
    ] = "",
    format_: FormatOption = Format.TEXT,
) -> int:
    """Show what `gogen render` would change, without writing; exit 0 unless --exit-code.

    With --base: what today's profiles change in the outputs of that revision, under each profile
    line that changed the files and lines it moved, and apart all that no line explains.
    """
    names = (*(profiles or ()), *(profile or ()))

    def work(session: Session) -> Outcome:
        if base:
            return _impact(session, base)
        return _work(session, names, exit_code=exit_code)

    return execute(context, "diff", format_, work)


def _impact(session: Session, revision: str) -> Outcome:
    from generator.pipeline import Compiler  # noqa: PLC0415  (late)
    from generator.review.impact import as_data, as_text, impact  # noqa: PLC0415  (only for --base)
    from generator.review.revision import workspace_at  # noqa: PLC0415  (late)
    from generator.sources import Sources  # noqa: PLC0415  (late)
    from generator.workspace import open_workspace  # noqa: PLC0415  (late)

    git = shutil.which("git", path=search_path())
    if git is None:
        problem = Problem("GG181", "--base needs git, and it is not on PATH", hint="install git")
        raise Rejected([problem])
    with workspace_at(session.workspace.root, revision, Path(git)) as folder:
        base = Compiler(Sources(open_workspace(folder), session.sources.cache))
        causes = impact(base, session.compiler)
    text = as_text(causes) or f"no output differs from {revision}\n"
    return Outcome(text=text, data={"base": revision, "causes": as_data(causes)})


def _work(session: Session, names: tuple[str, ...], *, exit_code: bool) -> Outcome:
    from generator.disk.drift import unified  # noqa: PLC0415  (late)
    from generator.update import compare  # noqa: PLC0415  (not for --help)

    with progress("comparing") as advance:
        result = compare(session.compiler, names, advance, waiting=waiting)
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
    from generator.disk.drift import unified  # noqa: PLC0415  (late)

    text = "".join(unified(change) for change in changes)
    if not shows_colour(sys.stdout):
        return text
    return "".join(_line(line) for line in text.splitlines(keepends=True))


def _line(line: str) -> str:
    colour = "1" if line.startswith(("+++", "---")) else _COLOURS.get(line[:1])
    return f"\x1b[{colour}m{line.rstrip()}\x1b[0m\n" if colour else line
