"""kubernetes-validate reads objects as the Kubernetes does that their profile names."""

from __future__ import annotations

import pytest

from generator.problems import Place
from generator.validators import File, Tool, get
from generator.validators.base import KUBERNETES
from tests.tools import SEARCH, require

# Removed in Kubernetes 1.26.
AUTOSCALER = b"""\
apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
metadata: {name: x}
spec: {maxReplicas: 1, scaleTargetRef: {kind: Deployment, name: x}}
"""
GONE = "Couldn't find schema for kind HorizontalPodAutoscaler"


def profile(name: str, minor: str) -> tuple[File, File]:
    """Give a kustomization with an autoscaler, of a profile for that minor."""
    facts = {KUBERNETES: minor} if minor else {}
    folder = f"out/{name}/kustomize"
    return (
        File(f"{folder}/kustomization.yaml", b"resources: [a.yaml]\n", "yaml", facts),
        File(f"{folder}/a.yaml", AUTOSCALER, "kubernetes", facts),
    )


def check(*files: File) -> list[tuple[str, Place | None]]:
    validator = get("kubernetes-validate")
    tool = Tool(require(validator.programs[0]), SEARCH)
    return [(problem.message, problem.place) for problem in validator.check(tool, files)]


@pytest.mark.parametrize(("minor", "there"), [("1.25", True), ("1.26", False), ("", False)])
def test_the_profiles_minor_counts_and_else_the_newest(minor: str, *, there: bool) -> None:
    found = check(*profile("a", minor))
    assert len(found) == (0 if there else 1)
    assert all(GONE in message for message, _ in found)


def test_each_profile_has_its_own() -> None:
    ((message, place),) = check(*profile("a", "1.25"), *profile("b", "1.26"))
    assert GONE in message
    assert place == Place("out/b/kustomize/a.yaml")


@pytest.mark.parametrize("minor", ["1.20", "1.99"])
def test_a_minor_without_schemas_is_told_with_those_there_are(minor: str) -> None:
    files = (*profile("a", minor), *profile("b", "1.25"))
    validator = get("kubernetes-validate")
    tool = Tool(require(validator.programs[0]), SEARCH)
    (found,) = validator.check(tool, files)
    assert found.message == f"kubernetes-validate has no schemas of Kubernetes {minor}"
    assert found.place == Place("out/a/kustomize/a.yaml")
    assert "1.25, 1.26, " in found.expected


def test_an_object_that_no_kustomization_lists_is_read() -> None:
    facts = {KUBERNETES: "1.26"}
    ((message, place),) = check(File("out/a/kind/caches/a.yaml", AUTOSCALER, "kubernetes", facts))
    assert GONE in message
    assert place == Place("out/a/kind/caches/a.yaml")
    patch = File("out/a/kustomize/patch.yaml", AUTOSCALER, "kubernetes", facts)
    assert check(File("out/a/kustomize/kustomization.yaml", b"resources: []\n"), patch) == []


def test_an_overlay_that_is_not_built_hides_no_other() -> None:
    require("kubectl")
    broken = b"resources: [gone.yaml]\npatches: [{path: p.yaml}]\n"
    found = check(File("out/b/kustomize/kustomization.yaml", broken), *profile("a", "1.26"))
    assert [place for _, place in found] == [Place("out/a/kustomize/a.yaml")]
