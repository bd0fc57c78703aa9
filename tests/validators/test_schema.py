"""The validator that needs no program: every document of a file against its manifest's schema."""

from __future__ import annotations

from typing import Any

import pytest

from generator.problems import Place, Problem
from generator.validators import File, inspect

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["kind"],
    "properties": {
        "kind": {"enum": ["Join", "Init"]},
        "port": {"type": "integer", "maximum": 65535},
        "share": {"type": "number"},
        "text": {"type": "string"},
        "name": {"pattern": "^[a-z]+$"},
        "nodes": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
    },
}


def problems(path: str, text: str, schema: dict[str, Any] | None = None) -> list[Problem]:
    seen = inspect([File(path, text.encode(), "yaml", schema=schema or SCHEMA)], search="")
    assert (seen.ran, seen.missing) == (("schema",), ())
    return [*seen.problems]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yaml", "kind: Join\nport: 6443\n"),
        ("a.yaml", "# a comment\n---\nkind: Join\n--- # another\n\nkind: Init\nshare: 0.5\n---\n"),
        ("a.yaml", "kind: Join\ntext: |\n  if true; then\n  \ttrue\n   --- fi\n"),
        ("a.json", '{"kind": "Join",\n\t"share": 1e-3, "nodes": ["a", null]}\n'),
    ],
)
def test_what_the_schema_describes_passes(path: str, text: str) -> None:
    assert problems(path, text) == []


@pytest.mark.parametrize(
    ("path", "text", "line", "column", "said"),
    [
        ("a.yaml", "port: 1\n", 1, 1, "'kind' is a required property"),
        ("a.yaml", "kind: Join\nknid: x\n", 1, 1, "'knid' was unexpected"),
        ("a.yaml", "kind: Join\nport: 70000\n", 2, 7, "port: 70000 is greater than the maximum"),
        ("a.yaml", "kind: Join\nport: '1'\n", 2, 7, "port: '1' is not of type 'integer'"),
        ("a.yaml", "kind: Join\n---\n# x\nkind: Jon\n", 4, 7, "kind: 'Jon' is not one of"),
        ("a.yaml", "kind: Join\nnodes:\n  - a\n  - 1\n", 4, 5, "nodes[1]: 1 is not"),
        ("a.yaml", "kind: Join\nname: |\n  ab\n", 2, 7, r"name: 'ab\n' does not match"),
        ("a.yaml", "kind: Join\ntext: yes\n", 2, 7, "unquoted yes: some readers take it for true"),
        ("a.yaml", "kind: Join\nkind: Init\n", 2, 1, 'the key "kind" stands twice'),
        ("a.yaml", "- kind: Join\n", 1, 1, "is not of type 'object'"),
        ("a.yaml", "kind: [\n", 2, 1, "not YAML"),
        ("a.yaml", "# nothing\n", 0, 0, "the file holds nothing"),
        ("a.json", '{"kind": "Join",\n "port": 1.5}\n', 2, 10, "port: 1.5 is not of type"),
    ],
)
def test_what_it_does_not_describe_is_refused(
    path: str, text: str, line: int, column: int, said: str
) -> None:
    [problem] = problems(path, text)
    assert (problem.code, problem.place) == ("GG280", Place(path, line, column))
    assert problem.message.startswith("schema: ")
    assert said in problem.message


def test_every_problem_of_a_file_is_told() -> None:
    assert len(problems("a.yaml", "port: x\ntext: 1\n---\nkind: x\n")) == 4


def test_a_broken_schema_is_no_pass() -> None:
    [problem] = problems("a.yaml", "kind: Join\n", {"type": "objct"})
    assert problem.code == "GG281"
    assert "the schema of a.yaml is broken" in problem.message


def test_a_file_without_a_schema_is_not_read() -> None:
    assert inspect([File("a.yaml", b"kind: [")], search="").ran == ()
