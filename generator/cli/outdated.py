"""`gogen outdated`: what could move, and why."""

from __future__ import annotations

import shutil
import sys
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated

import typer

from generator.cli.options import FormatOption
from generator.cli.session import Outcome, Session, asking, execute, git_access, this_day
from generator.cli.streams import shows_colour
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("outdated", short_help="List every pin in use with what it could move to.")(
        outdated
    )


def outdated(
    context: typer.Context,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 where a pin should move.")
    ] = False,
    today: Annotated[
        datetime | None,
        typer.Option(
            "--today",
            formats=["%Y-%m-%d"],
            help="The day to tell ends of life by. Default: this day, in UTC.",
            show_default=False,
        ),
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> int:
    """List every release, image, action and layer in use, its age, and what keeps it from moving.

    Told apart: what misses a security release, what is of a line that has ended, and what is only
    older than what there is. What cannot be asked is told as an error beside all that is known.
    Changes nothing; gogen bump moves a pin.
    """
    day = f"{today:%Y-%m-%d}" if today else this_day()
    return execute(
        context, "outdated", format_, lambda session: _work(session, day, exit_code=exit_code)
    )


def _work(session: Session, today: str, *, exit_code: bool) -> Outcome:
    from generator.bump import agesheet  # noqa: PLC0415  (not for --help)
    from generator.bump.ages import ages  # noqa: PLC0415  (late)
    from generator.bump.known import known  # noqa: PLC0415  (late)
    from generator.locking import network_of  # noqa: PLC0415  (late)

    compiler = session.compiler
    ask = asking(session.workspace, lambda _done, _total: None)
    with ask.looking(network_of(compiler)) if ask else nullcontext() as lookup:
        there = known(lookup.sources if lookup else ())
        found = ages(compiler, there, today, lambda: git_access(session.workspace))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    text = agesheet.as_text(found, width=width, colour=shows_colour(sys.stdout))
    problems = (*agesheet.unasked(found), *(agesheet.problems(found) if exit_code else ()))
    return Outcome(problems, text, agesheet.data(found, today))
