"""Filters by themselves: Go's quoting of GOFLAGS, hashes, and what each refuses."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.dialects.base import Embedded, Structured, Unwritable
from generator.model import HomePath, NotText, Secret
from generator.templating import filters
from tests.tools import ROOT


def go_split(text: str) -> list[str]:
    """Read a list of flags as cmd/internal/quoted.Split does."""
    spaces, at = " \t\n\r", 0
    found: list[str] = []
    while True:
        while at < len(text) and text[at] in spaces:
            at += 1
        if at == len(text):
            return found
        if text[at] in "\"'":
            end = text.index(text[at], at + 1)
            found.append(text[at + 1 : end])
            at = end + 1
            continue
        end = at
        while end < len(text) and text[end] not in spaces:
            end += 1
        found.append(text[at:end])
        at = end


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ([], ""),
        (["-trimpath", "-mod=readonly"], "-trimpath -mod=readonly"),
        (["-ldflags=-s -w"], "'-ldflags=-s -w'"),
        (["-ldflags=-X 'a=b'"], "\"-ldflags=-X 'a=b'\""),
        (["-tags=a\tb"], "'-tags=a\tb'"),
        (['-x="y"'], "'-x=\"y\"'"),
    ],
)
def test_goflags(flags: list[str], text: str) -> None:
    assert filters.go_flags(flags) == text


@pytest.mark.parametrize("flag", ["", "trimpath", "-", "--", "---x", "-=x", "--=x", "-a='\""])
def test_goflags_refuses_what_go_cannot_read(flag: str) -> None:
    with pytest.raises(Unwritable):
        filters.go_flags(["-v", flag])


@given(st.lists(st.text(alphabet="-ab= \t\n'\"é", max_size=8)))
def test_go_reads_goflags_back_as_they_were(flags: list[str]) -> None:
    try:
        text = filters.go_flags(flags)
    except Unwritable:
        bad = [f for f in flags if not f.startswith("-") or f.strip("-").startswith("=")]
        both = [f for f in flags if "'" in f and '"' in f]
        dashes = [f for f in flags if f in ("-", "--") or f.startswith("---")]
        assert bad or both or dashes
    else:
        assert go_split(text) == flags


def test_hash10_is_of_canonical_json() -> None:
    value = {"b": 1, "a": ["é", True]}
    expected = hashlib.sha256('{"a":["é",true],"b":1}'.encode()).hexdigest()[:10]
    assert filters.hash10(value) == filters.hash10({"a": ["é", True], "b": 1}) == expected


def test_the_hash_is_of_the_json_that_go_writes() -> None:
    value = {"k": "<a> & \u2028\u2029 \x7f\b\f"}
    written = r'{"k":"\u003ca\u003e \u0026 \u2028\u2029 ' + '\x7f\\b\\f"}'
    assert filters.sha256(value) == hashlib.sha256(written.encode()).hexdigest()
    assert filters.hash10(value) == filters.sha256(value)[:10]


def test_hash10_tells_texts_and_secrets_apart() -> None:
    values: list[Any] = ["x", Secret("x"), HomePath("x"), Embedded("y", "sh", "t"), ["x"]]
    assert len({filters.hash10({"k": value}) for value in values}) == len(values)
    with pytest.raises(Unwritable):
        filters.hash10({"k": object()})


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans())))
def test_hash10_does_not_depend_on_order(value: dict[str, Any]) -> None:
    turned = dict(reversed(list(value.items())))
    assert filters.hash10(value) == filters.hash10(turned)
    assert json.loads(json.dumps(value)) == value


def test_structured_values_are_marked() -> None:
    assert filters.to_json([1]) == Structured([1], "json")
    assert filters.to_block({"a": 1}) == Structured({"a": 1}, "block")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("join", "text"),
        ("join", 3),
        ("length", 3),
        ("first", []),
        ("last", "text"),
        ("first", None),
        ("sort", ["a", 1]),
        ("unique", "text"),
        ("items", ["a"]),
        ("keys", "text"),
        ("values", []),
        ("upper", None),
        ("lower", True),
        ("trim", ["a"]),
        ("basename", {}),
        ("goflags", "-a -b"),
    ],
)
def test_a_filter_refuses_another_kind_of_value(name: str, value: object) -> None:
    with pytest.raises(Unwritable):
        filters.FILTERS[name](value)


@pytest.mark.parametrize("value", [Secret("s"), HomePath("h")])
@pytest.mark.parametrize("name", ["upper", "lower", "trim", "basename", "dirname"])
def test_a_filter_of_texts_refuses_what_is_no_text(name: str, value: object) -> None:
    with pytest.raises(NotText):
        filters.FILTERS[name](value)


def test_filters_change_no_value() -> None:
    value = {"b": ["c", "a", "a"], "a": 1}
    kept = json.dumps(value)
    filters.sort(value["b"])
    filters.unique(value["b"])
    filters.items(value)
    assert json.dumps(value) == kept


def test_paths_are_posix() -> None:
    assert (filters.basename("a/b.c"), filters.dirname("a/b.c")) == ("b.c", "a")
    assert filters.basename("a\\b") == "a\\b"


def test_the_authors_page_names_every_filter_and_test() -> None:
    page = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    operators = {"==", "!=", ">", ">=", "<", "<="}
    aliases = {"equalto", "greaterthan", "lessthan"}
    tests = set(filters.TESTS) - operators - aliases
    missing = [n for n in (*filters.FILTERS, *tests) if f"`{n}" not in page]
    assert missing == []
