"""Plain text: one line a value, as it is."""

from __future__ import annotations

import pytest

from generator.dialects import get
from generator.dialects.base import Embedded, Structured, Unreadable, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill

TEXT = get("text")


@pytest.mark.parametrize(
    ("value", "written"),
    [("1.27.1", "1.27.1"), (27, "27"), (True, "true"), ("é #'$(x)", "é #'$(x)"), ("", "")],
)
def test_a_value_is_written_as_it_is(value: object, written: str) -> None:
    assert fill(TEXT, ["a ", Put(value), "\n"]) == f"a {written}\n"


@pytest.mark.parametrize(
    "value",
    [
        *("a\nb", "a\r", "\x00", "\x85", "\u2028", "\ud800", None, ["a"], {"a": 1}),
        *(Structured({}, "json"), Embedded("x", "sh", "x.sh.j2"), Secret("token"), HomePath("go")),
    ],
)
def test_what_has_no_line_of_text_is_refused(value: object) -> None:
    with pytest.raises(Unwritable):
        fill(TEXT, [Put(value)])


def test_a_list_is_refused_with_the_way_out() -> None:
    with pytest.raises(Unwritable, match="a list cannot be written as a single value") as refused:
        fill(TEXT, [Put(["a"])])
    assert "join" in refused.value.hint


def test_text_has_no_comments() -> None:
    assert TEXT.comment("generated") is None


def test_a_control_character_is_found_at_its_place() -> None:
    with pytest.raises(Unreadable) as found:
        TEXT.parse("one\ntwo\r\n")
    assert (found.value.line, found.value.column) == (2, 4)
