"""Small workspaces, each with everything that it renders to beside it.

A folder here is a workspace as a user has it, outputs included. Its sources alone are copied and
rendered; what stands then must be the folder. `pytest tests/golden --snapshot-update` takes new
outputs over: read the difference before it is committed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project, read_tree

HERE = Path(__file__).parent
SCENARIOS = sorted(config.parent.name for config in HERE.glob("*/gogen.toml"))
SOURCES = ("gogen.lock", "gogen.toml", "profiles", "schemas", "templates")


def nested(files: dict[str, bytes]) -> dict[str, Any]:
    """Give files by path as the nested folders that pytest-snapshot compares."""
    tree: dict[str, Any] = {}
    for path, content in files.items():
        *folders, name = path.split("/")
        here = tree
        for folder in folders:
            here = here.setdefault(folder, {})
        here[name] = content
    return tree


def test_every_scenario_is_found() -> None:
    assert [path.name for path in sorted(HERE.iterdir()) if (path / "profiles").is_dir()] == (
        SCENARIOS
    )
    assert len(SCENARIOS) >= 11


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_sources_render_to_the_outputs_beside_them(
    name: str, tmp_path: Path, snapshot: Any
) -> None:
    for source in SOURCES:
        path = HERE / name / source
        if path.is_dir():
            shutil.copytree(path, tmp_path / source)
        elif path.exists():
            shutil.copyfile(path, tmp_path / source)
    outcome = Project(tmp_path).run("render")
    assert (outcome.code, outcome.err) == (0, ""), outcome.text
    snapshot.snapshot_dir = HERE
    snapshot.assert_match_dir(nested(read_tree(tmp_path)), name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_outputs_are_clean_where_they_stand(name: str) -> None:
    """The executable bits too, which a snapshot does not hold."""
    outcome = Project(HERE / name).run("check")
    assert (outcome.code, outcome.err) == (0, ""), outcome.text
    assert outcome.out.startswith("clean: ")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_lock_holds_what_is_asked_for(name: str) -> None:
    outcome = Project(HERE / name).run("lock", "--check")
    assert (outcome.code, outcome.err) == (0, ""), outcome.text
