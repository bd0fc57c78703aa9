"""Find where a key of the lock stands; read only when there is a problem to place.

The json module gives no positions for what it has read. This scanner is for text that json has
already accepted, so it checks nothing: it follows braces and strings.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from generator.problems import Place, position
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")(?=\s*:)|"(?:[^"\\]|\\.)*"|[{}]')


def keys(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Give every key of every object with its pointer and offset, in the text's order.

    A list takes no step of its own: a key inside it has the pointer of the list and the key.
    """
    pointer: list[str] = []
    key = ""
    for token in _TOKEN.finditer(text):
        if token["key"]:
            key = json.loads(token["key"])
            yield (*pointer[1:], key), token.start()
        elif token[0] == "{":
            pointer.append(key)
        elif token[0] == "}":
            pointer.pop()


def locate(text: str, pointer: tuple[str, ...]) -> Place:
    """Give the place of the key at `pointer`; where it is missing, that of its nearest parent."""
    places = dict(keys(text))
    while pointer and pointer not in places:
        pointer = pointer[:-1]
    return place_at(text, places.get(pointer, 0))


def repeated(text: str) -> Iterator[tuple[tuple[str, ...], Place, Place]]:
    """Give each key that stands twice in one object: pointer, the second place, the first.

    What lies below such a key is not looked at.
    """
    seen: dict[tuple[str, ...], int] = {}
    twice: tuple[str, ...] | None = None
    for pointer, offset in keys(text):
        if twice and len(pointer) > len(twice) and pointer[: len(twice)] == twice:
            continue
        twice = pointer if pointer in seen else None
        if twice:
            yield pointer, place_at(text, offset), place_at(text, seen[pointer])
        seen.setdefault(pointer, offset)


def place_at(text: str, offset: int) -> Place:
    """Turn an offset of the lock's text to a place."""
    return Place(LOCK, *position(text, offset))
