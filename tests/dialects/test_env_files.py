"""systemd-env and environment-d: values in systemd's environment files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.dialects import get
from generator.dialects.base import Misplaced, Unreadable, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import NO_NAMES, Put, fill

if TYPE_CHECKING:
    from generator.dialects.base import Dialect

ENV = get("systemd-env")
ENVIRONMENT_D = get("environment-d")
BOTH = pytest.mark.parametrize("dialect", [ENV, ENVIRONMENT_D], ids=lambda d: str(d.name))


@pytest.mark.parametrize(
    ("value", "text", "expanding"),
    [
        ("1.27.1", "1.27.1", "1.27.1"),
        ("https://a/b,direct", "https://a/b,direct", "https://a/b,direct"),
        ("a b", '"a b"', '"a b"'),
        ('$a`"\\', '"\\$a\\`\\"\\\\"', '"\\$\\$a\\`\\"\\\\"'),
        ("# x", '"# x"', '"# x"'),
        ("a\nb\t", '"a\nb\t"', '"a\nb\t"'),
        (True, "true", "true"),
    ],
)
def test_a_whole_value(value: object, text: str, expanding: str) -> None:
    assert fill(ENV, ["A=", Put(value), "\n"]) == f"A={text}\n"
    assert fill(ENVIRONMENT_D, ["A=", Put(value), "\n"]) == f"A={expanding}\n"


def test_an_empty_value_is_nothing_to_environment_d() -> None:
    assert fill(ENV, ["A=", Put(""), "\n"]) == 'A=""\n'
    with pytest.raises(Unwritable):
        fill(ENVIRONMENT_D, ["A=", Put(""), "\n"])
    ENV.parse('A=""\n')
    with pytest.raises(Unreadable):
        ENVIRONMENT_D.parse('B=c\nA=""\n')


@BOTH
def test_a_name_is_a_value_of_capital_letters(dialect: Dialect) -> None:
    assert fill(dialect, [Put("GO386"), "=", Put("x"), "\n"]) == "GO386=x\n"
    assert fill(dialect, [Put("A_B"), '="', Put("x"), '"\n']) == 'A_B="x"\n'
    for name in NO_NAMES:
        with pytest.raises(Unwritable):
            fill(dialect, [Put(name), "=x\n"])


def test_home_paths_only_where_they_are_expanded() -> None:
    assert fill(ENVIRONMENT_D, ["A=", Put(HomePath("go/$x")), "\n"]) == 'A="${HOME}/go/\\$\\$x"\n'
    assert fill(ENVIRONMENT_D, ['A="', Put(HomePath("")), ':x"\n']) == 'A="${HOME}:x"\n'
    for before, after in (("A=", ""), ('A="', '"')):
        with pytest.raises(Unwritable, match="home path"):
            fill(ENV, [before, Put(HomePath("go")), after])
    with pytest.raises(Unwritable):
        fill(ENVIRONMENT_D, ["A='", Put(HomePath("go")), "'"])


@BOTH
@pytest.mark.parametrize(
    "parts",
    [
        ["A", Put("B"), "=b"],
        [Put("A"), Put("B"), "=b"],
        [Put("A"), "\n"],
        [Put("A"), " =b\n"],
        [Put("A")],
        ["A=b", Put("c")],
        ["A=\\", Put("c")],
        ["A=$B", Put("c")],
        ['A="$B', Put("c"), '"'],
        ['A="${B', Put("c"), '}"'],
        ["A=", Put("b"), "c"],
        ["A=", Put("b"), Put("c")],
        ["export A=b\n"],
        ["A =b\n"],
        ["A b\n"],
        ["A"],
        ["A='b\n"],
        ['A="b\n'],
        ['A="b"c\n'],
    ],
)
def test_places_that_take_no_value(dialect: object, parts: list[str | Put]) -> None:
    with pytest.raises(Misplaced):
        fill(dialect, parts)  # type: ignore[arg-type] # the parametrization's


@BOTH
@pytest.mark.parametrize(
    "value",
    ["\x00", "\r", "\x1b", "\x85", "\ud800", None, ["a"], Secret("s")],
)
def test_what_cannot_be_carried_is_refused(dialect: object, value: object) -> None:
    for before, after in (("A=", ""), ('A="', '"'), ("A='", "'"), ("# ", "")):
        with pytest.raises(Unwritable):
            fill(dialect, [before, Put(value), after])  # type: ignore[arg-type] # as above


def test_single_quotes_and_comments() -> None:
    assert fill(ENV, ["A='", Put('$x"\\'), "'\n# ", Put("it's"), "\n"]) == "A='$x\"\\'\n# it's\n"
    assert ENV.comment("by gogen") == "# by gogen"
    for text in ("a\nB=c", "a\\"):
        with pytest.raises(Unwritable):
            ENV.comment(text)
    with pytest.raises(Unwritable):
        fill(ENV, ["A='", Put("it's"), "'"])


def test_branches() -> None:
    def state(text: str) -> object:
        return ENV.step(ENV.start, text)

    assert ENV.join(state('A="'), state('A="b')) == ENV.join(state('A="b'), state('A="'))
    assert ENV.join(state(""), state("A=b\n")) == ENV.start
    with pytest.raises(Misplaced):
        ENV.join(state('A="'), state("A="))


@pytest.mark.parametrize(("text", "line"), [("A=b\n\n B c\n", 3), ("A='b\n", 2), ("A=b\r\n", 1)])
def test_what_systemd_would_skip_is_found(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as found:
        ENV.parse(text)
    assert found.value.line == line
