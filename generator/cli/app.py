"""The commands of gogen, in the order that --help lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from generator import __version__
from generator.cli import (
    adopt,
    check,
    diff,
    explain,
    lint,
    lock,
    profiles,
    render,
    schema,
    show,
    targets,
)
from generator.cli.options import WorkspaceOption

app = typer.Typer(
    name="gogen",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    suggest_commands=False,  # click does it
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"gogen {__version__}")
        raise typer.Exit


@app.callback(
    epilog="Exit codes: 0 clean, 1 drift, 2 bad input, 3 the lock lacks something, 4 an output "
    "failed its audit, 5 a source of pins failed, 70 a bug, 74 disk, 130 interrupted."
)
def root(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    version: Annotated[  # noqa: ARG001  (its callback did the work)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Compile layered profiles and one lock into every file that must agree on a Go toolchain.

    Start with: gogen render. It writes out/; commit it, and let CI run gogen check.
    """
    context.obj = workspace


for module in (
    render,
    check,
    diff,
    explain,
    show,
    lint,
    lock,
    adopt,
    profiles,
    targets,
    schema,
):
    module.register(app)
