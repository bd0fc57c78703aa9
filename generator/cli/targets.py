"""`gogen targets`: the targets at hand, built in or the workspace's own."""

from __future__ import annotations

import typer

from generator.cli.options import FormatOption
from generator.cli.session import Outcome, Session, execute
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("targets", short_help="List the targets and who renders them.")(targets)


def targets(context: typer.Context, format_: FormatOption = Format.TEXT) -> int:
    """List the targets, what each is for, where it comes from, and which profiles render it."""
    return execute(context, "targets", format_, _work)


def _work(session: Session) -> Outcome:
    sources = session.sources
    users: dict[str, list[str]] = {}
    for name in sources.layer_files:
        for target in sources.targets_of(session.compiler.profile(name)):
            users.setdefault(target.name, []).append(name)
    found = list(sources.targets.values())
    wide = max((len(target.name) for target in found), default=0)
    lines = [
        f"{target.name:{wide}}  {target.description}\n"
        f"{'':{wide}}  {target.manifest}; profiles: {', '.join(users.get(target.name, ['none']))}"
        for target in found
    ]
    data = {
        "targets": [
            {
                "name": target.name,
                "description": target.description,
                "manifest": target.manifest,
                "profiles": users.get(target.name, []),
                "files": [{"path": file.path, "template": file.template} for file in target.files],
            }
            for target in found
        ]
    }
    return Outcome(text="".join(f"{line}\n" for line in lines), data=data)
