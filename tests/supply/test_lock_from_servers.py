"""`gogen lock` of images and actions that no catalogue has, from servers; a lie changes no byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.lock.catalogue import embedded
from tests.servers.https import Reply, page, serving
from tests.servers.registry import (
    HTPASSWD,
    LOGIN,
    OCI_INDEX,
    OCI_MANIFEST,
    push,
    push_platform,
    put,
    registry,
)
from tests.servers.repository import Repository, repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conftest import Outcome, Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

PLATFORMS = ["linux/amd64", "linux/arm64"]
IMAGE = "tools/base:1"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry")
    with registry(folder) as host:
        push(host, "tools/base", "1", PLATFORMS)
    return folder


@pytest.fixture(scope="module")
def host(images: Path) -> Iterator[str]:
    with registry(images) as served:
        yield served


@pytest.fixture
def action(tmp_path: Path) -> Repository:
    made = repository(tmp_path / "hub" / "acme" / "setup")
    made.commit({"action.yml": "runs: {}\n"})
    made.git("tag", "-a", "-m", "release", "v1.2.3")
    return made


def workspace(make: Make, host: str, action: Repository, **files: str) -> Project:
    """Make a workspace whose one target names an image and an action that gogen never heard of."""
    hub = action.folder.parent.parent
    made = make(
        {
            "gogen.toml": '[sources]\norder = ["embedded", "registry", "git"]\n'
            f'git = {{"github.com" = "file://{hub}"}}\ntimeout = 5\n',
            "profiles/base/profile.yaml": "targets: [app]\n"
            'toolchains: {current: "1.27.1"}\n'
            "go: {toolchain: current, platforms: [linux/amd64, linux/arm64]}\n"
            "image:\n"
            "  families:\n"
            f'    - {{name: one, base: "{host}/{IMAGE}", packager: apt, libc: glibc, '
            "cgo: false, packages: [git]}\n",
            "templates/app/target.yaml": "description: names them\n"
            f'pins: {{images: ["{host}/{IMAGE}"], actions: ["acme/setup"]}}\n'
            "files:\n  - {template: pins.yaml.j2, path: app/pins.yaml}\n",
            "templates/app/pins.yaml.j2": f'image: <{{ images["{host}/{IMAGE}"].pinned }}>\n'
            'action: <{ actions["acme/setup"].commit }>\n',
            **files,
        }
    )
    (made.root / "gogen.lock").unlink()
    return made


def refused(made: Project) -> Outcome:
    """Lock in vain: exit 5, and every byte is as it was."""
    before = made.tree()
    said = made.run("lock")
    assert said.code == 5, said.text
    assert said.tree == before
    return said


def test_images_and_actions_are_locked_with_their_proofs(
    project: Make, host: str, action: Repository
) -> None:
    made = workspace(project, host, action)
    said = made.run("lock")
    assert said.code == 0, said.text
    lock = json.loads(said.tree["gogen.lock"])
    pin = lock["images"][f"{host}/{IMAGE}"]
    assert (pin["proofs"], len(pin["as_of"])) == (["registry"], len("2026-11-23"))
    commit = action.git("rev-parse", "v1.2.3^{commit}")
    assert lock["actions"]["acme/setup"] == {"tag": "v1.2.3", "commit": commit, "proofs": ["git"]}
    said = made.run("render")
    assert said.code == 0, said.text
    assert pin["digest"] in said.tree["out/base/app/pins.yaml"].decode()


def test_a_second_lock_changes_nothing_though_the_tag_moved(
    project: Make, images: Path, action: Repository
) -> None:
    with registry(images) as host:
        push(host, "tools/moving", "1", PLATFORMS)
        made = workspace(project, host, action)
        for name in ("profiles/base/profile.yaml", "templates/app/target.yaml"):
            text = (made.root / name).read_text()
            made.write({name: text.replace("tools/base", "tools/moving")})
        first = made.run("lock")
        push(host, "tools/moving", "1", [*PLATFORMS, "linux/s390x"])
        second = made.run("lock")
    assert (first.code, second.code) == (0, 0), first.text + second.text
    assert second.tree["gogen.lock"] == first.tree["gogen.lock"]


def test_a_login_of_docker_and_one_of_netrc_are_used(
    project: Make, images: Path, action: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, password = LOGIN.split(":")
    with registry(images, HTPASSWD) as host:
        assert "GG555" in refused(workspace(project, host, action)).text
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        (tmp_path / "config.json").write_text(
            json.dumps({"auths": {host: {"auth": "cmVhZGVyOnMzY3JldA=="}}})
        )
        assert workspace(project, host, action).run("lock").code == 0
        monkeypatch.delenv("DOCKER_CONFIG")
        (tmp_path / "netrc").write_text(f"machine localhost login {user} password {password}\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        said = workspace(project, host, action).run("lock")
        assert said.code == 0, said.text
        assert password not in said.text


LIES = {
    "GG558": page(),
    "GG504": Reply(b" " * (5 << 20)),
    "GG502": Reply(b"", 500),
    "GG555": Reply(b"", 401),
    "GG556": Reply(b"", 401, {"WWW-Authenticate": 'Bearer realm="http://elsewhere.example/"'}),
    "GG561": Reply(
        b'{"schemaVersion": 2, "manifests": [{"digest": "sha256:%s", "platform": '
        b'{"os": "linux", "architecture": "amd64"}}, {"digest": "sha256:%s", "platform": '
        b'{"os": "linux", "architecture": "arm64"}}]}' % (b"1" * 64, b"2" * 64),
        200,
        {"Content-Type": OCI_INDEX, "Docker-Content-Digest": "sha256:" + "7" * 64},
    ),
}


@pytest.mark.parametrize("code", LIES)
def test_a_lie_of_a_registry_changes_no_byte(project: Make, action: Repository, code: str) -> None:
    with serving({"*": LIES[code]}, tls=False) as server:
        made = workspace(project, f"localhost:{server.port}", action)
        assert f"error[{code}] profiles/base/profile.yaml:6:25" in refused(made).text


def test_an_image_of_one_platform_changes_no_byte(
    project: Make, images: Path, action: Repository
) -> None:
    with registry(images) as host:
        one = push_platform(host, "tools/single", "linux/amd64")
        put(host, "tools/single", "1", one.manifest, OCI_MANIFEST)
        push(host, "tools/few", "1", ["linux/amd64"])
        for name, code in (("single", "GG559"), ("few", "GG560")):
            made = workspace(project, host, action)
            for file in ("profiles/base/profile.yaml", "templates/app/target.yaml"):
                text = (made.root / file).read_text()
                made.write({file: text.replace("tools/base", f"tools/{name}")})
            assert f"error[{code}] profiles/base/profile.yaml:6:25" in refused(made).text


def test_a_branch_with_a_tags_name_changes_no_byte(
    project: Make, host: str, action: Repository
) -> None:
    action.git("branch", "v1.2.3")
    assert "error[GG570]" in refused(workspace(project, host, action)).text


def proved(make: Make, host: str, action: Repository) -> Project:
    """Make a workspace of what the catalogue has, whose policy wants more than its word."""
    made = workspace(make, host, action)
    made.write(
        {
            "gogen.toml": (made.root / "gogen.toml").read_text()
            + '[policy]\nimages = ["registry"]\nactions = ["git"]\n',
            "profiles/base/profile.yaml": "targets: [app]\n"
            'toolchains: {current: "1.27.1"}\n'
            "go: {toolchain: current, platforms: [linux/amd64]}\n"
            f'network: {{registries: {{docker.io: "{host}"}}}}\n',
            "templates/app/target.yaml": "description: names them\n"
            'pins: {images: ["debian:trixie-slim"], actions: ["actions/checkout"]}\n'
            "files:\n  - {template: pins.yaml.j2, path: app/pins.yaml}\n",
        }
    )
    return made


def test_a_locked_digest_that_the_registry_has_not_changes_no_byte(
    project: Make, host: str, action: Repository
) -> None:
    said = refused(proved(project, host, action))
    assert "error[GG562]" in said.text
    assert embedded().pins.images["debian:trixie-slim"].digest in said.text


def test_a_tag_that_is_another_commit_than_known_changes_no_byte(
    project: Make, action: Repository, tmp_path: Path
) -> None:
    known = embedded().pins.actions["actions/checkout"]
    checkout = repository(tmp_path / "hub" / "actions" / "checkout")
    commit = checkout.commit({"action.yml": "evil"})
    checkout.git("tag", known.tag)
    made = proved(project, "localhost:1", action)
    target = (made.root / "templates/app/target.yaml").read_text()
    made.write({"templates/app/target.yaml": target.replace('"debian:trixie-slim"', "")})
    said = refused(made)
    assert "error[GG571] templates/app/target.yaml" in said.text
    assert commit in said.text
    assert known.commit in said.text
