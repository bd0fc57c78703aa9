"""Every dialect says the same of what is no text in any."""

from __future__ import annotations

import pytest

from generator.dialects import get
from generator.dialects.base import Embedded, Structured, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill

# A place of each dialect where a part of a text stands.
PLACES = {
    "dockerfile": ("FROM a\nENV A=", "\n"),
    "environment-d": ("A='", "'\n"),
    "fish": ("# ", "\n"),
    "github-actions": ("a: 'x", "'\n"),
    "go-env": ("A=", "\n"),
    "helm": ('{{ "x', '" | quote }}\n'),
    "json": ('{"a": "x', '"}\n'),
    "kubernetes": ("a: 'x", "'\n"),
    "sh": ("# ", "\n"),
    "systemd-env": ("A='", "'\n"),
    "systemd-unit": ("[Unit]\nDescription=", "\n"),
    "text": ("", "\n"),
    "toml": ('a = "x', '"\n'),
    "yaml": ("a: 'x", "'\n"),
}


def refusal(dialect: str, value: object) -> tuple[str, str, str]:
    """Give what a dialect says of a value: reason, what is due, hint."""
    before, after = PLACES[dialect]
    with pytest.raises(Unwritable) as caught:
        fill(get(dialect), [before, Put(value), after])
    return caught.value.reason, caught.value.expected, caught.value.hint


@pytest.mark.parametrize(
    ("dialect", "value"),
    [
        (dialect, value)
        for dialect in PLACES
        for value in (None, Secret("npm"), HomePath("go"))
        if (dialect, value) != ("github-actions", Secret("npm"))  # a workflow has secrets
    ],
)
def test_one_thing_is_refused_in_the_same_words(dialect: str, value: object) -> None:
    assert refusal(dialect, value) == refusal("text", value)


@pytest.mark.parametrize("value", [["a"], {"a": 1}, Structured(["a"], "block")])
@pytest.mark.parametrize("dialect", PLACES)
def test_data_is_refused_in_the_same_words_with_a_way_out_of_the_language(
    dialect: str, value: object
) -> None:
    reason, expected, hint = refusal(dialect, value)
    assert (reason, expected) == refusal("text", value)[:2]
    as_data = dialect in ("github-actions", "helm", "json", "kubernetes", "toml", "yaml")
    assert ("| json" in hint, "| join" in hint) == (as_data, not as_data)


@pytest.mark.parametrize("dialect", sorted(PLACES.keys() - {"environment-d", "systemd-env"}))
def test_a_template_is_no_part_of_a_text(dialect: str) -> None:
    assert refusal(dialect, Embedded("x", "sh", "x.sh.j2"))[0] == (
        "the embedded template 'x.sh.j2' cannot stand here"
    )
