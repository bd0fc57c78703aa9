"""Nothing leaves its root: not by its text, not through a link."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from generator.disk.paths import NotAFolder, Tree, disk_problem, fault, matches, shown
from generator.problems import Exit, Rejected
from tests.disk import put

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/etc/passwd", "is absolute"),
        ("../x", "leaves its folder by '..'"),
        ("a/../../x", "leaves its folder by '..'"),
        ("a/..", "leaves its folder by '..'"),
        ("", "has an empty part or a '.'"),
        ("a//b", "has an empty part or a '.'"),
        ("a/", "has an empty part or a '.'"),
        ("./a", "has an empty part or a '.'"),
        ("a\nb", "holds a backslash, a control character or broken UTF-8"),
        ("a\\b", "holds a backslash, a control character or broken UTF-8"),
        ("a\x7f", "holds a backslash, a control character or broken UTF-8"),
        ("a\0b", "holds a backslash, a control character or broken UTF-8"),
        ("\udcff", "holds a backslash, a control character or broken UTF-8"),
    ],
)
def test_fault_names_what_is_wrong(path: str, why: str) -> None:
    assert fault(path) == why


@pytest.mark.parametrize(
    "path", ["a", "a/b.yaml", "..a/b..", "-x", " x ", "ünï", ".github/x", "a:b"]
)
def test_fault_lets_good_paths_be(path: str) -> None:
    assert fault(path) == ""


@pytest.mark.parametrize(
    ("path", "glob", "fits"),
    [
        (".github/workflows/go.yml", ".github/workflows/*.yml", True),
        (".github/workflows/x/go.yml", ".github/workflows/*.yml", False),
        ("services/a/.go-version", "services/*/.go-version", True),
        ("services/a/b/.go-version", "services/*/.go-version", False),
        ("services/a/b/.go-version", "services/**/.go-version", True),
        ("services/.go-version", "services/**/.go-version", True),
        (".devcontainer/a/b", ".devcontainer/**", True),
        ("x.devcontainer/a", ".devcontainer/**", False),
        ("README.md", "*", True),
        ("a/README.md", "*", False),
        ("A", "a", False),
    ],
)
def test_globs_stay_within_a_part(path: str, glob: str, *, fits: bool) -> None:
    assert matches(path, glob) is fits


def test_shown_is_safe_to_print() -> None:
    assert shown("a\x1b[31m\n\udcff") == "a\\x1b[31m\\n\\xff"
    assert shown("plain/ünï") == "plain/ünï"


def test_a_linked_folder_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a").mkdir()
    (tmp_path / "a/link").symlink_to("../elsewhere")
    with Tree(tmp_path) as tree, pytest.raises(Rejected) as caught:
        tree.folder("a/link/b", make=True)
    (problem,) = caught.value.problems
    assert (problem.code, str(problem.place), problem.exit) == ("GG441", "a/link", Exit.INPUT)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_file_on_the_way_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a/b")
    with Tree(tmp_path) as tree, pytest.raises(NotAFolder) as caught:
        tree.folder("a/b/c")
    assert caught.value.at == "a/b"


def test_create_never_goes_through_what_is_there(tmp_path: Path) -> None:
    put(tmp_path, "target", "old")
    (tmp_path / "link").symlink_to("target")
    with Tree(tmp_path) as tree, pytest.raises(FileExistsError):
        tree.create("link", b"new")
    assert (tmp_path / "target").read_text() == "old"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o644)])
def test_the_umask_counts(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        with Tree(tmp_path) as tree:
            tree.create("f", b"x")
            tree.create("x", b"x", executable=True)
    finally:
        os.umask(before)
    assert (tmp_path / "f").stat().st_mode & 0o777 == mode
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o755 & ~umask


def test_reading_a_pipe_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Tree(tmp_path) as tree:
        assert tree.read("pipe") is None


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - counts, and pathlib would hold one more
    with Tree(tmp_path) as tree:
        for n in range(50):
            tree.folder(f"a{n}/b/c/d", make=True)
        assert len(os.listdir("/dev/fd")) <= before + 5  # noqa: PTH208 - the same
    assert len(os.listdir("/dev/fd")) == before  # noqa: PTH208 - the same


def test_a_name_too_long_is_told() -> None:
    problem = disk_problem(OSError(errno.ENAMETOOLONG, "x"), "a")
    assert (problem.code, problem.exit) == ("GG423", Exit.DISK)


def test_an_unknown_error_is_told_in_the_system_words() -> None:
    problem = disk_problem(OSError(errno.EIO, "Input/output error"), "a")
    assert (problem.code, problem.message) == ("GG429", "input/output error")


def test_a_folder_that_another_process_makes_meanwhile_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.mkdir

    def late(*args: object, **named: object) -> None:
        real(*args, **named)  # type: ignore[arg-type]  # the other's
        real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "mkdir", late)
    with Tree(tmp_path) as tree:
        tree.folder("out/p", make=True)
    assert (tmp_path / "out/p").is_dir()
