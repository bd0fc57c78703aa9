"""Writing loses nothing: not the user's files, not on a full disk, not half-way."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from generator.disk.actual import observe
from generator.disk.sums import digest
from generator.problems import Exit, Rejected
from generator.stages.plan import plan
from generator.stages.write import adopt, write
from tests.disk import PLACES, kinds, ordinary_user, put, render, stamp, tree
from tests.disk import profile as given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.disk import Spec

WORKFLOW = ".github/workflows/go.yml"
FILES: dict[str, Spec] = {
    "a": "a\n",
    "d/b": (b"#!/bin/sh\n", True, ""),
    "w.yml": (b"on: push\n", False, WORKFLOW),
}
NEXT: dict[str, Spec] = {
    "a": "a2\n",
    "e/c": "c\n",
    "w.yml": (b"on: pull_request\n", False, WORKFLOW),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a workspace in which FILES were rendered."""
    root = tmp_path / "root"
    root.mkdir()
    render(root, given(FILES))
    return root


def _rejected(root: Path, files: dict[str, Spec], *, force: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        render(root, given(files), force=force)
    return [(problem.code, str(problem.place)) for problem in caught.value.problems]


def test_the_first_render_writes_everything(tmp_path: Path) -> None:
    written = render(tmp_path, given(FILES))
    assert written.changed == (
        WORKFLOW, "out/p/SHA256SUMS", "out/p/a", "out/p/d/b", "out/p/w.yml",
    )  # fmt: skip
    assert (written.removed, written.unchanged) == ((), 0)
    found = tree(tmp_path)
    sums = found.pop("out/p/SHA256SUMS")
    assert found == {
        WORKFLOW: (b"on: push\n", False),
        "out/p/a": (b"a\n", False),
        "out/p/d/b": (b"#!/bin/sh\n", True),
        "out/p/w.yml": (b"on: push\n", False),
    }
    assert sums[0].count(b"\n") == 4  # type: ignore[arg-type]


def test_the_second_render_touches_nothing(root: Path) -> None:
    before = {path: stamp(path) for path in sorted(root.rglob("*"))}
    written = render(root, given(FILES))
    assert (written.changed, written.removed, written.unchanged) == ((), (), 4)
    assert {path: stamp(path) for path in sorted(root.rglob("*"))} == before


def test_only_what_differs_is_written(root: Path) -> None:
    before = stamp(root / "out/p/d/b")
    written = render(root, given({**FILES, "a": "a2\n"}))
    assert written.changed == ("out/p/SHA256SUMS", "out/p/a")
    assert written.unchanged == 3
    assert stamp(root / "out/p/d/b") == before


def test_what_is_no_longer_rendered_goes_with_its_empty_folders(root: Path) -> None:
    put(root, ".github/CODEOWNERS")
    written = render(root, given({"a": "a\n"}))
    assert written.removed == (WORKFLOW, "out/p/d/b", "out/p/w.yml")
    assert sorted(str(p.relative_to(root)) for p in root.rglob("*")) == [
        ".github", ".github/CODEOWNERS", "out", "out/p", "out/p/SHA256SUMS", "out/p/a",
    ]  # fmt: skip


def test_extras_stay(root: Path) -> None:
    put(root, "out/p/d/note")
    written = render(root, given(NEXT))
    assert "out/p/d/b" in written.removed
    assert (root / "out/p/d/note").read_text() == "mine\n"
    assert kinds(root, given(NEXT)) == [("extra", "out/p/d/note")]


@pytest.mark.parametrize("path", ["out/p/a", "out/p/d/b", WORKFLOW])
def test_a_hand_edit_stops_the_whole_profile(root: Path, path: str) -> None:
    put(root, path)
    before = tree(root)
    assert _rejected(root, NEXT) == [("GG402", f"{path}:1" if path != "out/p/d/b" else path)]
    assert tree(root) == before


def test_a_foreign_file_stops_the_whole_profile(root: Path) -> None:
    put(root, "out/p/e/c")
    before = tree(root)
    assert _rejected(root, NEXT) == [("GG403", "out/p/e/c:1")]
    assert tree(root) == before


def test_all_hand_edits_are_told(root: Path) -> None:
    put(root, "out/p/a")
    put(root, "out/p/e/c")
    put(root, "out/p/d/b")
    assert [code for code, _ in _rejected(root, NEXT)] == ["GG402", "GG402", "GG403"]


def test_force_replaces_them(root: Path) -> None:
    for path in ("out/p/a", "out/p/d/b", "out/p/e/c", WORKFLOW):
        put(root, path)
    render(root, given(NEXT), force=True)
    assert kinds(root, given(NEXT)) == []
    assert not (root / "out/p/d").exists()


def test_force_removes_no_folder_of_the_user(root: Path) -> None:
    put(root, "out/p/e/c/note")
    before = tree(root)
    assert _rejected(root, NEXT) == [("GG403", "out/p/e/c")]
    assert _rejected(root, NEXT, force=True) == [("GG424", "out/p/e/c")]
    assert tree(root) == before


def test_force_takes_no_file_of_others_outside_out(tmp_path: Path) -> None:
    put(tmp_path, WORKFLOW)
    before = tree(tmp_path)
    assert _rejected(tmp_path, FILES, force=True) == [("GG403", f"{WORKFLOW}:1")]
    assert tree(tmp_path) == before


def test_force_replaces_a_pipe(root: Path) -> None:
    (root / "out/p/a").unlink()
    os.mkfifo(root / "out/p/a")
    assert _rejected(root, FILES) == [("GG403", "out/p/a")]
    render(root, given(FILES), force=True)
    assert kinds(root, given(FILES)) == []


def test_empty_folders_in_the_way_go(root: Path) -> None:
    (root / "out/p/e/c/x/y").mkdir(parents=True)
    render(root, given(NEXT))
    assert kinds(root, given(NEXT)) == []


def test_files_and_folders_change_places(root: Path) -> None:
    swapped: dict[str, Spec] = {"a/x": "x\n", "a/y/z": "z\n", "d": "d\n", "w.yml": FILES["w.yml"]}
    written = render(root, given(swapped))
    assert written.removed == ("out/p/a", "out/p/d/b")
    assert kinds(root, given(swapped)) == []
    render(root, given(FILES))
    assert kinds(root, given(FILES)) == []
    assert not [path for path in tree(root) if ".gogen-" in path]


def test_a_place_and_its_folder_change_places(root: Path) -> None:
    one: dict[str, Spec] = {"v": (b"1\n", False, "d/x")}
    two: dict[str, Spec] = {"v": (b"1\n", False, "d/x/y/z")}
    for files in (one, two):
        render(root, given(files))
        assert kinds(root, given(files)) == []
    assert not [path for path in tree(root) if ".gogen-" in path]


def test_the_executable_bit_is_mended(root: Path) -> None:
    (root / "out/p/d/b").chmod(0o644)
    (root / "out/p/a").chmod(0o755)
    sums = stamp(root / "out/p/SHA256SUMS")
    written = render(root, given(FILES))
    assert written.changed == ("out/p/a", "out/p/d/b")
    assert kinds(root, given(FILES)) == []
    assert stamp(root / "out/p/SHA256SUMS") == sums


def test_conflict_markers_in_the_sums_are_mended_and_hide_no_edit(root: Path) -> None:
    """Both branches rendered: what either wrote is gogen's, what is in neither list is not."""
    ours = (root / "out/p/SHA256SUMS").read_text()
    theirs = ours.replace(digest(b"a\n"), digest(b"theirs\n"))
    put(root, "out/p/SHA256SUMS", f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> x\n")
    put(root, "out/p/a", "theirs\n")
    render(root, given(NEXT))
    assert kinds(root, given(NEXT)) == []
    put(root, "out/p/SHA256SUMS", f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> x\n")
    put(root, "out/p/a", "<<<<<<< HEAD\na\n=======\ntheirs\n>>>>>>> x\n")
    assert ("GG402", "out/p/a:1") in _rejected(root, FILES)


def test_lost_sums_are_made_again(root: Path) -> None:
    before = tree(root)
    (root / "out/p/SHA256SUMS").unlink()
    written = render(root, given(FILES))
    assert (written.changed, written.unchanged) == (("out/p/SHA256SUMS",), 4)
    assert tree(root) == before


def test_crlf_content_is_written_as_it_is(tmp_path: Path) -> None:
    render(tmp_path, given({"a.ps1": "x\r\n"}))
    assert (tmp_path / "out/p/a.ps1").read_bytes() == b"x\r\n"


def test_a_strict_umask_makes_no_drift(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        render(tmp_path, given(FILES))
        assert kinds(tmp_path, given(FILES)) == []
    finally:
        os.umask(before)
    assert (tmp_path / "out/p/d/b").stat().st_mode & 0o777 == 0o700
    assert kinds(tmp_path, given(FILES)) == []


def test_a_profile_without_files_leaves_no_folder(root: Path) -> None:
    render(root, given({}))
    assert not list((root / "out").iterdir())
    assert kinds(root, given({})) == []


def test_an_edit_between_look_and_write_is_kept(root: Path) -> None:
    desired = given(NEXT)
    actual = observe(root, desired, PLACES)
    for path in ("out/p/a", "out/p/d/b", "out/p/e/c"):
        held = (root / path).read_bytes() if (root / path).exists() else None
        put(root, path, "edited just now\n")
        before = tree(root)
        with pytest.raises(Rejected) as caught:
            write(root, desired, actual, plan(desired, actual))
        assert caught.value.problems[0].code == "GG402"
        assert tree(root) == before
        if held is None:
            (root / path).unlink()
        render(root, given(FILES), force=True)
        actual = observe(root, desired, PLACES)


def test_a_link_put_there_between_look_and_write_is_not_followed(root: Path) -> None:
    desired = given(NEXT)
    actual = observe(root, desired, PLACES)
    shutil.copytree(root / "out", root.parent / "elsewhere")
    shutil.rmtree(root / "out")
    (root / "out").symlink_to(root.parent / "elsewhere")
    before = tree(root.parent / "elsewhere")
    with pytest.raises(Rejected) as caught:
        write(root, desired, actual, plan(desired, actual))
    assert [problem.code for problem in caught.value.problems] == ["GG441"]
    assert tree(root.parent / "elsewhere") == before


def test_a_name_that_is_too_long_changes_nothing(root: Path) -> None:
    before = tree(root)
    assert _rejected(root, {**FILES, "a": "a2", "x" * 300: "x"}) == [
        ("GG423", "out/p/" + "x" * 300)
    ]
    assert tree(root) == before


def _failing(name: str, at: int, error: BaseException) -> Callable[..., object]:
    """Give a stand-in for a function of os that fails at its `at`th call."""
    real = getattr(os, name)
    left = [at]

    def call(*args: object, **named: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise error
        return real(*args, **named)

    return call


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "broken"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("name", ["write", "fsync", "rename", "mkdir", "unlink", "rmdir"])
def test_an_error_at_any_call_leaves_every_file_whole(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException
) -> None:
    first = tree(root)
    goal = {path: spec for path, spec in _tree_of(root, NEXT).items() if "SHA256SUMS" not in path}
    for at in range(1, 100):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, _failing(name, at, error))
            try:
                render(root, given(NEXT))
            except KeyboardInterrupt:
                pass
            except Rejected as rejected:
                assert {p.exit for p in rejected.problems} == {Exit.DISK}  # noqa: PT017 - it may succeed
            else:
                break
        for path, found in tree(root).items():
            if "SHA256SUMS" not in path and ".gogen-" not in path:
                assert found in (first.get(path), goal.get(path)), path
        render(root, given(FILES))
        assert tree(root) == first, f"{name} number {at}"
    else:
        pytest.fail("never succeeded")


def _tree_of(root: Path, files: dict[str, Spec]) -> dict[str, str | tuple[bytes, bool]]:
    other = root.parent / "goal"
    shutil.rmtree(other, ignore_errors=True)
    other.mkdir()
    render(other, given(files))
    return tree(other)


@pytest.mark.parametrize("name", ["write", "fsync"])
def test_a_disk_that_fills_while_contents_are_written_changes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = tree(root)
    for at in range(1, 4):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, _failing(name, at, OSError(errno.ENOSPC, "full")))
            assert [code for code, _ in _rejected(root, NEXT)] == ["GG422"]
        assert tree(root) == before, at


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a folder on a disk of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "gogen-test", str(folder)]
    if os.geteuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount one: run the tests as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    render(small_disk, given(FILES))
    before = tree(small_disk)
    large: dict[str, Spec] = {**NEXT, "large": "x" * 100_000}
    assert _rejected(small_disk, large) == [("GG422", "out/p/large")]
    assert tree(small_disk) == before
    render(small_disk, given(NEXT))
    assert kinds(small_disk, given(NEXT)) == []


@pytest.mark.parametrize("folder", ["out", "out/p", "out/p/d", ".github/workflows"])
def test_a_read_only_folder(open_path: Path, folder: str) -> None:
    changed: dict[str, Spec] = {**NEXT, "d/b": "b2\n"}
    with ordinary_user(open_path):
        render(open_path, given(FILES if folder != "out" else {}))
        (open_path / folder).mkdir(exist_ok=True)
        before = tree(open_path)
        (open_path / folder).chmod(0o555)
        (found,) = _rejected(open_path, changed)
        (open_path / folder).chmod(0o755)
        assert found[0] == "GG421"
        assert found[1].startswith(folder)
        assert tree(open_path) == before
        render(open_path, given(changed))
        assert kinds(open_path, given(changed)) == []


def test_adopt_lets_the_next_render_replace_a_file(root: Path) -> None:
    put(root, "out/p/e/c")
    put(root, WORKFLOW)
    actual = observe(root, given(NEXT), PLACES)
    before = (root / WORKFLOW).read_bytes()
    assert adopt(root, given(NEXT), actual, [WORKFLOW, "out/p/e/c"]) == (WORKFLOW, "out/p/e/c")
    assert (root / WORKFLOW).read_bytes() == before
    assert ("stale", "out/p/e/c") in kinds(root, given(NEXT))
    render(root, given(NEXT))
    assert kinds(root, given(NEXT)) == []


def test_adopt_of_what_is_gogens_already_writes_nothing(root: Path) -> None:
    before = tree(root)
    actual = observe(root, given(FILES), PLACES)
    assert adopt(root, given(FILES), actual, ["out/p/a"]) == ()
    assert tree(root) == before


def test_adopt_in_a_workspace_never_rendered(tmp_path: Path) -> None:
    put(tmp_path, WORKFLOW)
    actual = observe(tmp_path, given(FILES), PLACES)
    assert adopt(tmp_path, given(FILES), actual, [WORKFLOW]) == (WORKFLOW,)
    render(tmp_path, given(FILES))
    assert kinds(tmp_path, given(FILES)) == []


def test_adopt_keeps_what_is_known_of_the_others(root: Path) -> None:
    put(root, "out/p/a")
    adopt(root, given(FILES), observe(root, given(FILES), PLACES), ["out/p/a"])
    put(root, "out/p/d/b")
    assert [code for code, _ in _rejected(root, NEXT)] == ["GG402"]


@pytest.mark.parametrize(
    ("path", "code", "hint"),
    [
        ("out/p/aa", "GG444", 'did you mean "out/p/a"?'),
        ("README.md", "GG444", ""),
        ("out/p/d/b", "GG445", "gogen render writes it: there is nothing to hand over"),
    ],
)
def test_adopt_refuses_what_it_cannot_take(root: Path, path: str, code: str, hint: str) -> None:
    (root / "out/p/d/b").unlink()
    before = tree(root)
    actual = observe(root, given(FILES), PLACES)
    with pytest.raises(Rejected) as caught:
        adopt(root, given(FILES), actual, ["out/p/a", path])
    (problem,) = caught.value.problems
    assert (problem.code, problem.hint, problem.exit) == (code, hint, Exit.INPUT)
    assert tree(root) == before
