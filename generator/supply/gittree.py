"""What a git tree holds, and its id worked out from the bytes alone, without git or a repository.

A tree's id is the SHA-1 of its entries, each with the id of its blob or of its subtree ("Git
Objects" in the book Pro Git). Files that were fetched once can so be held against it for ever.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
"""The modes of entries: of a LINK the content is where it leads, a SUBMODULE has none."""

FOLDER = "40000"
"""The mode of a tree in a tree."""


class Entry(NamedTuple):
    """A file, link or submodule of a tree: its mode, the id of its object, its bytes."""

    mode: str
    id: str
    content: bytes


def blob_id(content: bytes) -> str:
    """Give the id of a file's bytes."""
    return object_id("blob", content)


def tree_id(files: Mapping[str, tuple[str, bytes]]) -> str:
    """Give the id of the tree of these files and links: mode and bytes by path with slashes."""
    entries: dict[str, tuple[str, str]] = {}
    folders: dict[str, dict[str, tuple[str, bytes]]] = defaultdict(dict)
    for path, (mode, content) in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders[name][rest] = mode, content
        else:
            entries[name] = mode, blob_id(content)
    entries |= {name: (FOLDER, tree_id(below)) for name, below in folders.items()}
    return folder_id(entries)


def folder_id(entries: Mapping[str, tuple[str, str]]) -> str:
    """Give the id of the tree of one folder: mode and object id of what it holds, by name."""
    # git sorts a folder as if its name ended with a slash.
    ranked = sorted((_raw(n) + b"/" * (m == FOLDER), m, n, i) for n, (m, i) in entries.items())
    lines = (b"%s %s\0%s" % (m.encode(), _raw(n), bytes.fromhex(i)) for _, m, n, i in ranked)
    return object_id("tree", b"".join(lines))


def _raw(name: str) -> bytes:
    return name.encode(errors="surrogateescape")


def object_id(kind: str, content: bytes) -> str:
    """Give the id of an object of a kind: blob, tree, commit."""
    # Git's own name of an object; what must not be forged is proved beside it.
    data = b"%s %d\0%s" % (kind.encode(), len(content), content)
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
