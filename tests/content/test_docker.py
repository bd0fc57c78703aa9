"""Dockerfiles: each family right, every input pinned, one file of the target replaceable."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from generator.validators import File, Tool, get
from tests.tools import ROOT, SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

HEADERS = {
    "alpine": "musl-dev",
    "debian": "libc6-dev",
    "rhel": "glibc-devel",
    "ubuntu": "libc6-dev",
}
FAMILIES = [f"{family}{cgo}" for family in HEADERS for cgo in ("", "-cgo")]
FORMS = ["docker", "docker/portable"]
ARCHES = ["amd64", "arm64", "ppc64le", "s390x"]


def _lock() -> Any:
    return json.loads((ROOT / "gogen.lock").read_text(encoding="utf-8"))


def _dockerfile(rendered: Mapping[str, bytes], form: str, family: str) -> str:
    return rendered[f"out/build-pod/{form}/{family}.Dockerfile"].decode()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_each_architecture_has_the_archive_of_the_lock(
    rendered: Mapping[str, bytes], form: str, family: str
) -> None:
    found = re.findall(
        r"^FROM scratch AS go-(\w+)_\nADD --checksum=sha256:(\w+) ",
        _dockerfile(rendered, form, family),
        re.MULTILINE,
    )
    platforms = _lock()["go"]["1.27.1"]["platforms"]
    assert found == [(arch, platforms[f"linux/{arch}"]["sha256"]) for arch in ARCHES]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_image_is_a_digest_or_a_stage(
    rendered: Mapping[str, bytes], form: str, family: str
) -> None:
    text = _dockerfile(rendered, form, family)
    lines = re.findall(r"^FROM (?:--platform=\S+ )?(\S+) AS (\S+)$", text, re.MULTILINE)
    stages = {stage for _image, stage in lines}
    named = {image for image, _stage in lines} - stages - {"scratch", "go-${TARGETARCH}_"}
    digests = {pin["digest"] for pin in _lock()["images"].values()}
    assert named
    assert {image.partition("@")[2] for image in named} <= digests
    assert text.count("\nFROM ") + text.startswith("FROM ") == len(lines)


@pytest.mark.parametrize("family", FAMILIES)
def test_only_a_cgo_image_holds_a_compiler_and_its_libc(
    rendered: Mapping[str, bytes], family: str
) -> None:
    text = _dockerfile(rendered, "docker", family)
    packages = re.search(r'^ARG PACKAGES="(.*)"$', text, re.MULTILINE)
    assert packages
    cgo = family.endswith("-cgo")
    compiler = {"gcc", HEADERS[family.partition("-")[0]]}
    assert set(packages[1].split()) & {"gcc", *HEADERS.values()} == (compiler if cgo else set())
    assert re.search(rf'^ENV CGO_ENABLED="?{int(cgo)}"?$', text, re.MULTILINE)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_user_is_a_number_that_is_not_root(
    rendered: Mapping[str, bytes], family: str
) -> None:
    users = re.findall(r"^USER (.*)$", _dockerfile(rendered, "docker", family), re.MULTILINE)
    assert users
    assert set(users) == {"10001:10001"}


def test_the_portable_form_asks_for_nothing_that_old_builders_lack(
    rendered: Mapping[str, bytes],
) -> None:
    for family in FAMILIES:
        text = _dockerfile(rendered, "docker/portable", family)
        new = re.search(r"^ADD .*--unpack|--link|^# syntax=|<<", text, re.MULTILINE)
        assert not new, family
        assert "--unpack=true" in _dockerfile(rendered, "docker", family)


def test_hadolint_finds_nothing(rendered: Mapping[str, bytes]) -> None:
    files = tuple(
        File(path, content, "dockerfile")
        for path, content in rendered.items()
        if path.endswith(".Dockerfile")
    )
    assert len(files) == len(FAMILIES) * len(FORMS)
    found = [*get("hadolint").check(Tool(require("hadolint"), SEARCH), files)]
    assert not found, "\n".join(f"{p.place}: {p.message}" for p in found)


def test_one_file_of_a_built_in_can_be_replaced(workspace: Callable[[str], Project]) -> None:
    project = workspace("docker-workspace")
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    text = outcome.tree["out/image/docker/debian.Dockerfile"].decode()
    assert "\nCOPY certificates/ /usr/local/share/ca-certificates/example/\n" in text
    own = [path for path in outcome.tree if path.startswith("templates/")]
    assert own == ["templates/docker/certificates.Dockerfile.j2", "templates/docker/target.yaml"]


def test_the_network_reaches_images_and_every_run(workspace: Callable[[str], Project]) -> None:
    outcome = workspace("docker-workspace").run("render")
    text = outcome.tree["out/image/docker/debian.Dockerfile"].decode()
    assert text.startswith("# syntax=mirror.example.net/hub/docker/dockerfile:1.26@sha256:")
    assert "\nFROM mirror.example.net/hub/library/debian:trixie-slim@sha256:" in text
    for name in ("https_proxy", "HTTPS_PROXY"):
        assert re.search(rf'^ARG {name}="?http://proxy.example.net:3128"?$', text, re.MULTILINE)
