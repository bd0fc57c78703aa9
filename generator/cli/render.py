"""`gogen render`: write out/ so that it is what the profiles say."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generator.cli.options import FormatOption, ProfileOption, ProfilesArgument
from generator.cli.progress import progress, waiting
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    def work(session: Session) -> Outcome:
        result = _bring_up(session, names, force=force)
        # Of many profiles either is large, and only one is shown.
        if format_ is Format.JSON:
            return Outcome(result.problems, data=_data(result))
        return Outcome(result.problems, _text(result))

    return execute(context, "render", format_, work)


def _bring_up(session: Session, names: tuple[str, ...], *, force: bool) -> Rendered:
    from generator.update import bring_up  # noqa: PLC0415  (not for --help)

    with progress("rendering") as advance:
        return bring_up(session.compiler, names, advance, force=force, waiting=waiting)


def _data(result: Rendered) -> dict[str, Any]:
    return {
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


def _lines(result: Rendered) -> Iterator[str]:
    """Give a line for each file that was written or removed."""
    for brought in result.profiles:
        yield from (f"  wrote    {path}" for path in brought.written.changed)
        yield from (f"  removed  {path}" for path in brought.written.removed)


def _text(result: Rendered) -> str:
    every = (brought.written for brought in result.profiles)
    lines = [*islice(_lines(result), _LISTED)]
    more = sum(len(written.changed) + len(written.removed) for written in every) - len(lines)
    if more:
        lines.append(f"  … and {more} more")
    wide = max((len(brought.name) for brought in result.profiles), default=0)
    for brought in result.profiles:
        written = brought.written
        lines.append(
            f"{brought.name:{wide}}  {len(written.changed)} written, "
            f"{len(written.removed)} removed, {written.unchanged} unchanged  out/{brought.slug}/"
        )
    return "".join(f"{line}\n" for line in lines)
