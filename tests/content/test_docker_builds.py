"""The builds that BuildKit's own frontend makes of the Dockerfiles, for every platform.

The frontend is the program that `docker build` runs on a Dockerfile; what it makes (LLB) is all
that a builder then does. So what is seen here is what would be fetched, run and written.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest

from generator.lock.reading import read_lock
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OUT: Final = ROOT / "out/build-pod/docker"
NETWORK: Final = ROOT / "tests/golden/network/out/base/docker"
ARCHES: Final = ("amd64", "arm64", "ppc64le", "s390x")
FILES: Final = sorted([*OUT.glob("*.Dockerfile"), *OUT.glob("portable/*.Dockerfile")])
LOCK: Final = read_lock(ROOT / "gogen.lock")


def converted(text: str, platform: str, stage: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [require("dockerfile-llb"), platform, stage],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def build_of(path: Path, arch: str, stage: str = "app") -> Any:
    done = converted(path.read_text(encoding="utf-8"), f"linux/{arch}", stage)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def fetched(build: Any, scheme: str) -> Iterator[tuple[str, Any]]:
    """Give what a build fetches by a scheme: the rest of each address, and all of it."""
    for source in build["sources"]:
        if source["identifier"].startswith(f"{scheme}://"):
            yield source["identifier"].removeprefix(f"{scheme}://"), source


def test_every_file_is_converted() -> None:
    assert len(FILES) == 16


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(OUT)) for path in FILES])
def test_a_build_fetches_what_the_lock_pins_and_nothing_else(path: Path, arch: str) -> None:
    build = build_of(path, arch)
    assert build["warnings"] == []
    archive = LOCK.go["1.27.1"].platforms[f"linux/{arch}"]
    ((url, source),) = fetched(build, "https")
    assert url == f"dl.google.com/go/{archive.file}"
    assert source["attributes"]["http.checksum"] == f"sha256:{archive.sha256}"
    digests = {image.digest for image in LOCK.images.values()}
    images = list(fetched(build, "docker-image"))
    assert {name.rpartition("@")[2] for name, _ in images} <= digests
    foreign = [one["platform"] for _, one in images if one["platform"] != f"linux/{arch}"]
    # tar runs where the builder is; a portable file's alone, and where that is another machine.
    assert foreign == (["linux/amd64"] if "portable" in path.parts and arch != "amd64" else [])
    assert len(build["sources"]) == 1 + len(images) + 1
    assert [name for name, _ in fetched(build, "local")] == ["context"]
    assert build["platform"] == f"linux/{arch}"


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(OUT)) for path in FILES])
def test_the_command_is_built_as_a_user_from_sources_it_cannot_change(path: Path) -> None:
    build = build_of(path, "amd64")
    run = build["runs"][-1]
    cgo = path.name.endswith("-cgo.Dockerfile")
    assert (run["user"], run["folder"]) == ("10001:10001", "/src")
    assert {"GOTOOLCHAIN=local", f"CGO_ENABLED={int(cgo)}"} <= set(run["env"])
    mounts = {mount["target"]: mount for mount in run["mounts"]}
    assert mounts["/src"] == {"kind": "BIND", "target": "/src", "readOnly": True}
    assert (mounts["/run/secrets/netrc"]["kind"], mounts["/run/secrets/netrc"]["optional"]) == (
        "SECRET",
        True,
    )
    caches = {target for target, mount in mounts.items() if mount["kind"] == "CACHE"}
    assert caches == ({"/cache/mod"} if cgo else {"/cache/mod", "/cache/build"})
    # A mode would be cut by a builder's umask: the caches are the user's own.
    made = {line for line in build["files"] if line.startswith("mkdir ")}
    assert made == {"mkdir /cache 755 10001:10001", "mkdir /src 755 10001:10001"}
    # What the image says when it is run: nothing of the toolchain, and not root.
    assert build["image"]["User"] == "10001:10001"
    assert build["image"]["Entrypoint"] == ["/usr/local/bin/hello"]
    assert build["image"]["Env"] == ["PATH=/image/bin"]


@pytest.mark.parametrize("form", ["debian.Dockerfile", "portable/debian.Dockerfile"])
def test_a_platform_without_a_pin_asks_no_registry(form: str) -> None:
    done = converted((OUT / form).read_text(encoding="utf-8"), "linux/riscv64", "sdk")
    assert done.returncode == 1
    assert '"go-riscv64_": invalid reference format' in done.stderr


def test_a_proxy_reaches_every_run_and_stays_out_of_the_image() -> None:
    build = build_of(NETWORK / "debian.Dockerfile", "amd64")
    assert len(build["runs"]) == 3
    for run in build["runs"]:
        assert "https_proxy=http://proxy.example:3128" in run["env"]
    sdk = build_of(NETWORK / "debian.Dockerfile", "amd64", "sdk")
    assert [name for name in sdk["image"]["Env"] if "proxy" in name.lower()] == [
        "GOPROXY=https://mirror.example/goproxy"
    ]
    ((url, _),) = fetched(build, "https")
    assert url.startswith("mirror.example/golang/")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("FROM scratch AS app\nENV API_TOKEN=x\n", "SecretsUsedInArgOrEnv"),
        ("FROM --platform=linux/s390x debian:13 AS app\n", "FromPlatformFlagConstDisallowed"),
        ("FROM debian:13 as app\n", "FromAsCasing"),
        ("FROM debian:13 AS app\nRUN echo $NONE\nENV A=$NONE\n", "UndefinedVar"),
    ],
)
def test_the_reader_tells_what_docker_build_check_tells(text: str, rule: str) -> None:
    done = converted(text, "linux/amd64", "app")
    assert done.returncode == 0, done.stderr
    assert rule in [one["rule"] for one in json.loads(done.stdout)["warnings"]]
    done = converted(f"# check=error=true\n{text}", "linux/amd64", "app")
    assert done.returncode == 1
    assert "lint violation found" in done.stderr


def test_the_reader_shows_an_unpinned_fetch() -> None:
    text = "FROM debian:13 AS app\nADD https://go.dev/dl/a.tar.gz /\n"
    build = json.loads(converted(text, "linux/amd64", "app").stdout)
    ((_, source),) = fetched(build, "https")
    assert "http.checksum" not in source["attributes"]
    assert [name for name, _ in fetched(build, "docker-image")] == ["docker.io/library/debian:13"]
