"""The hashes, proofs and tiles of a log are those of golang.org/x/mod/sumdb/tlog, both ways."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from generator.sumdb import tlog
from generator.sumdb.refused import Refused
from generator.sumdb.tiles import Tiles
from generator.sumdb.tlog import Tile, Tree

if TYPE_CHECKING:
    from tests.sumdb.log import Judge

LONGEST = 300
sizes = st.integers(1, LONGEST)


def record(number: int) -> bytes:
    return f"record {number}\n".encode()


@cache
def node(level: int, number: int) -> bytes:
    if not level:
        return tlog.leaf_hash(record(number))
    return tlog.node_hash(node(level - 1, 2 * number), node(level - 1, 2 * number + 1))


def read(at: tuple[int, int]) -> bytes:
    return node(*at)


def tree(size: int) -> Tree:
    return Tree(size, tlog.root(size, read))


def data(tile: Tile) -> bytes:
    first = tile.number * tlog.WIDTH
    level = tile.level * tlog.HEIGHT
    return b"".join(node(level, first + at) for at in range(tile.width))


def served(size: int) -> dict[str, bytes]:
    """Give the tiles of a tree by path."""
    tiles = {}
    for level in range(3):
        nodes = size >> (level * tlog.HEIGHT)
        for first in range(0, nodes, tlog.WIDTH):
            tile = Tile(level, first // tlog.WIDTH, min(tlog.WIDTH, nodes - first))
            tiles[tile.path] = data(tile)
    return tiles


@given(size=st.integers(0, LONGEST))
def test_roots(judge: Judge, size: int) -> None:
    assert [tree(size).root] == judge.ask("root", new=size)["hashes"]


@given(size=sizes, part=st.data())
def test_inclusion(judge: Judge, size: int, part: st.DataObject) -> None:
    number = part.draw(st.integers(0, size - 1))
    proof = tlog.hashes(tlog.inclusion(number, size), read)
    assert proof == judge.ask("inclusion", new=size, index=number)["hashes"]
    assert tlog.includes(tree(size), number, tlog.leaf_hash(record(number)), proof)
    asked = {"new": size, "index": number, "proof": proof, "record": f"record {number}\n"}
    assert not judge.ask("check inclusion", **asked)["error"]


@given(size=sizes, part=st.data())
def test_consistency(judge: Judge, size: int, part: st.DataObject) -> None:
    old = part.draw(st.integers(1, size))
    proof = tlog.hashes(tlog.consistency(old, size), read)
    assert proof == judge.ask("consistency", old=old, new=size)["hashes"]
    assert tlog.extends(tree(old), tree(size), proof)
    assert not judge.ask("check consistency", old=old, new=size, proof=proof)["error"]


@given(size=sizes, part=st.data())
def test_a_proof_of_anything_else_does_not_hold(
    judge: Judge, size: int, part: st.DataObject
) -> None:
    """A bit flipped, a hash dropped or one more, another record or another size."""
    number = part.draw(st.integers(0, size - 1))
    proof = tlog.hashes(tlog.inclusion(number, size), read)
    leaf = tlog.leaf_hash(record(number))
    assert not tlog.includes(tree(size), number, tlog.leaf_hash(b"another"), proof)
    assert not tlog.includes(tree(size), number, leaf, [*proof, leaf])
    assert not tlog.includes(tree(size), size, leaf, proof)
    other = part.draw(st.integers(0, size - 1).filter(lambda at: at != number)) if size > 1 else 1
    assert not tlog.includes(tree(size), other, leaf, proof)
    if proof:
        at = part.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[at][0] ^ 1]) + proof[at][1:]
        wrong = [*proof[:at], flipped, *proof[at + 1 :]]
        assert not tlog.includes(tree(size), number, leaf, wrong)
        assert not tlog.includes(tree(size), number, leaf, proof[:-1])
        asked = {"new": size, "index": number, "proof": wrong, "record": f"record {number}\n"}
        assert judge.ask("check inclusion", **asked)["error"]


@given(size=sizes, part=st.data())
def test_another_tree_is_no_beginning(size: int, part: st.DataObject) -> None:
    old = part.draw(st.integers(1, size))
    proof = tlog.hashes(tlog.consistency(old, size), read)
    assert not tlog.extends(Tree(old, bytes(32)), tree(size), proof)
    assert not tlog.extends(tree(old), Tree(size, bytes(32)), proof)
    assert not tlog.extends(tree(old), tree(size), [*proof, bytes(32)])
    assert not tlog.extends(tree(size), tree(old), proof) or old == size
    if proof:
        assert not tlog.extends(tree(old), tree(size), proof[1:])


@given(
    level=st.integers(0, 7),
    number=st.integers(0, 10**9),
    width=st.integers(1, tlog.WIDTH),
)
def test_paths_of_tiles(judge: Judge, level: int, number: int, width: int) -> None:
    asked = judge.ask("tile", level=level, number=number, width=width)
    assert Tile(level, number, width).path == asked["text"]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 300])
def test_tiles_hold_what_go_puts_there(judge: Judge, size: int) -> None:
    for level in range(2):
        nodes = size >> (level * 8)
        for number in range(-(-nodes // 256)):
            width = min(256, nodes - number * 256)
            asked = {"level": level, "number": number, "width": width, "new": size}
            hashes = judge.ask("tile", **asked)["hashes"]
            assert data(Tile(level, number, width)) == b"".join(hashes)


@given(size=sizes, part=st.data())
def test_tiles_give_the_proofs(size: int, part: st.DataObject) -> None:
    number = part.draw(st.integers(0, size - 1))
    tiles = Tiles(tree(size), served(size).get)
    proof = tlog.hashes(tlog.inclusion(number, size), tiles.read)
    assert tlog.includes(tree(size), number, tiles.read((0, number)), proof)


@given(size=sizes, part=st.data())
def test_a_changed_tile_is_refused(size: int, part: st.DataObject) -> None:
    path, true = part.draw(st.sampled_from(sorted(served(size).items())))
    at = part.draw(st.integers(0, len(true) - 1))
    changed = true[:at] + bytes([true[at] ^ (1 << part.draw(st.integers(0, 7)))]) + true[at + 1 :]
    tiles = Tiles(tree(size), (served(size) | {path: changed}).get)
    number = part.draw(st.integers(0, size - 1))
    needed = {tlog.tile_of(node)[0] for span in tlog.inclusion(number, size) for node in span}
    assume({Tile(tile.level, tile.number).path for tile in needed} & {path.split(".p/")[0]})
    with pytest.raises(Refused, match="is not of the signed tree") as refused:
        tlog.hashes(tlog.inclusion(number, size), tiles.read)
    assert refused.value.problem.code == "GG537"


def test_a_full_tile_stands_for_a_partial_one() -> None:
    log = served(256)
    tiles = Tiles(tree(250), {"tile/8/0/000": log["tile/8/0/000"]}.get)
    assert tiles.read((0, 249)) == node(0, 249)


@pytest.mark.parametrize("answer", [None, b"", b"<html>not here</html>", b"x" * 64])
def test_what_is_no_tile_is_refused(answer: bytes | None) -> None:
    with pytest.raises(Refused, match=r"tile/8/0/000\.p/3"):
        Tiles(tree(3), lambda _: answer).read((0, 1))
