"""Words that messages share: a node's kind, a value as its author wrote it, a word's near match."""

from __future__ import annotations

import json
from types import NoneType
from typing import TYPE_CHECKING, Any

from generator.model import HomePath, Map, Node, Secret, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable

_KINDS = {
    NoneType: "null",
    bool: "true or false",
    int: "a number",
    str: "text",
    Secret: "a secret",
    HomePath: "a home path",
}


def kind_of(node: Node) -> str:
    """Name a node's kind: "a map", "a list", "text"."""
    if isinstance(node, Map):
        return "a map"
    if isinstance(node, Seq):
        return "a list"
    return _KINDS[type(node.value)]


def as_written(data: Any) -> Any:
    """Give plain data as JSON types, with secrets and home paths as a profile writes them."""
    match data:
        case dict():
            return {key: as_written(child) for key, child in data.items()}
        case list() | tuple():
            return [as_written(child) for child in data]
        case Secret(name=name):
            return {"$secret": name}
        case HomePath(rest=rest):
            return f"~/{rest}" if rest else "~"
        case _:
            return data


def on_one_line(data: Any) -> str:
    """Write plain data for people: text as it is, all else as JSON."""
    written = as_written(data)
    return written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)


def did_you_mean(word: str, known: Iterable[str], near: float = 0.6) -> str:
    """Give `did you mean "x"?` for the known word nearest to `word`, or "" where none is near.

    `near` is the least likeness, from 0 to 1; long words out of a few parts need more of it.
    """
    # Imported late: only a run that reports a problem pays for it.
    from difflib import get_close_matches  # noqa: PLC0415

    found = get_close_matches(word, sorted(known), n=1, cutoff=near)
    return f'did you mean "{found[0]}"?' if found else ""
