"""Stage load: read the files of a layer into one tree with a place on every node.

Besides strict YAML (yamlreader) this stage knows what gogen says in YAML: `extends`,
`{$secret: name}`, the list operators, and `$$x` for a key that really starts with a dollar.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model import Layer, Leaf, Map, Node, Ops, Secret, Seq
from generator.problems import Place, Problem, Rejected
from generator.wording import did_you_mean, kind_of
from generator.yamlreader import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.model import LayerFiles

OPERATORS = ("$append", "$prepend", "$remove", "$replace")
_SECRET = "$secret"  # noqa: S105 - the word of the language, no secret
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_./-]*\Z"  # of a secret


def load(root: Path, files: LayerFiles) -> Layer:
    """Read a layer: all its files together, a top-level key in one of them only.

    `root` is the workspace; places are relative to it. Raises Rejected with every problem of all
    files: GG100 to GG109 (YAML), GG110 to GG115 (what gogen says in it), GG425 (not readable).
    """
    problems: list[Problem] = []
    read = (_parsed(root, files, file, problems) for file in files.files)
    trees = [tree for tree in read if tree is not None]
    whole = _join(files, trees, problems)
    extends = tuple(_extends(whole.items.get("extends"), problems))
    if problems:
        raise Rejected(problems)
    rest = {key: node for key, node in whole.items.items() if key != "extends"}
    tree = Map(rest, whole.trail, {k: p for k, p in whole.key_places.items() if k in rest})
    folder = files.files[0].rpartition("/")[0] if files.files else ""
    return Layer(files.name, extends, tree, folder)


def _parsed(root: Path, files: LayerFiles, file: str, problems: list[Problem]) -> Map | None:
    """Read one file; None where it leaves no tree."""
    try:
        data = files.contents[file] if files.contents else (root / file).read_bytes()
    except OSError as error:
        problems.append(Problem("GG425", f"cannot be read: {error.strerror}", Place(file)))
        return None
    tree = read(file, data, problems)
    # Few files hold a dollar key: the others are as gogen means them.
    if tree is None or b"$" not in data:
        return tree
    meant = _meaning(tree, problems)
    if isinstance(meant, Map):
        return meant
    hint = "give the list a key"
    problems.append(Problem("GG111", "an operator at the top of a file", tree.trail[0], hint=hint))
    return None


def _join(files: LayerFiles, trees: list[Map], problems: list[Problem]) -> Map:
    """Put the maps of a layer's files side by side."""
    items: dict[str, Node] = {}
    places: dict[str, Place] = {}
    for tree in trees:
        for key, node in tree.items.items():
            if key in items:
                problems.append(
                    Problem(
                        "GG110",
                        f'the key "{key}" stands in two files of the layer {files.name}',
                        tree.key_places[key],
                        hint="keep it in one of them",
                        related=(("first set here", places[key]),),
                    )
                )
            else:
                items[key] = node
                places[key] = tree.key_places[key]
    trail = tuple(place for tree in trees for place in tree.trail)
    return Map({key: items[key] for key in sorted(items)}, trail, places)


def _extends(node: Node | None, problems: list[Problem]) -> Iterator[tuple[str, Place]]:
    """Give the names that `extends` lists, as written: one name, or a list of names."""
    if node is None:
        return
    names = node.items if isinstance(node, Seq) and not node.ops else (node,)
    seen: dict[str, Place] = {}
    for name in names:
        place = name.trail[0]
        if not isinstance(name, Leaf) or not isinstance(name.value, str) or not name.value:
            found = "an operator" if _is_operated(name) else kind_of(name)
            expected = "the name of a profile, or a list of names"
            problems.append(Problem("GG112", f"extends holds {found}", place, expected=expected))
        elif name.value in seen:
            related = (("first named here", seen[name.value]),)
            message = f"extends names {name.value} twice"
            problems.append(Problem("GG112", message, place, related=related))
        else:
            seen[name.value] = place
            yield name.value, place


def _meaning(node: Node, problems: list[Problem]) -> Node:
    """Give the node with dollar keys read as gogen means them (the tree is at most 64 deep)."""
    match node:
        case Map(items=items) if any(key[:1] == "$" for key in items):
            return _dollar(node, problems)
        case Map(items=items, trail=trail, key_places=places):
            meant = {key: _meaning(child, problems) for key, child in items.items()}
            return Map(meant, trail, places)
        case Seq(items=children, trail=trail):
            return Seq(tuple(_item(child, problems) for child in children), trail)
        case Leaf():
            return node


def _item(node: Node, problems: list[Problem]) -> Node:
    """Read an item of a list; it cannot be an operator, as an item has nothing to work on."""
    meant = _meaning(node, problems)
    if _is_operated(meant):
        hint = "put the operator at the list's own key"
        problem = Problem("GG111", "an operator as item of a list", meant.trail[0], hint=hint)
        problems.append(problem)
    return meant


def _dollar(node: Map, problems: list[Problem]) -> Node:
    """Read a map that has a key starting with `$`."""
    single = {key for key in node.items if key[:1] == "$" and key[:2] != "$$"}
    unknown = single - {_SECRET, *OPERATORS}
    for key in sorted(unknown):
        near = did_you_mean(key, (_SECRET, *OPERATORS))
        problem = Problem(
            "GG113",
            f"{key} is no word of gogen",
            node.key_places[key],
            expected="one of " + ", ".join((_SECRET, *OPERATORS)),
            hint=near or f'to mean a key that starts with a dollar, write "${key}"',
        )
        problems.append(problem)
    if unknown:
        return node
    if not single:
        return _unescaped(node, problems)
    return _special(node, single, problems)


def _unescaped(node: Map, problems: list[Problem]) -> Map:
    """Give the map with `$$x` as the key `$x`."""
    names = {key: key[1:] if key[:2] == "$$" else key for key in node.items}
    meant = {name: _meaning(node.items[key], problems) for key, name in names.items()}
    places = {name: node.key_places[key] for key, name in names.items()}
    return Map({key: meant[key] for key in sorted(meant)}, node.trail, places)


def _special(node: Map, single: set[str], problems: list[Problem]) -> Node:
    """Read `{$secret: name}` or operators, which stand alone or with their like."""
    alone = next((key for key in (_SECRET, "$replace") if key in single), None)
    stranger = next(
        (key for key in node.items if key not in single or (alone and key != alone)), None
    )
    if stranger is not None:
        word = alone or min(single)
        hint = _instead(node, stranger)
        message = f'"{stranger}" stands beside {word}'
        problems.append(Problem("GG114", message, node.key_places[stranger], hint=hint))
        return Leaf("", node.trail)
    if alone == _SECRET:
        return _secret(node, problems)
    return _operators(node, problems)


def _instead(node: Map, stranger: str) -> str:
    """Give the way out for a map whose words do not stand together."""
    named = node.items[stranger]
    if (
        isinstance(node.items.get("$remove"), Leaf)
        and isinstance(named, Leaf)
        and isinstance(named.value, str)
    ):
        # An item of a keyed list, written to be removed as it would be to be changed.
        return (
            f"to take {named.value} out of a list, write {{$remove: [{named.value}]}} in its place"
        )
    return "the operators $append, $prepend and $remove may stand together, all else alone"


def _secret(node: Map, problems: list[Problem]) -> Leaf:
    """Read `{$secret: name}`."""
    name = node.items[_SECRET]
    if isinstance(name, Leaf) and isinstance(name.value, str) and re.match(_NAME, name.value):
        return Leaf(Secret(name.value), node.trail)
    problems.append(
        Problem(
            "GG115",
            f"$secret holds {kind_of(name)} that is no name of a secret",
            name.trail[0],
            expected="letters, digits and _ . / -",
        )
    )
    return Leaf("", node.trail)


def _operators(node: Map, problems: list[Problem]) -> Seq:
    """Read list operators into a list with Ops."""
    lists: dict[str, tuple[Node, ...]] = {}
    for key, value in node.items.items():
        meant = _meaning(value, problems)
        if isinstance(meant, Seq) and not meant.ops:
            lists[key] = meant.items
        else:
            found = "operators" if _is_operated(meant) else kind_of(meant)
            place = value.trail[0]
            problem = Problem("GG114", f"{key} holds {found}", place, expected="a list")
            problems.append(problem)
    if "$replace" in lists:
        return Seq(lists["$replace"], node.trail, Ops(replace=True))
    before, after = lists.get("$prepend", ()), lists.get("$append", ())
    ops = Ops(before, after, lists.get("$remove", ()))
    return Seq((*before, *after), node.trail, ops)


def _is_operated(node: Node) -> bool:
    """Tell whether a node is what operators make of a list."""
    return isinstance(node, Seq) and node.ops is not None
