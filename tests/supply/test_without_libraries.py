"""gogen without the extra `lock`: what needs nobody works, what asks names what to install."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

EXTRA = ("cryptography", "pysequoia", "truststore", "urllib3")
PROFILE = """\
targets: [go]
toolchains: {current: "1.27.1"}
go: {toolchain: current, platforms: [linux/s390x]}
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Give a folder of packages that lacks those of the extra."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith(EXTRA):
            (folder / package.name).symlink_to(package)
    return folder


def lock(workspace: Project, packages: Path) -> subprocess.CompletedProcess[str]:
    """Run `gogen lock` with these packages alone."""
    start = (
        f"import sys; sys.path[1:1] = [{str(packages)!r}, {str(ROOT)!r}]; "
        "from generator.__main__ import start; sys.argv = ['gogen', 'lock']; start()"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", start],
        cwd=workspace.root,
        env={"HOME": str(packages.parent / "home"), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "order", ["proxy", "go.dev", "mirror https://mirror.example/go/", "registry"]
)
def test_what_is_shipped_is_locked(
    project: Callable[[Mapping[str, str | bytes]], Project], bare: Path, order: str
) -> None:
    settings = f'[sources]\norder = ["embedded", "{order}"]\n'
    workspace = project({"gogen.toml": settings, "profiles/base/profile.yaml": PROFILE})
    done = lock(workspace, bare)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"linux/s390x"' in (workspace.root / "gogen.lock").read_text(encoding="utf-8")


def test_who_asks_is_told_what_to_install(
    project: Callable[[Mapping[str, str | bytes]], Project], bare: Path
) -> None:
    settings = '[sources]\norder = ["go.dev"]\n[policy]\ngo = ["go-dev"]\n'
    workspace = project({"gogen.toml": settings, "profiles/base/profile.yaml": PROFILE})
    before = workspace.tree()
    done = lock(workspace, bare)
    assert done.returncode == 5
    assert "GG515" in done.stderr
    assert "pip install 'gogen[lock]'" in done.stderr
    assert workspace.tree() == before
