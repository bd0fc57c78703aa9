"""A workspace follows layers of real git repositories: locked once, offline afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.lock.model import ActionPin
from generator.lock.reading import read_lock
from generator.supply.proofs import Named, State, pins, reproved
from tests.layers.upstream import APP, BASE, address, extends, offline, online, refused
from tests.servers.githttps import git_over_https
from tests.servers.https import authority
from tests.servers.repository import Repository, daemon, repository
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

OUT = "out/mine/app/app.yaml"


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    made = repository(tmp_path / "platform")
    made.commit(
        {
            "profiles/common/go.yaml": BASE,
            "profiles/base/profile.yaml": "extends: common\n",
            "profiles/base/README.md": "Our base.\n",
            "profiles/base/nested/profile.yaml": "targets: []\n",
        }
    )
    made.git("tag", "-a", "-m", "the first", "v1.0.0")
    return made


@pytest.fixture
def follower(
    origin: Repository,
    project: Callable[[dict[str, str | bytes]], Project],
    monkeypatch: pytest.MonkeyPatch,
) -> Project:
    online(monkeypatch)
    return project({**APP, **extends(address(origin))})


def locked(workspace: Project) -> dict[str, Any]:
    pins: dict[str, Any] = json.loads((workspace.root / "gogen.lock").read_bytes())["layers"]
    return pins


def vendored(workspace: Project) -> dict[str, bytes]:
    files = workspace.tree().items()
    return {p: content for p, content in files if p.startswith("gogen.lock.d/layers/")}


def done(workspace: Project, *argv: str) -> str:
    """Run a command that must end well."""
    outcome = workspace.run(*argv)
    assert outcome.code == 0, outcome.text
    return outcome.out


def test_a_layer_is_locked_and_vendored_with_those_it_extends(
    origin: Repository, follower: Project
) -> None:
    done(follower, "lock")
    commit = origin.git("rev-parse", "v1.0.0^{commit}")
    pins = locked(follower)
    assert sorted(pins) == [address(origin, "base"), address(origin, "common")]
    for url, pin in pins.items():
        folder = url.partition("//profiles/")[2].partition("?")[0]
        assert pin["tree"] == origin.git("rev-parse", f"v1.0.0:profiles/{folder}")
        assert (pin["commit"], pin["ref"]) == (commit, "refs/tags/v1.0.0")
        assert pin["proofs"] == ["git"]
    assert sorted(pins[address(origin)]["files"]) == ["README.md", "nested/", "profile.yaml"]
    home = f"gogen.lock.d/layers/platform-{commit[:12]}/profiles"
    assert sorted(vendored(follower)) == [
        "gogen.lock.d/layers/.gitattributes",
        f"{home}/base.json",
        f"{home}/base/profile.yaml",
        f"{home}/common.json",
        f"{home}/common/go.yaml",
    ]


def test_all_works_without_git_once_it_is_locked(
    origin: Repository, follower: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done(follower, "lock")
    offline(monkeypatch, tmp_path)
    before = follower.tree()
    assert done(follower, "lock").startswith("unchanged")
    done(follower, "lock", "--check")
    assert follower.tree() == before
    done(follower, "render")
    assert b'version: "1.27.1"\n' in follower.tree()[OUT]
    done(follower, "check")
    url, commit = address(origin), origin.git("rev-parse", "HEAD")
    assert f"{url}  at commit {commit}\n└─ mine  [app]\n" in done(follower, "profiles")
    home = f"gogen.lock.d/layers/platform-{commit[:12]}/profiles/common"
    told = done(follower, "explain", "go.toolchain")
    assert f"  set      {home}/go.yaml:3:17\n" in told
    assert f"  layer    {home} is {address(origin, 'common')} at commit {commit}\n" in told
    assert f"  layer       {home} is" in done(follower, "explain", f"{OUT}:2")
    assert f"     {home}/go.yaml\n" in done(follower, "show", "layers", "-p", "mine")
    assert sorted(p for p in follower.tree() if p.startswith("out/")) == [
        "out/mine/SHA256SUMS",
        OUT,
    ]


def test_another_tag_is_another_layer_and_what_was_vendored_goes(
    origin: Repository, follower: Project
) -> None:
    done(follower, "lock")
    old = set(vendored(follower))
    origin.commit({"profiles/common/go.yaml": BASE.replace("[linux/amd64]", "[linux/arm64]")})
    origin.git("tag", "v1.1.0")
    follower.write(extends(address(origin, ref="v1.1.0")))
    assert "[GG577]" in follower.run("check").text
    done(follower, "lock")
    done(follower, "render")
    assert b"linux/arm64" in follower.tree()[OUT]
    assert not old & set(vendored(follower)) - {"gogen.lock.d/layers/.gitattributes"}
    follower.write({"profiles/mine/profile.yaml": BASE})
    done(follower, "lock")
    assert not vendored(follower)
    assert not (follower.root / "gogen.lock.d").exists()


def test_a_branch_and_head_keep_their_commit(origin: Repository, follower: Project) -> None:
    follower.write(
        {
            "profiles/a/profile.yaml": f"extends: {address(origin, ref='main')}\n",
            "profiles/mine/profile.yaml": f"extends: {address(origin, ref='')}\n",
        }
    )
    done(follower, "lock")
    pins = locked(follower)
    assert {pin["ref"] for pin in pins.values()} == {"refs/heads/main"}
    origin.commit({"profiles/new/go.yaml": BASE, "profiles/common/go.yaml": BASE + "# more\n"})
    assert done(follower, "lock").startswith("unchanged")
    follower.write({"profiles/b/profile.yaml": f"extends: {address(origin, ref='main')}\n"})
    done(follower, "lock")
    assert locked(follower) == pins
    # A layer that came later is looked for in the commit that the others have.
    follower.write({"profiles/b/profile.yaml": f"extends: {address(origin, 'new', 'main')}\n"})
    refused(follower, "GG584", "lock")


def test_a_commit_can_be_named(origin: Repository, follower: Project) -> None:
    commit = origin.git("rev-parse", "HEAD")
    origin.commit({"profiles/common/go.yaml": "targets: []\n"})
    follower.write(extends(address(origin, ref=commit)))
    with daemon(origin.folder.parent) as base:
        follower.write(extends(address(f"{base}/platform", ref=commit)))
        done(follower, "lock")
    (pin, _common) = locked(follower).values()
    assert pin["commit"] == commit
    assert "ref" not in pin


def test_one_repository_under_two_refs_is_two_layers(origin: Repository, follower: Project) -> None:
    origin.commit({"profiles/common/go.yaml": BASE.replace("[linux/amd64]", "[linux/arm64]")})
    origin.git("tag", "v2")
    follower.write(
        {
            **extends(address(origin)),
            "profiles/next/profile.yaml": f"extends: {address(origin, ref='v2')}\n",
        }
    )
    done(follower, "lock")
    done(follower, "render")
    assert b"linux/amd64" in follower.tree()[OUT]
    assert b"linux/arm64" in follower.tree()["out/next/app/app.yaml"]
    assert len({pin["commit"] for pin in locked(follower).values()}) == 2


def test_layers_follow_layers_of_a_third_repository(
    origin: Repository, follower: Project, tmp_path: Path
) -> None:
    company = repository(tmp_path / "company")
    parents = f"extends: {json.dumps(['common', address(origin)])}\n"
    company.commit({"profiles/all/go.yaml": parents, "profiles/common/go.yaml": BASE})
    follower.write(extends(address(company, "all", "main")))
    done(follower, "lock")
    done(follower, "check") if follower.run("render").code == 0 else None
    order = json.loads(done(follower, "profiles", "--format", "json"))["profiles"][0]["order"]
    assert order == [
        "mine",
        address(company, "all", "main"),
        address(origin, "base"),
        address(origin, "common"),
        address(company, "common", "main"),
    ]


def test_repositories_that_disagree_on_an_order_are_named(
    origin: Repository, follower: Project, tmp_path: Path
) -> None:
    a, b = address(origin, "base"), address(origin, "common")
    other = repository(tmp_path / "other")
    other.commit({"profiles/x/go.yaml": f"extends: {json.dumps([a, b])}\n"})
    follower.write(extends(address(other, "x", "main")))
    outcome = refused(follower, "GG122", "lock")
    assert b in outcome.text


def test_repositories_in_a_circle_are_shown_as_a_chain(
    origin: Repository, follower: Project, tmp_path: Path
) -> None:
    other = repository(tmp_path / "other")
    there = address(other, "x", "main")
    origin.commit({"profiles/base/profile.yaml": f"extends: {there}\n"})
    other.commit({"profiles/x/go.yaml": f"extends: {address(origin, ref='main')}\n"})
    follower.write(extends(there))
    outcome = refused(follower, "GG121", "lock")
    assert f"{address(origin, ref='main')} → {there}" in outcome.text


def test_a_chain_without_end_is_not_followed(origin: Repository, follower: Project) -> None:
    for number in range(18):
        text = f"extends: {address(origin, 'base', f'r{number - 1}')}\n"
        origin.commit({"profiles/base/profile.yaml": text})
        origin.git("tag", f"r{number}")
    follower.write(extends(address(origin, ref="r17")))
    outcome = refused(follower, "GG576", "lock")
    assert f"{address(origin, ref='r17')} → {address(origin, ref='r16')} → " in outcome.text


def test_a_mirror_is_asked_in_place_of_its_host(origin: Repository, follower: Project) -> None:
    url = address("https://git.example/platform")
    follower.write(
        {
            **extends(url),
            "gogen.toml": f'[sources]\ngit = {{"git.example" = "file://{origin.folder.parent}"}}\n'
            '[policy]\nlayers = ["git"]\n',
        }
    )
    done(follower, "lock")
    assert locked(follower)[url]["commit"] == origin.git("rev-parse", "HEAD")
    done(follower, "render")


def test_a_layer_comes_over_https_from_whom_the_workspace_trusts(
    origin: Repository, follower: Project
) -> None:
    with git_over_https(origin.folder.parent) as base:
        url = address(f"{base}/platform/.git")
        follower.write(extends(url))
        outcome = refused(follower, "GG567", "lock")
        assert "certificate" in outcome.text
        assert outcome.code == 5
        follower.write({"gogen.toml": f'[sources]\nca_file = "{authority().ca_file}"\n'})
        done(follower, "lock")
    assert locked(follower)[url]["commit"] == origin.git("rev-parse", "v1.0.0^{commit}")
    done(follower, "render")


def test_an_exception_of_a_layer_is_not_its_followers(
    origin: Repository, follower: Project
) -> None:
    """It covers what its own layer says, not what a profile here adds."""
    excepted = "exceptions: [{rule: GG004, reason: moves first}]"
    releases = 'toolchains: {current: "1.27.1", next: "1.26.4"}\n'
    go = f"go: {{toolchain: next, platforms: [linux/amd64], {excepted}}}\n"
    origin.commit({"profiles/common/go.yaml": f"targets: [app]\n{releases}{go}"})
    origin.git("tag", "off")
    url = address(origin, ref="off")
    follower.write(extends(url))
    done(follower, "lock")
    done(follower, "render")
    follower.write({"profiles/mine/profile.yaml": f"extends: {url}\ngo: {{toolchain: next}}\n"})
    assert "error[GG004] profiles/mine/profile.yaml:2:17" in follower.run("check").text


def test_a_policy_asks_for_proofs_of_layers(follower: Project) -> None:
    done(follower, "lock")
    lock = (follower.root / "gogen.lock").read_text()
    follower.write({"gogen.toml": '[policy]\nlayers = ["git"]\n'})
    follower.write({"gogen.lock": lock.replace(', "proofs": ["git"]}', "}")})
    assert "without the proof git: layer git+file://" in refused(follower, "GG340", "check").text


def test_what_is_vendored_proves_the_lock_again(origin: Repository, follower: Project) -> None:
    done(follower, "lock")
    kept, lock = follower.root / "gogen.lock.d", read_lock(follower.root / "gogen.lock")
    named = [each for each in pins(lock) if each.section == "layers"]
    assert [str(each) for each in named] == [f"layer {url}" for url in sorted(lock.layers)]
    assert [reproved("git", each, kept).state for each in named] == [State.PROVED] * 2
    follower.write({path: b"" for path in vendored(follower) if path.endswith("go.yaml")})
    assert [reproved("git", each, kept).state for each in named] == [State.PROVED, State.FAILED]
    action = Named(("actions", "a/b"), ActionPin("v1", origin.git("rev-parse", "HEAD"), ("git",)))
    assert reproved("git", action, kept).state is State.WORD


def test_this_repositorys_own_profiles_render_alike_where_they_are_followed(
    follower: Project, tmp_path: Path
) -> None:
    """Each profile of the follower extends the one of its name there, and its own parents."""
    origin = repository(tmp_path / "gogen")
    files = {p.relative_to(ROOT).as_posix(): p.read_bytes() for p in ROOT.glob("profiles/*/*.yaml")}
    origin.commit(files)
    own = {
        "base": [],
        "k8s-node": ["base"],
        "dev-laptop": ["base", "k8s-node"],
        "build-pod": ["k8s-node"],
        "laptop-pod": ["build-pod"],  # the laptop's cluster runs its overlay
    }
    for name, parents in own.items():
        said = json.dumps([*parents, address(origin, name, "main")])
        follower.write({f"profiles/{name}/profile.yaml": f"extends: {said}\n"})
    follower.write(extends(address(origin, "k8s-node", "main")))
    (follower.root / "gogen.toml").write_bytes((ROOT / "gogen.toml").read_bytes())
    done(follower, "lock")
    done(follower, "render")
    rendered = follower.tree()
    for name in own:
        due = {
            p.relative_to(ROOT).as_posix(): p.read_bytes()
            for p in (ROOT / "out" / name).rglob("*")
            if p.is_file()
        }
        assert {p: c for p, c in rendered.items() if p.startswith(f"out/{name}/")} == due
    # What is extended there is no profile here, and no overlay's parent.
    assert b"../k8s-node" not in rendered["out/mine/kustomize/kustomization.yaml"]
    assert b"../../k8s-node" in rendered["out/dev-laptop/kustomize/kustomization.yaml"]
