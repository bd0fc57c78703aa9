"""`gogen render`: write out/ so that it is what the profiles say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from generator.cli.options import FormatOption, ProfileOption, ProfilesArgument
from generator.cli.progress import progress, waiting
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format

if TYPE_CHECKING:
    from generator.update import Rendered

_LISTED = 60  # more changed files than this are counted, not listed


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("render", short_help="Write out/ as the profiles say.")(render)


def render(
    context: typer.Context,
    profiles: ProfilesArgument = None,
    profile: ProfileOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also overwrite what was edited by hand in out/.")
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Render profiles into out/ and say what was written.

    Writes only files whose bytes change. A file in out/ that was edited by hand is named with its
    difference, and nothing of its profile is written, unless --force is given.
    """
    names = (*(profiles or ()), *(profile or ()))
    return execute(context, "render", format_, lambda session: _work(session, names, force=force))


def _work(session: Session, names: tuple[str, ...], *, force: bool) -> Outcome:
    from generator.update import bring_up  # noqa: PLC0415  (not for --help)

    with progress("rendering") as advance:
        result = bring_up(session.compiler, names, advance, force=force, waiting=waiting)
    data = {
        "profiles": [
            {
                "profile": brought.name,
                "changed": list(brought.written.changed),
                "removed": list(brought.written.removed),
                "unchanged": brought.written.unchanged,
            }
            for brought in result.profiles
        ]
    }
    return Outcome(result.problems, _text(result), data)


def _text(result: Rendered) -> str:
    lines: list[str] = []
    for brought in result.profiles:
        lines += [f"  wrote    {path}" for path in brought.written.changed]
        lines += [f"  removed  {path}" for path in brought.written.removed]
    if len(lines) > _LISTED:
        lines = [*lines[:_LISTED], f"  … and {len(lines) - _LISTED} more"]
    wide = max((len(brought.name) for brought in result.profiles), default=0)
    for brought in result.profiles:
        written = brought.written
        lines.append(
            f"{brought.name:{wide}}  {len(written.changed)} written, "
            f"{len(written.removed)} removed, {written.unchanged} unchanged  out/{brought.slug}/"
        )
    return "".join(f"{line}\n" for line in lines)
