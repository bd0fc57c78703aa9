"""The profile schema is closed and tells of every key; each target's section is, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = [
    ROOT / "schemas/profile.schema.json",
    *sorted(ROOT.glob("templates/*/section.schema.json")),
    *sorted(ROOT.glob("tests/content/*/templates/*/section.schema.json")),
]


def _schemas(at: str, schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield at, schema
    for word in ("properties", "patternProperties", "$defs"):
        for name, child in schema.get(word, {}).items():
            yield from _schemas(f"{at}/{word}/{name}", child)
    if isinstance(schema.get("items"), dict):
        yield from _schemas(f"{at}/items", schema["items"])


ALL = [
    pytest.param(schema, id=at)
    for file in SCHEMAS
    for at, schema in _schemas(
        file.relative_to(ROOT).as_posix() + "#", json.loads(file.read_text(encoding="utf-8"))
    )
]


@pytest.mark.parametrize("schema", ALL)
def test_every_object_is_closed(schema: dict[str, Any]) -> None:
    assert schema.get("type") != "object" or schema.get("additionalProperties") is False


@pytest.mark.parametrize("schema", ALL)
def test_every_key_is_described(schema: dict[str, Any]) -> None:
    assert "$ref" in schema or schema.get("description", "").endswith(".")


@pytest.mark.parametrize("schema", ALL)
def test_lists_of_maps_merge_by_a_key_that_all_items_have(schema: dict[str, Any]) -> None:
    items = schema.get("items", {})
    if items.get("type") == "object":
        assert schema["x-gogen-merge"]["key"] in items["required"]
    else:
        assert "x-gogen-merge" not in schema


def _refuses(place: tuple[str, ...], value: Any) -> bool:
    document = json.loads(SCHEMAS[0].read_text(encoding="utf-8"))
    schema: dict[str, Any] = document
    for step in place:
        schema = schema[step]
    validator = Draft202012Validator({**schema, "$defs": document["$defs"]})
    return not validator.is_valid(value)


@pytest.mark.parametrize("file", ["a", ".", "a/b.c", ".github/x", "..a/b..", "a/-x"])
def test_a_file_of_the_repository(file: str) -> None:
    assert not _refuses(("$defs", "file"), file)


@pytest.mark.parametrize(
    "file",
    ["", "/a", "~/a", "..", "../a", "a/..", "a/../b", "-rf", "--flag", "a b", "a\\b", "a\nb"],
)
def test_a_file_elsewhere_or_that_a_program_takes_for_an_option(file: str) -> None:
    assert _refuses(("$defs", "file"), file)


def test_a_folder_of_path_holds_no_colon() -> None:
    path = ("properties", "go", "properties", "path")
    assert _refuses(path, ["/a:/b"])
    assert not _refuses(path, ["/a", "~/b"])


@pytest.mark.parametrize("folder", ["/opt/it's", '/opt/a"b', "/opt/a b", "/opt/\\", "/opt/$HOME"])
def test_what_systemd_would_split_or_unquote_is_no_folder_of_a_kubelet(folder: str) -> None:
    config_dir = ("properties", "node", "properties", "kubelet", "properties", "config_dir")
    assert _refuses(config_dir, folder)
    assert not _refuses(config_dir, "/etc/kubernetes/kubelet.conf.d")
