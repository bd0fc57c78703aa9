"""The fish dialect: what a value is, and the places that take none."""

from __future__ import annotations

import pytest

from generator.dialects import for_file, get
from generator.dialects.base import Misplaced, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill

FISH = get("fish")


def written(before: str, value: object, after: str = "\n") -> str:
    """Give what the value became between the two texts."""
    text = fill(FISH, [before, Put(value), after])
    return text[len(before) : len(text) - len(after)]


def test_file_names() -> None:
    assert for_file("config.fish") == "fish"


@pytest.mark.parametrize(
    ("before", "value", "after", "text"),
    [
        ("set -gx A ", "1.27.1", "\n", "1.27.1"),
        ("set -gx A ", "it's \\ $b", "\n", "'it\\'s \\\\ $b'"),
        ('set A "x ', 'a"\\$b', '"\n', 'a\\"\\\\\\$b'),
        ("set A 'x ", "it's \\", "'\n", "it\\'s \\\\"),
        ("set A ", HomePath("go bin"), "\n", "\"$HOME\"/'go bin'"),
        ('set A "', HomePath("go"), '"\n', "$HOME/go"),
        ("set -e ", "GOFLAGS", "\n", "GOFLAGS"),
        ("if test $a = ", "b", "\nend\n", "b"),
        ("A=", "b c", " cmd\n", "'b c'"),
        ("fish_add_path (cmd) ", "a", "\n", "a"),
        ("# it's ", "a", "\ncmd 'a'\n", "a"),
        ("cmd > ", "a b", "\n", "'a b'"),
        ("printf '%s\\n' ", "a", "\n", "a"),
    ],
)
def test_places_of_a_value(before: str, value: object, after: str, text: str) -> None:
    assert written(before, value, after) == text


@pytest.mark.parametrize(
    "before",
    [
        *(
            "",
            "a; ",
            "if ",
            "sudo ",
            "pre",
            "eval ",
            "source ",
            "fish -c ",
            "docker run img sh -c ",
            "nsenter -- bash -lc ",
            "cmd (a ",
            "cmd $",
            "set a",
        ),
        *(
            "cmd $a",
            'cmd "$a',
            "cmd \\",
            "alias a=",
            "for x in ",
            "switch a\ncase ",
            "set -gx '",
            '"',
        ),
        *("printf ", "$x ", "math 1 + ", "and ", 'cmd (a "'),
    ],
)
def test_places_that_take_no_value(before: str) -> None:
    with pytest.raises(Misplaced):
        FISH.slot(FISH.step(FISH.start, before))


@pytest.mark.parametrize("text", ["a 'b\n", 'a "b\n', "a (b\n", "a )\n", 'a "$(b)"\n', "a \\"])
def test_what_does_not_close(text: str) -> None:
    with pytest.raises(Misplaced):
        fill(FISH, [text])


@pytest.mark.parametrize(
    "value", ["\x00", "\r", "\x1b", "\x85", "\ud800", None, ["a"], Secret("s")]
)
def test_what_cannot_be_carried_is_refused(value: object) -> None:
    for before, after in (("set A ", ""), ('set A "', '"'), ("set A '", "'"), ("# ", "")):
        with pytest.raises(Unwritable):
            written(before, value, after)


def test_home_paths_and_comments() -> None:
    with pytest.raises(Unwritable, match="home path"):
        written("set A '", HomePath("go"), "'\n")
    assert FISH.comment("by gogen") == "# by gogen"
    with pytest.raises(Unwritable):
        FISH.comment("a\nrm x")
    with pytest.raises(Misplaced):
        written("cmd ", "2", ">x\n")


@pytest.mark.parametrize("value", ["a b", "(x)", "", "1a", "a[1]", HomePath("go")])
def test_a_name_is_a_name(value: object) -> None:
    with pytest.raises(Unwritable):
        written("set -e ", value)


def test_branches() -> None:
    def state(text: str) -> object:
        return FISH.step(FISH.start, text)

    assert FISH.join(state("cmd a"), state("cmd bc")) == FISH.join(state("cmd bc"), state("cmd a"))
    with pytest.raises(Misplaced):
        FISH.join(state("cmd 'a"), state("cmd a"))
