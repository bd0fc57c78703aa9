"""The state machine of a chart's templates: branches, chunks, and places of what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.dialects import for_file, get
from generator.dialects.base import Misplaced, Unreadable
from tests.dialects.test_cases import HERE, read

if TYPE_CHECKING:
    from pathlib import Path

HELM = get("helm")


@pytest.mark.parametrize(
    ("one", "other"),
    [("a\n", "b"), ("", "a: {{ .x }}\n"), ("{{ if .a }}", "x{{ if .b }}"), ("# a", "# {{ .b }}")],
)
def test_branches_that_meet(one: str, other: str) -> None:
    states = [HELM.step(HELM.start, text) for text in (one, other)]
    joined = HELM.join(*states)
    HELM.finish(HELM.step(joined, "{{ end }}" if "if" in one else "\n"))


@pytest.mark.parametrize(
    ("one", "other"),
    [("{{ if .a }}", ""), ("{{ .a", "{{ .b }}"), ('{{ "a', "{{ `a"), ("# a", "a"), ("{", "")],
)
def test_branches_that_cannot_meet(one: str, other: str) -> None:
    states = [HELM.step(HELM.start, text) for text in (one, other)]
    with pytest.raises(Misplaced, match="branches"):
        HELM.join(*states)


@pytest.mark.parametrize("path", sorted((HERE / "helm" / "ok").glob("*")), ids=lambda p: p.name)
def test_text_in_any_pieces_is_read_alike(path: Path) -> None:
    text = read(path).replace("\\'", "")  # an escape is read whole, or not at all
    state = HELM.start
    for char in text:
        state = HELM.step(state, char)
    assert state == HELM.step(HELM.start, text)


def test_unreadable_text_has_a_line() -> None:
    with pytest.raises(Unreadable) as refusal:
        HELM.parse("a: 1\nb: {{ (x }}\n")
    assert refusal.value.line == 2


def test_a_comment_is_left_out_of_the_output() -> None:
    assert HELM.comment("a {{ b }}") == "{{- /* a {{ b }} */}}"


def test_file_names_choose_the_dialect() -> None:
    assert for_file("_helpers.tpl") == "helm"
    assert for_file("deployment.yaml") == "yaml"
