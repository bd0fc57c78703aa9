"""`gogen bump layer`: profile, lock, vendored files and outputs move together, or nothing does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.bump.layers import newest
from generator.layers.address import parse
from generator.lock.model import LayerPin
from generator.problems import Place
from tests.layers.upstream import APP, BASE, address, offline, online, refused
from tests.servers.repository import Repository, repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

OUT = "out/mine/app/app.yaml"
ARM = BASE.replace("[linux/amd64]", "[linux/arm64]")
MINE = "profiles/mine/profile.yaml"


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    made = repository(tmp_path / "platform")
    made.commit({"profiles/common/go.yaml": BASE, "profiles/base/go.yaml": "extends: common\n"})
    made.git("tag", "v1.9.0")
    return made


@pytest.fixture
def follower(
    origin: Repository,
    project: Callable[[dict[str, str | bytes]], Project],
    monkeypatch: pytest.MonkeyPatch,
) -> Project:
    online(monkeypatch)
    text = f"# ours\nextends: '{address(origin, ref='v1.9.0')}'  # the base\n"
    made = project({**APP, MINE: text})
    assert made.run("lock").code == 0
    assert made.run("render").code == 0
    return made


def test_the_newest_tag_moves_everything(origin: Repository, follower: Project) -> None:
    first = origin.git("rev-parse", "v1.9.0")
    second = origin.commit({"profiles/common/go.yaml": ARM})
    origin.git("tag", "-a", "-m", "next", "v1.10.0")
    origin.git("tag", "v2.0.0-rc.1")
    before = follower.tree()
    outcome = follower.run("bump", "layer", "--dry-run")
    assert outcome.code == 0, outcome.text
    assert outcome.tree == before
    outcome = follower.run("bump", "layer", address(origin, ref="v1.9.0"))
    assert outcome.code == 0, outcome.text
    new = address(origin, ref="v1.10.0")
    assert outcome.tree[MINE].decode() == f"# ours\nextends: '{new}'  # the base\n"
    assert f"- layer {address(origin, ref='v1.9.0')} {first}\n  -> {new} {second} (git)\n" in (
        outcome.out
    )
    assert b"linux/arm64" in outcome.tree[OUT]
    lock = json.loads(outcome.tree["gogen.lock"])
    assert {pin["commit"] for pin in lock["layers"].values()} == {second}
    assert not [path for path in outcome.tree if first[:12] in path]
    assert follower.run("check").code == 0
    assert follower.run("lock", "--check").code == 0
    assert follower.run("bump", "layer").out == "nothing to move\n"


def test_a_branch_moves_without_an_edit(origin: Repository, follower: Project) -> None:
    follower.write({MINE: f"extends: {address(origin, ref='main')}\n"})
    assert follower.run("lock").code == 0
    assert follower.run("render").code == 0
    second = origin.commit({"profiles/common/go.yaml": ARM})
    profile = follower.tree()[MINE]
    outcome = follower.run("bump", "layer", address(origin, ref="main"))
    assert outcome.code == 0, outcome.text
    assert outcome.tree[MINE] == profile
    assert second in outcome.tree["gogen.lock"].decode()
    assert b"linux/arm64" in outcome.tree[OUT]


def test_all_that_is_extended_of_one_ref_moves_together(
    origin: Repository, follower: Project
) -> None:
    follower.write({"profiles/o/p.yaml": f"extends: {address(origin, 'common', 'v1.9.0')}\n"})
    assert follower.run("lock").code == 0
    second = origin.commit({"profiles/common/go.yaml": ARM})
    url = address(origin, ref="v1.9.0")
    outcome = follower.run("bump", "layer", url, second)
    assert outcome.code == 0, outcome.text
    assert address(origin, "common", second) in outcome.tree["profiles/o/p.yaml"].decode()
    assert address(origin, "base", second) in outcome.tree[MINE].decode()
    assert follower.run("bump", "layer").out == "nothing to move\n"


def test_what_cannot_move_changes_nothing(
    origin: Repository, follower: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = address(origin, ref="v1.9.0")
    assert "a layer of its repository extends it" in (
        refused(follower, "GG585", "bump", "layer", address(origin, "common", "v1.9.0")).text
    )
    refused(follower, "GG581", "bump", "layer", url, "v1.9.9")
    refused(follower, "GG575", "bump", "layer", url, "a..b")
    origin.commit({"profiles/common/go.yaml": BASE.replace("1.27.1", "1.99.9")})
    origin.git("tag", "v1.9.1")
    refused(follower, "GG310", "bump", "layer", url)
    second = origin.commit({"profiles/common/go.yaml": ARM})
    origin.git("tag", "-d", "v1.9.1")
    origin.git("tag", "-f", "v1.9.0")
    assert second in refused(follower, "GG582", "bump", "layer", url).text
    follower.write({OUT: "edited\n"})
    refused(follower, "GG402", "bump", "layer", url, "main")
    offline(monkeypatch, tmp_path)
    refused(follower, "GG565", "bump", "layer", url, "main")


def test_a_bump_of_go_leaves_vendored_layers_alone(
    follower: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offline(monkeypatch, tmp_path)
    outcome = refused(follower, "GG585", "bump", "go", "1.27.2")
    assert "gogen bump layer follows it there" in outcome.text
    assert "/profiles/common/go.yaml:2:23\n" in outcome.text
    follower.write({MINE: follower.tree()[MINE] + b'toolchains: {current: "1.27.1"}\n'})
    before = follower.tree()
    outcome = follower.run("bump", "go", "1.27.2")
    assert outcome.code == 0, outcome.text
    vendored = [path for path in before if path.startswith("gogen.lock.d/")]
    assert vendored
    assert all(outcome.tree[path] == before[path] for path in vendored)
    assert b'version: "1.27.2"' in outcome.tree[OUT]


def test_a_release_that_only_a_followed_layer_says_moves_with_it(follower: Project) -> None:
    pins = json.loads(follower.run("outdated", "--format", "json").out)["pins"]
    assert [pin["command"] for pin in pins if pin["kind"] == "go"] == ["gogen bump layer"]


@pytest.mark.parametrize(
    ("ref", "tags", "to"),
    [
        ("v1.9.0", ["v1.10.0", "v1.9.1", "v2.0.0-rc.1", "w3.0.0"], "v1.10.0"),
        ("v1.9.0", ["v1.8.0", "v1.9.0"], "v1.9.0"),
        ("base/1.2", ["base/1.3", "other/9.9", "9.9"], "base/1.3"),
        ("refs/tags/v1", ["v2"], "refs/tags/v2"),
        ("stable", ["v2"], "stable"),
    ],
)
def test_the_newest_tag_of_a_kind(ref: str, tags: list[str], to: str) -> None:
    one = parse(address("https://git.example/platform", ref=ref), Place("here"))
    pin = LayerPin("0" * 40, "0" * 40, f"refs/tags/{ref.removeprefix('refs/tags/')}")
    assert newest(one, pin, tags) == to


def _layers(follower: Project) -> list[dict[str, object]]:
    outcome = follower.run("outdated", "--format", "json")
    assert outcome.code == 0, outcome.text
    pins = json.loads(outcome.out)["pins"]
    return [
        {k: pin[k] for k in ("current", "newest", "command")}
        for pin in pins
        if pin["kind"] == "layer"
    ]


def test_a_newer_tag_is_told(origin: Repository, follower: Project) -> None:
    assert _layers(follower) == [{"current": "v1.9.0", "newest": "v1.9.0", "command": ""}]
    origin.commit({"profiles/common/go.yaml": ARM})
    origin.git("tag", "-a", "-m", "next", "v1.10.0")
    command = f"gogen bump layer {address(origin, ref='v1.9.0')}"
    assert _layers(follower) == [{"current": "v1.9.0", "newest": "v1.10.0", "command": command}]
    assert follower.run("outdated", "--exit-code").code == 1


def test_a_repository_that_does_not_answer_hides_nothing_else(
    origin: Repository, follower: Project
) -> None:
    rest = [line for line in follower.run("outdated").out.splitlines() if " layer " not in line]
    origin.folder.rename(origin.folder.with_name("gone"))
    outcome = follower.run("outdated")
    assert outcome.code == 5
    assert set(rest[:-1]) < set(outcome.out.splitlines())
    assert f"error[GG567] {MINE}:2:10" in outcome.err
    told = json.loads(follower.run("outdated", "--exit-code", "--format", "json").out)
    assert told["exit"] == 5
    (pin,) = (pin for pin in told["pins"] if pin["kind"] == "layer")
    assert (pin["state"], pin["outdated"], pin["newest"]) == ("unknown", False, "v1.9.0")
    assert [one["code"] for one in pin["unasked"]] == ["GG567"]


def test_what_a_branch_has_now_is_told(origin: Repository, follower: Project) -> None:
    follower.write({MINE: f"extends: '{address(origin, ref='')}'\n"})
    assert follower.run("lock").code == 0
    first = origin.git("rev-parse", "HEAD")
    second = origin.commit({"profiles/common/go.yaml": ARM})
    (told,) = _layers(follower)
    assert (told["current"], told["newest"]) == (first, second)


def test_a_commit_that_is_named_asks_nobody(
    origin: Repository, follower: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit = origin.git("rev-parse", "HEAD")
    follower.write({MINE: f"extends: '{address(origin, ref=commit)}'\n"})
    assert follower.run("lock").code == 0
    offline(monkeypatch, tmp_path)
    assert _layers(follower) == [{"current": commit, "newest": commit, "command": ""}]
