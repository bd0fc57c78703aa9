"""A file that a user names for what a command says: never one that gogen reads or renders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.disk import journal
from generator.disk.paths import Tree, disk_errors
from generator.disk.places import allows, is_kept
from generator.problems import Problem, Rejected

if TYPE_CHECKING:
    from pathlib import Path

    from generator.workspace import Workspace


def save(workspace: Workspace, path: Path, text: str) -> None:
    """Write a document where it is asked for, whole or not at all.

    Raises Rejected (GG596) where gogen reads or renders: it would be lost, or be read as input.
    """
    full = path.parent.resolve() / path.name
    if found := _unfit(workspace, full):
        problem = Problem(
            "GG596",
            f"{path} {found}",
            expected="a file of its own",
            hint="outside of out/, profiles/, templates/, schemas/ and the places of gogen.toml; "
            "without the option it goes to standard output",
        )
        raise Rejected([problem])
    with disk_errors(str(path), writing=True), Tree(full.parent) as tree:
        journal.replace(tree, full.name, text.encode())


def _unfit(workspace: Workspace, full: Path) -> str:
    """Say why no document may be written there, or give ""."""
    if full.is_symlink() or (full.exists() and not full.is_file()):
        return "is no regular file"
    root = workspace.root.resolve()
    if not full.is_relative_to(root):
        return ""
    inside = full.relative_to(root).as_posix()
    own = is_kept(inside) or allows(workspace.places, inside)
    return "is for what gogen itself reads or renders" if own else ""
