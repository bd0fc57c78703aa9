"""`gogen schema`: the JSON Schemas, for editors and other tools."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from generator.cli.session import Outcome, Session, execute
from generator.reports import Format


class Subject(StrEnum):
    """What a schema describes."""

    PROFILE = "profile"
    LOCK = "lock"
    MANIFEST = "manifest"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("schema", short_help="Print a JSON Schema of profiles, lock or manifest.")(schema)


def schema(
    context: typer.Context,
    subject: Annotated[Subject, typer.Argument(help="What to describe.")] = Subject.PROFILE,
) -> int:
    """Print a JSON Schema (2020-12): of profiles with all targets' sections, lock, or manifest.

    For completion in an editor: gogen schema > .gogen.schema.json, and the line
    # yaml-language-server: $schema=… in a profile.
    """
    return execute(context, "schema", Format.TEXT, lambda session: _work(session, subject))


def _work(session: Session, subject: Subject) -> Outcome:
    document = session.sources.schema_document(subject.value)
    return Outcome(text=json.dumps(document, ensure_ascii=False, indent=2) + "\n")
