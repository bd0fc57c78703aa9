"""JSON Schema with `pattern` as it says: the expressions of ECMA 262, whose `$` is the very end.

Python's own also stands before a line break at the end: a name with one behind it would pass for a
name, and be written as one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

if TYPE_CHECKING:
    from collections.abc import Iterator

# An escape, a class of characters, or the end.
_PIECE = r"\\.|\[\^?\]?(?:\\.|[^]\\])*\]|\$"


def _pattern(
    validator: Any, pattern: str, instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    if validator.is_type(instance, "string") and not re.search(_as_python(pattern), instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


@cache
def _as_python(pattern: str) -> str:
    return re.sub(_PIECE, lambda piece: r"\Z" if piece[0] == "$" else piece[0], pattern)


Exact = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call] # the stubs leave it untyped
"""The validator of JSON Schema 2020-12."""
