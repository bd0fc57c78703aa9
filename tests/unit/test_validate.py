"""Stage validate: what the schema says against a profile, by file and line; home paths."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from generator.model import HomePath, Layer, LayerFiles, Leaf, Map, Profile, Secret, find, plain
from generator.patterns import Exact
from generator.problems import Place, Problem, Rejected
from generator.profile.schema import Schema
from generator.stages.load import load
from generator.stages.merge import merge
from generator.stages.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOCUMENT: dict[str, Any] = {
    "$defs": {
        "path": {"type": "string", "format": "home-path", "description": "Where it lies."},
        "secret": {"type": "object", "required": ["$secret"], "properties": {"$secret": {}}},
    },
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "go": {
            "type": "object",
            "additionalProperties": False,
            "required": ["toolchain"],
            "properties": {
                "toolchain": {"type": "string", "description": "A name in toolchains."},
                "flags": {"type": "array", "items": {"type": "string", "pattern": "^-"}},
                "mode": {"enum": ["fast", "slow", 3]},
                "jobs": {"type": "integer", "minimum": 1},
            },
        },
        "many": {"enum": [f"v{i}" for i in range(20)]},
        "labels": {
            "type": "object",
            "additionalProperties": False,
            "patternProperties": {"^[a-z]+$": {"type": "string"}},
        },
        "names": {"propertyNames": {"pattern": "^[a-z]+$"}, "maxProperties": 2},
        "home": {"$ref": "#/$defs/path"},
        "homes": {"type": "array", "items": {"$ref": "#/$defs/path"}, "uniqueItems": True},
        "token": {"$ref": "#/$defs/secret"},
        "password": {"type": "string", "minLength": 3},
        "plain": {"type": "string", "pattern": "^[a-z]+$"},
        "either": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["image"],
                    "additionalProperties": False,
                    "properties": {"image": {"type": "string"}, "tag": {"type": "string"}},
                },
            ]
        },
        "shape": {
            "oneOf": [
                {"properties": {"kind": {"const": "a"}, "size": {"type": "integer"}}},
                {"properties": {"kind": {"const": "b"}, "size": {"type": "string"}}},
            ],
            "required": ["kind"],
        },
        "never": False,
    },
}
SCHEMA = Schema(DOCUMENT)


@pytest.fixture
def profile(tmp_path: Path) -> Callable[[str], Profile]:
    def make(text: str) -> Profile:
        (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
        layer = load(tmp_path, LayerFiles("p", ("p.yaml",)))
        return merge("p", {"p": layer}, SCHEMA.merge_keys)

    return make


def refused(profile: Profile, schema: Schema = SCHEMA) -> list[Problem]:
    with pytest.raises(Rejected) as caught:
        validate(profile, schema)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "code", "place", "message", "expected", "hint"),
    [
        (
            "go:\n  toolchain: x\n  flag: []\n",
            "GG150",
            "3:3",
            "unknown key go.flag",
            "one of flags, jobs, mode, toolchain (schemas/profile.schema.json#/properties/go)",
            'did you mean "flags"?',
        ),
        ("god: 1", "GG150", "1:1", "unknown key god", "one of either, go,", '"go"'),
        ("labels: {A: x}", "GG150", "1:10", "unknown key labels.A", "a key like ^[a-z]+$", ""),
        ("never: 1", "GG150", "1:1", "the profile holds 1 where nothing may stand", "no such", ""),
        (
            "x: 1\ngo: {jobs: 1}\n".replace("x: 1", "many: v1"),
            "GG151",
            "2:5",
            "go lacks toolchain",
            "toolchain (schemas/profile.schema.json#/properties/go)",
            "add toolchain: A name in toolchains.",
        ),
        (
            "go: {toolchain: 5}",
            "GG152",
            "1:17",
            "go.toolchain is a number",
            "text (schemas/profile.schema.json#/properties/go/properties/toolchain)",
            'write it in quotes: "5"',
        ),
        (
            "go: {toolchain: [x]}",
            "GG152",
            "1:17",
            "go.toolchain is a list",
            "text",
            "A name in toolchains.",
        ),
        ("go: text", "GG152", "1:5", "go is text", "a map (schemas", ""),
        (
            "home: 5",
            "GG152",
            "1:7",
            "home is a number",
            "text (schemas/profile.schema.json#/$defs/path)",
            "",
        ),
        (
            "go: {toolchain: x, mode: fats}",
            "GG153",
            "1:26",
            "go.mode is fats",
            "one of fast, slow, 3 (",
            'did you mean "fast"?',
        ),
        ("many: w", "GG153", "1:7", "many is w", "v0, v1, v2, v3, v4, v5, v6, v7, v8 and 11", ""),
        (
            "go: {toolchain: x, flags: [-a, b]}",
            "GG154",
            "1:32",
            "go.flags[1] is b",
            "text that matches ^- (schemas/profile.schema.json#/properties/go/properties/flags/i",
            "",
        ),
        ("go: {toolchain: x, jobs: 0}", "GG154", "1:26", "go.jobs is 0", "at least 1", ""),
        ("names: {A: 1}", "GG154", "1:9", "the key names.A", "text that matches ^[a-z]+$", ""),
        ("names: {a: 1, b: 1, c: 1}", "GG154", "1:8", "names is a map of 3", "at most 2 keys", ""),
        ("homes: [/a, /a]", "GG154", "1:8", "homes is a list of 2", "no item twice", ""),
        ("either: 5", "GG155", "1:9", "either is a number", "text or a map (", ""),
        ("either: {imag: x, image: z}", "GG150", "1:10", "unknown key either.imag", "image", '"im'),
        ("either: {image: 5}", "GG152", "1:17", "either.image is a number", "text", "quotes"),
        ("shape: {kind: a, size: x}", "GG152", "1:24", "shape.size is text", "a whole number", ""),
        ("token: text", "GG152", "1:8", "token is text", "a map (", ""),
        ("password: ab", "GG154", "1:11", "password is ab", "at least 3 characters", ""),
    ],
)
def test_a_problem_has_its_place_the_rule_and_a_way_out(  # noqa: PLR0913, PLR0917 - a row
    profile: Callable[[str], Profile],
    text: str,
    code: str,
    place: str,
    message: str,
    expected: str,
    hint: str,
) -> None:
    (problem,) = refused(profile(text))
    assert (problem.code, str(problem.place)) == (code, f"p.yaml:{place}")
    assert message in problem.message
    assert expected in problem.expected
    assert "schemas/profile.schema.json#" in problem.expected
    assert hint in problem.hint


def test_a_section_of_a_target_that_describes_none_is_told_the_file(
    profile: Callable[[str], Profile],
) -> None:
    file = "templates/otel/section.schema.json"
    schema = Schema(DOCUMENT, undescribed={"otel": file})
    (problem,) = refused(profile("otel: 1"), schema)
    assert problem.hint == f"to give the target otel this section, write {file}"


def test_all_problems_come_at_once(profile: Callable[[str], Profile]) -> None:
    text = "go: {flag: 1, jobs: x, mode: q}\nmany: 1\nhome: ~other/x\n"
    codes = sorted(p.code for p in refused(profile(text)))
    assert codes == ["GG150", "GG151", "GG152", "GG153", "GG153", "GG156"]


def test_what_a_child_lacks_is_told_at_its_own_file() -> None:
    place = Place("profiles/p/p.yaml", 1, 1)
    empty = Profile("p", ("p",), (), Map({}, (place,)))
    (problem,) = refused(empty, Schema({"required": ["go"]}))
    assert (problem.place, problem.message) == (place, "the profile lacks go")


def test_home_paths_become_their_own_kind(profile: Callable[[str], Profile]) -> None:
    made = profile("home: ~/go/bin\nhomes: ['~', /abs, ~/]\nmany: v1\n")
    tree = validate(made, SCHEMA).tree
    assert plain(tree) == {
        "home": HomePath("go/bin"),
        "homes": [HomePath(""), "/abs", HomePath("")],
        "many": "v1",
    }
    home = find(tree, ("home",))
    assert isinstance(home, Leaf)
    assert home.trail == (Place("p.yaml", 1, 7),)
    assert tree.items["many"] is made.tree.items["many"]


@pytest.mark.parametrize("text", ["~user/x", "$HOME/go", "${HOME}/go", "%h/go"])
def test_other_ways_to_say_home_are_refused(profile: Callable[[str], Profile], text: str) -> None:
    (problem,) = refused(profile(f"homes: [/a, '{text}']"))
    assert (problem.code, problem.place) == ("GG156", Place("p.yaml", 1, 13))
    assert problem.message.startswith(f"homes[1] is {text}")
    assert "~/" in problem.hint


def test_text_that_is_no_home_path_stays(profile: Callable[[str], Profile]) -> None:
    made = profile("go: {toolchain: ~/x}\npassword: $HOMER\n".replace("$HOMER", "abc"))
    assert validate(made, SCHEMA) == made


def test_a_secret_stands_where_text_may(profile: Callable[[str], Profile]) -> None:
    made = profile("password: {$secret: a}\ntoken: {$secret: b}\neither: {$secret: c}\n")
    assert plain(validate(made, SCHEMA).tree) == {
        "password": Secret("a"),
        "token": Secret("b"),
        "either": Secret("c"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "many: {$secret: v1}",
        "go: {toolchain: x, jobs: {$secret: a}}",
        "plain: {$secret: a}",
        "home: {$secret: a}",
    ],
)
def test_a_secret_stands_nowhere_else(profile: Callable[[str], Profile], text: str) -> None:
    (problem,) = refused(profile(text.replace("v1", "s")))
    assert problem.code in {"GG152", "GG154"}


class Memory:
    """Proofs in a set."""

    def __init__(self) -> None:
        self.digests: set[str] = set()

    def known(self, digest: str) -> bool:
        return digest in self.digests

    def remember(self, digest: str) -> None:
        self.digests.add(digest)


def test_a_profile_that_was_valid_is_not_looked_at_again(
    profile: Callable[[str], Profile], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, memory = profile("home: ~/x\n"), Memory()
    first = validate(made, Schema(DOCUMENT), memory)
    assert len(memory.digests) == 1
    monkeypatch.setitem(sys.modules, "generator.patterns", None)
    assert validate(made, Schema(DOCUMENT), memory) == first
    assert plain(first.tree) == {"home": HomePath("x")}
    with pytest.raises(ModuleNotFoundError):
        validate(profile("home: ~/z\n"), Schema(DOCUMENT), memory)


def test_what_was_not_valid_is_not_remembered(profile: Callable[[str], Profile]) -> None:
    memory = Memory()
    with pytest.raises(Rejected):
        validate(profile("god: 1"), SCHEMA, memory)
    assert memory.digests == set()


def test_a_proof_holds_for_one_schema_and_one_profile(profile: Callable[[str], Profile]) -> None:
    memory = Memory()
    validate(profile("many: v1"), SCHEMA, memory)
    validate(profile("many: v2"), SCHEMA, memory)
    validate(profile("many: v2"), Schema({}), memory)
    validate(profile("password: {$secret: a}"), Schema({}), memory)
    validate(profile("password: [a]"), Schema({}), memory)
    assert len(memory.digests) == 5


def test_a_proof_holds_for_one_release_of_gogen(
    profile: Callable[[str], Profile], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory()
    validate(profile("many: v1"), SCHEMA, memory)
    monkeypatch.setattr("generator.stages.validate.__version__", "9.9")
    validate(profile("many: v1"), SCHEMA, memory)
    assert len(memory.digests) == 2


@pytest.mark.parametrize("text", ['plain: "ab\\n"', 'names: {"ab\\n": 1}', "plain: |\n  ab\n"])
def test_a_line_break_at_the_end_is_no_end(profile: Callable[[str], Profile], text: str) -> None:
    (problem,) = refused(profile(text))
    assert problem.code == "GG154"


@pytest.mark.parametrize(
    ("pattern", "fits", "other"),
    [
        ("^a$|^b$", "b", "a\n"),
        (r"^a\$$", "a$", "a$\n"),
        (r"^a\\$", "a\\", "a\\\n"),
        ("^[$]+$", "$$", "$\n"),
        (r"^[^\]$]$", "a", "$"),
        ("^(?!.*b$)a", "ab\n", "ab"),
    ],
)
def test_a_dollar_is_the_very_end(pattern: str, fits: str, other: str) -> None:
    exact = Exact({"pattern": pattern})
    assert [exact.is_valid(value) for value in (fits, other, 1)] == [True, False, True]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"type": "strng"}, "the schema is broken at schemas/profile.schema.json#/type: 'strng'"),
        ({"$ref": "#/$defs/none"}, "nothing is at"),
        ({"properties": {"many": {"pattern": 5}}}, "#/properties/many/pattern: 5 is not of type"),
    ],
)
def test_a_broken_schema_is_told(
    profile: Callable[[str], Profile], document: dict[str, Any], message: str
) -> None:
    (problem,) = refused(profile("many: v1"), Schema(document))
    assert problem.code == "GG159"
    assert message in problem.message


def test_a_layer_keeps_its_extends_out_of_the_tree(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("extends: []\nmany: v1\n")
    layer: Layer = load(tmp_path, LayerFiles("p", ("p.yaml",)))
    assert validate(merge("p", {"p": layer}, SCHEMA.merge_keys), SCHEMA).extends == ()
