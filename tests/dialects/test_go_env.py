"""The go env file: what go would skip or misread is refused."""

from __future__ import annotations

import pytest

from generator.dialects import get
from generator.dialects.base import Embedded, Misplaced, Structured, Unreadable, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import NO_NAMES, Put, fill

GO_ENV = get("go-env")


@pytest.mark.parametrize("value", ["direct", '-mod=mod "-ldflags=-s -w"', "", "é", "#x", 1])
def test_a_value_is_written_raw(value: object) -> None:
    assert fill(GO_ENV, ["GOPROXY=", Put(value), "\n"]) == f"GOPROXY={value}\n"


@pytest.mark.parametrize(
    "value",
    [
        *("a\nb", "a\r", "\x00", "a\tb", " a", "a ", True, None, ["a"], {"a": 1}),
        *(Structured([], "json"), Embedded("x", "sh", "x.sh.j2"), Secret("s"), HomePath("go")),
    ],
)
def test_a_value_go_would_misread_is_refused(value: object) -> None:
    with pytest.raises(Unwritable):
        fill(GO_ENV, ["GOPROXY=", Put(value)])


@pytest.mark.parametrize(
    "parts",
    [
        ["GO", Put("PROXY"), "=x"],
        [Put("GO"), Put("PROXY"), "=x"],
        [Put("GOPROXY"), "\n"],
        [Put("GOPROXY"), " =x\n"],
        [Put("GOPROXY")],
        [" GOPROXY=x\n"],
        ["goproxy=x\n"],
        ["export GOPROXY=x\n"],
        ["GOPROXY =x\n"],
        ["GOPROXY\n"],
        ["GOPROXY"],
        ["GOPROXY=x\r\n"],
    ],
)
def test_a_line_go_would_skip_is_misplaced(parts: list[str | Put]) -> None:
    with pytest.raises(Misplaced):
        fill(GO_ENV, parts)


def test_a_name_is_a_value_of_capital_letters() -> None:
    assert fill(GO_ENV, [Put("GO386"), "=", Put("x"), "\n"]) == "GO386=x\n"
    for name in NO_NAMES:
        with pytest.raises(Unwritable):
            fill(GO_ENV, [Put(name), "=x\n"])


def test_comments() -> None:
    assert fill(GO_ENV, ["# by ", Put("gogen"), "\n"]) == "# by gogen\n"
    assert GO_ENV.comment("by gogen") == "# by gogen"
    with pytest.raises(Unwritable):
        GO_ENV.comment("a\nGOPROXY=off")
    with pytest.raises(Unwritable):
        fill(GO_ENV, ["# ", Put("a\nGOPROXY=off")])


def test_branches_meet() -> None:
    empty = GO_ENV.step(GO_ENV.start, "GOFLAGS=")
    begun = GO_ENV.step(empty, "-x")
    assert GO_ENV.join(empty, begun) == GO_ENV.join(begun, begun) == begun
    with pytest.raises(Misplaced):
        GO_ENV.join(empty, GO_ENV.start)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("GOPROXY=a\n GOFLAGS=b\n", (2, 1)),
        ("GOPROXY=a\r\n", (1, 10)),
        ("GOPROXY=a\nGOFLAGS=\nGOPROXY=b\n", (3, 1)),
        ("GOFLAGS= -x\n", (1, 9)),
    ],
)
def test_what_go_would_misread_is_found_at_its_place(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(Unreadable) as found:
        GO_ENV.parse(text)
    assert (found.value.line, found.value.column) == place
