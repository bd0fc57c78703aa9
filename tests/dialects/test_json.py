"""The JSON and TOML state machines: branches, and the places of what cannot be read."""

from __future__ import annotations

import pytest

from generator.dialects import for_file, get
from generator.dialects.base import Misplaced, Unreadable


@pytest.mark.parametrize(
    ("name", "one", "other", "after"),
    [
        ("json", "[1", "[true ", "]"),
        ("json", '["a', '["b', '"]'),
        ("json", '{"a": 1', '{"b": "c"', "}"),
        ("toml", "a = 1", 'a = "b"', "\n"),
        ("toml", "a = 1\n", "", "b = 2\n"),
        ("toml", "[a]\n", "# c\n", "b = 2\n"),
    ],
)
def test_branches_that_meet(name: str, one: str, other: str, after: str) -> None:
    dialect = get(name)
    states = [dialect.step(dialect.start, text) for text in (one, other)]
    dialect.finish(dialect.step(dialect.join(*states), after))


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("json", "[1", "[1,"),
        ("json", '["a', "[1"),
        ("json", "[", "{"),
        ("json", '{"a"', '{"a": "b"'),
        ("toml", "a = ", "a = 1"),
        ("toml", "a = 1\n", "a = 1"),
        ("toml", "a = [1", "a = 1"),
        ("toml", 'a = "b', "a = 'b"),
    ],
)
def test_branches_that_cannot_meet(name: str, one: str, other: str) -> None:
    dialect = get(name)
    states = [dialect.step(dialect.start, text) for text in (one, other)]
    with pytest.raises(Misplaced, match="branches"):
        dialect.join(*states)


@pytest.mark.parametrize(
    ("name", "text", "line", "column"),
    [
        ("json", '{\n  "a": x}', 2, 8),
        ("toml", "a = 1\nb = x\n", 2, 5),
        ("json", '{"a":1,"a":2}', 0, 0),
    ],
)
def test_unreadable_text_has_a_place(name: str, text: str, line: int, column: int) -> None:
    with pytest.raises(Unreadable) as refusal:
        get(name).parse(text)
    assert (refusal.value.line, refusal.value.column) == (line, column)


def test_comments() -> None:
    assert get("json").comment("a") is None
    assert get("toml").comment("a") == "# a"


def test_file_names_choose_the_dialect() -> None:
    chosen = {n: for_file(n) for n in ("a.yaml", "a.yml", "action.yml", "a.json", "a.toml")}
    assert chosen == {
        "a.yaml": "yaml",
        "a.yml": "yaml",
        "action.yml": "github-actions",
        "a.json": "json",
        "a.toml": "toml",
    }
