"""Many files change together or not at all: killed at every step, on a full disk, while edited."""

from __future__ import annotations

import errno
import json
import os
import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest

from generator.disk import transaction
from generator.disk.paths import Tree
from generator.disk.runlock import hold, settled, silent
from generator.disk.transaction import DECIDED, STAGED, Transaction
from generator.problems import Exit, Rejected
from tests.disk import ordinary_user, put, tree
from tests.killing import killed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

BEFORE: Mapping[str, str] = {
    "gogen.lock": "{}\n",
    "profiles/base/go.yaml": 'toolchains: {current: "1"}\n',
    "out/p/SHA256SUMS": "old sums\n",
    "out/p/a": "old a\n",
    "out/p/file": "becomes a folder\n",
    "out/p/folder/x": "becomes a file\n",
    "out/p/gone/deep/y": "goes\n",
    "mine": "of nobody's business\n",
}
AFTER: Mapping[str, str] = {
    "gogen.lock": "{1}\n",
    "profiles/base/go.yaml": 'toolchains: {current: "2"}\n',
    "out/p/SHA256SUMS": "new sums\n",
    "out/p/a": "new a\n" * 1000,
    "out/p/file/x": "in it\n",
    "out/p/folder": "now a file\n",
    "out/q/new/z": "comes\n",
    "mine": "of nobody's business\n",
}
_STEPS = 400  # more calls than this transaction makes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a folder with the files of BEFORE."""
    root = tmp_path / "root"
    for path, text in BEFORE.items():
        put(root, path, text)
    return root


def _change(root: Path, meanwhile: Callable[[], object] = silent) -> None:
    """Make BEFORE to AFTER."""
    with hold(root), Tree(root) as there, Transaction(there) as change:
        for path in sorted(BEFORE.keys() | AFTER.keys()):
            old, new = BEFORE.get(path), AFTER.get(path)
            before = old.encode() if old is not None else None
            if new is None and before is not None:
                change.remove(path, before)
            elif new is not None and new != old:
                change.put(path, before, new.encode())
        meanwhile()
        change.commit()


def _files(root: Path) -> dict[str, str]:
    return {path: found[0].decode() for path, found in tree(root).items() if type(found) is tuple}


def _refused(root: Path, work: Callable[[], object]) -> list[tuple[str, str]]:
    """Do what is refused; hold that no byte changed; give what was said."""
    before = tree(root)
    with pytest.raises(Rejected) as caught:
        work()
    assert tree(root) == before
    return [(problem.code, str(problem.place)) for problem in caught.value.problems]


def test_all_files_change_and_nothing_is_left(root: Path) -> None:
    _change(root)
    assert _files(root) == AFTER
    assert not (root / "out/p/gone").exists()


def test_without_commit_nothing_changes(root: Path) -> None:
    with Tree(root) as there, Transaction(there) as change:
        change.put("gogen.lock", b"{}\n", b"{1}\n")
        assert (root / STAGED / "0").read_text() == "{1}\n"
    assert _files(root) == BEFORE


def test_permissions_are_kept_or_as_asked(root: Path) -> None:
    (root / "gogen.lock").chmod(0o600)
    with Tree(root) as there, Transaction(there) as change:
        change.put("gogen.lock", b"{}\n", b"{1}\n")
        change.put("out/p/a", b"old a\n", b"old a\n", executable=True)
        change.commit()
    assert (root / "gogen.lock").stat().st_mode & 0o777 == 0o600
    assert (root / "out/p/a").stat().st_mode & 0o100
    assert (root / "out/p/a").read_text() == "old a\n"


@pytest.mark.parametrize("moment", ["before", "within"])
def test_killed_at_any_step_all_or_nothing_follows(
    root: Path, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    seen = []
    for at in range(1, _STEPS):
        one = tmp_path / "one"
        shutil.copytree(root, one)
        alive = not killed(partial(_change, one), at, moment)
        decided = (one / DECIDED).exists()
        settled(one, silent)  # what a reader does that holds nothing
        assert not (one / DECIDED).exists()
        with hold(one, shared=True):
            found = {path: text for path, text in _files(one).items() if STAGED not in path}
        assert found in (BEFORE, AFTER)
        assert found == AFTER or not decided
        with hold(one):  # a writer sweeps
            assert _files(one) == found
        seen.append(found == AFTER)
        shutil.rmtree(one)
        if alive:
            assert seen == sorted(seen)  # one instant decides
            assert seen[0] is False
            assert at > (5 if moment == "within" else 40)
            return
    pytest.fail("it never came to its end")


def test_killed_again_while_finishing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    for at in range(1, _STEPS):
        killed(lambda: _change(root), at)
        if (root / DECIDED).exists():
            break
    for second in range(1, _STEPS):
        one = tmp_path / "one"
        shutil.copytree(root, one)
        again = killed(partial(settled, one, silent), second)
        with hold(one):
            assert _files(one) == AFTER
        shutil.rmtree(one)
        if not again:
            return
    pytest.fail("it never came to its end")


def _stopped(root: Path, todo: int) -> None:
    """Leave a decided change of which the last `todo` new files are not in place."""
    for at in range(1, _STEPS):
        copy = root.parent / "copy"
        shutil.copytree(root, copy)
        killed(partial(_change, copy), at)
        if (copy / DECIDED / "plan.json").exists():
            waiting = [p for p in (copy / DECIDED).iterdir() if p.name.isdecimal()]
            if len(waiting) == todo:
                shutil.rmtree(root)
                copy.rename(root)
                return
        shutil.rmtree(copy)
    pytest.fail("no such instant")


def test_an_edit_after_the_kill_is_not_lost(root: Path) -> None:
    _stopped(root, 3)
    late = next(p for p in AFTER if p in BEFORE and _files(root)[p] == BEFORE[p] != AFTER[p])
    put(root, late, "by hand\n")
    assert _refused(root, lambda: settled(root, silent)) == [("GG593", late)]
    put(root, late, BEFORE[late])
    settled(root, silent)
    assert {p: t for p, t in _files(root).items() if STAGED not in p} == AFTER


def test_what_was_put_back_in_the_midst_is_told(root: Path) -> None:
    _stopped(root, 3)
    early = next(p for p in AFTER if p in BEFORE and _files(root)[p] == AFTER[p] != BEFORE[p])
    put(root, early, BEFORE[early])
    assert _refused(root, lambda: settled(root, silent)) == [("GG593", early)]
    shutil.rmtree(root / DECIDED)  # the way out that the hint tells
    with hold(root):
        assert _files(root)[early] == BEFORE[early]


def test_a_decided_change_that_was_taken_back_whole_goes(root: Path) -> None:
    _stopped(root, 7)  # none in place
    files = dict(_files(root))
    put(root, "out/p/a", "by hand\n")
    for path in BEFORE:
        if path not in files:
            put(root, path, BEFORE[path])
    settled(root, silent)
    with hold(root):
        assert _files(root) == {**BEFORE, "out/p/a": "by hand\n"}


@pytest.mark.parametrize("path", ["gogen.lock", "out/p/a", "out/p/gone/deep/y", "out/q/new/z"])
def test_a_file_that_changes_before_the_decision(root: Path, path: str) -> None:
    with pytest.raises(Rejected) as caught:
        _change(root, lambda: put(root, path, "by an editor\n"))
    assert [(p.code, str(p.place), p.exit) for p in caught.value.problems] == [
        ("GG402", path, Exit.DRIFT)
    ]
    assert _files(root) == {**BEFORE, path: "by an editor\n"}


@pytest.mark.parametrize("path", ["gogen.lock", "out/p/a"])
def test_a_file_that_is_not_as_it_was_read(root: Path, path: str) -> None:
    put(root, path, "by an editor\n")
    assert _refused(root, lambda: _change(root)) == [("GG402", path)]


def test_a_link_is_not_replaced(root: Path) -> None:
    (root / "gogen.lock").unlink()
    (root / "gogen.lock").symlink_to("mine")
    assert _refused(root, lambda: _change(root)) == [("GG441", "gogen.lock")]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename", "fchmod"])
def test_what_the_system_refuses_before_the_decision(
    root: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(1, _STEPS):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, _failing(root, call, at))
            try:
                _change(root)
            except Rejected as rejected:
                assert {p.code for p in rejected.problems} == {"GG422"}  # noqa: PT017 - it may succeed
                assert _files(root) == BEFORE
            else:
                break
    assert _files(root) == AFTER
    assert at > 1


def _failing(root: Path, name: str, at: int) -> Callable[..., object]:
    """Give a call of `os` whose `at`th use finds the disk full, if nothing is decided yet."""
    real = getattr(os, name)
    left = [at]

    def call(*args: object, **named: object) -> object:
        if name != "open" or int(str(args[1])) & os.O_CREAT:
            left[0] -= 1
            if not left[0] and not (root / DECIDED).exists():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **named)

    return call


@pytest.mark.parametrize("folder", ["", "out/p", "profiles/base", "out"])
def test_a_folder_that_may_not_be_written(open_path: Path, folder: str) -> None:
    with ordinary_user(open_path):
        for path, text in BEFORE.items():
            put(open_path, path, text)
        (open_path / folder).chmod(0o555)
        (found,) = _refused(open_path, lambda: _change(open_path))
        (open_path / folder).chmod(0o755)
        assert found[0] == "GG421"
        _change(open_path)
        assert _files(open_path) == AFTER


def test_a_refusal_after_the_decision_is_finished_by_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Tree, "move", _refuses)
        with pytest.raises(Rejected) as caught:
            _change(root)
    (problem,) = caught.value.problems
    assert problem.code == "GG420"
    assert "the next run of gogen finishes the change" in problem.hint
    settled(root, silent)
    with hold(root):
        assert _files(root) == AFTER


def _refuses(*_: object) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize(
    "plan",
    [
        None,
        "{",
        "[1]",
        '[{"path": 1, "old": null, "new": null}]',
        '[{"path": ".git/hooks/pre-commit", "old": null, "new": "ab", "content": "0"}]',
        '[{"path": "../x", "old": null, "new": "ab", "content": "0"}]',
        '[{"path": "x", "old": null, "new": "ab", "content": "../../x"}]',
        '[{"path": "x", "old": [], "new": null}]',
    ],
)
def test_a_plan_that_gogen_did_not_write_does_nothing(root: Path, plan: str | None) -> None:
    put(root, f"{DECIDED}/0", "#!/bin/sh\n")
    if plan is not None:
        put(root, f"{DECIDED}/plan.json", plan)
    assert _refused(root, lambda: settled(root, silent)) == [("GG594", f"{DECIDED}/plan.json")]


def test_git_leaves_an_unfinished_change_alone(root: Path) -> None:
    _stopped(root, 3)
    assert (root / DECIDED / ".gitignore").read_text() == "*\n"
    assert transaction.unfinished(root)
    steps = json.loads((root / DECIDED / "plan.json").read_text())
    assert {step["path"] for step in steps} == {
        path for path in BEFORE.keys() | AFTER.keys() if BEFORE.get(path) != AFTER.get(path)
    }
