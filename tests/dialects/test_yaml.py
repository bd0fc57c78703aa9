"""The YAML state machine: pieces, keys and branches."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from generator.dialects import get
from generator.dialects._yaml_state import State, path
from generator.dialects._yaml_text import emit
from generator.dialects.base import Misplaced, Structured, Unreadable, Unwritable
from tests.dialects.driver import Put, fill
from tests.dialects.hostile_data import WORDS
from tests.dialects.test_cases import cases, read

YAML_DIALECT = get("yaml")


def state_after(text: str) -> State:
    state = YAML_DIALECT.step(YAML_DIALECT.start, text)
    assert isinstance(state, State)
    return state


_CHARACTER = re.compile(r"\\(?:u.{4}|.)|[^\\]", re.DOTALL)
"""A character, or an escape: these are never taken apart."""


@pytest.mark.parametrize(
    ("name", "file"),
    [
        c
        for c in cases("ok")
        if c.values[0] in ("yaml", "kubernetes", "github-actions", "json", "toml")
    ],
)
def test_a_text_in_pieces_is_the_text(name: str, file: Any) -> None:
    dialect = get(name)
    text = read(file)
    state = dialect.start
    for found in _CHARACTER.finditer(text):
        assert state == dialect.step(dialect.start, text[: found.start()])
        state = dialect.step(state, found[0])
    dialect.finish(state)


MARK = "marker"
names = st.text("abxy", min_size=1, max_size=3)
trees = st.recursive(
    st.just(MARK),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(names, inner, min_size=1, max_size=3).map(
            lambda d: dict(sorted(d.items()))
        ),
    ),
    max_leaves=12,
)


def routes(data: Any, route: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Give the keys that lead to each leaf, in the order of the text."""
    if isinstance(data, dict):
        return [found for key, child in data.items() for found in routes(child, (*route, key))]
    if isinstance(data, list):
        return [found for child in data for found in routes(child, (*route, "-"))]
    return [route]


def dump(data: Any, offset: int) -> str:
    """Write data as another emitter does: list items at `offset` from their key."""
    writer = YAML(typ="safe", pure=True)
    writer.indent(mapping=2, sequence=2 + offset, offset=offset)
    writer.default_flow_style = False
    stream = StringIO()
    writer.dump(data, stream)
    return stream.getvalue()


def flow(data: Any, indent: int | None) -> str:
    """Write data as flow below a key, on one line or many, without quotes."""
    text = json.dumps(data, indent=indent).replace("\n", "\n  ").replace('"', "")
    return f"top: {text}\n"


@given(tree=trees)
def test_the_keys_of_every_place_are_known(tree: Any) -> None:
    data = {"top": tree}
    for text in (emit(data), dump(data, 0), dump(data, 2), flow(tree, None), flow(tree, 1)):
        state = YAML_DIALECT.start
        found = []
        *before, last = text.split(MARK)
        for piece in before:
            state = YAML_DIALECT.slot(YAML_DIALECT.step(state, piece)).after
            assert isinstance(state, State)
            found.append(path(state))
        YAML_DIALECT.finish(YAML_DIALECT.step(state, last))
        assert found == routes(data)


@pytest.mark.parametrize(
    ("one", "other", "after"),
    [
        ("a: 1\n", "", "b: 2\n"),
        ("a:\n  b: 1\n", "a:\n  c: 1\n", "  d: 2\n"),
        ("a:\n", "b:\n", "  d: 2\n"),
        ("- a: 1\n", "- b\n", "- c\n"),
        ("a: |\n  x\n", "a: y\n", "b: 1\n"),
        ("a: |\n  x\n", "", "b: 1\n"),
        ("a: |\n  x\n", "b: |\n  x\n", "  more text\nc: 1\n"),
        ("a: b", "a: c", "\n"),
        ('a: "b', 'a: "c', 'd"\n'),
        ("a: b", 'a: "c"', "\n"),
        ("a: [b", "a: [c", "]\n"),
    ],
)
def test_branches_that_meet(one: str, other: str, after: str) -> None:
    joined = YAML_DIALECT.join(state_after(one), state_after(other))
    assert joined == YAML_DIALECT.join(joined, state_after(one))
    YAML_DIALECT.finish(YAML_DIALECT.step(joined, after))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a: 1\n", "a: 1"),
        ("a: [", "a: "),
        ("a: [b,", "a: [b"),
        ('a: "b', "a: 'b"),
        ('a: "b', "a: b"),
        ("a: |\n  x", "a: x"),
        ("a:\n  b: c", "a: c"),
        ("# a", "a: b"),
        ("a", "- a"),
    ],
)
def test_branches_that_cannot_meet(one: str, other: str) -> None:
    for pair in ((one, other), (other, one)):
        with pytest.raises(Misplaced, match="branches"):
            YAML_DIALECT.join(*map(state_after, pair))


@pytest.mark.parametrize(
    ("one", "other", "after"),
    [
        ("a: |\n  x\n", "a:\n", "  y: 1\n"),
        ("a: |\n  x\n", "", "  y: 1\n"),
        ("a:\n  b: 1\n", "", "  c: 1\n"),
        ("a: 1\n", "a:\n", "  c: 1\n"),
        ("- a\n", "", "  c: 1\n"),
        ("a:\n  b:\n    c: 1\n", "a:\n", "    d: 1\n"),
    ],
)
def test_no_line_belongs_to_one_branch_only(one: str, other: str, after: str) -> None:
    joined = YAML_DIALECT.join(state_after(one), state_after(other))
    with pytest.raises(Misplaced, match="already whole"):
        YAML_DIALECT.step(joined, after)


def test_a_loop_over_items_stands_still() -> None:
    begin = state_after("env:\n")
    body = "  - name: a\n    value: b\n"
    again = YAML_DIALECT.join(begin, YAML_DIALECT.step(begin, body))
    assert YAML_DIALECT.join(again, YAML_DIALECT.step(again, body)) == again
    item = YAML_DIALECT.step(again, "  - name: a\n    value: ")
    assert isinstance(item, State)
    assert path(item) == ("env", "-", "value")


def test_a_level_that_differs_has_no_key() -> None:
    joined = YAML_DIALECT.join(state_after("a:\n  b: "), state_after("a:\n  c: "))
    assert isinstance(joined, State)
    assert path(joined) == ("a", "?")


@pytest.mark.parametrize(
    "text", ["a", "a b", "$HOME/bin", "4Gi", "https://a.b/c:8080/d", "./...", "go1.27"]
)
def test_what_is_surely_a_string_stands_bare(text: str) -> None:
    assert emit({"a": text}) == f"a: {text}\n"


SPECIAL = [w for w in WORDS if w[:1] in "0123456789+-.~=<%@&*!|>?:#[]{},"]


@pytest.mark.parametrize(
    "text", [*SPECIAL, "e3", "E+6", "on", "No", "y", "null", "a: b", "a #b", "a "]
)
def test_what_another_reader_could_take_for_more_is_quoted(text: str) -> None:
    bare = {"4Gi", "100m", "1s"}
    assert (emit({"a": text}) == f"a: {text}\n") == (text in bare)


def test_emit_is_the_blocks_people_write() -> None:
    data = {
        "resources": ["a.yaml"],
        "patches": [
            {"target": {"kind": "Pod", "name": "on"}, "patch": "- op: test\n  path: /a\n"},
            {"path": "b.yaml", "options": {}, "list": [], "more": [[1, [True]], None]},
        ],
        "text": "no break at the end\nof this",
        "edge": "two at the end\n\n",
    }
    assert emit(data) == (
        'resources:\n  - a.yaml\npatches:\n  - target:\n      kind: Pod\n      name: "on"\n'
        "    patch: |\n      - op: test\n        path: /a\n"
        "  - path: b.yaml\n    options: {}\n    list: []\n    more:\n      - - 1\n"
        "        - - true\n"
        '      - null\ntext: |-\n  no break at the end\n  of this\nedge: "two at the end\\n\\n"\n'
    )


@pytest.mark.parametrize("value", ["a" * 2000, "é" * 1100])
def test_a_key_longer_than_readers_look_for_is_refused(value: str) -> None:
    for pieces in ((Put(value), ": 1\n"), ("a:", Put(Structured({value: 1}, "block")), "\n")):
        with pytest.raises(Unwritable, match="longer"):
            fill(YAML_DIALECT, pieces)


def test_a_comment_line() -> None:
    assert YAML_DIALECT.comment("a # b") == "# a # b"
    with pytest.raises(Unwritable, match="a line break"):
        YAML_DIALECT.comment("a\nb: 1")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1),
        ("a:\n\tb: 1\n", 2, 1),
        ('a: "b\n', 2, 1),
        ("a: [b\nc: d\n", 2, 2),
    ],
)
def test_unreadable_text_has_a_place(text: str, line: int, column: int) -> None:
    with pytest.raises(Unreadable) as refusal:
        YAML_DIALECT.parse(text)
    assert (refusal.value.line, refusal.value.column) == (line, column)
