"""The journal in its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.disk import journal
from generator.disk.paths import Tree
from tests.disk import put

if TYPE_CHECKING:
    from pathlib import Path


def test_begin_then_commit_replaces_the_sums(tmp_path: Path) -> None:
    put(tmp_path, "out/p/SHA256SUMS", b"old")
    with Tree(tmp_path) as tree:
        journal.begin(tree, "p", b"new")
        assert (tmp_path / "out/p/SHA256SUMS").read_bytes() == b"old"
        assert (tmp_path / "out/p/SHA256SUMS.pending").read_bytes() == b"new"
        journal.commit(tree, "p", to=b"new", now=b"old")
    assert [(p.name, p.read_bytes()) for p in (tmp_path / "out/p").iterdir()] == [
        ("SHA256SUMS", b"new")
    ]


def test_a_killed_runs_journal_is_folded_in_first(tmp_path: Path) -> None:
    put(tmp_path, "out/p/SHA256SUMS.pending", b"killed")
    with Tree(tmp_path) as tree:
        journal.begin(tree, "p", b"new", before=b"found")
    assert (tmp_path / "out/p/SHA256SUMS").read_bytes() == b"found"
    assert (tmp_path / "out/p/SHA256SUMS.pending").read_bytes() == b"new"


def test_equal_sums_are_not_touched(tmp_path: Path) -> None:
    path = put(tmp_path, "out/p/SHA256SUMS", b"same")
    before = path.stat()
    with Tree(tmp_path) as tree:
        journal.begin(tree, "p", b"same")
        journal.commit(tree, "p", to=b"same", now=b"same")
    assert path.stat().st_ino == before.st_ino
    assert [p.name for p in (tmp_path / "out/p").iterdir()] == ["SHA256SUMS"]


def test_a_profile_without_files_has_no_sums(tmp_path: Path) -> None:
    put(tmp_path, "out/p/SHA256SUMS", b"old")
    with Tree(tmp_path) as tree:
        journal.begin(tree, "p", b"")
        journal.commit(tree, "p", to=b"", now=b"old")
    assert not list((tmp_path / "out/p").iterdir())


def test_abandon_takes_the_journal_back(tmp_path: Path) -> None:
    with Tree(tmp_path) as tree:
        journal.begin(tree, "p", b"new")
        journal.abandon(tree, "p")
    assert not list((tmp_path / "out/p").iterdir())


def test_a_failed_replace_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "f", b"old")

    def full(*_: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("os.fsync", full)
    with Tree(tmp_path) as tree, pytest.raises(OSError, match="full"):
        journal.replace(tree, "f", b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("f", b"old")]


def test_contents_wait_beside_or_above_under_one_name() -> None:
    beside, up, root = journal.staged("a/b/c")
    assert beside.startswith("a/b/.gogen-")
    assert beside.removeprefix("a/b/") == up.removeprefix("a/") == root
    assert next(journal.staged("a/b/d")) != beside
