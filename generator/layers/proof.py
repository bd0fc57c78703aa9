"""The proof that a folder is of a commit: git's own objects on the way from one to the other.

Beside each vendored layer, in a file of its name and `.json`, stand the commit, whose hash is the
pin's, and the trees it leads through, whose hashes each one before it holds. So the commit of the
lock means what it says for ever, without git: whoever edits a file, its id and the folder's has no
commit of the other repository that they are of.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.lock.model import LayerPin
from generator.problems import Place, Rejected
from generator.supply.gittree import FOLDER, folder_id, object_id
from generator.supply.proofs import WORD, State, Verdict
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from generator.supply.proofs import Named


class Proof(NamedTuple):
    """A commit as git keeps it, and the trees from its root down to the one that has the folder."""

    commit: bytes
    trees: tuple[Mapping[str, tuple[str, str]], ...]


def written(proof: Proof) -> bytes:
    """Write a proof so that its diff can be read: a line of the commit a line, a name a line."""
    data = {
        "commit": proof.commit.decode(errors="surrogateescape").split("\n"),
        "trees": [
            {name: " ".join(entry) for name, entry in sorted(tree.items())} for tree in proof.trees
        ],
    }
    return json.dumps(data, indent=1).encode() + b"\n"


def fault(data: bytes, pin: LayerPin, folder: str) -> str:
    """Say why a written proof does not prove that the folder is of the pin's commit, or give ""."""
    try:
        return next(_faults(_read(json.loads(data)), pin, folder.split("/")), "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "it is no proof of a commit"


def reproved(named: Named, kept: Path) -> Verdict:
    """Prove again, offline, that a layer's vendored files are of the commit in the lock.

    Of an action nothing is kept.
    """
    if not isinstance(named.pin, LayerPin):
        return WORD
    # Imported late: it reads proofs itself.
    from generator.layers.vendored import Vendored  # noqa: PLC0415

    url = named.at[-1]
    try:
        Vendored(kept.parent, {url: named.pin}).files(url, Place(LOCK))
    except Rejected as rejected:
        return Verdict(State.FAILED, rejected.problems[0].message)
    return Verdict(State.PROVED)


def _read(data: Any) -> Proof:
    """Take a proof apart; ValueError, KeyError, TypeError or AttributeError where it is none."""
    trees = []
    for tree in data["trees"]:
        entries = {name: entry.split(" ") for name, entry in tree.items()}
        trees.append({name: (mode, one) for name, (mode, one) in entries.items()})
    return Proof("\n".join(data["commit"]).encode(errors="surrogateescape"), tuple(trees))


def _faults(proof: Proof, pin: LayerPin, parts: list[str]) -> Iterator[str]:
    if object_id("commit", proof.commit) != pin.commit:
        yield f"its commit is {object_id('commit', proof.commit)}"
    if len(proof.trees) != len(parts):
        yield "its trees do not lead to the folder"
    due = proof.commit.partition(b"\n")[0].removeprefix(b"tree ").decode(errors="replace")
    for tree, name in zip(proof.trees, parts, strict=False):
        if folder_id(tree) != due:
            yield f"it has another tree than {due}"
        mode, due = tree.get(name, ("", ""))
        if mode != FOLDER:
            yield f"it has no folder {name}"
    if due != pin.tree:
        yield f"its commit has the tree {due} there"
