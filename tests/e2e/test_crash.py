"""Killed at any instant, twenty at once: the next run finds whole files and finishes the work.

A child process renders with a failpoint in the functions of `os` through which every change goes:
at the Nth of those calls it kills itself, before the call, after it, or half-way through a write.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.model import ChangeKind
from generator.problems import Rejected
from tests.disk import changes, kinds, profile, put, render, tree
from tests.killing import killed
from tests.tools import ROOT

if TYPE_CHECKING:
    from generator.model import Desired

WORKFLOW = ".github/workflows/go.yml"
NOTHING = profile({})
OLD = profile(
    {
        "a": "old a\n",
        "file": "becomes a folder\n",
        "folder/x": "becomes a file\n",
        "gone/deep/y": "goes\n",
        "same": "stays\n",
        "w.yml": (b"on: push\n", False, WORKFLOW),
        "v": (b"1.26.0\n", False, "services/one/.go-version"),
    }
)
NEW = profile(
    {
        "a": (b"new a\n" * 1000, True, ""),
        "file/x": "in it\n",
        "folder": "now a file\n",
        "more/z": "comes\n",
        "same": "stays\n",
        "w.yml": (b"on: pull_request\n", False, WORKFLOW),
        "v": (b"1.27.1\n", False, "services/two/.go-version"),
    }
)
LATER = profile(
    {
        "a": "later a\n",
        "file": "a file again\n",
        "later/q": "q\n",
        "w.yml": (b"on: workflow_dispatch\n", False, WORKFLOW),
    }
)
_STEPS = 400  # more calls than any of these renders makes


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed process loses nothing that the system has, synced or not: only a power cut would."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def _killed(root: Path, desired: Desired, at: int, moment: str, *, force: bool = False) -> bool:
    """Render in a child that is killed at a step; False if it came to its end before."""
    return killed(lambda: render(root, desired, force=force), at, moment)


def _expected(*desireds: Desired) -> dict[str, set[tuple[bytes, bool]]]:
    """Give what may stand at each path when these renders follow one another."""
    found: dict[str, set[tuple[bytes, bool]]] = {}
    for desired in desireds:
        for artifact in desired.artifacts:
            value = (artifact.content, artifact.executable)
            for path in filter(None, (f"out/p/{artifact.path}", artifact.place)):
                found.setdefault(path, set()).add(value)
    return found


def _assert_whole(root: Path, *desireds: Desired) -> None:
    """Hold that every file but gogen's own is one that a render had, in full."""
    expected = _expected(*desireds)
    for path, found in tree(root).items():
        if "SHA256SUMS" in path or Path(path).name.startswith(".gogen-"):
            continue
        assert found in expected.get(path, set()), path


def _assert_like_new(root: Path, desired: Desired, fresh: Path) -> None:
    """Hold that a tree is as if this had been the only render ever."""
    if not fresh.exists():
        fresh.mkdir()
        render(fresh, desired)
    assert tree(root) == tree(fresh)
    assert kinds(root, desired) == []


@pytest.mark.parametrize("moment", ["before", "within"])
@pytest.mark.parametrize(
    ("start", "following"),
    [(OLD, NEW), (OLD, LATER), (OLD, OLD), (OLD, NOTHING), (NOTHING, LATER)],
    ids=["again", "edited", "reverted", "emptied", "first-edited"],
)
def test_killed_at_any_step_then_run_again(
    tmp_path: Path, moment: str, start: Desired, following: Desired
) -> None:
    before = tmp_path / "before"
    before.mkdir()
    render(before, start)
    for at in range(1, _STEPS):
        root = tmp_path / "root"
        shutil.copytree(before, root)
        alive = not _killed(root, NEW, at, moment)
        _assert_whole(root, start, NEW)
        guarded = {ChangeKind.EDITED, ChangeKind.FOREIGN, ChangeKind.EXTRA}
        for desired in (NEW, following):
            assert not guarded & {change.kind for change in changes(root, desired)}, at
        render(root, following)
        _assert_like_new(root, following, tmp_path / "fresh")
        shutil.rmtree(root)
        if alive:
            assert at > (4 if moment == "within" else 20)
            return
    pytest.fail("the render never came to its end")


def test_killed_again_while_finishing(tmp_path: Path) -> None:
    """Two kills with a profile edited in between, at every pair of every few steps."""
    before = tmp_path / "before"
    before.mkdir()
    render(before, OLD)
    for first in range(1, _STEPS, 7):
        once = tmp_path / "once"
        shutil.copytree(before, once)
        more = _killed(once, NEW, first, "before")
        for second in range(1, _STEPS, 5):
            root = tmp_path / "root"
            shutil.copytree(once, root)
            again = _killed(root, LATER, second, "before")
            _assert_whole(root, OLD, NEW, LATER)
            render(root, NEW)
            _assert_like_new(root, NEW, tmp_path / "fresh")
            shutil.rmtree(root)
            if not again:
                break
        shutil.rmtree(once)
        if not more:
            return
    pytest.fail("the render never came to its end")


def test_a_hand_edit_is_still_seen_after_a_kill(tmp_path: Path) -> None:
    render(tmp_path, OLD)
    for at in range(4, 40, 4):
        _killed(tmp_path, NEW, at, "before")
        put(tmp_path, "out/p/same", "by hand\n")
        with pytest.raises(Rejected) as caught:
            render(tmp_path, NEW)
        assert [str(p.place) for p in caught.value.problems] == ["out/p/same:1"]
        assert (tmp_path / "out/p/same").read_text() == "by hand\n"
        put(tmp_path, "out/p/same", "stays\n")
        render(tmp_path, OLD)


def test_a_forced_render_killed_is_finished_without_force(tmp_path: Path) -> None:
    """What was edited by hand and not replaced yet is still the user's."""
    for at in range(1, _STEPS):
        root = tmp_path / "root"
        root.mkdir()
        render(root, OLD)
        put(root, "out/p/a", "by hand\n")
        alive = not _killed(root, NEW, at, "before", force=True)
        if (root / "out/p/a").read_bytes() == b"by hand\n":
            with pytest.raises(Rejected):
                render(root, LATER)
            render(root, LATER, force=True)
        else:
            render(root, LATER)
        _assert_like_new(root, LATER, tmp_path / "fresh")
        shutil.rmtree(root)
        if alive:
            return
    pytest.fail("the render never came to its end")


def test_a_killed_run_is_drift_even_when_all_files_are_right(tmp_path: Path) -> None:
    render(tmp_path, OLD)
    put(tmp_path, "out/p/SHA256SUMS.pending", (tmp_path / "out/p/SHA256SUMS").read_bytes())
    assert kinds(tmp_path, OLD) == [("unfinished", "out/p/SHA256SUMS.pending")]
    render(tmp_path, OLD)
    assert kinds(tmp_path, OLD) == []


_RENDERER = """
import sys
from pathlib import Path
from generator.disk import runlock
from tests.disk import profile, render
root, content = Path(sys.argv[1]), sys.argv[2]
desired = profile({f"d{n % 7}/f{n}": f"{content} {n}\\n" for n in range(60)})
sys.stdin.readline()
with runlock.hold(root, timeout=60):
    render(root, desired)
"""


@pytest.mark.parametrize("contents", [["one"], ["one", "two"]], ids=["same", "different"])
def test_twenty_renders_at_once_leave_one_right_tree(tmp_path: Path, contents: list[str]) -> None:
    command = [sys.executable, "-c", _RENDERER, str(tmp_path)]
    children = [
        subprocess.Popen(
            [*command, contents[n % len(contents)]],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for n in range(20)
    ]
    for child in children:  # all are up and wait here: now let them go
        assert child.stdin
        child.stdin.write(b"\n")
        child.stdin.flush()
    for child in children:
        _, errors = child.communicate(timeout=120)
        assert (child.returncode, errors) == (0, b"")
    found = [
        profile({f"d{n % 7}/f{n}": f"{content} {n}\n" for n in range(60)}) for content in contents
    ]
    assert [] in [kinds(tmp_path, desired) for desired in found]
    assert len(tree(tmp_path)) == 61
