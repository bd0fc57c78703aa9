"""A Dockerfile, built for real: Go from a mirror into an image, checked and used inside."""

from __future__ import annotations

import json
import shutil
import subprocess
from hashlib import sha256
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
from tests.tools import ROOT, SEARCH, require

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
  app: {{command: hello, runtime: "gcr.io/distroless/static-debian12:nonroot"}}
  families:
    - name: alpine
      base: "alpine:3.24.1"
      packager: apk
      libc: musl
      cgo: false
      packages: [ca-certificates, git]
"""
BASE = "alpine:3.24.1"
RUNTIME = "gcr.io/distroless/static-debian12:nonroot"
MAIN = """\
package main

import (
	"runtime"
	"syscall"
)

func main() {
	syscall.Write(1, []byte("hello from "+runtime.Version()+"\\n"))
}
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
    base = images[BASE]._replace(digest=builder.base(f"docker.io/library/{BASE}"))
    runtime = images[RUNTIME]._replace(digest=builder.empty(RUNTIME))
    lock = Lock(
        go={release.version: GoRelease({PLATFORM: release.pin})},
        images={**images, BASE: base, RUNTIME: runtime},
    )
    profile = PROFILE.format(version=release.version, platform=PLATFORM, mirror=mirror.url("good"))
    project = Project(root)
    project.write(
        {"gogen.toml": "", "profiles/it/it.yaml": profile, "gogen.lock": write_lock(lock)}
    )
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    (root / "src").mkdir()
    module = f"module example.com/hello\n\ngo {release.version}\n"
    (root / "src/go.mod").write_text(module, encoding="utf-8")
    (root / "src/main.go").write_text(MAIN, encoding="utf-8")
    return root


def test_the_image_holds_the_toolchain(builder: Builder, workspace: Path) -> None:
    out = workspace / "out/it"
    dockerfile = out / "docker/portable/alpine.Dockerfile"
    sdk = builder.build(dockerfile, workspace / "src", ARCH, "sdk")
    builder.inside(sdk, out / "go/verify.sh", "--deep")
    image = json.loads(builder.run("inspect", "--type", "image", sdk))["OCIv1"]
    assert image["architecture"] == ARCH
    assert image["config"]["User"] == "10001:10001"
    assert image["config"]["WorkingDir"] == "/src"


def test_the_command_is_that_of_any_other_build(
    builder: Builder, release: Release, workspace: Path, tmp_path: Path
) -> None:
    dockerfile = workspace / "out/it/docker/portable/alpine.Dockerfile"
    app = builder.build(dockerfile, workspace / "src", ARCH, "app")
    built = tmp_path / "hello"
    said = builder.start(app, "/usr/local/bin/hello", built)
    assert said == f"hello from go{release.version}"
    image = json.loads(builder.run("inspect", "--type", "image", app))["OCIv1"]
    assert image["config"]["User"] == "10001:10001"
    assert image["config"]["Entrypoint"] == ["/usr/local/bin/hello"]
    assert not [name for name in image["config"].get("Env", ()) if name.startswith("GO")]
    # The user's own, whatever the umask: the module cache is there, and what was compiled.
    cached = [path for path in (builder.folder / "tmp").rglob("*-d") if path.is_file()]
    assert {path.stat().st_uid for path in cached} == {10001}
    # Built again, by the same release in another place, from sources in another place.
    other = tmp_path / "other"
    shutil.copytree(workspace / "src", tmp_path / "src")
    env = {
        "PATH": SEARCH,
        "HOME": str(tmp_path),
        "GOCACHE": str(tmp_path / "cache"),
        "GOFLAGS": "-trimpath -buildvcs=false",
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
    }
    go: list[str | Path] = [require("go"), "build", "-o", other, "./..."]
    subprocess.run(go, cwd=tmp_path / "src", env=env, check=True, timeout=300)
    assert sha256(other.read_bytes()).digest() == sha256(built.read_bytes()).digest()
