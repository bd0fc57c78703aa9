"""The schema document: how it is put together, and what it says of a place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from generator import targets
from generator.model import Target
from generator.problems import Place, Problem, Rejected
from generator.profile.schema import MergeKeys, Schema, View, read_schema
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT: dict[str, Any] = {
    "$defs": {
        "path": {"type": "string", "format": "home-path"},
        "tree": {
            "properties": {"path": {"$ref": "#/$defs/path"}},
            "additionalProperties": {"$ref": "#/$defs/tree"},
        },
    },
    "properties": {
        "keyed": {
            "x-gogen-merge": {"key": "name"},
            "items": {"properties": {"inner": {"x-gogen-merge": {"key": "id"}}}},
        },
        "all": {"allOf": [{"properties": {"list": {"x-gogen-merge": {"key": "k"}}}}]},
        "any": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/path"}]},
        "then": {"if": {"type": "object"}, "then": {"properties": {"p": {"format": "home-path"}}}},
        "tree": {"$ref": "#/$defs/tree"},
        "pair": {"prefixItems": [{"$ref": "#/$defs/path"}]},
        "missing": {"$ref": "#/$defs/none"},
    },
    "patternProperties": {"^x-": {"x-gogen-merge": {"key": "x"}}},
    "additionalProperties": {"x-gogen-merge": {"key": "other"}},
}


@pytest.mark.parametrize(
    ("pointer", "key"),
    [
        (("keyed",), "name"),
        (("keyed", 3, "inner"), "id"),
        (("keyed", 3, "other"), ""),
        (("all", "list"), "k"),
        (("x-any",), "x"),
        (("none",), "other"),
        (("missing",), ""),
        ((), ""),
    ],
)
def test_merge_keys(pointer: tuple[str | int, ...], key: str) -> None:
    assert MergeKeys(DOCUMENT).at(pointer) == key


@pytest.mark.parametrize(
    ("pointer", "is_home"),
    [
        (("any",), True),
        (("then", "p"), True),
        (("tree", "a", "b", "path"), True),
        (("tree", "a", "b"), False),
        (("pair", 0), True),
        (("keyed", 0), False),
    ],
)
def test_home_paths(pointer: tuple[str | int, ...], is_home: bool) -> None:  # noqa: FBT001 - a column of the table
    assert View([(DOCUMENT, DOCUMENT)]).at(pointer).home_path is is_home


def test_nothing_is_keyed_without_a_schema() -> None:
    assert MergeKeys({}).at(("a", 0, "b")) == ""
    assert View([({}, True)]).empty


def target(name: str, section: Any) -> Target:
    return Target(
        name=name,
        description="",
        files=(),
        images=(),
        actions=(),
        folders=(),
        manifest=f"templates/{name}/target.yaml",
        section_schema=section,
    )


def read(folder: Path, document: Any, *targets: Target) -> Schema:
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / "profile.schema.json").write_text(text)
    return read_schema(folder, targets)


def refused(folder: Path, document: Any, *targets: Target) -> Problem:
    with pytest.raises(Rejected) as caught:
        read(folder, document, *targets)
    (problem,) = caught.value.problems
    return problem


OTEL = {
    "$defs": {"path": {"format": "home-path", "type": "string"}},
    "properties": {"state": {"$ref": "#/$defs/path"}},
    "additionalProperties": False,
}


def test_sections_of_targets_join_with_definitions_of_their_own(tmp_path: Path) -> None:
    document = {"$defs": {"path": {"type": "integer"}}, "properties": {"a": {}}}
    schema = read(tmp_path, document, target("otel", OTEL), target("plain", None))
    assert schema.view.names == {"a", "otel"}
    assert schema.view.at(("otel", "state")).home_path
    assert schema.validator.is_valid({"otel": {"state": "~/x"}})
    assert not schema.validator.is_valid({"otel": {"state": 1}})


def test_a_target_of_the_workspace_that_describes_no_section_is_remembered(tmp_path: Path) -> None:
    schema = read(tmp_path, {"properties": {"go": {}}}, target("otel", OTEL), target("plain", None))
    assert schema.undescribed == {"plain": "templates/plain/section.schema.json"}


def test_the_rule_of_a_section_is_in_its_own_file(tmp_path: Path) -> None:
    schema = read(tmp_path, {"$defs": {"v": {"type": "string"}}}, target("otel", OTEL))
    path = ["properties", "otel", "properties", "state", "type"]
    assert schema.rule(path) == "templates/otel/section.schema.json#/$defs/path/type"
    assert schema.rule(["$defs", "v"]) == "schemas/profile.schema.json#/$defs/v"


def test_the_rule_names_keys_with_slashes() -> None:
    schema = Schema({"properties": {"a/b~c": {"anyOf": [{}, {}]}}})
    path: list[str | int] = ["properties", "a/b~c", "anyOf", 1]
    assert schema.rule(path) == "schemas/profile.schema.json#/properties/a~1b~0c/anyOf/1"


@pytest.mark.parametrize("name", ["profile", "images", "a"])
def test_a_section_cannot_take_a_name_that_is_taken(tmp_path: Path, name: str) -> None:
    problem = refused(tmp_path, {"properties": {"a": {}}}, target(name, {}))
    assert (problem.code, problem.place) == ("GG158", Place(f"templates/{name}/target.yaml"))


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_schema_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text).code == "GG157"


def test_a_missing_schema_is_told(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        read_schema(tmp_path, ())
    assert caught.value.problems[0].code == "GG157"


def test_the_digest_is_of_what_the_schema_says_not_of_its_spelling() -> None:
    assert Schema({"a": {}, "b": {}}).digest == Schema({"b": {}, "a": {}}).digest
    assert Schema({"a": {}}).digest != Schema({"b": {}}).digest


@pytest.mark.parametrize("file", sorted((ROOT / "schemas").glob("*.json")), ids=lambda f: f.name)
def test_the_shipped_schemas_are_valid(file: Path) -> None:
    document = json.loads(file.read_text())
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    broken = {**document, "type": "nonsense"}
    with pytest.raises(Exception, match="nonsense"):
        Draft202012Validator.check_schema(broken)


MANIFEST = json.loads((ROOT / "schemas/manifest.schema.json").read_text())


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"description": "x"},
        {"description": "x", "files": []},
        {"description": "x", "files": [{"template": "a.j2"}]},
        {"description": "x", "files": [{"template": "/a.j2", "path": "a"}]},
        {"description": "x", "files": [{"template": "a.j2", "path": "a", "mode": "0777"}]},
        {"description": "x", "files": [{"template": "a.j2", "path": "a", "modes": "0755"}]},
        {"extends": "docker"},
        {"extends": "builtin:docker", "pins": {"image": []}},
    ],
)
def test_other_manifests_are_not(manifest: dict[str, Any]) -> None:
    assert not Draft202012Validator(MANIFEST).is_valid(manifest)


def test_the_manifests_schema_knows_the_keys_that_are_read() -> None:
    assert tuple(sorted(MANIFEST["properties"])) == tuple(sorted(targets._KEYS))
    assert set(MANIFEST["$defs"]["file"]["properties"]) == set(targets._FILE_KEYS)


def test_every_reference_of_the_shipped_schema_leads_somewhere() -> None:
    document = json.loads((ROOT / "schemas/profile.schema.json").read_text())
    assert len(read_schema(ROOT / "schemas", ()).view.names) > 5
    for reference in references(document):
        assert reference.startswith("#/$defs/")
        assert reference.removeprefix("#/$defs/") in document["$defs"]


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return [*own, *(found for item in value.values() for found in references(item))]
