"""What the shipped profiles render to, made once for all tests of this folder."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Outcome, Project
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_RENDERED: list[Outcome] = []


@pytest.fixture
def shipped(tmp_path: Path) -> Callable[[], Project]:
    """Copy the shipped profiles with their lock into a workspace of the test's own."""

    def copy() -> Project:
        root = tmp_path / "shipped"
        root.mkdir()
        for name in ("gogen.lock", "gogen.toml"):
            shutil.copyfile(ROOT / name, root / name)
        shutil.copytree(ROOT / "profiles", root / "profiles")
        # The module that they name: lint reads its go.mod.
        module = root / "tests/content/hello"
        module.mkdir(parents=True)
        shutil.copyfile(ROOT / "tests/content/hello/go.mod", module / "go.mod")
        return Project(root)

    return copy


@pytest.fixture
def rendered(shipped: Callable[[], Project]) -> Mapping[str, bytes]:
    """Give all files of the shipped profiles' workspace, rendered by the real command."""
    if not _RENDERED:
        _RENDERED.append(shipped().run("render"))
    (outcome,) = _RENDERED
    assert outcome.code == 0, outcome.text
    return outcome.tree


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[[str], Project]:
    """Copy a workspace of this folder and fill its lock."""

    def copy(name: str) -> Project:
        root = tmp_path / name
        shutil.copytree(ROOT / "tests/content" / name, root)
        project = Project(root)
        outcome = project.run("lock")
        assert outcome.code == 0, outcome.text
        return project

    return copy
