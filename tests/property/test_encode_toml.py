"""TOML laws: what an expression is given, tomllib gives back; or it is refused."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.dialects import get
from generator.dialects.base import Embedded, Misplaced, Structured, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill
from tests.dialects.hostile_data import WORDS, data, hostile

TOML = get("toml")


def read(*pieces: str | Put) -> Any:
    text = fill(TOML, pieces)
    TOML.parse(text)
    return tomllib.loads(text)


@given(value=st.one_of(hostile(), st.integers(-(2**63), 2**63 - 1), st.booleans()))
def test_whole_values(value: Any) -> None:
    found = read(
        *(
            "a = ",
            Put(value),
            " # c\nb = [",
            Put(value),
            ",\n ",
            Put(value),
            "]\n[t.u]\nc = { d = ",
        ),
        *(Put(value), " }\n"),
    )
    assert found == {"a": value, "b": [value, value], "t": {"u": {"c": {"d": value}}}}
    assert type(found["a"]) is type(value)


@pytest.mark.parametrize("value", WORDS)
def test_keys(value: str) -> None:
    key = f"{value}k"
    found = read(
        *(
            Put(key),
            " = 1\na.",
            Put(value),
            ".b = 2\n",
            '"',
            Put(value),
            '1" = 3\n[',
            Put(f"{value}t"),
        ),
        *("]\n[[x.", Put(value), "]]\ny = { ", Put(value), " = 4 }\n"),
    )
    expected = {key: 1, "a": {value: {"b": 2}}, f"{value}1": 3, f"{value}t": {}}
    assert found == {**expected, "x": {value: [{"y": {value: 4}}]}}


@given(one=hostile(), other=hostile())
def test_parts_of_basic_strings(one: str, other: str) -> None:
    assert read('a = "', Put(one), "'", Put(other), '"\n') == {"a": f"{one}'{other}"}


@given(value=hostile())
def test_parts_of_literal_strings(value: str) -> None:
    try:
        found = read("a = '\\", Put(value), "\"'\n")
    except Unwritable:
        assert "'" in value or not value.isprintable()
    else:
        assert found == {"a": f'\\{value}"'}


@given(value=hostile())
def test_comments(value: str) -> None:
    try:
        found = read("a = 1 # ", Put(value), "\n#", Put(value), "\nb = 2")
    except Unwritable:
        assert not value.isprintable()
    else:
        assert found == {"a": 1, "b": 2}


def holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    return value is None or (isinstance(value, list) and any(map(holds_null, value)))


@given(value=data())
def test_data(value: Any) -> None:
    pieces = ("a = ", Put(Structured(value, "json")), "\n")
    if holds_null(value):
        with pytest.raises(Unwritable, match="null"):
            read(*pieces)
    else:
        assert read(*pieces) == {"a": value}


@given(value=hostile())
def test_embedded_files(value: str) -> None:
    assert read("a = ", Put(Embedded(value, "sh", "a.sh.j2")), "\n") == {"a": value}


@pytest.mark.parametrize(
    "value",
    [
        None,
        "\ud800",
        2**63,
        1.5,
        HomePath("go"),
        Secret("a"),
        {"a": 1},
        [1],
        Structured({}, "block"),
    ],
)
def test_what_cannot_be_written(value: Any) -> None:
    with pytest.raises(Unwritable):
        read("a = ", Put(value), "\n")


@pytest.mark.parametrize("value", [1, None, HomePath("a"), Secret("a"), Structured([], "json")])
def test_a_key_is_a_string(value: Any) -> None:
    with pytest.raises(Unwritable):
        read(Put(value), " = 1\n")


@pytest.mark.parametrize(
    "before",
    [
        "a",
        "a = 1",
        "a = 2024-01-01",
        "a = 'b'",
        "[a",
        "[a]",
        "a = [1",
        'a = "\\',
        "a = '''",
        'a = """x',
    ],
)
def test_no_expression_stands_beside_other_text(before: str) -> None:
    with pytest.raises(Misplaced):
        read(before, Put("x"), "\n")
