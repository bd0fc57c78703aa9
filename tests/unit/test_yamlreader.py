"""The strict YAML reader: what it lets in, what it refuses, and where it says so."""

from __future__ import annotations

import sys

import pytest

from generator.model import Map, find, plain
from generator.problems import Place, Problem, Rejected
from generator.yamlreader import DEPTH, parse_text


def refused(text: str | bytes) -> list[Problem]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(Rejected) as caught:
        parse_text("f.yaml", data)
    return list(caught.value.problems)


def only(text: str | bytes) -> tuple[str, str, str]:
    problem, *others = refused(text)
    assert not others
    assert problem.place is not None
    return problem.code, str(problem.place), problem.message


def read(text: str) -> Map:
    return parse_text("f.yaml", text.encode())


def test_scalars_are_what_every_reader_takes_them_for() -> None:
    text = """
int: 42
negative: -7
zero: 0
yes: true
no: false
nothing: null
word: hello world
quoted: "1.20"
single: 'it''s'
version: 1.27.1
path: /usr/local/go
reference: <{ toolchains.current }>
url: https://proxy.golang.org,direct
block: |
  one
  two
empty-list: []
empty-map: {}
flow: [a, {b: 1}]
""".replace("yes:", '"yes":').replace("no:", '"no":')
    assert plain(read(text)) == {
        "int": 42,
        "negative": -7,
        "zero": 0,
        "yes": True,
        "no": False,
        "nothing": None,
        "word": "hello world",
        "quoted": "1.20",
        "single": "it's",
        "version": "1.27.1",
        "path": "/usr/local/go",
        "reference": "<{ toolchains.current }>",
        "url": "https://proxy.golang.org,direct",
        "block": "one\ntwo\n",
        "empty-list": [],
        "empty-map": {},
        "flow": ["a", {"b": 1}],
    }


def test_every_node_and_key_has_its_place() -> None:
    tree = read("b:\n  - x\n  - é: 'y'\n    z: []\na: {k: {}}\n")
    places = {
        ("a",): (5, 4),
        ("a", "k"): (5, 8),
        ("b",): (2, 3),
        ("b", 0): (2, 5),
        ("b", 1): (3, 5),
        ("b", 1, "é"): (3, 8),
        ("b", 1, "z"): (4, 8),
    }
    for pointer, (line, column) in places.items():
        node = find(tree, pointer)
        assert node is not None
        assert node.trail == (Place("f.yaml", line, column),)
    assert tree.trail == (Place("f.yaml", 1, 1),)
    assert tree.key_places == {"a": Place("f.yaml", 5, 1), "b": Place("f.yaml", 1, 1)}


def test_maps_are_sorted() -> None:
    assert list(read("b: 1\na: 2\nc: 3\n").items) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "1.20",
        "1.5",
        "1.",
        ".5",
        "1e3",
        "-1.0",
        "+1",
        "-0",
        "012",
        "00",
        "0o7",
        "0x1F",
        "0b11",
        "-0x1",
        "1_000",
        "1_0.5",
        "12:30:45",
        "190:20:30",
        "2024-01-01",
        "2024-01-01T10:00:00Z",
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "N",
        "True",
        "FALSE",
        "Null",
        "~",
        ".inf",
        "-.INF",
        ".nan",
        "=",
        "<<",
        "99999999999999999999",
    ],
)
def test_what_readers_disagree_on_is_refused_with_the_hint_to_quote(text: str) -> None:
    (problem,) = refused(f"k:\n  v: {text}\n")
    assert (problem.code, problem.place) == ("GG107", Place("f.yaml", 2, 6))
    assert problem.message.startswith(f"unquoted {text}: ")
    assert problem.hint == f'write "{text}" to mean text'
    assert plain(read(f'v: "{text}"')) == {"v": text}


@pytest.mark.parametrize(
    "text",
    [
        "1.27.1",
        "10.0.0.1/8",
        "v1.20",
        "go1.27",
        "a=b",
        "yesterday",
        "none",
        "1.20-rc1",
        "e3",
        "8080:80",
        "-s",
        "--x",
    ],
)
def test_what_all_readers_take_for_text_stays(text: str) -> None:
    assert plain(read(f"v: {text}")) == {"v": text}


@pytest.mark.parametrize("key", ["on", "1", "1.20", "null", "true", "~", "2024-01-01", "y"])
def test_keys_are_text_to_every_reader(key: str) -> None:
    (problem,) = refused(f"a: 1\n{key}: 2\n")
    assert (problem.code, problem.place) == ("GG105", Place("f.yaml", 2, 1))
    assert problem.hint == f'write "{key}"'
    assert plain(read(f'"{key}": 2')) == {key: 2}


@pytest.mark.parametrize(
    ("text", "code", "place", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "GG108", "3:1", 'the key "a" stands twice in one map'),
        ("a: &x 1\n", "GG103", "1:4", "the anchor &x"),
        ("a: !!str 1\n", "GG103", "1:4", "the tag !!str"),
        ("a: !x {}\n", "GG103", "1:4", "the tag !x"),
        ("a: {<<: {b: 1}}\n", "GG103", "1:5", "the merge key <<"),
        ("? [a, [b]]\n: 1\nb: 2\n", "GG105", "1:3", "a key that is a list or a map"),
        ("a: 1\n---\nb: 2\n", "GG103", "2:1", "a second document"),
        ("%YAML 1.1\n---\na: 1\n", "GG103", "1:1", "a % directive"),
        ("a:\n\tb: 1\n", "GG101", "2:1", "a tab"),
        ("a: 1\r\nb: 2\r\n", "GG101", "1:5", "a carriage return (Windows line end)"),
        ("\ufeffa: 1\n", "GG101", "1:1", "a byte order mark"),
        (b"a: 1\nb: \xc3\xa9\xff\n", "GG101", "2:5", "byte 0xff is not UTF-8"),
        ("a: x\x00y\n", "GG101", "1:5", "control character U+0000"),
        ("a: x\u2028y\n", "GG101", "1:5", "control character U+2028"),
        ("", "GG102", "1:1", "the file is empty"),
        ("# only a comment\n", "GG102", "1:1", "the file is empty"),
        ("---\n", "GG106", "2:1", "no value"),
        ("- a\n", "GG102", "1:1", "the top of the file is a list"),
        ("text\n", "GG102", "1:1", "the top of the file is text"),
        ("a:\n", "GG106", "1:3", "no value"),
        ("a: [b, ]\nc: {d}\n", "GG106", "2:6", "no value"),
        ("a: b: c\n", "GG100", "1:5", "a second `: ` on one line"),
        ("a: [1\nb: 2\n", "GG100", "1:4", "a [list] or {map} goes wrong or is never closed"),
        ("a: 'x\nb: 2\n", "GG100", "1:4", "a quote that is never closed"),
        ("a: @x\n", "GG100", "1:4", "a value starts with %, @ or `"),
        ('a: "\\q"\n', "GG100", "1:5", "an unknown escape"),
        ("a:\n  - b\n c: 1\n", "GG100", "3:2", "a key was due here"),
    ],
)
def test_refusals_name_the_place(text: str | bytes, code: str, place: str, message: str) -> None:
    problem = refused(text)[0]
    assert (problem.code, str(problem.place)) == (code, f"f.yaml:{place}")
    assert message in problem.message
    assert problem.hint or problem.expected


def test_a_duplicate_key_names_both_places() -> None:
    (problem,) = refused("go:\n  a: 1\n  a: {b: 1}\n")
    assert problem.place == Place("f.yaml", 3, 3)
    assert problem.related == (("first set here", Place("f.yaml", 2, 3)),)


def test_an_alias_is_refused_as_key_and_as_value() -> None:
    assert [(p.code, p.message) for p in refused("a: &x b\n*x : 1\nc: *x\n")] == [
        ("GG103", "the anchor &x"),
        ("GG103", "the alias *x"),
        ("GG103", "the alias *x"),
    ]


def test_all_problems_of_a_file_come_at_once() -> None:
    codes = [p.code for p in refused("a: 1.20\nb: &x yes\na: ~\non: 1\n")]
    assert sorted(codes) == ["GG103", "GG105", "GG107", "GG107", "GG107", "GG108"]


def nested(levels: int) -> str:
    return "a: " + "[" * (levels - 1) + "]" * (levels - 1)


def test_depth_64_is_read_and_65_is_not() -> None:
    assert plain(read(nested(DEPTH)))
    assert only(nested(DEPTH + 1)) == (
        "GG104",
        f"f.yaml:1:{DEPTH + 3}",
        "nested deeper than 64 levels",
    )


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? ", "{? ", "[{a: "])
def test_30_000_levels_are_refused_without_a_crash(opening: str) -> None:
    assert any(p.code == "GG104" for p in refused("a: 1\n" if not opening else opening * 30_000))


def test_a_missing_c_parser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "_ruamel_yaml", None)
    (problem,) = refused("a: 1")
    assert (problem.code, problem.hint) == ("GG109", "pip install ruamel.yaml.clib")
