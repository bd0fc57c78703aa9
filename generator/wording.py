"""Words that messages share: the kind of a node, the near match of a word that is not known."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING

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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Give `did you mean "x"?` for the known word nearest to `word`, or "" where none is near."""
    # Imported late: only a run that reports a problem pays for it.
    from difflib import get_close_matches  # noqa: PLC0415

    near = get_close_matches(word, sorted(known), n=1)
    return f'did you mean "{near[0]}"?' if near else ""
