"""JSON laws: what an expression is given, a strict reader gives back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.dialects import get
from generator.dialects.base import Embedded, Misplaced, Structured, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill
from tests.dialects.hostile_data import WORDS, data, hostile

JSON = get("json")


def read(*pieces: str | Put) -> Any:
    text = fill(JSON, pieces)
    JSON.parse(text)
    return json.loads(text)


@given(value=st.one_of(hostile(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none()))
def test_whole_values(value: Any) -> None:
    found = read('{"a": ', Put(value), ', "b": [', Put(value), ", ", Put(value), "]}\n")
    assert found == {"a": value, "b": [value, value]}


@pytest.mark.parametrize("value", WORDS)
def test_parts_and_keys(value: str) -> None:
    pieces = ('{"', Put(value), 'k": "x', Put(value), "'", Put(value), '", ', Put(value), ": 1}")
    assert read(*pieces) == {f"{value}k": f"x{value}'{value}", value: 1}


@given(one=hostile(), other=hostile())
def test_parts_in_any_pair(one: str, other: str) -> None:
    assert read('["', Put(one), Put(other), '", "\\\\', Put(one), '"]') == [one + other, "\\" + one]


@given(value=data())
def test_data(value: Any) -> None:
    assert read("[", Put(Structured(value, "json")), "]") == [value]
    assert read(Put(Structured(value, "json")), "\n") == value


@given(value=hostile())
def test_embedded_files(value: str) -> None:
    assert read("[", Put(Embedded(value, "sh", "a.sh.j2")), "]") == [value]


@pytest.mark.parametrize("char", list("\x00\x1b\x7f\x85\u200b\u2028\u2029\u202e\ufeff\n"))
def test_what_a_screen_cannot_show_is_escaped(char: str) -> None:
    assert char not in fill(JSON, [Put(f"a{char}b")])


@pytest.mark.parametrize(
    "value",
    ["\ud800", 2**63, -(2**63) - 1, 1.5, HomePath("go"), Secret("a"), {"a": 1}, [1], b"x"],
)
def test_what_cannot_be_written(value: Any) -> None:
    with pytest.raises(Unwritable):
        read('{"a": ', Put(value), "}")


@pytest.mark.parametrize("value", [None, Embedded("a", "sh", "a.j2"), Structured({}, "block"), [1]])
def test_what_is_no_part_of_a_string(value: Any) -> None:
    with pytest.raises(Unwritable):
        read('["', Put(value), '"]')


@pytest.mark.parametrize(
    "value", [1, True, None, HomePath("a"), Secret("a"), Structured({}, "json")]
)
def test_a_key_is_a_string(value: Any) -> None:
    with pytest.raises(Unwritable):
        read("{", Put(value), ": 1}")


@pytest.mark.parametrize("before", ["[1", "[tr", '{"a"', "[1,2]", '{"a": "b"', '["\\', '["\\u00'])
def test_no_expression_stands_beside_other_text(before: str) -> None:
    with pytest.raises(Misplaced):
        read(before, Put("x"))
