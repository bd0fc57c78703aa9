"""`gogen sbom`: the pinned things as a bill of materials."""

from __future__ import annotations

from pathlib import Path

import typer

from generator.cli.options import FormatOption, OutOption
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("sbom", short_help="List what the lock pins, as CycloneDX.")(sbom)


def sbom(context: typer.Context, out: OutOption = None, format_: FormatOption = Format.TEXT) -> int:
    """Write what gogen.lock pins as CycloneDX 1.6: Go archives, images, actions.

    Each with its hash or commit, its package URL and its proofs. The same lock gives the same
    bytes.
    """
    return execute(context, "sbom", format_, lambda session: _work(session, out))


def _work(session: Session, out: Path | None) -> Outcome:
    from generator.attesting import as_json  # noqa: PLC0415  (not for --help)
    from generator.attesting import sbom as bill  # noqa: PLC0415  (the same)
    from generator.disk.document import save  # noqa: PLC0415  (the same)

    document = bill(session.sources)
    text = as_json(document)
    if out:
        save(session.workspace, out, text)
        text = f"wrote {out}, {len(document['components'])} components\n"
    return Outcome((), text, {"sbom": document})
