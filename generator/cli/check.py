"""`gogen check`: exit 1 where out/ is not what the profiles say; writes nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.cli.diff import coloured
from generator.cli.options import FormatOption, ProfileOption, ProfilesArgument
from generator.cli.progress import progress, waiting
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("check", short_help="Fail where out/ is not what the profiles say: for CI.")(check)


def check(
    context: typer.Context,
    profiles: ProfilesArgument = None,
    profile: ProfileOption = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Name what drifted, without the differences.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Render in memory, compare with out/, and fail on any difference: the command for CI.

    Every missing, stale, hand-edited, foreign or superfluous file is named with its difference
    and the command that mends it.
    """
    names = (*(profiles or ()), *(profile or ()))
    return execute(context, "check", format_, lambda session: _work(session, names, quiet=quiet))


def _work(session: Session, names: tuple[str, ...], *, quiet: bool) -> Outcome:
    from generator.update import compare  # noqa: PLC0415  (not for --help)

    with progress("checking") as advance:
        result = compare(session.compiler, names, advance, waiting=waiting)
    text = "" if quiet else coloured(result.changes)
    if not result.changes and not any(problem.exit for problem in result.problems):
        files = sum(p.files for p in result.profiles)
        which = ", ".join(profile.name for profile in result.profiles)
        text = f"clean: {files} file{'s' * (files != 1)} of {which}\n"
    data = {
        "changes": [
            {"kind": str(c.kind), "path": c.path, "profile": c.profile} for c in result.changes
        ]
    }
    return Outcome((*result.problems, *result.drift), text, data)
