"""GitHub Actions laws: no value makes an expression of GitHub's, and all others come back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from generator.dialects import get
from generator.dialects.base import Embedded, Misplaced, Structured, Unwritable
from generator.model import Secret
from tests.dialects.driver import Put, fill
from tests.dialects.hostile_data import data, hostile

ACTIONS = get("github-actions")

braces = st.lists(
    st.sampled_from(["$", "{", "{{", "${{", "}}", " secrets.A ", "\n", "x", '"', "'", "\\"]),
    max_size=6,
).map("".join)
values = st.one_of(braces, hostile())


def read(*pieces: str | Put) -> Any:
    text = fill(ACTIONS, pieces)
    ACTIONS.parse(text)
    return YAML(typ="safe").load(text)


@given(value=values)
@example(value="${{ secrets.A }}")
def test_whole_values(value: str) -> None:
    pieces = (
        *("env:\n  A: ", Put(value), "\n  B: [", Put(value), "]\n  ", Put(f"{value}C"), ": 1\n"),
        *("run-name: ", Put(Embedded(value, "text", "x.j2")), "\n"),
    )
    if "${{" in value:
        with pytest.raises(Unwritable, match="evaluate"):
            read(*pieces)
        return
    expected = {"A": value, "B": [value], f"{value}C": 1}
    assert read(*pieces) == {"env": expected, "run-name": value}


@given(one=values, other=values, text=st.sampled_from(["", "x", "{", "{{ secrets.A }}", " "]))
@example(one="$", other="", text="{{ secrets.A }}")
@example(one="${", other="{ secrets.A }}", text="")
def test_parts_never_add_up_to_an_expression(one: str, other: str, text: str) -> None:
    pieces = ('env:\n  A: "x', Put(one), text, Put(other), "\"\n  B: 'x", Put(one), "'\n")
    try:
        found = read(*pieces)
    except Unwritable:
        assert (
            one.endswith(("$", "${"))
            or other.endswith(("$", "${"))
            or not (f"{one}{other}".isprintable() and "${{" not in f"{one}{other}")
        )
        return
    assert found == {"env": {"A": f"x{one}{text}{other}", "B": f"x{one}"}}
    assert "${{" not in found["env"]["A"]


@pytest.mark.parametrize("text", ["$", "${", "${{", "${{ github.", "a $"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_no_expression_inside_one_of_githubs(text: str, quote: str) -> None:
    with pytest.raises(Misplaced, match=r"\$\{\{"):
        read(f"env:\n  A: {quote}{text}", Put("x"), f"{quote}\n")


def test_text_after_a_closed_expression_takes_one() -> None:
    found = read('env:\n  A: "${{ github.workspace }}/out/', Put("a"), '"\n')
    assert found == {"env": {"A": "${{ github.workspace }}/out/a"}}


@given(value=data())
def test_data(value: Any) -> None:
    for style, head in (("block", "with:"), ("json", "with: ")):
        pieces = (head, Put(Structured(value, style)), "\n")
        if "${{" in str(value):
            with pytest.raises(Unwritable, match="evaluate"):
                read(*pieces)
        elif isinstance(value, dict | list):
            assert read(*pieces) == {"with": value}


@given(script=values)
def test_scripts_are_embedded(script: str) -> None:
    pieces = ("steps:\n  - run: ", Put(Embedded(script, "sh", "a.sh.j2")), "\n    shell: bash\n")
    if "${{" in script:
        with pytest.raises(Unwritable, match="evaluate"):
            read(*pieces)
    else:
        assert read(*pieces) == {"steps": [{"run": script, "shell": "bash"}]}


@pytest.mark.parametrize("value", ["echo", 1, None, Embedded("a", "go-env", "a.j2"), Secret("A")])
def test_a_script_is_nothing_else(value: Any) -> None:
    with pytest.raises(Unwritable, match="run as a program"):
        read("steps:\n  - run: ", Put(value), "\n")
    with pytest.raises(Unwritable, match="run as a program"):
        read("steps:\n  - {run: ", Put(value), "}\n")


def test_a_javascript_file_is_embedded_too() -> None:
    file = Embedded("core.info(1)\n", "text", "a.js.j2")
    found = read("steps:\n  - with:\n      script: ", Put(file), "\n")
    assert found == {"steps": [{"with": {"script": "core.info(1)\n"}}]}
    with pytest.raises(Unwritable, match="run as a program"):
        read("steps:\n  - with:\n      script: ", Put("core"), "\n")


@pytest.mark.parametrize("before", ["if: ", 'if: "', "if: '!", "x: {if: "])
def test_a_condition_takes_no_expression(before: str) -> None:
    with pytest.raises(Misplaced, match="if:"):
        read(f"jobs:\n  a:\n    {before}", Put("x"))


def test_secrets_are_githubs() -> None:
    found = read(
        *("env:\n  A: ", Put(Secret("A_1")), '\n  B: "Bearer ', Put(Secret("b")), '"\n'),
        *("  C: {d: ", Put(Secret("d")), "}\nwith:", Put(Structured({"e": Secret("e")}, "block"))),
        "\n",
    )
    assert found == {
        "env": {
            "A": "${{ secrets.A_1 }}",
            "B": "Bearer ${{ secrets.b }}",
            "C": {"d": "${{ secrets.d }}"},
        },
        "with": {"e": "${{ secrets.e }}"},
    }


@pytest.mark.parametrize("name", ["a-b", "1a", "", "a b", "A }}${{ github.token", "github_x"])
def test_a_secret_has_a_name_of_githubs(name: str) -> None:
    with pytest.raises(Unwritable, match="name of a secret"):
        read("env:\n  A: ", Put(Secret(name)), "\n")


def test_a_secret_is_no_key_and_no_comment() -> None:
    for pieces in ((Put(Secret("A")), ": 1\n"), ("# ", Put(Secret("A")), "\n")):
        with pytest.raises(Unwritable, match="secret"):
            read(*pieces)


def test_a_pinned_action_takes_its_version_as_comment() -> None:
    pieces = ("steps:\n  - uses: ", Put("actions/checkout@abc"), " # ", Put("v4.2.0"), "\n")
    assert fill(ACTIONS, pieces).endswith("uses: actions/checkout@abc # v4.2.0\n")
    for value in ("a b", "a # b", "${{ x }}", "-x", ""):
        with pytest.raises(Unwritable, match="names no action"):
            read("steps:\n  - uses: ", Put(value), "\n")
