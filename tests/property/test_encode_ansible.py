"""Ansible laws: Ansible's own loader and templater give every value back, and run nothing."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.dialects import get
from generator.dialects.base import Embedded, Misplaced, Unwritable
from tests.dialects.driver import Put, fill
from tests.dialects.hostile_data import WORDS, hostile
from tests.tools import lacks

ANSIBLE = get("ansible")
EVIL = "{{ lookup('ansible.builtin.pipe', 'echo ran') }}"

braces = st.lists(
    st.sampled_from(["{", "{{", "}}", "{%", "%}", "{#", "#}", "ran", "\n", " ", '"', "'", "\\"]),
    max_size=6,
).map("".join)
values = st.one_of(braces, hostile(), st.just(EVIL))


@cache
def templating() -> Any:
    """Give Ansible's templating, its lookups at hand."""
    if find_spec("ansible") is None:
        lacks("ansible-core is not installed: make tools")
    import_module("ansible.plugins.loader").init_plugin_loader([])
    return import_module("ansible.template")


def evaluated(*pieces: str | Put) -> Any:
    """Give the variables of a file as a task would see them: loaded, trusted, templated."""
    tags = templating()
    text = fill(ANSIBLE, pieces)
    ANSIBLE.parse(text)
    loader = import_module("ansible.parsing.dataloader").DataLoader()
    trusted = tags.trust_as_template(text)
    read = loader.load(trusted, file_name="/vars.yml")
    return tags.Templar(loader=loader, variables=read).template(read)


def test_the_reader_does_run_templates() -> None:
    assert evaluated(f'a: "{EVIL}"\n') == {"a": "ran"}


@settings(max_examples=40)
@given(value=values)
@example(value=EVIL)
@example(value=f"{EVIL}\n")
@example(value="{% for x in [1] %}ran{% endfor %}")
def test_whole_values(value: str) -> None:
    found = evaluated(
        *("a: ", Put(value), "\nb: [", Put(value), "]\nc:\n  - ", Put(value), "\n"),
        *("d: ", Put(Embedded(value, "text", "x.j2")), "\n"),
    )
    assert found == {"a": value, "b": [value], "c": [value], "d": value}


@pytest.mark.parametrize("value", WORDS)
def test_every_hostile_word(value: str) -> None:
    assert evaluated("a: ", Put(value), "\n") == {"a": value}


@settings(max_examples=40)
@given(one=values, other=values, text=st.sampled_from(["", "x", "{", "{{ 'ran' }}", "}", " "]))
@example(one="{", other="{ 'ran' }}", text="")
@example(one="a", other="% if true %}ran{% endif %}", text="{")
def test_parts_never_add_up_to_a_template(one: str, other: str, text: str) -> None:
    try:
        found = evaluated('a: "', Put(one), text, Put(other), '"\n')
    except (Unwritable, Misplaced):
        hostile_part = any(mark in part for part in (one, other) for mark in ("{{", "{%", "{#"))
        assert hostile_part or one.endswith("{") or other.endswith("{") or text == "{"
    else:
        shown = "ran" if text == "{{ 'ran' }}" else text
        assert found == {"a": one + shown + other}
