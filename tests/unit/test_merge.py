"""Stage merge: what a later layer does to an earlier one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.model import HomePath, Layer, LayerFiles, Map, Secret, find, plain
from generator.problems import Place, Problem, Rejected
from generator.profile.schema import MergeKeys
from generator.stages.load import load
from generator.stages.merge import Memo, merge
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.model import Profile

Layers = dict[str, Layer]
KEYS = MergeKeys(
    {
        "properties": {
            "steps": {
                "x-gogen-merge": {"key": "name"},
                "items": {"properties": {"args": {"x-gogen-merge": {"key": "id"}}}},
            }
        }
    }
)


@pytest.fixture
def layers(tmp_path: Path) -> Callable[..., Layers]:
    """Make layers from their text; each extends the one before it, unless its text says."""

    def make(*texts: str) -> Layers:
        made: Layers = {}
        for number, text in enumerate(texts):
            name = f"l{number}"
            path = tmp_path / f"{name}.yaml"
            extends = f"extends: l{number - 1}\n" if number and "extends:" not in text else ""
            path.write_text(f"{text.strip()}\n{extends}", encoding="utf-8")
            made[name] = load(tmp_path, LayerFiles(name, (path.name,)))
        return made

    return make


def merged(all_layers: Layers) -> Profile:
    return merge([*all_layers][-1], all_layers, KEYS)


def refused(all_layers: Layers) -> list[Problem]:
    with pytest.raises(Rejected) as caught:
        merged(all_layers)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("below", "above", "result"),
    [
        ("a: 1", "b: 2", {"a": 1, "b": 2}),
        ("a: 1", "a: x", {"a": "x"}),
        ("a: {b: 1, c: 2}", "a: {c: 3, d: 4}", {"a": {"b": 1, "c": 3, "d": 4}}),
        ("a: {b: 1, c: 2}", "a: {b: null}", {"a": {"c": 2}}),
        ("a: 1", "b: null", {"a": 1}),
        ("a: 1", "b: {c: {d: null, e: 1}}", {"a": 1, "b": {"c": {"e": 1}}}),
        ("a: [1, 2]", "a: [3]", {"a": [3]}),
        ("a: [1, 2]", "a: []", {"a": []}),
        ("a: [1]", "a: {$append: [2, 1]}", {"a": [1, 2, 1]}),
        ("a: [1]", "a: {$prepend: [2, 3]}", {"a": [2, 3, 1]}),
        ("a: [1, 2, 1]", "a: {$remove: [1]}", {"a": [2]}),
        ("a: [1, true]", "a: {$remove: [true]}", {"a": [1]}),
        ("a: [{x: 1, z: 2}]", "a: {$remove: [{z: 2, x: 1}]}", {"a": []}),
        ("a: [1, 2]", "a: {$remove: [1], $append: [3], $prepend: [0]}", {"a": [0, 2, 3]}),
        ("a: [1]", "a: {$replace: [2]}", {"a": [2]}),
        ("b: 1", "a: {$append: [2], $prepend: [1]}", {"a": [1, 2], "b": 1}),
        ("b: 1", "a: {c: {$append: [2]}}", {"a": {"c": [2]}, "b": 1}),
        ("b: 1", "a: [{c: {$append: [2]}, d: null}]", {"a": [{"c": [2], "d": None}], "b": 1}),
        ("a: {$secret: x}", "b: 1", {"a": Secret("x"), "b": 1}),
        ("a: text", "a: {$secret: x}", {"a": Secret("x")}),
    ],
)
def test_two_layers(
    layers: Callable[..., Layers], below: str, above: str, result: dict[str, Any]
) -> None:
    assert plain(merged(layers(below, above)).tree) == result


RFC = json.loads((ROOT / "tests/data/rfc7386.json").read_text())


@pytest.mark.parametrize("case", RFC, ids=lambda case: json.dumps(case["patch"]))
def test_the_appendix_of_rfc_7386(layers: Callable[..., Layers], case: dict[str, Any]) -> None:
    """Each case as the value of a key, as the top of a file is always a map.

    gogen is stricter twice: kinds that clash are an error where the RFC replaces, and a null that
    lies below everything removes nothing and is gone, where the RFC keeps it.
    """
    texts = [f"v: {json.dumps(case[part])}" for part in ("original", "patch")]
    if case.get("gogen") == "clash":
        assert [p.code for p in refused(layers(*texts))] == ["GG125"]
        return
    result = case["result"]
    if case.get("gogen") == "null below":
        result = {key: value for key, value in result.items() if value is not None}
    expected = {} if result is None else {"v": result}
    assert plain(merged(layers(*texts)).tree) == expected


def test_trails_join_the_winner_first(layers: Callable[..., Layers]) -> None:
    tree = merged(layers("a: {b: 1}\nc: [1]", "x: 1\na: {b: 2}\nc: [2]", "a: {b: 3}")).tree
    b, c, a = (find(tree, pointer) for pointer in (("a", "b"), ("c",), ("a",)))
    assert b is not None
    assert b.trail == (Place("l2.yaml", 1, 8), Place("l1.yaml", 2, 8), Place("l0.yaml", 1, 8))
    assert c is not None
    assert c.trail == (Place("l1.yaml", 3, 4), Place("l0.yaml", 2, 4))
    assert isinstance(a, Map)
    assert a.trail == (Place("l2.yaml", 1, 4), Place("l1.yaml", 2, 4), Place("l0.yaml", 1, 4))
    assert a.key_places == {"b": Place("l2.yaml", 1, 5)}


def test_null_leaves_a_tombstone_that_a_new_value_takes_up(layers: Callable[..., Layers]) -> None:
    gone = merged(layers("a: {b: 1}", "a: {b: null}")).tree
    a = find(gone, ("a",))
    assert isinstance(a, Map)
    assert a.tombstones == {"b": (Place("l1.yaml", 1, 8), Place("l0.yaml", 1, 8))}
    assert a.key_places == {}
    back = find(merged(layers("a: {b: 1}", "a: {b: null}", "a: {b: [2]}")).tree, ("a",))
    assert isinstance(back, Map)
    assert back.tombstones == {}
    assert back.items["b"].trail == (
        Place("l2.yaml", 1, 8),
        Place("l1.yaml", 1, 8),
        Place("l0.yaml", 1, 8),
    )


@pytest.mark.parametrize(
    ("below", "above", "result"),
    [
        (
            "steps: [{name: a, x: 1}, {name: b}]",
            "steps: [{name: c}, {name: a, x: null, z: 2}]",
            [{"name": "a", "z": 2}, {"name": "b"}, {"name": "c"}],
        ),
        (
            "steps: [{name: a}, {name: b}]",
            "steps: {$remove: [a], $append: [{name: b, x: 1}], $prepend: [{name: c}]}",
            [{"name": "c"}, {"name": "b", "x": 1}],
        ),
        ("steps: [{name: a}]", "steps: {$replace: [{name: b, x: null}]}", [{"name": "b"}]),
        ("steps: [{name: 1}]", 'steps: [{name: "1"}]', [{"name": 1}, {"name": "1"}]),
        (
            "steps: [{name: a, args: [{id: 1, v: 1}]}]",
            "steps: [{name: a, args: [{id: 1, v: 2}, {id: 2}]}]",
            [{"name": "a", "args": [{"id": 1, "v": 2}, {"id": 2}]}],
        ),
        (
            "steps: [{name: a, tags: [x]}]",
            "steps: [{name: a, tags: {$append: [z]}}]",
            [{"name": "a", "tags": ["x", "z"]}],
        ),
    ],
)
def test_keyed_lists_merge_by_their_key(
    layers: Callable[..., Layers], below: str, above: str, result: list[Any]
) -> None:
    assert plain(merged(layers(below, above)).tree) == {"steps": result}


@pytest.mark.parametrize(
    ("below", "above", "code", "place", "message", "hint"),
    [
        ("a: {b: 1}", "a: [1]", "GG125", "1:4", "a is a list here and a map in a layer below", ""),
        ("a: {b: 1}", "a: {b: {}}", "GG125", "1:8", "a.b is a map here and a number in", "number"),
        ("a: x", "a: {$append: [1]}", "GG125", "1:4", "a is a list here and text in", ""),
        ("a: <{ c }>", "a: {b: 1}", "GG125", "1:4", "a is a map here and a reference in", ""),
        ("a: [x]", "a: {$remove: [z]}", "GG128", "1:15", "$remove: z is not in a", "holds"),
        ("b: 1", "a: {$remove: [z]}", "GG128", "1:15", "$remove: z is not in a", "empty"),
        ("a: [build]", "a: {$remove: [biuld]}", "GG128", "1:15", "biuld is not", '"build"'),
        ("steps: []", "steps: [x]", "GG126", "1:9", "an item of steps is text", ""),
        ("steps: []", "steps: [{nam: x}]", "GG126", "1:9", "an item of steps has no name", ""),
        ("steps: []", "steps: [{name: a}, {name: a}]", "GG127", "1:27", 'the name "a"', "keep"),
        (
            "steps: [{name: abc}]",
            "steps: {$remove: [abd]}",
            "GG128",
            "1:19",
            "$remove: abd is not in steps",
            'did you mean "abc"?',
        ),
    ],
)
def test_what_cannot_be_merged_is_told(  # noqa: PLR0913, PLR0917 - a row of the table
    layers: Callable[..., Layers],
    below: str,
    above: str,
    code: str,
    place: str,
    message: str,
    hint: str,
) -> None:
    (problem,) = refused(layers(below, above))
    assert (problem.code, str(problem.place)) == (code, f"l1.yaml:{place}")
    assert message in problem.message
    assert hint in problem.hint


def test_a_clash_names_both_lines(layers: Callable[..., Layers]) -> None:
    (problem,) = refused(layers("x: 1\na:\n  b: 1", "a: text"))
    assert problem.related == (("a map here", Place("l0.yaml", 3, 3)),)


def test_a_reference_can_be_replaced_and_can_replace(layers: Callable[..., Layers]) -> None:
    tree = merged(layers("a: {b: 1}\nc: <{ d }>\nd: [1]\ne: 5", "a: <{ d }>\nc: [2]")).tree
    assert plain(tree) == {"a": [1], "c": [2], "d": [1], "e": 5}


def test_a_childs_change_reaches_what_its_parents_refer_to(layers: Callable[..., Layers]) -> None:
    tree = merged(layers("v: one\ntext: is <{ v }>", "v: two")).tree
    assert plain(tree) == {"v": "two", "text": "is two"}


def test_the_profile_knows_its_order_and_parents(layers: Callable[..., Layers]) -> None:
    both = layers("a: 0\nw: base", "extends: l0\na: 1\nb: 1", "extends: l0\na: 2")
    top = merge("l3", {**both, **rename(layers("x: 1\nextends: [l1, l2]"), "l3")}, KEYS)
    assert top.order == ("l3", "l2", "l1", "l0")
    assert top.extends == ("l1", "l2")
    assert plain(top.tree) == {"a": 2, "b": 1, "w": "base", "x": 1}


def rename(made: Layers, name: str) -> Layers:
    (layer,) = made.values()
    return {name: Layer(name, layer.extends, layer.tree)}


def test_an_unknown_profile_is_told(layers: Callable[..., Layers]) -> None:
    with pytest.raises(Rejected) as caught:
        merge("l9", layers("a: 1"), KEYS)
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("GG123", "there is no profile l9")


def test_a_misspelt_parent_may_be_a_profile_that_was_not_read(
    layers: Callable[..., Layers],
) -> None:
    made = layers("extends: bsae\na: 1")
    with pytest.raises(Rejected) as caught:
        merge("l0", made, KEYS, Memo(names=("base", "node")))
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("GG120", 'did you mean "base"?')
    assert problem.place == Place("l0.yaml", 1, 10)


def test_children_share_their_parents_tree(layers: Callable[..., Layers]) -> None:
    made = layers("a: {b: {c: 1}}\nd: [1]")
    children = {
        f"c{i}": Layer(f"c{i}", (("l0", Place("f", 1, 1)),), Map({}, ())) for i in range(50)
    }
    memo = Memo()
    trees = [merge(name, {**made, **children}, KEYS, memo).tree for name in children]
    assert len(memo.trees) == 1
    assert all(tree.items["a"] is trees[0].items["a"] for tree in trees)


def test_problems_of_a_parent_are_told_for_each_child(layers: Callable[..., Layers]) -> None:
    made = layers("a: 1", "a: [1]", "b: 1", "c: 1")
    memo = Memo()
    for name in ("l2", "l3", "l2"):
        with pytest.raises(Rejected) as caught:
            merge(name, made, KEYS, memo)
        assert [p.code for p in caught.value.problems] == ["GG125"]


def test_a_layer_is_not_changed_by_merging(layers: Callable[..., Layers]) -> None:
    made = layers("a: {b: 1, c: [1]}", "a: {b: null, c: {$append: [2]}, d: {e: null}}")
    before = [repr(layer.tree) for layer in made.values()]
    merged(made)
    assert [repr(layer.tree) for layer in made.values()] == before


def test_home_paths_are_not_made_yet(layers: Callable[..., Layers]) -> None:
    value = plain(merged(layers("a: ~/go")).tree)["a"]
    assert not isinstance(value, HomePath)
    assert value == "~/go"
