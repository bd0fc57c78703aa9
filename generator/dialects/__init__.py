"""The dialects: every module here but `base` exports `DIALECT`; adding a language is one file."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from generator.dialects.base import Dialect


@cache
def names() -> tuple[str, ...]:
    """Give the names of all dialects, sorted."""
    found = (module.name for module in iter_modules(__path__))
    return tuple(sorted(n.replace("_", "-") for n in found if n != "base" and n[0] != "_"))


@cache
def get(name: str) -> Dialect:
    """Give the dialect of that name; KeyError where there is none."""
    if name not in names():
        raise KeyError(name)
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    return cast("Dialect", module.DIALECT)


@cache
def for_file(file_name: str) -> str:
    """Give the dialect whose pattern matches a file name best (the longest); "" where none does.

    A name that tells nothing is no plain text: in a language gogen does not know, values written
    as they are could mean anything, and only the template's author can say that they may.
    """
    matches = [
        (len(pattern), name)
        for name in names()
        for pattern in get(name).patterns
        if fnmatchcase(file_name, pattern)
    ]
    return max(matches, default=(0, ""))[1]
