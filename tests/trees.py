"""Profiles for tests of single stages, made from plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.model import Leaf, Map, Node, Profile, Seq

if TYPE_CHECKING:
    from generator.problems import Place


def node(value: Any, place: Place) -> Node:
    """Give plain data as a profile's tree, every node at one place."""
    match value:
        case dict():
            return Map({key: node(below, place) for key, below in value.items()}, (place,))
        case list():
            return Seq(tuple(node(below, place) for below in value), (place,))
        case _:
            return Leaf(value, (place,))


def profile(tree: dict[str, Any], place: Place, name: str = "base") -> Profile:
    """Give a profile without parents."""
    made = node(tree, place)
    assert isinstance(made, Map)
    return Profile(name, (name,), (), made)
