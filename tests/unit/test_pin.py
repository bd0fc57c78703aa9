"""What templates see of a profile's pins, and what is said of those the lock lacks."""

from __future__ import annotations

from typing import Any

import pytest

from generator.lock.images import pinned_name
from generator.lock.model import EMPTY, Lock
from generator.lock.resolve import needed
from generator.lock.wanted import wanted
from generator.model import FileSpec, Pinned, Target, header
from generator.problems import Exit, Place, Rejected
from generator.profile.schema import View
from generator.stages.pin import pin
from tests.trees import profile

HERE = Place("profiles/base/go.yaml", 3, 12)
MANIFEST = Place("templates/t/target.yaml")
TARGET = Target("t", "", (), ("ubuntu:24.04",), ("actions/checkout",), (), MANIFEST.file)
MARK = {"properties": {"image": {"properties": {"base": {"format": "image-ref"}}}}}
VIEW = View([(MARK, MARK)])
TREE: dict[str, Any] = {
    "toolchains": {"current": "1.27.1", "next": "1.27.2"},
    "go": {"platforms": ["linux/arm", "linux/amd64"]},
    "image": {"base": "debian:trixie-slim"},
    "modules": [{"name": "a", "path": "a"}, {"name": "b", "path": "b", "toolchain": "next"}],
}


def pinned(tree: dict[str, Any], lock: Lock | None = None) -> Pinned:
    made = profile(tree, HERE)
    lock = needed(wanted(made, (TARGET,), VIEW)) if lock is None else lock
    return pin(made, (TARGET,), lock, VIEW)


def test_the_toolchain_has_its_platforms_sorted() -> None:
    toolchain = pinned(TREE).context["toolchain"]
    assert (toolchain["version"], toolchain["goversion"]) == ("1.27.1", "go1.27.1")
    assert (toolchain["language"], toolchain["eol"]) == ("1.27", None)
    amd64, arm = toolchain["platforms"]
    assert amd64["platform"] == "linux/amd64"
    assert amd64["url"] == "https://dl.google.com/go/go1.27.1.linux-amd64.tar.gz"
    assert amd64["sha256"].startswith("63d339f0")
    assert amd64["size"] == 70553950
    assert amd64["sentinels"]["bin/go"].startswith("30969f97")
    assert (arm["os"], arm["arch"], arm["archive_arch"]) == ("linux", "arm", "armv6l")
    assert (arm["h1"], arm["h1_hex"], arm["sentinels"]) == (None, None, {})


def test_modules_have_their_own_toolchain() -> None:
    modules = pinned(TREE).context["modules"]
    assert [(m["name"], m["toolchain"]["version"]) for m in modules] == [
        ("a", "1.27.1"),
        ("b", "1.27.2"),
    ]


@pytest.mark.parametrize(("ask", "due"), [("", ["1.27.1"]), ("all", ["1.27.1", "1.27.2"])])
def test_a_release_that_nothing_uses_yet_is_pinned_where_a_file_asks(
    ask: str, due: list[str]
) -> None:
    made = profile({**TREE, "modules": []}, HERE)
    targets = (TARGET._replace(files=(FileSpec("a.j2", "a", toolchains=ask),)),)
    lock = needed(wanted(made, targets, VIEW))
    assert sorted(lock.go) == due
    found = pin(made, targets, lock, VIEW)
    assert [each["version"] for each in found.context["toolchains_pinned"]] == due
    assert found.context["toolchain"]["version"] == "1.27.1"


def test_images_and_actions_are_pinned() -> None:
    context = pinned(TREE).context
    assert sorted(context["images"]) == ["debian:trixie-slim", "ubuntu:24.04"]
    image = context["images"]["debian:trixie-slim"]
    assert image["pinned"] == f"docker.io/library/debian:trixie-slim@{image['digest']}"
    checkout = context["actions"]["actions/checkout"]
    assert checkout["uses"] == f"actions/checkout@{checkout['commit']}"
    assert (checkout["tag"], checkout["name"]) == ("v7.0.1", "actions/checkout")


def test_sections_and_the_profile_are_there() -> None:
    found = pinned(TREE)
    assert found.toolchain == "1.27.1"
    assert found.context["image"] == {"base": "debian:trixie-slim"}
    assert found.context["header"] == header("base")
    assert found.context["profile"] == {
        "name": "base",
        "slug": "base",
        "order": ["base"],
        "extends": [],
    }


def test_a_profile_may_use_another_toolchain() -> None:
    tree = {**TREE, "go": {**TREE["go"], "toolchain": "next"}}
    assert pinned(tree).toolchain == "1.27.2"


def test_mirrors_reach_archives_and_images() -> None:
    network = {
        "go_archives": ["https://go.example/dl", "https://dl.google.com/go/"],
        "registries": {"docker.io": "mirror.example/hub"},
    }
    context = pinned({**TREE, "network": network}).context
    archive = context["toolchain"]["platforms"][0]
    assert archive["url"] == "https://go.example/dl/go1.27.1.linux-amd64.tar.gz"
    assert archive["urls"][1:] == ["https://dl.google.com/go/go1.27.1.linux-amd64.tar.gz"]
    name = context["images"]["ubuntu:24.04"]["pinned"]
    assert name.startswith("mirror.example/hub/library/ubuntu:24.04@sha256:")


def test_the_same_profile_gives_the_same_context() -> None:
    assert pinned(TREE) == pinned(TREE)
    assert list(pinned(TREE).context["images"]) == ["debian:trixie-slim", "ubuntu:24.04"]


def test_all_that_the_lock_lacks_is_told_at_once() -> None:
    with pytest.raises(Rejected) as caught:
        pinned(TREE, EMPTY)
    problems = caught.value.problems
    assert [p.message for p in problems] == [
        "go 1.27.1 has no checksum for linux/amd64 in the lock",
        "go 1.27.1 has no checksum for linux/arm in the lock",
        "go 1.27.2 has no checksum for linux/amd64 in the lock",
        "go 1.27.2 has no checksum for linux/arm in the lock",
        "image debian:trixie-slim has no digest in the lock",
        "image ubuntu:24.04 has no digest in the lock",
        "action actions/checkout has no commit in the lock",
    ]
    assert {p.code for p in problems} == {"GG001", "GG320", "GG321"}
    assert {p.exit for p in problems} == {Exit.LOCK}
    assert {p.hint for p in problems} == {"run gogen lock"}
    assert [p.place for p in problems][-3:] == [
        HERE,
        MANIFEST,
        MANIFEST,
    ]


def test_a_near_image_of_the_lock_is_named() -> None:
    lock = needed(wanted(profile(TREE, HERE), (TARGET,), VIEW))
    with pytest.raises(Rejected) as caught:
        pinned({**TREE, "image": {"base": "debian:trixi-slim"}}, lock)
    (problem,) = caught.value.problems
    assert problem.hint == 'run gogen lock; did you mean "debian:trixie-slim"?'


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("debian:trixie-slim", "docker.io/library/debian:trixie-slim@d"),
        ("docker/dockerfile:1.26", "docker.io/docker/dockerfile:1.26@d"),
        (
            "gcr.io/distroless/static-debian12:nonroot",
            "m.example/gcr/distroless/static-debian12:nonroot@d",
        ),
        ("localhost/a:1", "localhost/a:1@d"),
        ("registry:5000/a/b:1", "registry:5000/a/b:1@d"),
    ],
)
def test_names_are_completed_as_docker_does(ref: str, name: str) -> None:
    assert pinned_name(ref, "d", {"gcr.io": "m.example/gcr"}) == name
