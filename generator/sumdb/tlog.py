"""The mathematics of a transparency log: hashes, proofs, tiles (RFC 6962 §2.1, RFC 9162 §2.1).

A record is a leaf; a node at (level, n) is the root of the whole tree over the 2^level leaves from
n·2^level on. Proofs are lists of such nodes; who has tiles can build them, who has the root of the
tree can check them. How nodes lie in tiles: https://go.dev/design/25530-sumdb#checksum-database.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Read = Callable[["Coordinate"], bytes]

HASH = 32
"""Bytes of a hash."""

HEIGHT = 8
"""Levels of the tree that one tile holds; Go's database and its client use no other."""

WIDTH = 1 << HEIGHT

Coordinate = tuple[int, int]
"""A node: its level (0: leaves), and how many nodes of this level lie before it."""


class Tree(NamedTuple):
    """A state of the log: how many records it has, and the root over them."""

    size: int
    root: bytes


class Tile(NamedTuple):
    """The `width` first nodes of a run of 256, at level 8·level; `number` counts such runs."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where a database serves it: tile/8/1/x001/234, tile/8/1/x001/234.p/7 if not full."""
        digits = f"{self.number:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        shown = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{HEIGHT}/{self.level}/{shown}{partial}"


def leaf_hash(record: bytes) -> bytes:
    """Give the hash of a record's text."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of a node from its children's."""
    return sha256(b"\x01" + left + right).digest()


def whole(first: int, end: int) -> Iterator[Coordinate]:
    """Give the largest whole trees that the leaves from `first` to before `end` make, in order.

    `first` must be a multiple of the largest power of two below `end - first`, as it is in proofs.
    """
    while first < end:
        level = (end - first).bit_length() - 1
        yield level, first >> level
        first += 1 << level


def fold(hashes: Sequence[bytes]) -> bytes:
    """Give the root over whole trees of shrinking size; that of none is the hash of nothing."""
    if not hashes:
        return sha256(b"").digest()
    *rest, root = hashes
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def inclusion(index: int, size: int) -> list[list[Coordinate]]:
    """Give the proof that record `index` is in the tree of `size`, each hash by what it is over.

    The hashes go from the leaf's sibling to the root's child (RFC 6962 §2.1.1).
    """
    return [list(whole(*span)) for span in _siblings(index, 0, size)]


def _siblings(index: int, first: int, end: int) -> list[tuple[int, int]]:
    """Give the spans of leaves beside the way from leaf `index` up to the root of a span."""
    found = []
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((first, middle))
            first = middle
    return found[::-1]


def _split(size: int) -> int:
    """Give the largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def consistency(old: int, new: int) -> list[list[Coordinate]]:
    """Give the proof that the tree of `old` records, one at least, begins that of `new`.

    Each hash is given by what it is over, in the order of RFC 6962 §2.1.2.
    """
    spans: list[tuple[int, int]] = []
    first, end = 0, new
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first = middle
    if first:
        spans.append((first, end))
    return [list(whole(*span)) for span in reversed(spans)]


def includes(tree: Tree, index: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the leaf's hash is that of record `index` of the tree (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < tree.size:
        return False
    at, last, root = index, tree.size - 1, leaf
    for sibling in proof:
        if not last:
            return False
        if at & 1 or at == last:
            root = node_hash(sibling, root)
            at, last = _up_to_odd(at, last)
        else:
            root = node_hash(root, sibling)
        at, last = at >> 1, last >> 1
    return not last and root == tree.root


def _up_to_odd(at: int, last: int) -> tuple[int, int]:
    """Leave out the levels where a node on the right edge has no sibling."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def extends(old: Tree, new: Tree, proof: Sequence[bytes]) -> bool:
    """Tell whether the old tree is how the new one began (RFC 9162 §2.1.4.2)."""
    if not old.size < new.size or not old.size:
        return not proof and (not old.size or old == new)
    hashes = list(proof)
    if not old.size & (old.size - 1):
        hashes.insert(0, old.root)
    if not hashes:
        return False
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if not last:
            return False
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            at, last = _up_to_odd(at, last)
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    return not last and before == old.root and after == new.root


def tile_of(node: Coordinate) -> tuple[Tile, Coordinate]:
    """Give the tile that holds what a node is made of, and the node's coordinate within it."""
    level, n = node
    above, within = divmod(level, HEIGHT)
    index = n >> (HEIGHT - within)
    return Tile(above, index), (within, n - (index << (HEIGHT - within)))


def within(data: bytes, node: Coordinate) -> bytes:
    """Give a node's hash from the data of its tile."""
    level, n = node
    leaves = range(n << level, n + 1 << level)
    nodes = [data[leaf * HASH : (leaf + 1) * HASH] for leaf in leaves]
    while len(nodes) > 1:
        nodes = [node_hash(*pair) for pair in zip(nodes[::2], nodes[1::2], strict=True)]
    return nodes[0]


def hashes(proof: Sequence[Sequence[Coordinate]], read: Read) -> list[bytes]:
    """Give the hashes of a proof; `read` gives that of a node."""
    return [fold([read(node) for node in span]) for span in proof]


def root(size: int, read: Read) -> bytes:
    """Give the root of the tree of the first `size` records."""
    return fold([read(node) for node in whole(0, size)])
