"""`gogen attest`: state what was rendered from what, for others to sign and to verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from generator.cli.options import FormatOption, OutOption, ProfileOption, ProfilesArgument
from generator.cli.progress import progress, waiting
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("attest", short_help="State what out/ is and what it was made from.")(attest)


def attest(
    context: typer.Context,
    profiles: ProfilesArgument = None,
    profile: ProfileOption = None,
    out: OutOption = None,
    builder_id: Annotated[
        str,
        typer.Option(
            "--builder-id",
            metavar="URI",
            help="Who vouches for this run, as SLSA names builders. Default: gogen itself.",
            show_default=False,
        ),
    ] = "",
    format_: FormatOption = Format.TEXT,
) -> int:
    """Write an in-toto statement (SLSA provenance v1) over out/: outputs, inputs, gogen's version.

    It has no time and no host: the same files give the same bytes. It is not signed: cosign or
    another tool does that. Exit 1, and no statement, where out/ is not what the profiles say.
    """
    names = (*(profiles or ()), *(profile or ()))
    return execute(
        context, "attest", format_, lambda session: _work(session, names, builder_id, out)
    )


def _work(session: Session, names: tuple[str, ...], builder: str, out: Path | None) -> Outcome:
    from generator.attesting import as_json  # noqa: PLC0415  (not for --help)
    from generator.attesting import attest as state  # noqa: PLC0415  (the same)
    from generator.disk.document import save  # noqa: PLC0415  (the same)

    with progress("comparing") as advance:
        result = state(session.compiler, names, advance, builder=builder, waiting=waiting)
    if result.statement is None:
        return Outcome(result.problems)
    text = as_json(result.statement)
    if out:
        save(session.workspace, out, text)
        text = f"wrote {out}, {len(result.statement['subject'])} files\n"
    return Outcome(result.problems, text, {"statement": result.statement})
