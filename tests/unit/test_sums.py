"""SHA256SUMS: the real sha256sum reads it, git merges it, and a torn one still tells."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from generator.disk import sums
from tests.disk import Spec, put, render
from tests.disk import profile as given

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = (letter * 64 for letter in "abc")


def test_lines_are_sorted_by_path_without_header() -> None:
    data = sums.write({"out/p/b": [A], "out/p/a/x": [B], ".github/workflows/go.yml": [C]}, "p")
    assert data.decode() == f"{C}  ../../.github/workflows/go.yml\n{B}  a/x\n{A}  b\n"


def test_read_gives_back_what_write_wrote() -> None:
    digests = {"out/p/a b": frozenset({A}), "x/y": frozenset({B}), "out/p/é*": frozenset({C})}
    assert sums.read(sums.write(digests, "p"), "p") == sums.Sums(digests)


def test_sha256sum_accepts_the_file_and_sees_an_edit(tmp_path: Path) -> None:
    tool = ["sha256sum"] if shutil.which("sha256sum") else ["shasum", "-a", "256"]  # macOS
    files: dict[str, Spec] = {
        "go/env": "a\n",
        "-dash": "b",
        " edge ": "",
        "*star": "c",
        "ü": "d",
        "w.yml": (b"e\n", True, ".github/workflows/go.yml"),
    }
    render(tmp_path, given(files))
    command = [*tool, "--check", "--strict", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=tmp_path / "out/p", check=False).returncode == 0
    put(tmp_path, ".github/workflows/go.yml", "edited")
    result = subprocess.run(command, cwd=tmp_path / "out/p", check=False, capture_output=True)
    assert result.returncode == 1
    assert b"../../.github/workflows/go.yml: FAILED" in result.stdout


def test_both_sides_of_a_merge_conflict_are_known() -> None:
    text = f"<<<<<<< HEAD\n{A}  f\n=======\n{B}  f\n>>>>>>> other\n{C}  g\n"
    read = sums.read(text.encode(), "p")
    assert read.digests == {"out/p/f": {A, B}, "out/p/g": {C}}
    assert read.unread == (1, 3, 5)


def test_crlf_ends_are_read() -> None:
    assert sums.read(f"{A}  f\r\n".encode(), "p").digests == {"out/p/f": {A}}


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../q/f",
        "../../../home/f",
        "../../out/q/f",
        "../../../../etc/passwd",
        "a/../../x",
        "a//b",
        "./a",
        "a\\b",
        "",
    ],
)
def test_a_path_that_leaves_is_never_taken(path: str) -> None:
    assert sums.read(f"{A}  {path}\n".encode(), "p") == sums.Sums({}, (1,))


@pytest.mark.parametrize("line", [f"{A[:-1]}  f", f"{A.upper()}  f", f"{A} f", f"\\{A}  f", "x"])
def test_a_line_that_is_no_sum_is_counted(line: str) -> None:
    assert sums.read(f"{B}  g\n{line}\n".encode(), "p") == sums.Sums(
        {"out/p/g": frozenset({B})}, (2,)
    )


def test_broken_utf8_is_an_unread_line() -> None:
    assert sums.read(A.encode() + b"  \xff\n", "p").unread == (1,)
