"""The law of the chart: with a profile's values helm makes the objects that kustomize builds."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tests import helm
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from pathlib import Path

OUT = ROOT / "out"
CHART = OUT / "k8s-node" / "helm" / "chart"
PROFILES = sorted(path.parent.parent.name for path in OUT.glob("*/helm/values.yaml"))


def objects(text: str) -> list[str]:
    """Give the objects of a stream as canonical texts, sorted; YAML 1.1 and 1.2 must agree."""
    readings = []
    for version in ((1, 1), (1, 2)):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        loaded = [each for each in reader.load_all(text) if each]
        readings.append(sorted(json.dumps(each, sort_keys=True) for each in loaded))
    assert readings[0] == readings[1]
    return readings[0]


def built(folder: Path) -> list[str]:
    """Give the objects that kubectl builds of an overlay."""
    done = subprocess.run(
        [require("kubectl"), "kustomize", folder],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return objects(done.stdout)


def templated(chart: Path, values: Path) -> list[str]:
    return objects(helm.template(chart, "-f", values))


def test_every_profile_with_objects_has_values() -> None:
    assert sorted(path.parent.name for path in OUT.glob("*/kustomize")) == PROFILES
    assert sorted(OUT.glob("*/helm/chart")) == [CHART]


@pytest.mark.parametrize("profile", PROFILES)
def test_helm_makes_what_kustomize_builds(profile: str) -> None:
    values = OUT / profile / "helm" / "values.yaml"
    assert templated(CHART, values) == built(OUT / profile / "kustomize")
