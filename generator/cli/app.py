"""The commands of gogen, in the order that --help lists them; one is read when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import click
import typer
from typer.core import TyperGroup

from generator import __version__
from generator.cli.options import WorkspaceOption

COMMANDS = (
    "render",
    "check",
    "diff",
    "explain",
    "show",
    "lint",
    "verify",
    "lock",
    "outdated",
    "bump",
    "attest",
    "sbom",
    "modules",
    "adopt",
    "profiles",
    "targets",
    "schema",
)
"""The modules here that are commands, each named as its command."""


class _Commands(TyperGroup):
    """Builds the command that is asked for: to build all takes longer than a check does."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Give the names, without reading the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command; a name that is none has all of them read, for the near match."""
        for name in (cmd_name,) if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                self.commands[name] = _build(name)
        return super().get_command(ctx, cmd_name)


def _build(name: str) -> click.Command:
    """Read a command's module and have typer make a command of it."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    import_module(f"generator.cli.{name}").register(alone)
    return typer.main.get_command(alone)


app = typer.Typer(
    name="gogen",
    cls=_Commands,
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
    "failed its audit, 5 a source of pins failed, 6 a host gave no answer, 70 a bug, 74 disk, "
    "130 interrupted."
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
