"""What make says where Python is not as gogen needs it: one line, with the way out."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.tools import ROOT, require

if TYPE_CHECKING:
    from pathlib import Path

OLD = 'case "$*" in *version_info*) exit 1 ;; -V) echo "Python 3.10.2" ;; esac'
BARE = 'case "$*" in *ensurepip*) exit 1 ;; esac'


def make(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "Makefile", folder)
    return subprocess.run(
        [require("make"), *args], cwd=folder, capture_output=True, text=True, check=False
    )


def python(folder: Path, body: str) -> str:
    """Write a Python that is none: it answers what make asks of it."""
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return f"PYTHON={path}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (OLD, "gogen needs Python 3.11 to 3.14, and '{python}' is Python 3.10.2"),
        (BARE, "{python} lacks venv: install it (Debian, Ubuntu: apt install python3-venv)"),
    ],
)
def test_says_in_one_line_what_is_amiss(tmp_path: Path, body: str, said: str) -> None:
    setting = python(tmp_path, body)
    done = make(tmp_path, ".venv/bin/python", setting)
    line, after = done.stderr.splitlines()
    assert line.startswith(said.format(python=setting.removeprefix("PYTHON=")))
    assert after.startswith("make: ***")
    assert done.stdout == ""
    assert not (tmp_path / ".venv").exists()


def test_says_that_there_is_no_python(tmp_path: Path) -> None:
    done = make(tmp_path, ".venv/bin/python", f"PYTHON={tmp_path / 'none'}")
    assert f"'{tmp_path / 'none'}' is not here" in done.stderr.splitlines()[0]


def test_help_names_the_two_commands_of_a_newcomer(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    said = make(tmp_path).stdout
    assert "make render " in said
    assert "make test " in said


def test_never_asks_for_root() -> None:
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    run = [line for line in recipes if line.startswith("\t") and "echo" not in line]
    assert run
    assert [line for line in run if "sudo" in line or "apt" in line] == []


def test_an_environment_whose_python_is_gone_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(tmp_path / "gone")
    (tmp_path / ".venv" / "run.stamp").touch()
    make(tmp_path, "help")
    assert not (tmp_path / ".venv" / "run.stamp").exists()
