"""`gogen bump`: move a release, image or action everywhere at once, or nowhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator.cli.options import FormatOption
from generator.cli.progress import progress, waiting
from generator.cli.session import Outcome, Session, asking, execute, git_access, this_day
from generator.reports import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.bump.making import Ask, Choose
    from generator.bump.model import Bumped
    from generator.bump.releases import Wish
    from generator.layers.remote import Access

_NAMELESS = "where it moves to is said of one image, action or layer: name it before"
_ONE_RELEASE = "of Go one release is named, the one to move to; --from says which one moves"


class Kind(StrEnum):
    """What can move."""

    GO = "go"
    IMAGE = "image"
    ACTION = "action"
    LAYER = "layer"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command(
        "bump", short_help="Move a release, image, action or layer everywhere at once, or nowhere."
    )(bump)


def bump(
    context: typer.Context,
    kind: Annotated[
        Kind, typer.Argument(help="What moves: go, image, action or layer.", show_default=False)
    ],
    what: Annotated[
        str,
        typer.Argument(
            metavar="[VERSION|NAME]",
            help="The Go release to move to (none: the newest patch of the line); or the image, "
            "action or layer (by its address) to move (none: all).",
            show_default=False,
        ),
    ] = "",
    to: Annotated[
        str,
        typer.Argument(
            metavar="[TO]",
            help="The tag or reference of the image to move to (none: the newest digest), the tag "
            "of the action, or the ref of the layer (none: the newest).",
            show_default=False,
        ),
    ] = "",
    toolchain: Annotated[
        str, typer.Option("--toolchain", metavar="NAME", help="Which of toolchains moves.")
    ] = "current",
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="VERSION",
            help="Move only what is on this release.",
            show_default=False,
        ),
    ] = "",
    allow_downgrade: Annotated[
        bool, typer.Option("--allow-downgrade", help="Also move back to an older release.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would move, and change nothing.")
    ] = False,
    message: Annotated[
        Path | None,
        typer.Option(
            "--message",
            metavar="FILE",
            help="Also write the message here, for the commit; empty where nothing moves.",
            show_default=False,
        ),
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Move a Go release, image, action or layer in profiles, gogen.lock and out/ together.

    Checks that every archive and image in use exists, edits the profiles in place, locks, renders
    and audits in memory, and only then changes all files at once. Whatever stands against it, or if
    it is killed: either all has moved or nothing. What it prints can serve as the commit's message.
    """
    from generator.bump.releases import Wish  # noqa: PLC0415  (not for --help)

    if kind is Kind.GO and to:
        raise typer.BadParameter(_ONE_RELEASE, param_hint="'[TO]'")
    if to and not what:
        raise typer.BadParameter(_NAMELESS, param_hint="'[VERSION|NAME]'")
    wish = Wish(what, toolchain, start, allow_downgrade, this_day())

    def work(session: Session) -> Outcome:
        def access() -> Access:
            return git_access(session.workspace)

        sources = asking(session.workspace, lambda _done, _total: None)
        ask = _ask(kind, wish, to, access)._replace(sources=sources)
        return _work(session, ask, message, dry_run=dry_run)

    return execute(context, "bump", format_, work)


def _ask(kind: Kind, wish: Wish, to: str, access: Callable[[], Access]) -> Ask:
    """Give how a kind is asked for what moves; its name stands where Go has its version."""
    from generator.bump import actions, images, layers, releases  # noqa: PLC0415  (not for --help)
    from generator.bump.making import Ask  # noqa: PLC0415  (late)

    name = wish.version
    action, layer = actions.Wish(name, to, wish.downgrade), layers.Wish(name, to)
    chosen: Mapping[Kind, Choose] = {
        Kind.GO: lambda compiler, wants, known: releases.ask(compiler, wish, wants, known),
        Kind.IMAGE: lambda compiler, wants, known: images.ask(compiler, name, to, wants, known),
        Kind.ACTION: lambda compiler, wants, known: actions.ask(compiler, action, wants, known),
        Kind.LAYER: lambda compiler, wants, _: layers.ask(compiler, layer, wants, access),
    }
    return Ask(chosen[kind], access)


def _work(session: Session, ask: Ask, file: Path | None, *, dry_run: bool) -> Outcome:
    from generator.bump import making, message  # noqa: PLC0415  (not for --help)
    from generator.disk.document import save  # noqa: PLC0415  (late)

    if file is not None:
        save(
            session.workspace, file, ""
        )  # a file that cannot be written is met before anything changes
    with progress("bumping") as advance:
        made = making.bump(session.compiler, ask, advance, write=not dry_run, waiting=waiting)
    data = message.data(made, written=not dry_run)
    if file is not None:
        save(session.workspace, file, data["message"])
    return Outcome(made.warnings, text=_text(made, data["message"], dry_run=dry_run), data=data)


def _text(made: Bumped, said: str, *, dry_run: bool) -> str:
    if not made.files:
        return "nothing to move\n"
    if not dry_run:
        return said
    return f"{said}\n{made.diff}nothing was changed: this is what gogen bump would do\n"
