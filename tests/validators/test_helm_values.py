"""Which values a chart is linted with, and what helm says of wrong ones."""

from __future__ import annotations

import json

import pytest

from generator.problems import Place, Problem
from generator.validators import File, Tool, get
from generator.validators.base import FAMILY
from tests.helm import CHART
from tests.tools import SEARCH, require

SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "more": {"type": "object"}},
}
TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Values.name | quote }}}
{{- if eq .Values.name "fails" }}{{ index (list) 1 }}{{ end }}
data: {{- toYaml .Values.more | nindent 2 }}
"""
CHART_FILES = {
    "out/top/helm/chart/Chart.yaml": CHART,
    "out/top/helm/chart/values.yaml": "{}\n",
    "out/top/helm/chart/values.schema.json": json.dumps(SCHEMA),
    "out/top/helm/chart/templates/a.yaml": TEMPLATE,
}
GOOD = "name: a\nmore: {b: c}\n"


def problems(files: dict[str, str], family: str = "top") -> list[Problem]:
    given = [
        File(path, text.encode(), "yaml", {FAMILY: family} if path.startswith("out/") else {})
        for path, text in {**CHART_FILES, **files}.items()
    ]
    return [*get("helm").check(Tool(require("helm"), SEARCH), tuple(given))]


def test_a_chart_is_right_with_the_values_of_each_of_its_family() -> None:
    assert problems({"out/top/helm/values.yaml": GOOD, "out/low/helm/values.yaml": GOOD}) == []


def test_without_values_a_chart_is_linted_with_its_own() -> None:
    [*found] = problems({"out/low/helm/values.yaml": GOOD}, family="other")
    assert "missing property 'name'" in found[0].message


@pytest.mark.parametrize(
    ("values", "place", "said"),
    [
        ("nam: a\n", Place("out/low/helm/values.yaml"), "additional properties 'nam'"),
        ("name: 1\n", Place("out/low/helm/values.yaml"), "at '/name': got number, want string"),
        ("more: {}\n", Place("out/low/helm/values.yaml"), "missing property 'name'"),
        ("name: fails\n", Place("out/top/helm/chart/templates/a.yaml", 4, 36), "out of range"),
        ("name: [\n", Place("out/low/helm/values.yaml"), "yaml"),
    ],
)
def test_one_that_is_wrong_is_found_among_those_that_are_right(
    values: str, place: Place, said: str
) -> None:
    found = problems({"out/top/helm/values.yaml": GOOD, "out/low/helm/values.yaml": values})
    assert {problem.place for problem in found} == {place}, found
    assert said in found[0].message
    assert {problem.code for problem in found} <= {"GG280", "GG281"}


def test_other_values_are_none_of_a_charts() -> None:
    wrong = {"out/low/other/values.yaml": "a: 1\n", "out/low/helm/more/values.yaml": "a: 1\n"}
    assert problems({"out/top/helm/values.yaml": GOOD, **wrong}) == []
