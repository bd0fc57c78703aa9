"""The filters and tests that a template may use: all there are, each a function of its value.

Filters give plain values; none writes for a language (the encoders do). A value that a filter
cannot take raises Unwritable, or NotText for a secret and a home path.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from typing import TYPE_CHECKING, Any

from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Undefined
from jinja2.tests import TESTS as JINJA_TESTS
from jinja2.utils import pass_environment

from generator.dialects.base import Embedded, Structured, Unwritable
from generator.model import HomePath, NotText, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment

_GO_SPACES = frozenset(" \t\n\r")  # isSpaceByte of cmd/internal/quoted
_NO_FLAGS = ("---", "-=", "--=")  # what cmd/go/internal/base refuses as "non-flag"


def text(value: Any) -> str:
    """Give a string or a number as text; anything else has no one spelling and is refused."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    if isinstance(value, Secret | HomePath | Undefined):
        return str(value)  # raises, with the reason
    what = type_name(value)
    msg = f"{what} used as a part of a text"
    raise Unwritable(msg, "a string or a number", _hint(value))


def type_name(value: Any) -> str:
    """Name a value's type in the words of a profile."""
    names = {
        str: "a string",
        int: "a number",
        bool: "a boolean",
        type(None): "null",
        dict: "a map",
        list: "a list",
        tuple: "a list",
        Secret: "a secret",
        HomePath: "a home path",
        Structured: "the result of json or block",
        Embedded: "the result of embed()",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def _hint(value: Any) -> str:
    if isinstance(value, dict | list):
        return "write it with | json, | block or | join"
    if isinstance(value, bool):
        return "choose the word: 'true' if x else 'false'"
    if isinstance(value, Structured | Embedded):
        return "it stands whole as one value: give it an expression of its own"
    return ""


def _listed(value: Any, name: str) -> list[Any]:
    """Give a list, or the keys of a map, as a new list; a string is no list of characters."""
    if isinstance(value, list | tuple | dict):
        return list(value)
    if isinstance(value, Undefined):
        str(value)  # raises, with the name
    msg = f"| {name} got {type_name(value)}"
    raise Unwritable(msg, "a list or a map")


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, Undefined):
        str(value)
    msg = f"| {name} got {type_name(value)}"
    raise Unwritable(msg, "a map")


def to_json(value: Any) -> Structured:
    """Mark a value to be written as one line of JSON."""
    return Structured(_defined(value), "json")


def to_block(value: Any) -> Structured:
    """Mark a value to be written as a YAML block below its key."""
    return Structured(_defined(value), "block")


def _defined(value: Any) -> Any:
    """Give the value, once nothing in it is undefined (a map written in the template may be)."""
    if isinstance(value, Undefined):
        str(value)
    elif isinstance(value, dict):
        _defined(list(value.values()))
    elif isinstance(value, list | tuple):
        for child in value:
            _defined(child)
    return value


def join(value: Any, separator: str = "") -> str:
    """Join a list of strings and numbers."""
    return text(separator).join(text(item) for item in _listed(value, "join"))


def go_flags(value: Any) -> str:
    """Join flags as cmd/go reads GOFLAGS: one with a space or quote is quoted as a whole.

    The rules are those of cmd/internal/quoted.Join (single quotes first, no escapes inside), and
    of cmd/go/internal/base for what counts as a flag.
    """
    return " ".join(_go_flag(text(flag)) for flag in _listed(value, "goflags"))


def _go_flag(flag: str) -> str:
    if not flag.startswith("-") or flag in ("-", "--") or flag.startswith(_NO_FLAGS):
        msg = f"{flag!r} is no flag for GOFLAGS"
        raise Unwritable(msg, "-name or -name=value")
    if not _GO_SPACES.intersection(flag) and "'" not in flag and '"' not in flag:
        return flag
    if "'" not in flag:
        return f"'{flag}'"
    if '"' not in flag:
        return f'"{flag}"'
    msg = f"the flag {flag!r} holds both kinds of quotes"
    raise Unwritable(msg, "at most one kind: GOFLAGS has no escapes")


def _canonical(value: Any) -> Any:
    match value:
        case Secret(name=name):
            return {"$secret": name}
        case HomePath(rest=rest):
            return {"$home": rest}
        case Embedded(text=body):
            return body
        case Structured(value=inner):
            return inner
        case _:
            msg = f"a hash of {type_name(value)}"
            raise Unwritable(msg, "plain data")


# What Go's encoding/json escapes, and Python's json does not: it may stand in HTML and JavaScript.
_GO_ESCAPES = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def sha256(value: Any) -> str:
    """Give the SHA-256 in hex of the value's canonical JSON, as Go's encoding/json writes it.

    So Helm's `toJson | sha256sum` gives the same: keys sorted, no spaces, UTF-8, and of what is in
    strings the letters `<`, `>`, `&`, U+2028 and U+2029 escaped.
    """
    canonical = json.dumps(
        _defined(value),
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=_canonical,
    )
    return hashlib.sha256(canonical.translate(_GO_ESCAPES).encode()).hexdigest()


def hash10(value: Any) -> str:
    """Give the first 10 hex digits of the value's `sha256`: enough for a name."""
    return sha256(value)[:10]


def default(value: Any, instead: Any = "") -> Any:
    """Give the value, or `instead` where it is undefined."""
    return instead if isinstance(value, Undefined) else value


def replace(value: Any, old: str, new: str) -> str:
    """Replace every occurrence of a text."""
    return text(value).replace(text(old), text(new))


def upper(value: Any) -> str:
    """Give the text in upper case."""
    return text(value).upper()


def lower(value: Any) -> str:
    """Give the text in lower case."""
    return text(value).lower()


def trim(value: Any) -> str:
    """Give the text without white space at its ends."""
    return text(value).strip()


def length(value: Any) -> int:
    """Count the items of a list or map, or the characters of a string."""
    return len(value) if isinstance(value, str) else len(_listed(value, "length"))


def first(value: Any) -> Any:
    """Give the first item of a list that has one."""
    return _end(_listed(value, "first"), 0, "first")


def last(value: Any) -> Any:
    """Give the last item of a list that has one."""
    return _end(_listed(value, "last"), -1, "last")


def _end(items: list[Any], index: int, name: str) -> Any:
    if not items:
        msg = f"| {name} got an empty list"
        raise Unwritable(msg, "at least one item")
    return items[index]


def sort(value: Any) -> list[Any]:
    """Sort a list of strings (by code point) or of numbers."""
    try:
        return sorted(_listed(value, "sort"))
    except TypeError:
        msg = "| sort got items of several kinds"
        raise Unwritable(msg, "only strings or numbers") from None


def unique(value: Any) -> list[Any]:
    """Drop repeats, keeping the order."""
    kept: list[Any] = []
    for item in _listed(value, "unique"):
        if item not in kept:
            kept.append(item)
    return kept


def items(value: Any) -> list[list[Any]]:
    """Give a map as a list of [key, value] pairs."""
    return [[key, child] for key, child in _mapping(value, "items").items()]


def keys(value: Any) -> list[str]:
    """Give the keys of a map."""
    return list(_mapping(value, "keys"))


def values(value: Any) -> list[Any]:
    """Give the values of a map."""
    return list(_mapping(value, "values").values())


def basename(value: Any) -> str:
    """Give the last part of a POSIX path."""
    return posixpath.basename(text(value))


def dirname(value: Any) -> str:
    """Give a POSIX path without its last part."""
    return posixpath.dirname(text(value))


def _attribute(environment: Environment, item: Any, attribute: str) -> Any:
    for key in attribute.split("."):
        item = environment.getattr(item, key)
    return item


def _picked(environment: Environment, item: Any, attribute: str, test: tuple[Any, ...]) -> bool:
    value = _attribute(environment, item, attribute)
    if not test:
        return not isinstance(value, Undefined) and bool(value)
    name, *arguments = test
    if name not in environment.tests:
        msg = f"there is no test {name!r}"
        raise TemplateRuntimeError(msg)
    found: Any = environment.tests[name]
    return bool(found(value, *arguments))


@pass_environment
def selectattr(environment: Environment, value: Any, attribute: str, *test: Any) -> list[Any]:
    """Keep the maps whose attribute passes a test (without one: is there and not empty)."""
    found = _listed(value, "selectattr")
    return [item for item in found if _picked(environment, item, attribute, test)]


@pass_environment
def rejectattr(environment: Environment, value: Any, attribute: str, *test: Any) -> list[Any]:
    """Drop the maps whose attribute passes a test."""
    found = _listed(value, "rejectattr")
    return [item for item in found if not _picked(environment, item, attribute, test)]


@pass_environment
def map_attribute(environment: Environment, value: Any, *, attribute: str) -> list[Any]:
    """Give one attribute of each map of a list."""
    return [_attribute(environment, item, attribute) for item in _listed(value, "map")]


def raw(value: Any) -> Any:
    """Stand for `| raw`, which the compiler takes out: it is no function of a value."""
    return value


FILTERS: Mapping[str, Callable[..., Any]] = {
    "json": to_json,
    "block": to_block,
    "raw": raw,
    "join": join,
    "goflags": go_flags,
    "hash10": hash10,
    "sha256": sha256,
    "default": default,
    "replace": replace,
    "upper": upper,
    "lower": lower,
    "trim": trim,
    "length": length,
    "first": first,
    "last": last,
    "sort": sort,
    "unique": unique,
    "items": items,
    "keys": keys,
    "values": values,
    "selectattr": selectattr,
    "rejectattr": rejectattr,
    "map": map_attribute,
    "basename": basename,
    "dirname": dirname,
}

_JINJA: Mapping[str, Any] = JINJA_TESTS
# Of Jinja's tests those that ask about plain data.
_OF_JINJA = frozenset(
    {"defined", "undefined", "none", "boolean", "false", "true", "integer", "string", "mapping"}
    | {"odd", "even", "divisibleby", "lower", "upper", "number", "sequence", "in", "==", "eq"}
    | {"equalto", "!=", "ne", ">", "gt", "greaterthan", ">=", "ge", "<", "lt", "lessthan"}
    | {"<=", "le"}
)


def is_secret(value: Any) -> bool:
    """Tell whether a value is a secret's name."""
    return isinstance(value, Secret)


def is_home_path(value: Any) -> bool:
    """Tell whether a value is a path below the reader's home."""
    return isinstance(value, HomePath)


def starts_with(value: Any, prefix: str) -> bool:
    """Tell whether a text starts so."""
    return text(value).startswith(text(prefix))


def ends_with(value: Any, suffix: str) -> bool:
    """Tell whether a text ends so."""
    return text(value).endswith(text(suffix))


TESTS: Mapping[str, Callable[..., bool]] = {
    **{name: test for name, test in _JINJA.items() if name in _OF_JINJA},
    "secret": is_secret,
    "home_path": is_home_path,
    "startswith": starts_with,
    "endswith": ends_with,
}

__all__ = ["FILTERS", "TESTS", "NotText", "text", "type_name"]
