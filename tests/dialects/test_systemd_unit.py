"""systemd units: what a value is depends on its key."""

from __future__ import annotations

import pytest

from generator.dialects import for_file, get
from generator.dialects.base import Misplaced, Unreadable, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill

UNIT = get("systemd-unit")


def written(before: str, value: object, after: str = "\n") -> str:
    """Give what the value became between the two texts."""
    text = fill(UNIT, [before, Put(value), after])
    return text[len(before) : len(text) - len(after)]


@pytest.mark.parametrize("name", ["a.service", "a.socket", "a.timer", "a@.service"])
def test_file_names(name: str) -> None:
    assert for_file(name) == "systemd-unit"


@pytest.mark.parametrize(
    ("before", "value", "after", "text"),
    [
        ("ExecStart=/bin/echo ", "a", " b\n", "a"),
        ("ExecStart=/bin/echo ", 'a %h $B "c" \\', "\n", '"a %%h $$B \\"c\\" \\\\"'),
        ("ExecStart=/bin/echo ", "a\nb\t", "\n", '"a\\nb\\t"'),
        ('ExecStart=/bin/echo "x ', "it's $B", '"\n', "it's $$B"),
        ("ExecStart=/bin/echo 'x ", 'it\'s "$B"', "'\n", 'it\\\'s "$$B"'),
        ("ExecStart=/bin/echo \\\n  ", "a b", "\n", '"a b"'),
        ("ExecStart=", "/bin/x", " a\n", "/bin/x"),
        ("ExecStart=-", HomePath("go/bin/x"), " a\n", "%h/go/bin/x"),
        ("ExecStart=/bin/x ", HomePath("a $b"), "\n", '"%h/a $$b"'),
        ('Environment="A=', 'a %h $B "c" \\', '"\n', 'a %%h $B \\"c\\" \\\\'),
        ('Environment=B=c "A=', HomePath("go"), ':/bin"\n', "%h/go"),
        ("EnvironmentFile=-", "/etc/go.env", "\n", "/etc/go.env"),
        ("EnvironmentFile=", HomePath(".config/go.env"), "\n", "%h/.config/go.env"),
        ("WorkingDirectory=", HomePath(""), "\n", "%h"),
        ("Description=go ", "100% a", "\n", "100%% a"),
        ("After=", "network-online.target", " b\n", "network-online.target"),
        ("OnCalendar=", "Mon *-*-* 00:00", "\n", "Mon *-*-* 00:00"),
        ("# it's ", "a", "\n", "a"),
    ],
)
def test_places_of_a_value(before: str, value: object, after: str, text: str) -> None:
    assert written(before, value, after) == text


@pytest.mark.parametrize(
    "before",
    [
        *("", "[", "[Ser", "Exec", "Environment=A=", 'Environment="', 'Environment="A'),
        *("ExecStart=/bin/", 'ExecStart="', "ExecStart=:/bin/echo ", "ExecStart=/bin/sh -c "),
        *("ExecStart=/usr/bin/perl -e ", 'ExecStart=-/usr/bin/awk "', "ExecStart=node -p "),
        *('ExecStart=/bin/sh -ce "', "ExecStart=/bin/bash -lc "),
        *('ExecStart=/bin/bash -ec "', "ExecStart=/bin/x --a=", 'ExecStart=/bin/x "$A'),
        *('ExecStart=/bin/x "${A', "ExecStart=/bin/x \\", "Description=%", "Environment=A=b "),
    ],
)
def test_places_that_take_no_value(before: str) -> None:
    with pytest.raises(Misplaced):
        UNIT.slot(UNIT.step(UNIT.start, before))


@pytest.mark.parametrize(
    ("before", "value"),
    [
        *(("After=", "a b"), ("After=", ""), ("After=", "a%b"), ("User=", 'a"'), ("User=", "a\\")),
        *(("ExecStart=", "x"), ("ExecStart=", "/a b"), ("Description=", "a\\")),
        *(("Description=", " a"), ("Description=", "a\nb"), ("# ", "a\nb")),
        *(("ExecStart=/bin/x ", "\x00"), ("ExecStart=/bin/x ", "\r"), ("User=", None)),
        *(("ExecStart=/bin/x ", ["a"]), ("LoadCredential=", Secret("t"))),
    ],
)
def test_what_cannot_be_written_is_refused(before: str, value: object) -> None:
    with pytest.raises(Unwritable):
        written(before, value)


def test_comments() -> None:
    assert UNIT.comment("by gogen") == "# by gogen"
    with pytest.raises(Unwritable):
        UNIT.comment("a\nExecStart=/bin/x")


def test_a_word_ends_after_a_whole_value() -> None:
    with pytest.raises(Misplaced):
        written("ExecStart=/bin/x ", "a", "b\n")


def test_branches() -> None:
    def state(text: str) -> object:
        return UNIT.step(UNIT.start, text)

    assert UNIT.join(state("[Unit]\n"), state("[Unit]\nAfter=a\n")) == UNIT.start
    one, other = state("ExecStart=/a b "), state("ExecStart=/a ")
    assert UNIT.join(one, other) == UNIT.join(other, one)
    for a, b in (('Environment="A=', "Environment="), ("ExecStart=", "ExecStart=/a ")):
        with pytest.raises(Misplaced):
            UNIT.join(state(a), state(b))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[Unit]\nAfter\n", 2),
        ("After=a\n", 1),
        ("[Unit\n", 1),
        ('[Service]\nExecStart=/a "b\n', 2),
        ("[Unit]\r\n", 1),
    ],
)
def test_what_is_no_unit_is_found(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as found:
        UNIT.parse(text)
    assert found.value.line == line
