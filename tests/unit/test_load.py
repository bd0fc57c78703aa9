"""Stage load: a layer's files as one tree, and what gogen says in YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.model import Layer, LayerFiles, Leaf, Ops, Secret, Seq, find, plain
from generator.problems import Place, Problem, Rejected
from generator.stages.load import load

if TYPE_CHECKING:
    from pathlib import Path


def layer(root: Path, *texts: str) -> Layer:
    """Load the layer `base` from files a.yaml, b.yaml, … with these texts."""
    folder = root / "profiles" / "base"
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for letter, text in zip("abcdef", texts, strict=False):
        (folder / f"{letter}.yaml").write_text(text, encoding="utf-8")
        names.append(f"profiles/base/{letter}.yaml")
    return load(root, LayerFiles("base", tuple(names)))


def refused(root: Path, *texts: str) -> list[Problem]:
    with pytest.raises(Rejected) as caught:
        layer(root, *texts)
    return list(caught.value.problems)


A, B = "profiles/base/a.yaml", "profiles/base/b.yaml"


def test_a_layer_is_all_its_files(tmp_path: Path) -> None:
    read = layer(tmp_path, "go: {toolchain: current}\n", "# c\nextends: base0\ntargets: [go]\n")
    assert read.name == "base"
    assert plain(read.tree) == {"go": {"toolchain": "current"}, "targets": ["go"]}
    assert read.extends == (("base0", Place(B, 2, 10)),)
    assert read.tree.trail == (Place(A, 1, 1), Place(B, 2, 1))
    assert read.tree.key_places == {"go": Place(A, 1, 1), "targets": Place(B, 3, 1)}


def test_a_key_in_two_files_names_both_places(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, "go: {}\n", "a: 1\ngo: {}\n")
    assert (problem.code, problem.place) == ("GG110", Place(B, 2, 1))
    assert problem.related == (("first set here", Place(A, 1, 1)),)


def test_all_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    problems = refused(tmp_path, "a: 1.20\nb: ~\n", "c: [\n", "d: {$apend: []}\n")
    assert [p.code for p in problems] == ["GG107", "GG107", "GG100", "GG113"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        load(tmp_path, LayerFiles("base", ("profiles/base/none.yaml",)))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("GG425", Place("profiles/base/none.yaml"))
    assert problem.message == "cannot be read: No such file or directory"


def test_extends_keeps_order_and_places(tmp_path: Path) -> None:
    assert layer(tmp_path, "extends: [b, team/a]\n").extends == (
        ("b", Place(A, 1, 11)),
        ("team/a", Place(A, 1, 14)),
    )


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("extends: 3", "1:10", "extends holds a number"),
        ("extends: null", "1:10", "extends holds null"),
        ("extends: {a: 1}", "1:10", "extends holds a map"),
        ('extends: ""', "1:10", "extends holds text"),
        ("extends: [a, [b]]", "1:14", "extends holds a list"),
        ("extends: {$append: [a]}", "1:10", "extends holds an operator"),
        ("extends: [a, a]", "1:14", "extends names a twice"),
    ],
)
def test_a_wrong_extends_is_told(tmp_path: Path, text: str, place: str, message: str) -> None:
    (problem,) = refused(tmp_path, text)
    assert (problem.code, str(problem.place)) == ("GG112", f"{A}:{place}")
    assert problem.message == message


def test_a_secret_is_a_leaf_of_its_own(tmp_path: Path) -> None:
    tree = layer(tmp_path, "a: {token: {$secret: go-proxy/token}}\n").tree
    assert find(tree, ("a", "token")) == Leaf(Secret("go-proxy/token"), (Place(A, 1, 12),))


def test_operators_become_ops(tmp_path: Path) -> None:
    tree = layer(tmp_path, "a: {$append: [x], $prepend: [p], $remove: [z]}\nb: {$replace: [w]}\n")
    both = find(tree.tree, ("a",))
    assert isinstance(both, Seq)
    assert both.ops
    assert [plain(Seq(nodes, ())) for nodes in (both.items, both.ops.before, both.ops.after)] == [
        ["p", "x"],
        ["p"],
        ["x"],
    ]
    assert plain(Seq(both.ops.remove, ())) == ["z"]
    whole = find(tree.tree, ("b",))
    assert isinstance(whole, Seq)
    assert whole.ops == Ops(replace=True)
    assert plain(whole) == ["w"]


def test_two_dollars_write_a_key_with_one(tmp_path: Path) -> None:
    tree = layer(tmp_path, "schema: {$$ref: x, b: {$$append: [1]}}\n").tree
    assert plain(tree) == {"schema": {"$ref": "x", "b": {"$append": [1]}}}
    schema = find(tree, ("schema",))
    assert list(plain(tree)["schema"]) == ["$ref", "b"]
    assert getattr(schema, "key_places", {})["$ref"] == Place(A, 1, 10)


@pytest.mark.parametrize(
    ("text", "code", "place", "message", "hint"),
    [
        ("a: {$apend: []}", "GG113", "1:5", "$apend is no word of gogen", '"$append"'),
        ("a: {$ref: x}", "GG113", "1:5", "$ref is no word of gogen", '"$$ref"'),
        ("a: {$secret: x, b: 1}", "GG114", "1:17", '"b" stands beside $secret', "alone"),
        (
            "a: [{name: x, $remove: true}]",
            "GG114",
            "1:6",
            '"name" stands beside $remove',
            "{$remove: [x]}",
        ),
        ("a: {$append: [], b: 1}", "GG114", "1:18", '"b" stands beside $append', "alone"),
        ("a: {$append: [], $replace: []}", "GG114", "1:5", "beside $replace", "alone"),
        ("a: {$append: x}", "GG114", "1:14", "$append holds text", ""),
        ("a: {$append: {$append: []}}", "GG114", "1:14", "$append holds operators", ""),
        ("a: {$secret: [x]}", "GG115", "1:14", "$secret holds a list", ""),
        ('a: {$secret: "a b"}', "GG115", "1:14", "$secret holds text that is no name", ""),
        ("a: [{$append: [x]}]", "GG111", "1:5", "an operator as item of a list", "key"),
        ("$append: [x]", "GG111", "1:1", "an operator at the top of a file", "key"),
    ],
)
def test_a_wrong_dollar_key_is_told(  # noqa: PLR0913, PLR0917 - a row of the table
    tmp_path: Path, text: str, code: str, place: str, message: str, hint: str
) -> None:
    (problem,) = refused(tmp_path, text)
    assert (problem.code, str(problem.place)) == (code, f"{A}:{place}")
    assert message in problem.message
    assert hint in problem.hint
