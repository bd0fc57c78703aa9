"""Stage merge: the layers of a profile into one tree, then its references resolved.

Maps merge by key; scalars replace; null removes (RFC 7386) and leaves a tombstone; lists replace
unless an operator or the schema's merge key says otherwise. Trails join: the winner first, then
all it hid. What is new in a layer is merged into nothing first, so that no null of a map and no
operator outlives the stage. Inside a list that is replaced whole nulls stay, as the RFC has it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from deepmerge import Merger

from generator.model import Leaf, Map, Node, Ops, Profile, Seq, dotted, plain
from generator.problems import Problem, Rejected
from generator.profile.linearize import Order, linearize
from generator.profile.references import is_whole, resolve
from generator.wording import did_you_mean, kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from generator.model import Layer
    from generator.problems import Place
    from generator.profile.schema import MergeKeys

_EMPTY = Map({}, ())

Identity = tuple[type, object]
"""What makes two items of a keyed list one: the key's value and its type."""


class _Merged(NamedTuple):
    """The layers of an order merged up to one of them; `number` names it in Memo."""

    tree: Map
    problems: tuple[Problem, ...]
    number: int


class Memo:
    """What profiles of one workspace share: orders, and the merged trees of their parents.

    Good for one set of layers and one schema. Trees are kept for what others extend, so memory
    does not grow with the number of profiles. `names` are all profiles of the workspace, read or
    not: what a misspelt parent may have meant.
    """

    def __init__(self, names: Collection[str] = ()) -> None:
        """Share nothing yet."""
        self.names = names
        self.orders: dict[str, Order] = {}
        self.trees: dict[tuple[str, int], _Merged] = {}


def merge(
    name: str, layers: Mapping[str, Layer], keys: MergeKeys, memo: Memo | None = None
) -> Profile:
    """Merge the layers of the profile `name` and resolve its references.

    Raises Rejected: GG120 to GG122 (order), GG123 no such profile, GG125 to GG128 (merging), GG140
    to GG145 (references).
    """
    if name not in layers:
        known = memo.names if memo else layers
        hint = did_you_mean(name, known) or f"make profiles/{name}/profile.yaml"
        raise Rejected([Problem("GG123", f"there is no profile {name}", hint=hint)])
    memo = memo or Memo()
    order = linearize(name, layers, memo.orders, memo.names)
    below = _Merged(_EMPTY, (), 0)
    for layer in reversed(order[1:]):
        at = (layer, below.number)
        if at not in memo.trees:
            tree, problems = _add(below, layers[layer].tree, keys)
            memo.trees[at] = _Merged(tree, problems, len(memo.trees) + 1)
        below = memo.trees[at]
    tree, problems = _add(below, layers[name].tree, keys)
    if problems:
        raise Rejected(problems)
    extends = tuple(parent for parent, _place in layers[name].extends)
    folders = tuple(layers[layer].folder for layer in order)
    return Profile(name, order, extends, resolve(tree), folders)


def _add(below: _Merged, layer: Map, keys: MergeKeys) -> tuple[Map, tuple[Problem, ...]]:
    """Merge one layer over those below it."""
    strategies = _Strategies(keys)
    merger = Merger(
        [(Map, strategies.maps), (Seq, strategies.lists), (Leaf, strategies.scalars)],
        [strategies.clash],  # never reached: the three kinds are all there are
        [strategies.clash],
    )
    tree = merger.merge(below.tree, layer)
    return tree, (*below.problems, *strategies.problems)


class _Strategies:
    """How two nodes of one kind merge, for deepmerge: `strategy(merger, path, base, nxt)`.

    None of them changes a node: what a layer leaves alone is shared with its parent.
    """

    def __init__(self, keys: MergeKeys) -> None:
        self._keys = keys
        self.problems: list[Problem] = []

    def maps(self, merger: Merger, path: list[Any], base: Map, nxt: Map) -> Map:
        """Merge by key; null removes and leaves a tombstone."""
        items, places, tombstones = dict(base.items), dict(base.key_places), dict(base.tombstones)
        for key, node in nxt.items.items():
            hidden = items[key].trail if key in items else tombstones.get(key, ())
            if isinstance(node, Leaf) and node.value is None:
                items.pop(key, None)
                places.pop(key, None)
                tombstones[key] = (*node.trail, *hidden)
                continue
            old = items.get(key) or _nothing(node, hidden)
            items[key] = merger.value_strategy([*path, key], old, node)
            places[key] = nxt.key_places[key]
            tombstones.pop(key, None)
        ordered = {key: items[key] for key in sorted(items)}
        return Map(ordered, (*nxt.trail, *base.trail), places, tombstones)

    def scalars(self, _merger: Merger, _path: list[Any], base: Leaf, nxt: Leaf) -> Leaf:
        """Let the later layer win."""
        return Leaf(nxt.value, (*nxt.trail, *base.trail))

    def lists(self, merger: Merger, path: list[Any], base: Seq, nxt: Seq) -> Seq:
        """Replace; or do as operators say; or merge maps by their key."""
        key = self._keys.at(tuple(path))
        if nxt.ops.replace if nxt.ops else not key:
            base = Seq((), base.trail)
        changes = nxt.ops if nxt.ops and not nxt.ops.replace else Ops(after=nxt.items)
        if key:
            items = self._keyed(_List(merger, path, key), base, changes)
        else:
            items = self._plain(_List(merger, path, key), base, changes)
        return Seq(items, (*nxt.trail, *base.trail))

    def clash(self, merger: Merger, path: list[Any], base: Node, nxt: Node) -> Node:
        """Refuse two kinds at one place, unless a whole reference (of any kind) is replaced."""
        if is_whole(nxt) or (is_whole(base) and self._replaces(path, nxt)):
            nothing = _nothing(nxt, base.trail)
            return merger.value_strategy(path, nothing, nxt)
        where, here, there = dotted(tuple(path)), kind_of(nxt), kind_of(base)
        if is_whole(base):
            there = "a reference"
        self.problems.append(
            Problem(
                "GG125",
                f"{where} is {here} here and {there} in a layer below",
                nxt.trail[0],
                hint=f"write {there}, or rename one of the two",
                related=((f"{there} here", base.trail[0]),),
            )
        )
        return base

    def _replaces(self, path: list[Any], nxt: Node) -> bool:
        """Whether a list needs nothing of what is below it."""
        if not isinstance(nxt, Seq):
            return False
        return nxt.ops.replace if nxt.ops else not self._keys.at(tuple(path))

    def _plain(self, at: _List, base: Seq, changes: Ops) -> tuple[Node, ...]:
        """Change a list whose items are told apart by all they say."""
        gone = {_canonical(node): node for node in changes.remove}
        there = [(_canonical(node), node) for node in base.items] if gone else []
        for text, node in gone.items():
            if all(text != one for one, _node in there):
                self._absent(at, node, base.items)
        kept = tuple(n for text, n in there if text not in gone) if gone else base.items
        before, after = (
            tuple(
                node if isinstance(node, Leaf) else self._settled(at.merger, [*at.path, i], node)
                for i, node in enumerate(nodes)
            )
            for nodes in (changes.before, changes.after)
        )
        return (*before, *kept, *after)

    def _keyed(self, at: _List, base: Seq, changes: Ops) -> tuple[Node, ...]:
        """Change a list of maps that are told apart by one key; parents' order, new ones last."""
        items = {_identity(item, at.key): item for item in base.items}
        for node in changes.remove:
            self._remove(at, items, node)
        first = self._by_key(at, changes.before)
        last = self._by_key(at, changes.after)
        self._twice(at, changes, {**last, **first})
        merged: dict[Identity | None, Node] = {
            **{one: item for one, item in first.items() if one not in items},
            **items,
        }
        for index, (one, item) in enumerate([*first.items(), *last.items()]):
            old = merged.get(one, _EMPTY) if one in items else _EMPTY
            merged[one] = at.merger.value_strategy([*at.path, index], old, item)
        return tuple(merged.values())

    def _by_key(self, at: _List, nodes: Iterable[Node]) -> dict[Identity, Map]:
        """Give the maps by their key's value; tell those without."""
        found: dict[Identity, Map] = {}
        for node in nodes:
            identity = _identity(node, at.key)
            if isinstance(node, Map) and identity is not None:
                found.setdefault(identity, node)
                continue
            message = f"an item of {dotted(tuple(at.path))} has no {at.key}"
            if not isinstance(node, Map):
                message = f"an item of {dotted(tuple(at.path))} is {kind_of(node)}"
            expected = f"a map with {at.key}: the list merges by it"
            place = node.trail[0]
            self.problems.append(Problem("GG126", message, place, expected=expected))
        return found

    def _twice(self, at: _List, changes: Ops, first: Mapping[Identity, Map]) -> None:
        """Tell key values that one layer gives twice."""
        for node in (*changes.before, *changes.after):
            identity = _identity(node, at.key)
            if identity is None or first[identity] is node:
                continue
            related = (("first here", _at_key(first[identity], at.key).trail[0]),)
            message = f'two items of {dotted(tuple(at.path))} have the {at.key} "{identity[1]}"'
            hint = "keep one of them"
            place = _at_key(node, at.key).trail[0]
            self.problems.append(Problem("GG127", message, place, hint=hint, related=related))

    def _remove(self, at: _List, items: dict[Identity | None, Node], node: Node) -> None:
        """Take the item with a key value out of a keyed list."""
        identity = (type(node.value), node.value) if isinstance(node, Leaf) else None
        if items.pop(identity, None) is None:
            self._absent(at, node, [_at_key(item, at.key) for item in items.values()])

    def _absent(self, at: _List, node: Node, there: Iterable[Node]) -> None:
        """Tell a $remove of what is not there."""
        where, text, held = dotted(tuple(at.path)), _shown(node), [_shown(one) for one in there]
        hint = f"{where} holds {', '.join(held[:9])}" if held else f"{where} is empty below"
        message = f"$remove: {text} is not in {where}"
        hint = did_you_mean(text, held) or hint
        self.problems.append(Problem("GG128", message, node.trail[0], hint=hint))

    def _settled(self, merger: Merger, path: list[Any], node: Node) -> Node:
        """Give an item of a list that is replaced whole: itself, its operators made lists."""
        match node:
            case Map(items=items, trail=trail, key_places=places):
                inner = {k: self._settled(merger, [*path, k], v) for k, v in items.items()}
                return Map(inner, trail, places)
            case Seq():
                return merger.value_strategy(path, Seq((), ()), node)
            case Leaf():
                return node


class _List(NamedTuple):
    """The list being merged: where it stands, and the key of its maps ("" for none)."""

    merger: Merger
    path: list[Any]
    key: str


def _nothing(node: Node, hidden: tuple[Place, ...]) -> Node:
    """Give the empty node of the same kind; it carries the trail of what the new one hides."""
    match node:
        case Map():
            return Map({}, hidden)
        case Seq():
            return Seq((), hidden)
        case Leaf():
            return Leaf(None, hidden)


def _identity(node: Node, key: str) -> Identity | None:
    """Give what tells an item of a keyed list apart; None where it has no such key."""
    value = node.items.get(key) if isinstance(node, Map) else None
    if isinstance(value, Leaf) and value.value is not None:
        return type(value.value), value.value
    return None


def _at_key(node: Node, key: str) -> Node:
    """Give the key's value of an item, or the item that has none."""
    return node.items.get(key, node) if isinstance(node, Map) else node


def _shown(node: Node) -> str:
    """Write a value for a message."""
    text = node.value if isinstance(node, Leaf) else None
    return text if isinstance(text, str) else _canonical(node)


def _canonical(node: Node) -> str:
    """Write a value so that equal values, and only those, are equal text (true is not 1)."""
    return json.dumps(plain(node), sort_keys=True, default=repr, ensure_ascii=False)
