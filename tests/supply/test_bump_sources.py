"""`gogen bump` and `gogen outdated` ask the sources; where one fails nothing changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.lock.reading import parse_lock
from tests.servers.https import Reply, serving
from tests.supply.test_lock_sources import (
    AMD64,
    ARM64,
    INDEX,
    KNOWN,
    NEW,
    SHA,
    as_json,
    index,
    workspace,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.conftest import Project
    from tests.servers.https import Server

BASE = "profiles/base/profile.yaml"


@pytest.fixture
def server() -> Iterator[Server]:
    """Give go.dev as it knows a release that gogen does not."""
    with serving({INDEX: as_json(index(KNOWN, NEW))}) as made:
        yield made


@pytest.fixture
def one(project: Callable[[Mapping[str, str | bytes]], Project], server: Server) -> Project:
    """Give a workspace on a known release that asks go.dev, locked and rendered."""
    made = workspace(project, server, '"go.dev {url}/"', version=KNOWN)
    assert made.run("lock").code == 0
    assert made.run("render").code == 0
    assert not server.asked(INDEX), "what was shipped has all: nobody is asked"
    return made


def test_a_release_that_only_a_source_knows(one: Project, server: Server) -> None:
    outcome = one.run("outdated", "--format", "json")
    (pin,) = json.loads(outcome.out)["pins"]
    assert (pin["newest"], pin["command"]) == (NEW, f"gogen bump go {NEW} --from {KNOWN}")
    outcome = one.run("bump", "go")
    assert outcome.code == 0, outcome.text
    assert f"  -> {NEW} (go-dev)\n" in outcome.out
    found = parse_lock(outcome.tree["gogen.lock"].decode()).go[NEW].platforms
    assert {platform: archive.sha256 for platform, archive in found.items()} == SHA
    assert f'"{NEW}"' in outcome.tree[BASE].decode()
    assert one.run("check").code == 0
    assert server.asked(INDEX) >= 2


def test_what_is_known_without_a_source_that_fails_is_told(one: Project, server: Server) -> None:
    text = (one.root / BASE).read_text(encoding="utf-8")
    one.write({BASE: text.replace(KNOWN, "1.27.0")})
    assert one.run("lock").code == 0
    server.routes[INDEX] = Reply(b"no", status=500)
    outcome = one.run("outdated")
    assert (outcome.code, outcome.err.count("error[GG502]")) == (5, 1), outcome.text
    assert outcome.out.startswith("older  go 1.27.0 (current)  -> 1.27.2  ")
    assert f"not asked: {server.url}{INDEX}: HTTP status 500" in outcome.out
    one.write({BASE: text.replace(KNOWN, "1.27.2")})
    assert one.run("lock").code == 0
    (pin,) = json.loads(one.run("outdated", "--format", "json").out)["pins"]
    assert (pin["state"], pin["outdated"], pin["commands"]) == ("unknown", False, [])
    assert pin["unasked"] == [{"code": "GG502", "message": f"{server.url}{INDEX}: HTTP status 500"}]


@pytest.mark.parametrize("kind", ["layer", "image", "action"])
def test_who_has_no_list_of_releases_keeps_go_alone_from_moving(
    one: Project, server: Server, kind: str
) -> None:
    server.routes[INDEX] = Reply(b"no", status=500)
    outcome = one.run("bump", kind)
    assert (outcome.code, outcome.out) == (0, "nothing to move\n"), outcome.text
    assert outcome.err.startswith("warning[GG502]")
    assert one.run("bump", "go").code == 5
    server.routes[INDEX] = Reply(b"<html></html>")
    assert one.run("bump", kind).code == 5, "who lies ends the run"


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (Reply(b"no", status=500), 5, "GG502"),
        (Reply(b"<html>", headers={"Content-Type": "text/html"}), 5, "GG51"),
        (as_json(index(KNOWN, NEW)[:1]), 3, "GG310"),
    ],
    ids=["an error", "a page", "no such release"],
)
def test_a_source_that_cannot_help_changes_nothing(
    one: Project, server: Server, answer: Reply, code: int, told: str
) -> None:
    server.routes[INDEX] = answer
    before = one.tree()
    outcome = one.run("bump", "go", NEW)
    assert (outcome.code, told in outcome.err) == (code, True), outcome.text
    assert outcome.tree == before


def test_a_platform_that_the_source_lacks(one: Project, server: Server) -> None:
    releases = index(KNOWN, NEW)
    releases[1]["files"] = releases[1]["files"][:1]
    server.routes[INDEX] = as_json(releases)
    before = one.tree()
    outcome = one.run("bump", "go", NEW)
    assert outcome.code == 3
    assert f"[GG590] {BASE}:2:23" in outcome.err
    assert f"go {NEW} has no archive for {ARM64}; nothing was changed" in outcome.err
    assert outcome.tree == before
    assert AMD64 not in outcome.err


def test_a_proof_that_the_policy_asks_for(one: Project) -> None:
    text = one.tree()["gogen.toml"].decode()
    one.write({"gogen.toml": f'{text}\n[policy]\ngo = ["gpg"]\n'})
    before = one.tree()
    outcome = one.run("bump", "go", NEW)
    assert (outcome.code, outcome.tree == before) == (5, True), outcome.text
    assert "GG521" in outcome.err
