"""What an extractor finds, and the text it looks at."""

from __future__ import annotations

from typing import NamedTuple


class Found(NamedTuple):
    """Something a text names: its kind, what it says, and its offset.

    `beside` is what stands with it and bears on it: the line of a checksum, the comment of an
    action.
    """

    kind: str
    value: str
    offset: int
    beside: str = ""


_ESCAPES = (("\\n", " \n"), ("\\r", "  "), ("\\t", "  "))


def opened(text: str) -> str:
    """Give a text with the line breaks and tabs of quoted strings opened, every offset unchanged.

    A script inside a JSON or YAML string has its lines ended by a backslash and an n, and this n
    would hide the version that follows it.
    """
    for escape, white in _ESCAPES:
        if escape in text:
            text = text.replace(escape, white)
    return text


def line_at(text: str, offset: int) -> str:
    """Give the line of a text that holds an offset."""
    end = text.find("\n", offset)
    return text[text.rfind("\n", 0, offset) + 1 : end if end >= 0 else len(text)]
