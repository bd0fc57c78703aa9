"""The profile schema is closed and tells of every key; each target's section is, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = [
    ROOT / "schemas/profile.schema.json",
    *sorted(ROOT.glob("templates/*/section.schema.json")),
    ROOT / "tests/content/otel-workspace/templates/otel/section.schema.json",
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
