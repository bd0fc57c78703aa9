"""`gogen lint`: the rules, and every real validator that this machine has."""

from __future__ import annotations

import typer

from generator.cli.options import FormatOption, ProfileOption, ProfilesArgument
from generator.cli.progress import progress
from generator.cli.session import Outcome, Session, execute, search_path
from generator.reports import Format


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("lint", short_help="Run the rules and the real validators.")(lint)


def lint(
    context: typer.Context,
    profiles: ProfilesArgument = None,
    profile: ProfileOption = None,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Check profiles by the rules, and their outputs by the real validators found here.

    Validators (kubectl, hadolint, actionlint, zizmor, shellcheck, systemd-analyze, go, …) run so
    that their warnings fail. One that is not installed is named with the line that installs it.
    """
    names = (*(profiles or ()), *(profile or ()))
    return execute(context, "lint", format_, lambda session: _work(session, names))


def _work(session: Session, names: tuple[str, ...]) -> Outcome:
    from generator.lint import lint_profiles  # noqa: PLC0415  (not for --help)

    with progress("linting") as advance:
        result = lint_profiles(session.compiler, names, search_path(), advance)
    ran = "".join(f"ran      {name}\n" for name in result.ran)
    missing = "".join(f"missing  {name}: {how}\n" for name, how in result.missing)
    data = {"ran": list(result.ran), "missing": [name for name, _ in result.missing]}
    return Outcome(result.problems, ran + missing, data)
