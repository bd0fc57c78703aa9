"""Every shipped cluster's objects are valid for every Kubernetes that there are schemas of.

A profile has one version, so each gets a child for each version, in a copy of the workspace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from generator.validators import File, Tool, get
from generator.validators.base import KUBERNETES
from generator.validators.kubernetes_validate import _minors
from tests.tools import ROOT, SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Project

OLDEST = 31
CLUSTERS = sorted(path.parent.name for path in ROOT.glob("out/*/kustomize"))
# What GG055 tells of the one that mounts an image: an error before 1.33, a warning before 1.36.
MOUNTS, WITH_FOLDERS, STABLE = "build-pod", 33, 36


def versions() -> list[int]:
    """Give the minors of Kubernetes 1 that objects are held against."""
    known = _minors(Tool(require("kubernetes-validate"), SEARCH))
    return [minor for minor in (int(one.removeprefix("1.")) for one in known) if minor >= OLDEST]


@pytest.fixture
def project(shipped: Callable[[], Project]) -> Project:
    """Copy the workspace, with a child of each cluster for each version."""
    one = shipped()
    for minor in versions():
        for name in CLUSTERS:
            layer = (
                f"extends: [{name}]\ntargets: [kustomize]\nkind: null\n"
                f'kubernetes: {{version: "1.{minor}"}}\n'
            )
            one.write({f"profiles/v{minor}/{name}/profile.yaml": layer})
    return one


def test_the_schemas_are_of_the_versions_that_are_supported() -> None:
    known = versions()
    assert known == list(range(OLDEST, known[-1] + 1))
    assert known[-1] >= 37


def test_every_object_is_valid_for_every_version(project: Project) -> None:
    able = [
        f"v{minor}/{name}"
        for minor in versions()
        for name in CLUSTERS
        if name != MOUNTS or minor >= WITH_FOLDERS
    ]
    outcome = project.run("render", *able)
    assert outcome.code == 0, outcome.text
    assert outcome.text.count("warning[GG055]") == STABLE - WITH_FOLDERS
    files = []
    for path, content in outcome.tree.items():
        found = re.fullmatch(r"out/(?:v([0-9]+)\.)?[^/]+/kustomize/.*", path)
        if found:
            facts = {KUBERNETES: f"1.{found[1] or versions()[-1]}"}
            files.append(File(path, content, "kubernetes", facts))
    assert len({file.path.split("/")[1] for file in files}) == len(able) + len(CLUSTERS)
    tool = Tool(require("kubernetes-validate"), SEARCH)
    require("kubectl")  # without it overlays would be passed over
    assert list(get("kubernetes-validate").check(tool, tuple(files))) == []


@pytest.mark.parametrize("minor", range(OLDEST, WITH_FOLDERS))
def test_a_version_that_cannot_mount_an_images_folder_is_told(project: Project, minor: int) -> None:
    outcome = project.run("render", f"v{minor}/{MOUNTS}")
    assert outcome.code == 2
    assert "error[GG055] profiles/build-pod/kubernetes.yaml" in outcome.text
