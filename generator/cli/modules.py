"""`gogen modules`: the go and toolchain lines of go.mod and go.work, checked and mended."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.cli.options import FormatOption, ProfileOption, ProfilesArgument
from generator.cli.progress import waiting
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("modules", short_help="Hold go.mod and go.work against the profiles.")(modules)


def modules(
    context: typer.Context,
    profiles: ProfilesArgument = None,
    profile: ProfileOption = None,
    write: Annotated[
        bool, typer.Option("--write", help="Edit the two lines; all else of a file stays.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Hold the go and toolchain lines of the profiles' modules against them.

    `modules:` of a profile names the folders of go.mod and go.work. Files are only changed with
    --write, and only in these lines.
    """
    names = (*(profiles or ()), *(profile or ()))
    return execute(context, "modules", format_, lambda session: _work(session, names, write=write))


def _work(session: Session, names: tuple[str, ...], *, write: bool) -> Outcome:
    from generator.modules import hold_modules  # noqa: PLC0415  (not for --help)

    held = hold_modules(session.compiler, names, write=write, waiting=waiting)
    wrong = {problem.place.file for problem in held.problems if problem.place}
    right = [path for path in held.files if path not in wrong and path not in held.edited]
    text = "".join(f"edited   {path}\n" for path in held.edited)
    text += "".join(f"right    {path}\n" for path in right)
    return Outcome(held.problems, text, {"files": list(held.files), "edited": list(held.edited)})
