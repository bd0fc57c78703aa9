"""Cases of every dialect, one file each, found by walking `tests/dialects/<dialect>/`.

ok/*             text the dialect's parser reads
bad/*            text it refuses (Unreadable)
templates/ok/*   a template whose values are written and whose text then parses; a file beside it
                 with `.out` added to its name holds the text that must come out
templates/bad/*  a template with an expression where none may stand (Misplaced), or with a value
                 that cannot be written there (Unwritable)

Beside a bad file may lie one with `.why` added to its name: words its reason must hold.

In a template an expression holds its value as JSON, perhaps after a word for its kind:
<{ "text" }>, <{ 1 }>, <{ null }>, <{ json [1, 2] }>, <{ block {"a": 1} }>, <{ embed:sh "ls\n" }>,
<{ secret "name" }>, <{ home "go/bin" }>. There are no statements: branches have tests of their own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.dialects import get, names
from generator.dialects.base import Embedded, Misplaced, Structured, Unreadable, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
_SIDECARS = (".why", ".out")
_EXPRESSION = re.compile(r"<\{ (?:(?P<kind>[a-z]+)(?::(?P<dialect>[a-z-]+))? )?(?P<value>.+?) \}>")


def cases(folder: str) -> list[Any]:
    """Give every case of a folder, of all dialects, as (dialect's name, path)."""
    found = sorted(p for p in HERE.glob(f"*/{folder}/*") if p.suffix not in _SIDECARS)
    return [pytest.param(path.relative_to(HERE).parts[0], path, id=_id(path)) for path in found]


def _id(path: Path) -> str:
    return str(path.relative_to(HERE))


def read(path: Path) -> str:
    """Give a case's text, its line breaks as they are."""
    return path.read_bytes().decode()


def because(path: Path, reason: str) -> None:
    """Compare a refusal's reason with the case's own words for it."""
    why = path.with_name(path.name + ".why")
    assert (why.read_text(encoding="utf-8").strip() if why.exists() else "") in reason
    assert reason


def pieces(template: str) -> list[str | Put]:
    """Take a template apart: text, and the values of its expressions."""
    parts: list[str | Put] = []
    at = 0
    for found in _EXPRESSION.finditer(template):
        kind, dialect, value = found["kind"], found["dialect"], found["value"]
        parts += [template[at : found.start()], Put(_value(kind, dialect, value))]
        at = found.end()
    return [*parts, template[at:]]


def _value(kind: str | None, dialect: str | None, text: str) -> Any:
    value = json.loads(text)
    return value if kind is None else KINDS[kind](value, dialect)


KINDS: dict[str, Callable[[Any, str | None], Any]] = {
    "json": lambda value, _: Structured(value, "json"),
    "block": lambda value, _: Structured(value, "block"),
    "embed": lambda value, dialect: Embedded(value, dialect or "text", "case.j2"),
    "secret": lambda value, _: Secret(value),
    "home": lambda value, _: HomePath(value),
}


@pytest.mark.parametrize(("name", "path"), cases("ok"))
def test_ok_text_is_read(name: str, path: Path) -> None:
    get(name).parse(read(path))


@pytest.mark.parametrize(("name", "path"), cases("bad"))
def test_bad_text_is_refused(name: str, path: Path) -> None:
    with pytest.raises(Unreadable) as refusal:
        get(name).parse(read(path))
    because(path, refusal.value.reason)


@pytest.mark.parametrize(("name", "path"), cases("templates/ok"))
def test_ok_template_is_written(name: str, path: Path) -> None:
    dialect = get(name)
    text = fill(dialect, pieces(read(path)))
    dialect.parse(text)
    assert text == read(path.with_name(path.name + ".out"))


@pytest.mark.parametrize(("name", "path"), cases("templates/bad"))
def test_bad_template_is_refused(name: str, path: Path) -> None:
    try:
        text = fill(get(name), pieces(read(path)))
    except (Misplaced, Unwritable) as refusal:
        because(path, refusal.reason)
    else:
        pytest.fail(f"written all the same:\n{text}")


def test_folders_are_named_for_dialects() -> None:
    folders = {path.parent.parent.name for path in HERE.glob("*/ok/*")}
    assert folders <= set(names())
