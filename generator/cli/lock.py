"""`gogen lock`: fill gogen.lock with every pin the workspace needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import click
import typer

from generator.cli.options import FormatOption
from generator.cli.progress import progress, waiting
from generator.cli.session import Outcome, Session, asking, execute, git_access
from generator.reports import Format

if TYPE_CHECKING:
    from generator.layers.remote import Access
_SOME = 2  # pins worth a bar
_MIB = 1 << 20  # bytes worth one


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("lock", short_help="Fill gogen.lock with every pin the profiles need.")(lock)


def lock(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 3 where the lock is stale.")
    ] = False,
    download: Annotated[
        bool,
        typer.Option(
            "--download", help="Fetch every archive, hash its bytes, try its signature and tree."
        ),
    ] = False,
    audit: Annotated[
        bool,
        typer.Option(
            "--audit",
            help="Write nothing; try again, offline, what each pin passed. Exit 3 where it fails.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="With --audit: also exit 3 where something that counts is the lock's word alone.",
        ),
    ] = False,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Fill gogen.lock: from the embedded index and catalogue, offline, unless gogen.toml says more.

    Every Go version, platform, image and action that a profile or a target names gets its
    checksum, digest or commit; what nobody names any more goes. Where [sources] of gogen.toml
    names other sources, they are asked in its order for what the shipped data does not know, and
    for the proofs that [policy] requires. A layer of another repository is fetched with git once,
    and vendored. A render reads the lock, and what is vendored, only.
    """
    if check + download + audit > 1:
        message = "--check, --download and --audit are three things to do: give one of them"
        raise click.UsageError(message, context)
    if strict and not audit:
        message = "--strict says how to audit: give --audit with it"
        raise click.UsageError(message, context)
    audited = _strict if strict else _audit
    work = _check if check else audited if audit else _download if download else _update
    return execute(context, "lock", format_, work)


def _check(session: Session) -> Outcome:
    from generator.locking import check_lock  # noqa: PLC0415  (not for --help)

    problems = check_lock(session.compiler)
    return Outcome(problems, "" if problems else "gogen.lock is up to date\n")


def _strict(session: Session) -> Outcome:
    return _audit(session, strict=True)


def _audit(session: Session, *, strict: bool = False) -> Outcome:
    from generator.locking import audit_lock  # noqa: PLC0415  (not for --help)
    from generator.supply.audit import as_data, as_text  # noqa: PLC0415  (late)

    audited = audit_lock(session.compiler, strict=strict)
    return Outcome(audited.problems, as_text(audited.rows), {"pins": as_data(audited.rows)})


def _download(session: Session) -> Outcome:
    return _update(session, downloads=True)


def _update(session: Session, *, downloads: bool = False) -> Outcome:
    from generator.locking import update_lock  # noqa: PLC0415  (not for --help)

    def access() -> Access:
        return git_access(session.workspace)

    with (
        progress("looking pins up", _SOME) as advance,
        progress("downloading", _MIB) as advance_bytes,
    ):
        ask = asking(session.workspace, advance, advance_bytes if downloads else None)
        result = update_lock(session.compiler, access, ask, waiting=waiting)
    verb = "wrote" if result.changed else "unchanged:"
    return Outcome(
        result.warnings,
        text=f"{verb} gogen.lock, {result.pins} pin{'s' * (result.pins != 1)}\n",
        data={"changed": result.changed, "pins": result.pins},
    )
