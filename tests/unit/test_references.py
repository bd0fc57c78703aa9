"""References of a profile to itself."""

from __future__ import annotations

from typing import Any

import pytest

from generator.model import Leaf, Map, Secret, Seq, find, plain
from generator.problems import Place, Problem, Rejected
from generator.profile.references import is_whole, resolve
from generator.yamlreader import parse_text


def tree(text: str) -> Map:
    return parse_text("f.yaml", text.encode())


def resolved(text: str) -> Any:
    return plain(resolve(tree(text)))


def refused(text: str) -> list[Problem]:
    with pytest.raises(Rejected) as caught:
        resolve(tree(text))
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("<{ a.text }>", "x"),
        ("<{a.text}>", "x"),
        ("<{ a.number }>", 5),
        ("<{ a.flag }>", True),
        ("<{ a.map }>", {"k": 1}),
        ("<{ a.list }>", [1, {"k": 2}]),
        ("<{ a.list[1].k }>", 2),
        ('<{ a["b.c"] }>', "dotted"),
        ("<{ a['b.c'] }>", "dotted"),
        ('<{ ["x/y"].z }>', "top"),
        ("v<{ a.text }>-<{ a.number }>,<{ a.flag }>", "vx-5,true"),
        ('<{ "<{" }>', "<{"),
        ("write <{ '<{' }> a }>", "write <{ a }>"),
        ("a }> b", "a }> b"),
        (" <{ a.number }>", " 5"),
        ("<{ a.chain }>", "x"),
        ("<{ alias.map.k }>", 1),
        ("<{ a-b.c_d }>", "dash"),
    ],
)
def test_what_a_reference_gives(reference: str, value: object) -> None:
    quoted = "'" + reference.replace("'", "''") + "'"
    text = f"""
r: {quoted}
a: {{text: x, number: 5, flag: true, map: {{k: 1}}, list: [1, {{k: 2}}], "b.c": dotted,
  chain: "<{{ alias.text }}>"}}
"x/y": {{z: top}}
alias: <{{ a }}>
a-b: {{c_d: dash}}
"""
    text = text.replace("alias: <{ a }>", "alias: {text: <{ a.text }>, map: <{ a.map }>}")
    text = text.replace("<{ a.text }>,", "'<{ a.text }>',").replace(
        "<{ a.map }>}", "'<{ a.map }>'}"
    )
    assert resolved(text)["r"] == value


def test_a_value_may_refer_to_its_neighbour_in_a_map_that_is_referred_to() -> None:
    text = "a: {x: '<{ b.v }>', z: 1}\nb: {v: '<{ a.z }>', w: '<{ a }>'}\nc: <{ b.w.x }>"
    assert resolved(text) == {
        "a": {"x": 1, "z": 1},
        "b": {"v": 1, "w": {"x": 1, "z": 1}},
        "c": 1,
    }


def test_a_long_way_through_references_ends() -> None:
    text = "m: <{ o }>\no: {p: '<{ m.q }>', q: {z: 1}}\nr: <{ m.p.z }>"
    assert resolved(text)["r"] == 1


def test_the_trail_says_the_reference_first_then_what_it_names() -> None:
    root = tree("a: <{ b }>\nb: <{ c }>\nc: {k: 1}\nd: is <{ c.k }>")
    weaker = Place("weak.yaml", 9, 9)
    items = {**root.items, "a": Leaf("<{ b }>", (*root.items["a"].trail, weaker))}
    out = resolve(Map(items, root.trail, root.key_places))
    a, d = out.items["a"], out.items["d"]
    lines = [(place.line, place.column) for place in a.trail]
    assert lines == [(1, 4), (2, 4), (3, 4), (9, 9)]
    assert [place.line for place in d.trail] == [4, 3]
    inner = find(out, ("a", "k"))
    assert inner is not None
    assert [place.line for place in inner.trail] == [3]


def test_what_has_no_reference_is_shared() -> None:
    root = tree("a: {b: [1]}\nc: <{ a }>")
    out = resolve(root)
    assert out.items["a"] is root.items["a"]
    assert resolve(tree("a: 1")).items == tree("a: 1").items


@pytest.mark.parametrize(
    ("text", "code", "place", "message", "hint"),
    [
        ("a: <{ }>", "GG140", "1:4", "a malformed reference: <{ }>", '<{ "<{" }>'),
        ("a: 'x <{ b'", "GG140", "1:4", "a malformed reference: <{ b", ""),
        ("a: <{ b | upper }>\nb: 1", "GG140", "1:4", "<{ b | upper }>", ""),
        ("a: <{ b. }>", "GG140", "1:4", "<{ b. }>", ""),
        ("a: <{ goo }>\ngo: 1", "GG141", "1:4", "unknown reference goo", 'did you mean "go"?'),
        ("a: <{ b.x1 }>\nb: {q: 1}", "GG141", "1:4", "unknown reference b.x1", "b has q"),
        ("a: <{ zz }>", "GG141", "1:4", "unknown reference zz", "the profile has a"),
        ("a: <{ b[2] }>\nb: [1, 2]", "GG141", "1:4", "unknown reference b[2]", "a list of 2"),
        ("a: <{ b.k }>\nb: [1, 2]", "GG141", "1:4", "unknown reference b.k", "b[0]"),
        ("a: <{ b.k }>\nb: text", "GG141", "1:4", "unknown reference b.k", "b is text"),
        ("a: <{ b[0] }>\nb: {k: 1}", "GG141", "1:4", "unknown reference b[0]", "b is a map"),
        ("a: x<{ b }>\nb: {k: 1}", "GG143", "1:4", "b is a map, which cannot stand", "whole"),
        ("a: x<{ b }>\nb: [1]", "GG143", "1:4", "b is a list, which cannot stand", "whole"),
        ("a: x<{ b[0] }>\nb: [null]", "GG143", "1:4", "b[0] is null", "whole"),
        ('"k <{ b }>": 1\nb: 1', "GG144", "1:1", "a reference in the key k <{ b }>", "values"),
    ],
)
def test_a_wrong_reference_is_told(
    text: str, code: str, place: str, message: str, hint: str
) -> None:
    (problem,) = refused(text)
    assert (problem.code, str(problem.place)) == (code, f"f.yaml:{place}")
    assert message in problem.message
    assert hint in problem.hint


def test_a_secret_cannot_stand_inside_text() -> None:
    root = tree("a: x<{ b }>\nb: 1\nc: <{ b }>")
    with_secret = {**root.items, "b": Leaf(Secret("s"), (Place("f.yaml", 2, 4),))}
    with pytest.raises(Rejected) as caught:
        resolve(Map(with_secret, root.trail, root.key_places))
    (problem,) = caught.value.problems
    assert problem.message == "b is a secret, which cannot stand inside text"
    assert problem.related == (("set here", Place("f.yaml", 2, 4)),)


def test_a_reference_to_what_null_removed_says_where() -> None:
    root = tree("a: <{ b }>")
    gone = Map(root.items, root.trail, root.key_places, {"b": (Place("child.yaml", 7, 4),)})
    with pytest.raises(Rejected) as caught:
        resolve(gone)
    assert caught.value.problems[0].related == (("removed here", Place("child.yaml", 7, 4)),)


@pytest.mark.parametrize(
    ("text", "chain"),
    [
        ("a: <{ a }>", "a → a"),
        ("a: x<{ a }>", "a → a"),
        ("b: <{ a }>\na: <{ c }>\nc: <{ b }>", "a → c → b → a"),
        ("b: x<{ a }>\na: x<{ c }>\nc: x<{ b }>", "a → c → b → a"),
        ("b: x<{ a }>\na: <{ c }>\nc: x<{ b }>\nd: <{ b }>\n'0': <{ c }>", "a → c → b → a"),
        ("a: {x: '<{ a }>'}", "a → a.x → a"),
        ("a: {m: [1, '<{ a }>']}", "a → a.m[1] → a"),
        ("a: {x: '<{ b }>'}\nb: {w: '<{ a }>'}\n'0': <{ a.x }>", "a → a.x → b → b.w → a"),
        ("a: <{ a.x }>", "a → a"),
    ],
)
def test_a_cycle_is_told_once_with_its_chain(text: str, chain: str) -> None:
    problems = refused(text)
    assert [(p.code, p.message) for p in problems] == [
        ("GG142", f"references go round in a circle: {chain}")
    ]


def test_a_cycle_shows_the_places_of_its_references() -> None:
    (problem,) = refused("b: <{ a }>\na: <{ c }>\nc: <{ b }>")
    assert problem.place == Place("f.yaml", 2, 4)
    assert problem.related == (("c", Place("f.yaml", 3, 4)), ("b", Place("f.yaml", 1, 4)))


def test_all_problems_come_at_once() -> None:
    assert [p.code for p in refused("a: <{ q }>\nb: x<{ c }>\nc: []\nd: <{")] == [
        "GG141",
        "GG143",
        "GG140",
    ]


def chain(length: int, form: str) -> str:
    links = "\n".join(f"k{i}: {form.format(i + 1)}" for i in range(length))
    return f"{links}\nk{length}: 1\n"


@pytest.mark.parametrize("form", ["<{{ k{} }}>", "x<{{ k{} }}>", "['<{{ k{} }}>']"])
def test_chains_of_references(form: str) -> None:
    assert "k0" in resolved(chain(50, form))
    assert {p.code for p in refused(chain(2_000, form))} == {"GG145"}


def test_a_billion_laughs_are_refused() -> None:
    lines = [f"k{i}: [{', '.join([f'<< k{i + 1} >>'] * 9)}]" for i in range(30)]
    text = "\n".join(lines).replace("<< ", "'<{ ").replace(" >>", " }>'")
    assert {p.code for p in refused(f"{text}\nk30: [1]")} == {"GG145"}
    texts = "\n".join(f"k{i}: " + f"x<{{ k{i + 1} }}>" * 9 for i in range(30))
    assert {p.code for p in refused(f"{texts}\nk30: lol")} == {"GG145"}


def test_only_one_reference_and_nothing_else_is_whole() -> None:
    place = (Place("f"),)
    assert is_whole(Leaf("<{ a }>", place))
    for value in ("x<{ a }>", "<{ a }><{ b }>", '<{ "x" }>', "text", 1, None):
        assert not is_whole(Leaf(value, place))
    assert not is_whole(Seq((), place))
