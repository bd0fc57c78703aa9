"""docker-bake.json as buildx's own parser evaluates it, and a schema for what that lets pass."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator

from generator.lock.reading import read_lock
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA: Final = json.loads((ROOT / "schemas/docker-bake.schema.json").read_text("utf-8"))
SHIPPED: Final = "out/build-pod/docker/docker-bake.json"
NETWORK: Final = ROOT / "tests/golden/network"
LABEL: Final = "org.opencontainers.image."
_STAGE = re.compile(r"^FROM (\S+) AS (\S+)$", re.MULTILINE)


def bake(path: Path, *environment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what a bake file comes to: its groups, and its targets with what they inherit."""
    text = path.read_text(encoding="utf-8")
    done = subprocess.run(
        [require("bake-reader"), *environment],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    came = json.loads(done.stdout)
    targets = {one["name"]: one for one in came["target"]}
    whole = {n: _inherited(one, targets) for n, one in targets.items() if not n.startswith("_")}
    return {one["name"]: one["targets"] for one in came["group"]}, whole


def _inherited(target: Mapping[str, Any], targets: Mapping[str, Any]) -> dict[str, Any]:
    """Join a target with those it inherits, as bake does: labels merge, a null is no label."""
    whole: dict[str, Any] = {"labels": {}}
    for one in (*(targets[name] for name in target.get("inherits", ())), target):
        labels = whole["labels"] | one.get("labels", {})
        whole |= {**one, "labels": {k: v for k, v in labels.items() if v is not None}}
    return whole


def _linux(version: str) -> list[str]:
    platforms = read_lock(ROOT / "gogen.lock").go[version].platforms
    return sorted(one for one in platforms if one.startswith("linux/"))


def _profile_platforms() -> list[str]:
    """Give the linux platforms that the profile has and the lock pins."""
    done = (ROOT / "out/build-pod/docker/alpine.Dockerfile").read_text(encoding="utf-8")
    arches = re.findall(r"^FROM scratch AS go-(\S+)_$", done, re.MULTILINE)
    return sorted(f"linux/{arch}" for arch in arches)


def test_every_family_and_stage_is_a_target() -> None:
    groups, targets = bake(ROOT / SHIPPED)
    files = sorted((ROOT / SHIPPED).parent.glob("*.Dockerfile"))
    families = [path.name.removesuffix(".Dockerfile") for path in files]
    assert len(families) == 8
    for stage in ("app", "sdk"):
        assert sorted(groups[stage]) == sorted(f"{family}-{stage}" for family in families)
    assert groups["default"] == ["app"]
    assert sorted(targets) == sorted([*groups["app"], *groups["sdk"]])


def test_its_platforms_are_the_locks() -> None:
    _, targets = bake(ROOT / SHIPPED)
    due = _profile_platforms()
    assert len(due) == 4
    assert set(due) <= set(_linux("1.27.1"))
    assert [n for n, one in targets.items() if sorted(one["platforms"]) != due] == []


def test_paths_are_there_and_labels_tell_the_base_of_the_stage() -> None:
    _, targets = bake(ROOT / SHIPPED)
    for name, target in targets.items():
        file = ROOT / target["dockerfile"].removeprefix("cwd://")
        stages = {stage: base for base, stage in _STAGE.findall(file.read_text("utf-8"))}
        labels = target["labels"]
        base = f"{labels[f'{LABEL}base.name']}@{labels[f'{LABEL}base.digest']}"
        assert stages[target["target"]] == base, name
        assert (ROOT / target["context"].removeprefix("cwd://") / "go.mod").is_file()
        assert "tags" not in target
        assert target["attest"] == ["type=provenance,mode=max"]


def test_the_environment_says_version_and_revision() -> None:
    _, plain = bake(ROOT / SHIPPED)
    assert plain["debian-app"]["labels"][f"{LABEL}version"] == "dev"
    assert f"{LABEL}revision" not in plain["debian-app"]["labels"]
    _, targets = bake(ROOT / SHIPPED, "TAG=v1.2.3", "REVISION=0123abc")
    assert targets["debian-app"]["labels"][f"{LABEL}version"] == "v1.2.3"
    assert targets["debian-app"]["labels"][f"{LABEL}revision"] == "0123abc"
    assert targets["debian-sdk"]["labels"][f"{LABEL}version"] == "go1.27.1"


def test_what_a_profile_asks_for() -> None:
    _, targets = bake(NETWORK / "out/base/docker/docker-bake.json", "TAG=v1")
    app, sdk = targets["debian-app"], targets["debian-sdk"]
    assert app["tags"] == ["registry.example/team/hello:v1-debian"]
    assert sdk["tags"] == ["registry.example/team/go:1.27.1-debian"]
    assert app["contexts"] == {"certificates": "cwd://certificates"}
    ref = "type=registry,ref=registry.example/team/cache:debian-app"
    assert (app["cache-from"], app["cache-to"]) == ([ref], [f"{ref},mode=max"])
    assert app["labels"][f"{LABEL}vendor"] == "the team's, 100%"
    pinned = r"type=sbom,generator=registry\.example/hub/\S+@sha256:[0-9a-f]{64}"
    assert re.fullmatch(pinned, app["attest"][1])
    tags = [tag for target in targets.values() for tag in target["tags"]]
    assert len(set(tags)) == len(tags) == 6


@pytest.mark.parametrize("path", [ROOT / SHIPPED, NETWORK / "out/base/docker/docker-bake.json"])
def test_the_schema_takes_what_is_rendered(path: Path) -> None:
    assert list(Draft202012Validator(SCHEMA).iter_errors(json.loads(path.read_bytes()))) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"platfroms": ["linux/amd64"]}, "'platfroms' was unexpected"),
        ({"platforms": ["darwin/arm64"]}, "'darwin/arm64' does not match"),
        ({"tags": ["hello"]}, "'hello' does not match"),
        ({"attest": ["type=sbom,generator=docker/buildkit-syft-scanner:stable-1"]}, "not match"),
        ({"cache-to": ["type=gah"]}, "'type=gah' does not match"),
        ({"dockerfile": ""}, "should be non-empty"),
    ],
)
def test_the_schema_refuses_what_bake_takes_without_a_word(
    change: dict[str, Any], says: str
) -> None:
    data = json.loads((ROOT / SHIPPED).read_bytes())
    data["target"]["alpine-sdk"] |= change
    (error,) = Draft202012Validator(SCHEMA).iter_errors(data)
    assert says in error.message
