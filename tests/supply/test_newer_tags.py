"""Newer tags of images: `gogen outdated` names them, and `gogen bump image` moves to one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.bump.images import names_release, newest_tag
from tests.servers.https import Reply, serving
from tests.servers.registry import OCI_INDEX, OCI_MANIFEST, push, registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.conftest import Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

TAGS = ["3.9", "3.22", "3.23", "3.1000", "3.24-rc1", "20260101", "3.22.1", "edge"]


@pytest.mark.parametrize(
    ("tag", "tags", "newest"),
    [
        ("3.22", TAGS, "3.23"),
        ("3.9", ["3.10", "3.9.9"], "3.10"),
        ("trixie-slim", ["bookworm-slim", "trixie-20260504-slim", "13-slim"], "trixie-slim"),
        ("24.1.0-slim", ["24.2.0-slim", "24.3.0", "25.0-slim"], "24.2.0-slim"),
        ("bookworm-20260504-slim", ["bookworm-20260601-slim", "trixie-20260701-slim"],
         "bookworm-20260601-slim"),
        ("v1.36.0", ["v1.36.1", "1.37.0", "v1.37.0-beta.1"], "v1.36.1"),
        ("12", ["13", "20260504", "9"], "13"),
        ("1.2-alpine3.22", ["1.3-alpine3.23", "1.3-alpine3.22"], "1.3-alpine3.22"),
        ("latest", ["1", "stable"], "latest"),
        ("3.23", [], "3.23"),
    ],
)  # fmt: skip
def test_the_newest_tag_of_a_form(tag: str, tags: list[str], newest: str) -> None:
    assert newest_tag(tag, [tag, *tags]) == newest
    assert newest_tag(tag, tags) == newest


def test_a_tag_with_a_release_in_it_moves_with_that() -> None:
    assert names_release("1.27.1-trixie", ["1.26.6", "1.27.1"])
    assert names_release("alpine-1.27.1", ["1.27.1"])
    for other in ("1.27.10-trixie", "11.27.1", "1.27.1.2", "1.27", "0.1.27.1"):
        assert not names_release(other, ["1.27.1"]), other


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as served:
        for tag in ("3.22", "3.23", "3.24-rc1", "20260101"):
            push(served, "tools/alpine", tag, ["linux/amd64"])
        push(served, "tools/golang", "1.27.2-trixie", ["linux/amd64"])
        push(served, "tools/golang", "1.28.0-trixie", ["linux/amd64"])
        yield served


def _workspace(make: Make, host: str, *names: str) -> Project:
    refs = [f"{host}/tools/{name}" for name in names]
    made = make(
        {
            "gogen.toml": '[sources]\norder = ["embedded", "registry"]\ntimeout = 5\n',
            "profiles/base/profile.yaml": "targets: [app]\n"
            'toolchains: {current: "1.27.2"}\n'
            "go: {toolchain: current, platforms: [linux/amd64]}\n",
            "templates/app/target.yaml": "description: names them\n"
            f"pins: {{images: {json.dumps(refs)}}}\n"
            "files:\n  - {template: pins.yaml.j2, path: app/pins.yaml}\n",
            "templates/app/pins.yaml.j2": "# <{ header }>\nnames: nothing\n",
        }
    )
    (made.root / "gogen.lock").unlink()
    for command in ("lock", "render"):
        outcome = made.run(command)
        assert outcome.code == 0, outcome.text
    return made


def _images(made: Project, code: int = 0) -> dict[str, dict[str, Any]]:
    outcome = made.run("outdated", "--format", "json")
    assert outcome.code == code, outcome.text
    pins = json.loads(outcome.out)["pins"]
    return {pin["name"].rpartition("/")[2]: pin for pin in pins if pin["kind"] == "image"}


def test_a_newer_tag_is_named_and_moved_to(project: Make, host: str) -> None:
    made = _workspace(project, host, "alpine:3.22", "golang:1.27.2-trixie")
    found = _images(made)
    told = {name: (pin["state"], pin["newest_tag"]) for name, pin in found.items()}
    assert told == {"alpine:3.22": ("current", "3.23"), "golang:1.27.2-trixie": ("current", None)}
    command = f"gogen bump image {host}/tools/alpine:3.22 3.23"
    assert f"a newer tag is there: {command}\n" in made.run("outdated").out
    assert made.run("outdated", "--exit-code").code == 0, "to move to it is a decision"
    outcome = made.run(*command.split()[1:])
    assert outcome.code == 0, outcome.text
    for file in ("templates/app/target.yaml", "gogen.lock"):
        assert f"{host}/tools/alpine:3.23" in outcome.tree[file].decode()
    assert _images(made)["alpine:3.23"]["newest_tag"] is None


INDEX = {
    "schemaVersion": 2,
    "mediaType": OCI_INDEX,
    "manifests": [
        {
            "mediaType": OCI_MANIFEST,
            "digest": f"sha256:{'0' * 64}",
            "size": 1,
            "platform": {"os": "linux", "architecture": "amd64"},
        }
    ],
}


def test_a_list_of_tags_that_is_kept_from_us_is_no_error_and_one_that_fails_is(
    project: Make,
) -> None:
    index = Reply(json.dumps(INDEX).encode(), headers={"Content-Type": OCI_INDEX})
    tags = "/v2/tools/alpine/tags/list?n=1000"
    routes = {"/v2/tools/alpine/manifests/3.22": index, tags: Reply(b"{}", 401)}
    with serving(routes, tls=False) as server:
        made = _workspace(project, f"localhost:{server.port}", "alpine:3.22")
        (pin,) = _images(made).values()
        assert (pin["state"], pin["unasked"], server.asked(tags)) == ("current", [], 1)
        server.routes[tags] = Reply(b"", 500)
        (pin,) = _images(made, 5).values()
        assert (pin["state"], [one["code"] for one in pin["unasked"]]) == ("unknown", ["GG502"])
        del server.routes["/v2/tools/alpine/manifests/3.22"]
        server.routes["*"] = Reply(b"", 500)
        (pin,) = _images(made, 5).values()
        assert len(pin["unasked"]) == 1, "who does not answer is not asked for tags too"
