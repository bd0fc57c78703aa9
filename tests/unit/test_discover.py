"""Finding the layers of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.problems import Rejected
from generator.stages.discover import discover

if TYPE_CHECKING:
    from pathlib import Path


def lay(root: Path, *files: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def codes(root: Path) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        discover(root)
    return [(p.code, p.place.file) for p in caught.value.problems if p.place]


def test_layers_may_nest_and_hold_several_files(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "profiles/base/b.yaml",
        "profiles/base/a.yml",
        "profiles/base/README.md",
        "profiles/base/.a.yaml.swp",
        "profiles/team/api/x.yaml",
    )
    assert [(layer.name, layer.files) for layer in discover(tmp_path)] == [
        ("base", ("profiles/base/a.yml", "profiles/base/b.yaml")),
        ("team/api", ("profiles/team/api/x.yaml",)),
    ]


def test_a_layer_may_also_hold_layers(tmp_path: Path) -> None:
    lay(tmp_path, "profiles/team/t.yaml", "profiles/team/api/x.yaml")
    assert [layer.name for layer in discover(tmp_path)] == ["team", "team/api"]


def test_no_profiles_folder(tmp_path: Path) -> None:
    assert codes(tmp_path) == [("GG165", "profiles")]


def test_every_mistake_is_told(tmp_path: Path) -> None:
    lay(tmp_path, "profiles/loose.yaml", "profiles/Bad_Name/x.yaml", "profiles/ok/x.yaml")
    (tmp_path / "profiles" / "empty").mkdir()
    (tmp_path / "profiles" / "ok" / "link.yaml").symlink_to("x.yaml")
    (tmp_path / "profiles" / "linked").symlink_to("ok")
    assert sorted(codes(tmp_path)) == [
        ("GG166", "profiles/Bad_Name"),
        ("GG167", "profiles/empty"),
        ("GG167", "profiles/loose.yaml"),
        ("GG168", "profiles/linked"),
        ("GG168", "profiles/ok/link.yaml"),
    ]
