"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from generator.reports import Format


def complete_profile(context: typer.Context, incomplete: str) -> list[str]:
    """Give the profiles of the workspace that begin so, for the shell's completion."""
    from generator.cli.session import profile_names  # noqa: PLC0415  (only when completing)

    return [name for name in profile_names(context) if name.startswith(incomplete)]


def _complete_target(context: typer.Context, incomplete: str) -> list[str]:
    """Give the targets of the workspace that begin so, for the shell's completion."""
    from generator.cli.session import target_names  # noqa: PLC0415  (only when completing)

    return [name for name in target_names(context) if name.startswith(incomplete)]


ProfilesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PROFILE]...",
        help="Profiles by name. None given: all of the workspace.",
        autocompletion=complete_profile,
        show_default=False,
    ),
]
ProfileOption = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        "-p",
        metavar="PROFILE",
        help="The same as an argument; may be given several times.",
        autocompletion=complete_profile,
        show_default=False,
    ),
]
OneProfile = Annotated[
    str,
    typer.Option(
        "--profile",
        "-p",
        metavar="PROFILE",
        help="The profile to look at.",
        autocompletion=complete_profile,
    ),
]
FormatOption = Annotated[
    Format,
    typer.Option("--format", help="How problems are shown: for people, programs, GitHub, SARIF."),
]
WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-C",
        metavar="DIR",
        help="The workspace's root. Default: the nearest folder here or above with gogen.toml.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Write it there instead of to standard output.",
        show_default=False,
    ),
]
