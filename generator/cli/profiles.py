"""`gogen profiles`: the profiles of the workspace as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from generator.cli.options import FormatOption
from generator.cli.session import Outcome, Session, execute
from generator.layers.chain import is_address
from generator.reports import Format

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("profiles", short_help="List the profiles as a tree.")(profiles)


def profiles(context: typer.Context, format_: FormatOption = Format.TEXT) -> int:
    """List the profiles, each below the one it extends, with its targets.

    A layer of another repository stands there by its address, with the commit that is locked.
    """
    return execute(context, "profiles", format_, _work)


def _work(session: Session) -> Outcome:
    found = {name: session.compiler.profile(name) for name in session.sources.layer_files}
    targets = {
        name: [target.name for target in session.sources.targets_of(profile)]
        for name, profile in found.items()
    }
    children: dict[str, list[str]] = {}
    for name, profile in found.items():
        # Under its strongest parent: that is the one whose overlay it builds on.
        children.setdefault(profile.extends[-1] if profile.extends else "", []).append(name)
    followed = sorted({each for p in found.values() for each in p.order if is_address(each)})
    pins = session.sources.lock.layers if followed else {}
    children.setdefault("", []).extend(url for url in followed if url in children)
    lines = [
        f"{branch}{name}  at commit {pins[name].commit}"
        if name in pins
        else f"{branch}{name}{_others(found[name].extends)}  [{', '.join(targets[name])}]"
        for branch, name in _tree("", "", children)
    ]
    data = {
        "profiles": [
            {
                "name": name,
                "extends": list(profile.extends),
                "order": list(profile.order),
                "targets": list(targets[name]),
            }
            for name, profile in found.items()
        ],
        "layers": [
            {"address": url, "commit": pins[url].commit, "ref": pins[url].ref} for url in followed
        ],
    }
    return Outcome(text="".join(f"{line}\n" for line in lines), data=data)


def _others(extends: tuple[str, ...]) -> str:
    return f" (also extends {', '.join(extends[:-1])})" if len(extends) > 1 else ""


def _tree(parent: str, indent: str, children: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Give each profile below `parent` with the branch drawn before its name."""
    names = sorted(children.get(parent, ()))
    for name in names:
        last = name == names[-1]
        root = not parent
        yield "" if root else f"{indent}{'└─ ' if last else '├─ '}", name
        below = "" if root else f"{indent}{'   ' if last else '│  '}"
        yield from _tree(name, below, children)
