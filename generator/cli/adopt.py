"""`gogen adopt`: let gogen take over files that it did not write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from generator.cli.options import FormatOption
from generator.cli.progress import waiting
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("adopt", short_help="Hand files to gogen that it did not write.")(adopt)


def adopt(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="Files of out/, or at a target's place, that gogen may replace."),
    ],
    format_: FormatOption = Format.TEXT,
) -> int:
    """Take over files that gogen did not write, or that were edited by hand.

    The files stay as they are; the next `gogen render` may replace them. Look first at what that
    changes: gogen diff.
    """
    return execute(context, "adopt", format_, lambda session: _work(session, files))


def _work(session: Session, files: list[Path]) -> Outcome:
    from generator.update import take_over  # noqa: PLC0415  (not for --help)

    paths = [_relative(session, file) for file in files]
    adopted = take_over(session.compiler, paths, waiting=waiting)
    text = "".join(f"adopted {path}; gogen render may replace it now\n" for path in adopted)
    return Outcome((), text, {"adopted": list(adopted)})


def _relative(session: Session, file: Path) -> str:
    """Give a file as the workspace names it: given from here, or from the root."""
    root = session.workspace.root
    here = Path(os.path.normpath(Path.cwd() / file))
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else file.as_posix()
