"""`gogen explain`: where a value comes from and which outputs it reaches."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.cli.options import FormatOption, ProfileOption
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("explain", short_help="Tell what sets a key or makes a line of an output.")(explain)


def explain(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(help="A key (go.toolchain), or a line of an output (out/…/Dockerfile:12)."),
    ],
    profile: ProfileOption = None,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Tell where a key is set, what it hid and which outputs read it; or what made an output line.

    Without --profile a key is looked up in every profile.
    """
    names = tuple(profile or ())
    return execute(context, "explain", format_, lambda session: _work(session, what, names))


def _work(session: Session, what: str, names: tuple[str, ...]) -> Outcome:
    from generator.review.explain import explain_key, explain_line, parse_line  # noqa: PLC0415  (late)

    line = parse_line(what, session.workspace.root)
    if line:
        told = explain_line(session.compiler, *line)
    else:
        told = explain_key(session.compiler, what, names)
    return Outcome(text=told.text, data=told.data)
