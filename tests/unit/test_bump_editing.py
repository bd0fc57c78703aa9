"""A value changes where it is written; every other byte stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.bump.editing import Edit, edited
from generator.model import Leaf, find, plain
from generator.problems import Rejected
from generator.yamlreader import parse_text

FILE = "profiles/base/profile.yaml"
OLD, NEW = "1.27.1", "1.27.2"


def _bumped(text: str, *keys: str, new: str = NEW) -> str:
    """Edit the value of `toolchains.KEY` for each key, at the place its reader gives."""
    tree = parse_text(FILE, text.encode())
    edits = []
    for key in keys or ("current",):
        leaf = find(tree, ("toolchains", key))
        assert isinstance(leaf, Leaf)
        edits.append(Edit(leaf.trail[0], f"toolchains.{key}", str(leaf.value), new))
    return edited(FILE, text.encode(), edits).decode()


@pytest.mark.parametrize(
    "text",
    [
        'toolchains:\n  current: "{}"\n',
        "toolchains:\n  current: '{}'\n",
        "toolchains:\n  current: {}\n",
        "toolchains:\n  current:   {}   # 1.27.1 since May\n",
        'toolchains: {{next: "1.27.1", current: "{}", "x": 1.27.1}} # current: "1.27.1"\n',
        "toolchains: {{current: {}}}\n",
        "toolchains: {{current: {},next: 1.27.1}}\n",
        '{{"toolchains": {{"current": "{}"}}, "description": "1.27.1"}}\n',
        'description: "é → 𝄞 1.27.1"\ntoolchains: {{"é": "𝄞", current: "{}"}}',
        '# 1.27.1\nnote: |\n  current: "1.27.1"\ntoolchains:\n  current:\n    "{}"\n',
        'toolchains:\n  "current" : "{}"\n\n\n',
    ],
)
def test_only_the_value_changes(text: str) -> None:
    assert _bumped(text.format(OLD)) == text.format(NEW)


def test_several_values_of_one_line() -> None:
    text = 'toolchains: {{current: "{0}", next: {0}, later: \'{0}\', kept: "{1}"}}\n'
    done = _bumped(text.format(OLD, OLD), "current", "next", "later")
    assert done == text.format(NEW, OLD)


def test_quotes_come_where_the_new_value_needs_them() -> None:
    assert _bumped("toolchains: {current: 1.20.1}\n", new="1.20") == (
        'toolchains: {current: "1.20"}\n'
    )


@pytest.mark.parametrize(
    "written", ["|-\n    1.27.1", ">-\n    1.27.1", r'"1\u002e27.1"', '"1.27\\\n    .1"']
)
def test_an_unusual_form_is_refused(written: str) -> None:
    with pytest.raises(Rejected) as caught:
        _bumped(f"toolchains:\n  current: {written}\n")
    (problem,) = caught.value.problems
    assert (problem.code, problem.place and problem.place.line) == ("GG588", 2)


_decoys = st.sampled_from(
    [
        "# toolchains: {current: 1.27.1}",
        'description: "1.27.1"',
        "description: 1.27.1",
        "go: {toolchain: current, note: 1.27.1}",
        "notes: {current: 1.27.1}",
        "",
        "  # 1.27.1",
        "text: |\n  current: 1.27.1",
        "list: [1.27.1, {toolchains: {current: 1.27.1}}]",
    ]
)
_siblings = st.lists(
    st.sampled_from(["next: 1.27.1", 'old: "1.27.1"', "é𝄞: '1.27.1'", "currents: 1.27.10"]),
    max_size=3,
    unique=True,
)


@st.composite
def _layouts(draw: st.DrawFn) -> str:
    """Give a profile, as a format whose gap is the value; what else says it must stay."""
    quotes = draw(st.sampled_from(['"{}"', "'{}'", "{}"]))
    behind = draw(st.sampled_from(["", " ", "  # current: 1.27.1"]))
    entries = draw(_siblings)
    entries.insert(draw(st.integers(0, len(entries))), f"current: {quotes}")
    lines = draw(st.lists(_decoys, max_size=4, unique_by=lambda line: line.split(":")[0]))
    lines = [line.replace("{", "{{").replace("}", "}}") for line in lines]
    own = ["toolchains:", *(f"   {entry}{behind}" for entry in entries)]
    if draw(st.booleans()):
        own = [f"toolchains: {{{{{', '.join(entries)}}}}}{behind}"]
    at = draw(st.integers(0, len(lines)))
    return "\n".join([*lines[:at], *own, *lines[at:]])


@given(_layouts())
def test_any_layout(text: str) -> None:
    done = _bumped(text.format(OLD))
    assert done == text.format(NEW)
    said = plain(parse_text(FILE, done.encode()))
    assert said["toolchains"]["current"] == NEW
