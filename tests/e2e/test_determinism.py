"""The same input gives the same bytes: whatever the machine, and nothing is written twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.conftest import read_tree
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = ("gogen.toml", "gogen.lock", "profiles", "templates", "schemas")

# Lists folders backwards, as another file system might, then runs the command.
BACKWARDS = """
import os, sys
from generator.__main__ import main
real = os.scandir
class Backwards(list):
    def __next__(self):
        if self: return self.pop(0)
        raise StopIteration
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def close(self): pass
os.scandir = lambda *a: Backwards(reversed(list(real(*a))))
real_list = os.listdir
os.listdir = lambda *a: list(reversed(real_list(*a)))
sys.exit(main(sys.argv[1:]))
"""
PLAIN = "from generator.__main__ import start; start()"


def copy_sources(to: Path) -> Path:
    """Copy this repository's workspace without its outputs."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name)
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to / name)
    return to


def gogen(
    root: Path, *argv: str, code: str = PLAIN, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command on a workspace in a process of its own."""
    clean = {"PATH": os.defpath, "HOME": str(root.parent), "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        [sys.executable, "-c", code, "--workspace", root, *argv],
        env=clean,
        cwd=cwd or root,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("env", "code"),
    [
        ({"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"}, PLAIN),
        ({"PYTHONHASHSEED": "77", "LC_ALL": "C.UTF-8", "TZ": "Asia/Kathmandu"}, PLAIN),
        ({"PYTHONHASHSEED": "5", "LANG": "tr_TR.UTF-8", "PYTHONUTF8": "0"}, BACKWARDS),
    ],
    ids=["plain", "elsewhere", "backwards"],
)
def test_another_machine_renders_what_is_committed(
    tmp_path: Path, env: dict[str, str], code: str
) -> None:
    root = copy_sources(tmp_path / "somewhere else")
    run = gogen(root, "render", code=code, cwd=tmp_path, **env)
    assert (run.returncode, run.stderr) == (0, "")
    assert read_tree(root / "out") == read_tree(ROOT / "out")


def test_a_second_render_writes_nothing(tmp_path: Path) -> None:
    root = copy_sources(tmp_path / "w")
    assert gogen(root, "render").returncode == 0
    before = {p: p.stat().st_mtime_ns for p in root.rglob("*")}
    again = gogen(root, "render")
    assert again.returncode == 0
    assert "wrote" not in again.stdout
    assert {p: p.stat().st_mtime_ns for p in root.rglob("*")} == before


def test_a_check_writes_nothing_at_all(tmp_path: Path) -> None:
    root = copy_sources(tmp_path / "w")
    before = read_tree(tmp_path)
    run = gogen(root, "check", HOME=str(tmp_path / "home"))
    assert run.returncode == 1
    after = read_tree(tmp_path)
    caches = {name for name in after if name.startswith("home/.cache/gogen/")}
    assert after.keys() - caches == before.keys()


@pytest.mark.parametrize("settings", [["core.autocrlf=true"], ["core.eol=crlf"], []])
def test_a_clone_does_not_drift(tmp_path: Path, settings: list[str]) -> None:
    git = require("git")
    origin = tmp_path / "origin"
    copy_sources(origin)
    shutil.copytree(ROOT / "out", origin / "out")
    shutil.copy(ROOT / ".gitattributes", origin)
    for place in (".github", "tests/content/hello"):
        shutil.copytree(ROOT / place, origin / place)

    def run(*argv: str | Path, cwd: Path) -> None:
        subprocess.run([git, *argv], cwd=cwd, check=True, capture_output=True)

    run("init", "-q", cwd=origin)
    run("add", "-A", cwd=origin)
    run("commit", "-qm", "x", cwd=origin)
    flags = [word for setting in settings for word in ("-c", setting)]
    mask = os.umask(0o077)
    try:
        run(*flags, "clone", "-q", origin, tmp_path / "clone", cwd=tmp_path)
    finally:
        os.umask(mask)
    checked = gogen(tmp_path / "clone", "check")
    assert checked.stdout.startswith("clean: "), checked.stdout + checked.stderr
    assert checked.returncode == 0
