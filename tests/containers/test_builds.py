"""A Dockerfile, built for real: Go from a mirror into an image, checked and used inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import GoRelease, Lock
from generator.lock.reading import read_lock
from generator.lock.writing import write_lock
from tests.conftest import Project
from tests.containers.builder import Builder
from tests.installer.mirror import Mirror, serving
from tests.installer.stand_in import ARCH, PLATFORM
from tests.installer.test_real_go import real_go
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.installer.stand_in import Release

PROFILE = """\
targets: [docker, go]
toolchains: {{current: "{version}"}}
go:
  platforms: ["{platform}"]
  flags: [-trimpath, -buildvcs=false]
  env: {{GOPROXY: "off", GOTOOLCHAIN: local, GOPATH: /go, GOCACHE: /var/cache/go, CGO_ENABLED: "0"}}
  path: [/go/bin, /usr/local/go/bin]
host: {{path: [/usr/bin, /bin]}}
network: {{go_archives: ["{mirror}/"]}}
image:
  user: {{uid: 10001, gid: 10001}}
  home: /home/build
  unpack: "alpine:3.24.1"
  app: {{command: hello, runtime: "alpine:3.24.1"}}
  families:
    - name: alpine
      base: "alpine:3.24.1"
      packager: apk
      libc: musl
      cgo: false
      packages: [ca-certificates, git]
"""
BASE = "alpine:3.24.1"
# As the image's user, with the image's environment.
BUILD = """\
set -eu
cd "$HOME"
printf 'module example.com/hello\\n\\ngo {version}\\n' >go.mod
printf 'package main\\n\\nfunc main() {{ println("hello") }}\\n' >hello.go
go build -o hello . && ./hello 2>&1
"""


@pytest.fixture(scope="module")
def release() -> Release:
    return real_go()


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder.make(tmp_path_factory.mktemp("buildah") / "builder")


@pytest.fixture(scope="module")
def mirror(release: Release) -> Iterator[Mirror]:
    one = Mirror()
    one.files[release.file] = release.archive
    with serving(one):
        yield one


@pytest.fixture(scope="module")
def workspace(
    builder: Builder, release: Release, mirror: Mirror, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Give a workspace that is rendered, its lock of the base image and the archive there are."""
    root = tmp_path_factory.mktemp("workspace")
    images = read_lock(ROOT / "gogen.lock").images
    pin = images[BASE]._replace(digest=builder.base(f"docker.io/library/{BASE}"))
    lock = Lock(
        go={release.version: GoRelease({PLATFORM: release.pin})},
        images={**images, BASE: pin},
    )
    profile = PROFILE.format(version=release.version, platform=PLATFORM, mirror=mirror.url("good"))
    project = Project(root)
    project.write(
        {"gogen.toml": "", "profiles/it/it.yaml": profile, "gogen.lock": write_lock(lock)}
    )
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    (root / "src").mkdir()
    return root


def test_the_image_holds_the_toolchain_and_it_builds(builder: Builder, workspace: Path) -> None:
    out = workspace / "out/it"
    dockerfile = out / "docker/portable/alpine.Dockerfile"
    sdk = builder.build(dockerfile, workspace / "src", ARCH, "sdk")
    builder.inside(sdk, out / "go/verify.sh", "--deep")
    image = json.loads(builder.run("inspect", "--type", "image", sdk))["OCIv1"]
    assert image["architecture"] == ARCH
    assert image["config"]["User"] == "10001:10001"
    assert image["config"]["WorkingDir"] == "/src"
    script = workspace / "hello.sh"
    script.write_text(BUILD.format(version=_release_of(workspace)), encoding="utf-8")
    assert builder.inside(sdk, script) == "hello"


def _release_of(workspace: Path) -> str:
    (version,) = read_lock(workspace / "gogen.lock").go
    return version
