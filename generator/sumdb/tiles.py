"""Read the hashes of a signed tree from tiles that nobody has to trust.

The partial tiles, at the tree's right edge, must fold to the root that was signed; each full tile
must fold to the hash that the tile above holds of it. So every hash given was signed for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Problem
from generator.sumdb import tlog
from generator.sumdb.refused import Refused, shown
from generator.sumdb.tlog import HASH, HEIGHT, WIDTH, Tile

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.sumdb.tlog import Coordinate, Tree

    Fetch = Callable[[str], bytes | None]


class Tiles:
    """The tiles of one signed tree; `fetch` gives what the database has at a path, None: nothing.

    `raw` keeps what was fetched, by path, and may be shared among trees of one log.
    """

    def __init__(self, tree: Tree, fetch: Fetch, raw: dict[str, bytes] | None = None) -> None:
        """Read the tiles of `tree`, which is not empty."""
        self._tree = tree
        self._fetch = fetch
        self._raw = {} if raw is None else raw
        self._true: dict[Tile, bytes] = {}

    def read(self, node: Coordinate) -> bytes:
        """Give the hash of a node of the tree. Raises Refused (GG537)."""
        tile, within = tlog.tile_of(node)
        return tlog.within(self._checked(self._as_wide_as_the_tree(tile)), within)

    def _as_wide_as_the_tree(self, tile: Tile) -> Tile:
        nodes = (self._tree.size >> (HEIGHT * tile.level)) - tile.number * WIDTH
        return tile._replace(width=min(WIDTH, nodes))

    def _checked(self, tile: Tile) -> bytes:
        """Give a tile's data once it is known to belong to the tree."""
        if tile not in self._true:
            if tile.width < WIDTH:
                self._check_edge()
            else:
                data = self._get(tile)
                due = self.read((HEIGHT * (tile.level + 1), tile.number))
                if tlog.within(data, (HEIGHT, 0)) != due:
                    raise _wrong(tile.path, "the tile above holds another hash of it")
                self._true[tile] = data
        return self._true[tile]

    def _check_edge(self) -> None:
        """Fetch the tree's partial tiles: together they give its root."""
        found: dict[Tile, bytes] = {}

        def read(node: Coordinate) -> bytes:
            tile, within = tlog.tile_of(node)
            tile = self._as_wide_as_the_tree(tile)
            found[tile] = self._get(tile)
            return tlog.within(found[tile], within)

        if tlog.root(self._tree.size, read) != self._tree.root:
            paths = ", ".join(sorted(tile.path for tile in found))
            raise _wrong(paths, f"they do not give the root of the {self._tree.size} records")
        self._true |= found

    def _get(self, tile: Tile) -> bytes:
        """Fetch a tile; a log may keep only the full one of what was partial once."""
        data = self._raw.get(tile.path)
        if data is None:
            data = self._fetch(tile.path)
            if data is None and tile.width < WIDTH:
                data = (self._fetch(Tile(tile.level, tile.number).path) or b"")[: tile.width * HASH]
        if not data or len(data) != tile.width * HASH:
            found = f"{len(data)} bytes, {shown(data)}" if data else "nothing there"
            raise _wrong(tile.path, f"{found}, and not {tile.width * HASH} bytes")
        return self._raw.setdefault(tile.path, data)


def _wrong(path: str, why: str) -> Refused:
    return Refused(
        Problem(
            "GG537",
            f"{path} is not of the signed tree: {why}",
            expected="tiles that lead to the root that was signed",
            hint="somebody changed or cut them on their way: do not use this answer",
        )
    )
