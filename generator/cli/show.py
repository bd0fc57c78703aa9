"""`gogen show`: stop after a stage and print its value."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from generator.cli.options import FormatOption, OneProfile
from generator.cli.progress import waiting
from generator.cli.session import Outcome, Session, execute
from generator.model import Leaf, Map, Node, Seq, plain
from generator.problems import Place
from generator.reports import Format
from generator.wording import as_written
from generator.workspace import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stage(StrEnum):
    """The stages whose value can be shown."""

    LAYERS = "layers"
    MERGED = "merged"
    PINNED = "pinned"
    PLAN = "plan"


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("show", short_help="Print what a stage of the compiler makes of a profile.")(show)


def show(
    context: typer.Context,
    stage: Annotated[Stage, typer.Argument(help="The stage to stop after.")],
    profile: OneProfile,
    format_: FormatOption = Format.TEXT,
) -> int:
    """Show what a stage of the compiler made of a profile.

    layers: the order of the layers and their files. merged: every value with the line that set
    it. pinned: what templates see. plan: what a render would change.
    """
    works = {
        Stage.LAYERS: _layers,
        Stage.MERGED: _merged,
        Stage.PINNED: _pinned,
        Stage.PLAN: _plan,
    }
    return execute(context, "show", format_, lambda session: works[stage](session, profile))


def _layers(session: Session, name: str) -> Outcome:
    profile = session.compiler.profile(name)
    sources = session.sources
    layers = [sources.files_of(layer, Place(PROFILES)) for layer in profile.order]
    text = "".join(
        f"{number}. {layer.name}\n" + "".join(f"     {file}\n" for file in layer.files)
        for number, layer in enumerate(layers, 1)
    )
    data = {"layers": [{"name": layer.name, "files": list(layer.files)} for layer in layers]}
    return Outcome(text=text, data=data)


def _merged(session: Session, name: str) -> Outcome:
    tree = session.compiler.profile(name).tree
    lines = list(_lines(tree, 0))
    wide = min(max((len(left) for left, _ in lines), default=0), 60)
    text = "".join(f"{left:{wide}}  # {right}\n" if right else f"{left}\n" for left, right in lines)
    return Outcome(text=text, data={"merged": as_written(plain(tree))})


def _pinned(session: Session, name: str) -> Outcome:
    context = as_written(session.compiler.pinned(name).context)
    text = json.dumps(context, ensure_ascii=False, indent=2) + "\n"
    return Outcome(text=text, data={"pinned": context})


def _plan(session: Session, name: str) -> Outcome:
    from generator.update import compare  # noqa: PLC0415  (not for the other stages)

    result = compare(session.compiler, (name,), lambda _done, _total: None, waiting=waiting)
    text = "".join(f"{change.kind:8} {change.path}\n" for change in result.changes)
    changes = [{"kind": str(c.kind), "path": c.path} for c in result.changes]
    return Outcome(result.problems, text or "nothing to do\n", {"plan": changes})


def _lines(node: Node, depth: int) -> Iterator[tuple[str, str]]:
    """Give the tree in the layout of YAML, each line with the place of what it shows."""
    pad = "  " * depth
    match node:
        case Map(items=items):
            for key in sorted(items):
                yield from _entry(f"{pad}{key}:", items[key], depth)
        case Seq(items=children):
            for child in children:
                yield from _entry(f"{pad}-", child, depth)
        case Leaf():
            yield f"{pad}{_scalar(node)}", str(node.trail[0])


def _entry(head: str, node: Node, depth: int) -> Iterator[tuple[str, str]]:
    match node:
        case Map(items=items) | Seq(items=items) if items:
            yield head, ""
            yield from _lines(node, depth + 1)
        case Map():
            yield f"{head} {{}}", str(node.trail[0])
        case Seq():
            yield f"{head} []", str(node.trail[0])
        case Leaf():
            yield f"{head} {_scalar(node)}", str(node.trail[0])


def _scalar(leaf: Leaf) -> str:
    return json.dumps(as_written(leaf.value), ensure_ascii=False)
