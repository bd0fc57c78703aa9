"""The wheel built from this tree holds all that gogen needs, and works where no checkout is."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.conftest import read_tree
from tests.tools import ROOT

PROFILE = """\
targets: [go]
toolchains: {current: "1.27.1"}
go: {platforms: [linux/amd64]}
"""
READS = """
import sys
from generator.__main__ import main
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
code = main(sys.argv[1:])
print("\\n".join(sorted(set(opened))), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this tree, without fetching anything."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def gogen(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a fresh environment that borrows this one's packages, not its gogen.

    Gives the environment's Python.
    """
    folder = tmp_path_factory.mktemp("installed") / "venv"
    make = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(make, check=True, capture_output=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    offline = ["--no-index", "--no-deps", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*pip, *offline, str(wheel)], check=True, capture_output=True)
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    # A path file's lines are not read for path files of their own: the checkout stays unknown.
    borrowed = f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n"
    (Path(site.stdout.strip()) / "borrowed.pth").write_text(borrowed, encoding="utf-8")
    return python


def run(python: Path, cwd: Path, *argv: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the environment's Python where nothing leads to the checkout."""
    env = {"PATH": os.defpath, "HOME": str(cwd.parent)}
    return subprocess.run(
        [python, *argv], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Give a workspace of two files."""
    root = tmp_path / "mine"
    (root / "profiles/laptop").mkdir(parents=True)
    (root / "gogen.toml").write_text("", encoding="utf-8")
    (root / "profiles/laptop/profile.yaml").write_text(PROFILE, encoding="utf-8")
    return root


def test_it_holds_the_compiler_its_templates_schemas_and_data(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = ("generator", "templates", "schemas")
    there = {
        path.relative_to(ROOT).as_posix()
        for folder in tracked
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    builtin = {
        name if name.startswith("generator/") else f"generator/builtin/{name}" for name in there
    }
    assert held == builtin
    assert {"generator/data/go-releases.json", "generator/builtin/templates/go/target.yaml"} <= held


def test_it_renders_in_a_folder_that_knows_no_checkout(gogen: Path, workspace: Path) -> None:
    command = gogen.parent / "gogen"
    locked = run(command, workspace, "lock")
    assert (locked.returncode, locked.stderr) == (0, "")
    rendered = run(command, workspace, "render")
    assert (rendered.returncode, rendered.stderr) == (0, "")
    tree = read_tree(workspace)
    assert tree["out/laptop/go/.go-version"] == b"1.27.1\n"
    checked = run(command, workspace, "check")
    assert checked.stdout.startswith("clean: "), checked.stderr


def test_it_reads_nothing_of_the_checkout(gogen: Path, workspace: Path) -> None:
    for argv in (["lock"], ["render"], ["schema"], ["targets"], ["explain", "go.platforms"]):
        done = run(gogen, workspace, "-c", READS, *argv)
        assert done.returncode == 0, done.stdout + done.stderr
        opened = done.stderr.splitlines()
        assert [path for path in opened if path.startswith(str(gogen.parent.parent))]
        packages = sysconfig.get_path("purelib")
        outside = [path for path in opened if not path.startswith(packages)]
        assert [path for path in outside if path.startswith(f"{ROOT}/")] == []
