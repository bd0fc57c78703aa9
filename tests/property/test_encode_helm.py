"""Laws of a chart's templates: helm gives a value back from each place where one may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from ruamel.yaml import YAML

from generator.dialects import get
from generator.dialects.base import Unwritable
from tests import helm
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import batches, texts

if TYPE_CHECKING:
    from pathlib import Path

HELM = get("helm")


def written(before: str, values: list[str], after: str) -> tuple[str, list[str]]:
    """Give a template that holds each value that is not refused, and those values."""
    lines, kept = [], []
    for value in values:
        try:
            lines.append(fill(HELM, [before, Put(value), after]))
        except Unwritable:
            continue
        kept.append(value)
    text = "".join(lines)
    HELM.parse(text)
    return text, kept


def rendered(folder: Path, text: str) -> str:
    chart = helm.make(folder / "chart", {"templates/x.yaml": f"{text}a: 1\n"})
    return helm.template(chart)


@given(values=batches)
@settings(max_examples=15)
def test_strings(values: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("helm")
    text, kept = written('- {{ print "x', values, '" | quote }}\n')
    said = rendered(folder, "v:\n" + text)
    assert YAML(typ="safe", pure=True).load(said)["v"] == [f"x{value}" for value in kept] or (
        kept == []
    )


@given(values=batches)
@settings(max_examples=15)
def test_comments_stay_comments(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("helm")
    lines, kept = written("# is ", values, "\n")
    notes, _ = written("{{/* is ", values, " */}}\n")
    said = rendered(folder, lines + notes)
    read = [line[5:] for line in said.split("\n") if line.startswith("# is ")]
    assert read == kept
    assert YAML(typ="safe", pure=True).load(said) == {"a": 1}


@given(value=texts)
def test_what_is_written_can_be_read_back(value: str) -> None:
    for before, after in (("# ", "\n"), ("{{/* ", " */}}\n"), ('{{ $x := "', '" }}\n')):
        written(before, [value], after)


@pytest.mark.parametrize(
    "path",
    [
        "bad/open-if.tpl",
        "bad/end.tpl",
        "bad/open-string.tpl",
        "bad/else.tpl",
        "bad/nested-define.tpl",
        "bad/nothing.tpl",
        "bad/parentheses.tpl",
        "bad/late-comment.tpl",
        "bad/code-after-comment.tpl",
        "bad/open-comment.tpl",
        "bad/open-raw.tpl",
        "bad/open-action.tpl",
        "bad/trims-alone.tpl",
        "bad/else-of-define.tpl",
        "ok/all.tpl",
        "ok/brace.tpl",
        "ok/empty.tpl",
    ],
)
def test_helm_reads_what_the_dialect_reads(path: str, tmp_path: Path) -> None:
    text = (helm.ROOT / "tests/dialects/helm" / path).read_text(encoding="utf-8")
    chart = helm.make(tmp_path / "chart", {"templates/x.tpl": text})
    done = helm.run(tmp_path, "template", "go", chart)
    refused = "Error: parse error at" in done.stderr
    assert refused == path.startswith("bad"), done.stderr
