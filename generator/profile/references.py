"""References of a profile to itself: `<{ toolchains.current }>`, whole or inside text.

Resolved once all layers are merged, so a child's change reaches what its parents refer to. A
whole reference keeps the kind of what it names (a map, a list, a number); inside text only
scalars may stand. `<{ "<{" }>` writes the opening itself.

The trail of a value that came by reference: the place of the reference, then the trail of what
it names, then what the reference hid in weaker layers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from generator.model import Leaf, Map, Node, Seq, dotted, find
from generator.problems import Problem, Rejected
from generator.wording import did_you_mean, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from generator.model import Pointer
    from generator.problems import Place

OPENING = "<{"
DEPTH = 64
"""How deep a resolved profile may nest, and how many references may follow one another."""
_ACTIVE = 2 * DEPTH
_VALUES = 100_000
_TEXT = 1_000_000

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_KEY = r"""\[(?:"[^"]*"|'[^']*')\]"""
_PATH = rf"(?:{_NAME}|{_KEY})(?:\.{_NAME}|{_KEY}|\[[0-9]+\])*"
_REFERENCE = re.compile(rf"""<\{{ *(?:(?P<path>{_PATH})|"(?P<a>[^"]*)"|'(?P<b>[^']*)') *\}}>""")
_STEP = re.compile(
    rf"""\.?(?P<name>{_NAME})|\["(?P<a>[^"]*)"\]|\['(?P<b>[^']*)'\]|\[(?P<n>\d+)\]"""
)


class _Reference(NamedTuple):
    """One reference: the pointer it asks for."""

    pointer: Pointer


def is_whole(node: Node) -> bool:
    """Whether a node is one reference and nothing else, so that its kind is not known yet."""
    if not isinstance(node, Leaf) or not isinstance(node.value, str):
        return False
    match = _REFERENCE.fullmatch(node.value)
    return match is not None and match["path"] is not None


def resolve(tree: Map) -> Map:
    """Give the tree with every reference replaced by what it names.

    Subtrees without references are shared, not copied. Raises Rejected: GG140 a malformed
    reference, GG141 an unknown one, GG142 a cycle, GG143 a value that cannot stand inside text,
    GG144 a reference in a key, GG145 a result that is too large.
    """
    resolver = _Resolver(tree)
    resolved = resolver.node((), tree)
    if resolver.problems:
        raise Rejected(resolver.problems)
    assert isinstance(resolved, Map)  # noqa: S101 - a map resolves to a map
    return resolved


def _parse(text: str) -> list[str | _Reference] | int:
    """Split text into literal parts and references; the offset of a malformed one instead."""
    parts: list[str | _Reference] = []
    at = 0
    while (opening := text.find(OPENING, at)) >= 0:
        match = _REFERENCE.match(text, opening)
        if match is None:
            return opening
        if opening > at:
            parts.append(text[at:opening])
        literal = match["a"] if match["a"] is not None else match["b"]
        parts.append(_Reference(parse_pointer(match["path"])) if literal is None else literal)
        at = match.end()
    if at < len(text):
        parts.append(text[at:])
    return parts


def parse_pointer(path: str) -> Pointer:
    """Read a pointer as users write it, `go.env.GOPROXY` or `modules[0]["a.b"]`: see `dotted`."""
    steps: list[str | int] = []
    for match in _STEP.finditer(path):
        index = match["n"]
        texts = (match[group] for group in ("name", "a", "b"))
        steps.append(int(index) if index else next(t for t in texts if t is not None))
    return tuple(steps)


def _joined(*trails: Iterable[Place]) -> tuple[Place, ...]:
    """Give the trails one after the other, each place once."""
    return tuple(dict.fromkeys(place for trail in trails for place in trail))


def _with_trail(node: Node, trail: tuple[Place, ...]) -> Node:
    match node:
        case Map(items=items, key_places=places, tombstones=tombstones):
            return Map(items, trail, places, tombstones)
        case Seq(items=children):
            return Seq(children, trail)
        case Leaf(value=value):
            return Leaf(value, trail)


class _Resolver:
    """One run over a tree. `done` holds what has been resolved, `active` what is being resolved."""

    def __init__(self, tree: Map) -> None:
        self.tree = tree
        self.problems: list[Problem] = []
        self.done: dict[Pointer, Node] = {}
        self.active: dict[Pointer, Node] = {}
        self.sizes: dict[int, tuple[Node, int, int]] = {}
        self.cycles: set[tuple[str, ...]] = set()

    def node(self, pointer: Pointer, raw: Node) -> Node:
        """Give the node at `pointer` with all references in it resolved."""
        if isinstance(raw, Leaf) and not _refers(raw):
            return raw
        if pointer in self.done:
            return self.done[pointer]
        if pointer in self.active:
            self._cycle(self._chain(pointer))
            return _nothing(raw)
        if len(self.active) > _ACTIVE:
            self._problem("GG145", "references lead too deep", raw, "refer to less at once")
            return _nothing(raw)
        self.active[pointer] = raw
        if isinstance(raw, Map):
            resolved: Node = self._map(pointer, raw)
        elif isinstance(raw, Seq):
            resolved = self._seq(pointer, raw)
        else:
            resolved = self._leaf(pointer, raw)
        del self.active[pointer]
        self.done[pointer] = resolved
        return resolved

    def _map(self, pointer: Pointer, raw: Map) -> Map:
        changed: dict[str, Node] = {}
        for key, child in raw.items.items():
            if OPENING in key:
                self._in_key(key, raw)
            if not isinstance(child, Leaf) or _refers(child):
                resolved = self.node((*pointer, key), child)
                if resolved is not child:
                    changed[key] = resolved
        if not changed:
            return raw
        return Map({**raw.items, **changed}, raw.trail, raw.key_places, raw.tombstones)

    def _seq(self, pointer: Pointer, raw: Seq) -> Seq:
        items = tuple(self.node((*pointer, i), child) for i, child in enumerate(raw.items))
        same = all(one is other for one, other in zip(items, raw.items, strict=True))
        return raw if same else Seq(items, raw.trail)

    def _leaf(self, pointer: Pointer, raw: Leaf) -> Node:
        text = str(raw.value)
        parts = _parse(text)
        if isinstance(parts, int):
            found = text[parts : parts + 40].partition("\n")[0]
            hint = (
                'a reference is <{ a.key }>, <{ a["a.b"] }> or <{ list[0] }>; '
                'the characters themselves are <{ "<{" }>'
            )
            self._problem("GG140", f"a malformed reference: {found}", raw, hint)
            return _nothing(raw)
        if len(parts) == 1 and isinstance(parts[0], _Reference):
            return self._whole(pointer, raw, parts[0].pointer)
        return self._inside(pointer, raw, parts)

    def _whole(self, pointer: Pointer, raw: Leaf, target: Pointer) -> Node:
        """Give what a whole reference names, with the trail of both."""
        found = self._target(pointer, raw, target)
        if found is None:
            return _nothing(raw)
        if not isinstance(found, Leaf) and self._too_large(pointer, raw, found):
            return _nothing(raw)
        return _with_trail(found, _joined(raw.trail[:1], found.trail, raw.trail[1:]))

    def _inside(self, pointer: Pointer, raw: Leaf, parts: Sequence[str | _Reference]) -> Leaf:
        """Give text with the scalars its references name."""
        texts: list[str] = []
        trails: list[tuple[Place, ...]] = []
        for part in parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            found = self._target(pointer, raw, part.pointer)
            if found is not None:
                texts.append(self._text(raw, part.pointer, found))
                trails.append(found.trail)
        text = "".join(texts)
        if len(text) > _TEXT:
            message = f"references make a text of {len(text)} characters"
            self._problem("GG145", message, raw, "refer to less at once")
            text = ""
        return Leaf(text, _joined(raw.trail[:1], *trails, raw.trail[1:]))

    def _text(self, raw: Leaf, target: Pointer, found: Node) -> str:
        """Write a scalar as it stands in text; a map, list, null or secret cannot."""
        if isinstance(found, Leaf):
            match found.value:
                case bool():
                    return "true" if found.value else "false"
                case str() | int():
                    return str(found.value)
                case _:
                    pass
        message = f"{dotted(target)} is {kind_of(found)}, which cannot stand inside text"
        related = (("set here", found.trail[0]),)
        hint = "make the reference the whole value"
        self._problem("GG143", message, raw, hint, related)
        return ""

    def _target(self, pointer: Pointer, raw: Leaf, target: Pointer) -> Node | None:
        """Give the resolved node a reference names; None after a problem.

        A step through another whole reference goes on in what that one names, without resolving
        it: a value may refer to its neighbour inside something that refers to both.
        """
        hops: list[tuple[Pointer, Leaf]] = [(pointer, raw)]
        asked = {pointer}
        while True:
            at, found = self._walk(target)
            if found is None:
                self._unknown(raw, target)
                return None
            if not is_whole(found):
                break
            if target in asked or len(hops) > DEPTH:
                self._endless(hops)
                return None
            asked.add(target)
            assert isinstance(found, Leaf)  # noqa: S101 - is_whole says so
            hops.append((at, found))
            (reference,) = _REFERENCE.findall(str(found.value))
            target = (*parse_pointer(reference[0]), *target[len(at) :])
        if at in self.active:
            self._cycle([*self._chain(at), *hops[1:]])
            return None
        resolved = self.node(at, found)
        passed = [leaf.trail for _at, leaf in hops[1:]]
        return _with_trail(resolved, _joined(*passed, resolved.trail)) if passed else resolved

    def _chain(self, pointer: Pointer) -> list[tuple[Pointer, Node]]:
        """Give what is being resolved, from `pointer` on."""
        chain = [*self.active.items()]
        return chain[[*self.active].index(pointer) :]

    def _walk(self, target: Pointer) -> tuple[Pointer, Node | None]:
        """Go as far as steps lead: to the node itself, or to a whole reference on the way."""
        node: Node = self.tree
        for count, step in enumerate(target):
            if is_whole(node):
                return target[:count], node
            match node:
                case Map(items=items) if isinstance(step, str) and step in items:
                    node = items[step]
                case Seq(items=children) if isinstance(step, int) and step < len(children):
                    node = children[step]
                case _:
                    return target[:count], None
        return target, node

    def _too_large(self, pointer: Pointer, raw: Leaf, found: Node) -> bool:
        """Refuse what grows beyond all use by references to references (a "billion laughs")."""
        values, depth = self._size(found)
        if len(pointer) + depth <= DEPTH and values <= _VALUES:
            return False
        message = "references make a profile nested deeper than 64 levels"
        if values > _VALUES:
            message = f"references make a value of more than {_VALUES} parts"
        self._problem("GG145", message, raw, "refer to less at once")
        return True

    def _size(self, node: Node) -> tuple[int, int]:
        """Count the values of a resolved node and its levels, each shared part looked at once."""
        if isinstance(node, Leaf):
            return 1, 0
        known = self.sizes.get(id(node))
        if known is None:
            children = node.items.values() if isinstance(node, Map) else node.items
            below = [self._size(child) for child in children]
            values = 1 + sum(count for count, _depth in below)
            depth = 1 + max((depth for _count, depth in below), default=0)
            # The node is kept beside its size so that no other object can get its id.
            known = self.sizes[id(node)] = (node, values, depth)
        return known[1], known[2]

    def _endless(self, hops: Sequence[tuple[Pointer, Leaf]]) -> None:
        """Tell references that follow one another without end."""
        pointers = [pointer for pointer, _leaf in hops]
        again = next((p for p in pointers if pointers.count(p) > 1), None)
        if again is not None:
            first = pointers.index(again)
            hops = hops[first : pointers.index(again, first + 1)]
        elif len(hops) > DEPTH:
            hint = "refer to the value itself"
            message = f"more than {DEPTH} references in a row"
            self._problem("GG145", message, hops[0][1], hint)
            return
        self._cycle(hops)

    def _cycle(self, chain: Sequence[tuple[Pointer, Node]]) -> None:
        """Tell a cycle in the same words from wherever it is entered, and once."""
        before = [chain[-1], *chain[:-1]]
        # A map or list counts only where a reference leads to it, not where the walk goes through.
        ring = [
            link
            for link, (_pointer, previous) in zip(chain, before, strict=True)
            if isinstance(link[1], Leaf) or isinstance(previous, Leaf)
        ]
        names = [dotted(pointer) for pointer, _node in ring]
        least = names.index(min(names))
        names = [*names[least:], *names[:least]]
        if tuple(names) in self.cycles:
            return
        self.cycles.add(tuple(names))
        ring = [*ring[least:], *ring[:least]]
        (_name, place), *others = [
            (dotted(pointer), node.trail[0]) for pointer, node in ring if isinstance(node, Leaf)
        ]
        message = "references go round in a circle: " + " → ".join([*names, names[0]])
        hint = "give one of them a value"
        self.problems.append(Problem("GG142", message, place, hint=hint, related=tuple(others)))

    def _unknown(self, raw: Leaf, target: Pointer) -> None:
        """Tell a reference to what is not there, by its first wrong step."""
        at, _none = self._walk(target)
        parent = find(self.tree, at)
        step = target[len(at)]
        where = dotted(at) or "the profile"
        related: tuple[tuple[str, Place], ...] = ()
        if isinstance(parent, Map) and isinstance(step, str):
            near = did_you_mean(step, parent.items)
            hint = near or f"{where} has {', '.join(list(parent.items)[:9]) or 'no keys'}"
            related = tuple(("removed here", p) for p in parent.tombstones.get(step, ())[:1])
        elif isinstance(parent, Seq):
            hint = f"{where} is a list of {len(parent.items)}; its first item is {where}[0]"
        else:
            hint = f"{where} is {kind_of(parent or raw)}"
        self._problem("GG141", f"unknown reference {dotted(target)}", raw, hint, related)

    def _in_key(self, key: str, raw: Map) -> None:
        place = raw.key_places.get(key, raw.trail[0])
        hint = "keys are fixed: refer in values"
        self.problems.append(Problem("GG144", f"a reference in the key {key}", place, hint=hint))

    def _problem(
        self,
        code: str,
        message: str,
        raw: Node,
        hint: str,
        related: tuple[tuple[str, Place], ...] = (),
    ) -> None:
        self.problems.append(Problem(code, message, raw.trail[0], hint=hint, related=related))


def _refers(leaf: Leaf) -> bool:
    """Whether a leaf is text with a reference in it."""
    return isinstance(leaf.value, str) and OPENING in leaf.value


def _nothing(raw: Node) -> Leaf:
    """Give what stands for a value that has a problem, until all are told."""
    return Leaf("", raw.trail)
