"""What is no text in any language, and the way out: the one place that says it for all dialects."""

from __future__ import annotations

from generator.dialects.base import Embedded, Structured, Unwritable
from generator.model import HomePath, Secret


def no_text(value: object, for_data: str) -> Unwritable:
    """Say why a value cannot be written as a scalar's text.

    `for_data` is the way out for maps and lists, which some languages can write and others cannot.
    """
    return Unwritable(*_words(value, for_data))


def _words(value: object, for_data: str) -> tuple[str, str, str]:
    """Give what was found, what is due, and the way out."""
    found = (f"a value of type {type(value).__name__} cannot be written", "text or a number", "")
    match value:
        case None:
            hint = "set the key, or leave the line out with an if"
            found = ("null has no text", "a value", hint)
        case Secret(name=name):
            found = (
                f"secret {name!r} cannot be written here",
                "a value that is no secret",
                "refer to it by name: `<{ x.name }>`",
            )
        case HomePath():
            found = (
                "a home path cannot stand here: readers of this format do not expand ~",
                "an absolute path or text",
                "write an absolute path, or let a shell script resolve it",
            )
        case Embedded(template=template):
            found = (
                f"the embedded template {template!r} cannot stand here",
                "a place where it is a whole value",
                "write it alone and without quotes around it, or make it a file of its own",
            )
        case Structured(style=style):
            reason = f"data written by `{style}` cannot stand here"
            found = (reason, "a single value", for_data)
        case dict() | list() | tuple():
            kind = "a map" if isinstance(value, dict) else "a list"
            reason = f"{kind} cannot be written as a single value"
            found = (reason, "a string, number, bool or null", for_data)
        case _:
            pass
    return found
