"""Laws of loading and merging, over generated layers.

A layer is generated as data, written as YAML by a writer of this test's own (its words in many
spellings), read by load and merged by merge, so the laws hold for the two together.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.model import Layer, LayerFiles, Leaf, Map, Node, Ops, Seq, plain, walk
from generator.problems import Place, Problem, Rejected
from generator.profile.schema import MergeKeys
from generator.stages.load import load
from generator.stages.merge import merge
from generator.yamlreader import DEPTH, parse_text

if TYPE_CHECKING:
    from pathlib import Path

KEYS = MergeKeys(
    {
        "$defs": {
            "any": {
                "properties": {"steps": {"x-gogen-merge": {"key": "name"}, "items": {"$ref": "#"}}},
                "additionalProperties": {"$ref": "#/$defs/any"},
            }
        },
        "$ref": "#/$defs/any",
    }
)

# Each key holds one kind in all layers, so that no kinds clash; the first letter says which.
scalars = st.one_of(
    st.integers(-(10**12), 10**12),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.sampled_from(["on", "1.20", "~", "0x10", "a: b", "# c", "'", '"', "- x", "{", "&a", "é\n"]),
).filter(lambda value: not (isinstance(value, str) and "<{" in value))
scalar_keys = st.sampled_from(["s1", "s2", "s3"])
lists = st.lists(scalars, max_size=3)
names = st.sampled_from(["one", "two", "three"])


def maps(children: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give maps whose keys fit their values' kinds; every value may be null."""
    item = st.builds(
        lambda name, rest: {**rest, "name": name},
        names,
        st.dictionaries(scalar_keys, scalars, max_size=2),
    )
    steps = st.lists(item, max_size=3, unique_by=lambda one: one["name"])
    return st.fixed_dictionaries(
        {},
        optional={
            "s1": scalars | st.none(),
            "s2": scalars | st.none(),
            "l1": lists | st.none(),
            "m1": children | st.none(),
            "m2": children | st.none(),
            "steps": steps | st.none(),
        },
    )


layers_data = st.recursive(maps(st.just({})), maps, max_leaves=6)


def written(value: Any, indent: int, flow: random_flow) -> str:
    """Write data as YAML: block or flow as `flow` says; what is hard is written as JSON."""
    if isinstance(value, dict) and value and not flow():
        pad = "\n" + " " * indent
        lines = (f"{pad}{key}: {written(child, indent + 2, flow)}" for key, child in value.items())
        return "".join(lines)
    if isinstance(value, list) and value and not flow():
        pad = "\n" + " " * indent
        return "".join(f"{pad}- {written_item(item, indent + 2, flow)}" for item in value)
    if isinstance(value, dict):
        inner = (f'"{key}": {written_flow(child)}' for key, child in value.items())
        return "{" + ", ".join(inner) + "}"
    return written_flow(value)


def written_item(value: Any, indent: int, flow: random_flow) -> str:
    text = written(value, indent, flow)
    return text.lstrip("\n ") if text.startswith("\n") else text


def written_flow(value: Any) -> str:
    """Write data as JSON, but without surrogate pairs, which are no YAML."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda m: rf"\u{ord(m[0]):04x}", text
    )


class random_flow:  # noqa: N801 - used as a function
    """Whether the next collection is written in flow style, drawn by hypothesis."""

    def __init__(self, choices: list[bool]) -> None:
        self._choices = choices or [False]
        self._next = 0

    def __call__(self) -> bool:
        self._next += 1
        return self._choices[self._next % len(self._choices)]


styles = st.lists(st.booleans(), min_size=1, max_size=5).map(random_flow)


def layer(name: str, data: dict[str, Any], parents: tuple[str, ...], style: random_flow) -> Layer:
    text = written(data, 0, style).lstrip("\n") if data else "{}"
    tree = parse_text(f"{name}.yaml", f"{text}\n".encode())
    return Layer(name, tuple((parent, Place(name, 1, 1)) for parent in parents), tree)


def chain(*data: dict[str, Any], style: random_flow | None = None) -> Map:
    """Merge layers, the first the base."""
    style = style or random_flow([])
    made = {
        str(i): layer(str(i), one, (str(i - 1),) if i else (), style) for i, one in enumerate(data)
    }
    return merge(str(len(data) - 1), made, KEYS).tree


def rfc(target: Any, patch: Any) -> Any:
    """RFC 7386's MergePatch, letter by letter, with lists of `steps` merged by name."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif key == "steps":
            items = {item["name"]: item for item in target.get(key, [])}
            for item in value:
                items[item["name"]] = rfc(items.get(item["name"], {}), item)
            target[key] = [*items.values()]
        else:
            target[key] = rfc(target.get(key), value)
    return target


@given(layers_data, layers_data, styles)
def test_two_layers_merge_as_rfc_7386_says(
    below: dict[str, Any], above: dict[str, Any], style: random_flow
) -> None:
    assert plain(chain(below, above, style=style)) == rfc(rfc({}, below), above)


@given(layers_data, layers_data)
def test_an_empty_layer_changes_nothing(below: dict[str, Any], above: dict[str, Any]) -> None:
    expected = plain(chain(below, above))
    assert plain(chain({}, below, above)) == expected
    assert plain(chain(below, {}, above)) == expected
    assert plain(chain(below, above, {})) == expected


@given(layers_data)
def test_a_layer_over_itself_changes_nothing(data: dict[str, Any]) -> None:
    assert plain(chain(data, data)) == plain(chain(data))


@given(layers_data, layers_data, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(
    below: dict[str, Any], above: dict[str, Any], random: Any
) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = [*value]
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    tree = chain(shuffled(below), shuffled(above))
    assert plain(tree) == plain(chain(below, above))
    assert json.dumps(plain(tree)) == json.dumps(plain(chain(below, above)))


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


@given(layers_data, layers_data, layers_data)
def test_merging_is_associative_where_nothing_is_removed(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    """With null it cannot be: what null removes of the middle is unknown before the base is."""
    one, two, three = (without_nulls(data) for data in (one, two, three))
    left = chain(plain(chain(one, two)), three)
    right = chain(one, plain(chain(two, three)))
    assert plain(left) == plain(right) == plain(chain(one, two, three))


@given(lists, lists, lists)
def test_append_and_prepend_put_lists_side_by_side(
    base: list[Any], first: list[Any], last: list[Any]
) -> None:
    ops = Seq((), (Place("o"),), Ops(tuple(map(leaf, first)), tuple(map(leaf, last))))
    above = Layer("b", (("a", Place("b")),), Map({"l": ops}, (), {"l": Place("b")}))
    merged = merge("b", {"a": layer("a", {"l": base}, (), random_flow([])), "b": above}, KEYS)
    assert plain(merged.tree)["l"] == [*first, *base, *last]


def leaf(value: Any) -> Leaf:
    return Leaf(value, (Place("o"),))


@given(st.lists(scalars, min_size=1, max_size=5), st.data())
def test_remove_takes_out_what_it_names_and_nothing_else(
    base: list[Any], data: st.DataObject
) -> None:
    gone = data.draw(st.lists(st.sampled_from(base), max_size=3))
    ops = Seq((), (Place("o"),), Ops(remove=tuple(map(leaf, gone))))
    above = Layer("b", (("a", Place("b")),), Map({"l": ops}, (), {"l": Place("b")}))
    merged = merge("b", {"a": layer("a", {"l": base}, (), random_flow([])), "b": above}, KEYS)
    named = {(type(value), value) for value in gone}
    expected = [value for value in base if (type(value), value) not in named]
    assert plain(merged.tree)["l"] == expected


def outcome(file: str, data: bytes) -> Map | tuple[Problem, ...]:
    """Read a file: its tree, or its problems; anything else fails the test."""
    try:
        return parse_text(file, data)
    except Rejected as rejected:
        return rejected.problems


def token_at(text: str, place: Place) -> str:
    line = text.split("\n")[place.line - 1]
    assert 1 <= place.column <= len(line), f"{place} is outside of its line {line!r}"
    return line[place.column - 1 :]


def stands(node: Node, token: str) -> bool:
    """Whether the text at a node's place is the node's."""
    match node:
        case Seq():
            return token.startswith(("- ", "["))
        case Map():
            return bool(re.match(r'\{|"?\w+"?: ', token))
        case Leaf(value=str(value)):
            return token.startswith(written_flow(value))
        case Leaf(value=value):
            return token.startswith(json.dumps(value))


@given(st.lists(layers_data, min_size=1, max_size=3), styles)
def test_every_node_has_a_place_where_it_stands(
    data: list[dict[str, Any]], style: random_flow
) -> None:
    texts: dict[str, str] = {}
    made: dict[str, Layer] = {}
    for number, one in enumerate(data):
        name = str(number)
        text = written(one, 0, style).lstrip("\n") if one else "{}"
        texts[f"{name}.yaml"] = text
        tree = parse_text(f"{name}.yaml", text.encode())
        parents = ((str(number - 1), Place(name)),) if number else ()
        made[name] = Layer(name, parents, tree)
    for _pointer, node in walk(merge(str(len(data) - 1), made, KEYS).tree):
        assert node.trail
        assert len(set(node.trail)) == len(node.trail)
        for place in node.trail:
            token_at(texts[place.file], place)
        winner = node.trail[0]
        assert stands(node, token_at(texts[winner.file], winner))
        if isinstance(node, Map):
            assert set(node.key_places) == set(node.items)
            for key, place in node.key_places.items():
                assert token_at(texts[place.file], place).startswith((f"{key}:", f'"{key}":'))
            for key, trail in node.tombstones.items():
                assert key not in node.items
                assert token_at(texts[trail[0].file], trail[0]).startswith("null")


@given(st.integers(1, DEPTH + 3), st.booleans())
def test_depth_is_limited_exactly(depth: int, in_maps: bool) -> None:  # noqa: FBT001 - drawn
    inner = depth - 1
    text = "a: " + ("{a: " * inner + "1" + "}" * inner if in_maps else "[" * inner + "]" * inner)
    if depth == 1:
        text = "a: 1"
    read = outcome("f.yaml", text.encode())
    if depth > DEPTH:
        assert not isinstance(read, Map)
        assert [p.code for p in read] == ["GG104"]
    else:
        assert isinstance(read, Map)
        levels = [len(pointer) for pointer, node in walk(read) if not isinstance(node, Leaf)]
        assert max(levels) == inner


FRAGMENTS = [
    *"[]{}:,-?&*!|>'\"%@`#~=<$ \n\t\r\x00\\",
    *[
        "- ",
        ": ",
        "? ",
        "\n  ",
        "<<: ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "&a ",
        "*a",
        "!!str ",
        "| \n",
    ],
    *[
        "$secret",
        "$append",
        "$$x",
        "extends",
        "null",
        "1.20",
        "é",
        "\u2028",
        "\ufeff",
        "a",
        "b: 1\n",
    ],
    *["<{ a }>", "<{", "0x10", "1e3", "\\u0000", "\\ud800", '"\\x"', "a: [", "a: {", "a:\n"],
]
hostile = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(FRAGMENTS), max_size=25).map(lambda parts: "".join(parts).encode()),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
)


@given(hostile)
@example(b"? ? ? [\n")
@example(b"{? }: *a")
@example(b"*a : &a *a")
@example(b"\xef\xbb\xbf")
@example(b"a: !<")
@example(b"%TAG ! a\n---\na: 1")
def test_hostile_text_is_read_or_refused(data: bytes) -> None:
    """Nothing but a tree or problems with places; what is read is read the same again."""
    read = outcome("f.yaml", data)
    if isinstance(read, Map):
        assert plain(parse_text("f.yaml", written_flow(plain(read)).encode())) == plain(read)
        return
    assert read
    lines = data.decode(errors="replace").count("\n") + 1
    for problem in read:
        assert problem.place is not None
        assert 0 <= problem.place.line <= lines + 1
        assert problem.message == problem.message.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layers")


@given(data=st.lists(hostile, min_size=1, max_size=2))
def test_a_layer_of_hostile_files_is_read_or_refused(folder: Path, data: list[bytes]) -> None:
    files = []
    for number, content in enumerate(data):
        (folder / f"{number}.yaml").write_bytes(content)
        files.append(f"{number}.yaml")
    problems: tuple[Problem, ...] = ()
    try:
        read = load(folder, LayerFiles("base", tuple(files)))
        assert isinstance(read, Layer)
        alone = Layer("base", (), read.tree)
        merge("base", {"base": alone}, KEYS)
    except Rejected as rejected:
        problems = rejected.problems
    assert all(problem.place is not None for problem in problems)
    assert all(problem.code.startswith("GG1") for problem in problems)
