"""A target in a language gogen knows nothing of is a template, a manifest and a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Project

CONFIG = "otel/config.yaml"


def _collector(project: Project, profile: str) -> Any:
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    return YAML(typ="safe").load(outcome.tree[f"out/{profile}/{CONFIG}"])


def test_the_workspace_holds_no_python() -> None:
    assert not list((ROOT / "tests/content/otel-workspace").rglob("*.py"))


def test_words_that_yaml_could_take_for_others_stay_text(
    workspace: Callable[[str], Project],
) -> None:
    config = _collector(workspace("otel-workspace"), "agent")
    attributes = {a["key"]: a["value"] for a in config["processors"]["resource"]["attributes"]}
    assert attributes["deployment.environment"] == "on"
    assert attributes["go.version"] == "1.27.1"


def test_a_dollar_is_doubled_for_the_collector(workspace: Callable[[str], Project]) -> None:
    config = _collector(workspace("otel-workspace"), "agent")
    attributes = {a["key"]: a["value"] for a in config["processors"]["resource"]["attributes"]}
    assert attributes["build.price"] == "$$5 a day"


def test_a_secret_is_named_and_its_value_never_written(
    workspace: Callable[[str], Project],
) -> None:
    config = _collector(workspace("otel-workspace"), "agent")
    assert config["exporters"]["otlp/gateway"]["headers"] == {"authorization": "${env:OTEL_TOKEN}"}


def test_keyed_lists_null_and_append_make_the_gateway(workspace: Callable[[str], Project]) -> None:
    config = _collector(workspace("otel-workspace"), "gateway")
    assert {name: one["endpoint"] for name, one in config["exporters"].items()} == {
        "otlp/gateway": "https://store.example.net",
        "otlp/archive": "https://archive.example.net",
    }
    assert list(config["service"]["pipelines"]) == ["traces", "metrics"]
    keys = [a["key"] for a in config["processors"]["resource"]["attributes"]]
    assert "build.price" not in keys


def test_its_schema_refuses_what_the_collector_could_not_use(
    workspace: Callable[[str], Project],
) -> None:
    project = workspace("otel-workspace")
    project.write({"profiles/edge/profile.yaml": "extends: [agent]\n"})
    project.write({"profiles/edge/otel.yaml": 'otel: {listen: "everywhere"}\n'})
    outcome = project.run("render", "edge")
    assert outcome.code == 2
    assert "profiles/edge/otel.yaml:1:16" in outcome.text
