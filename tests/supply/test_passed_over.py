"""A source that cannot be asked is passed over with a warning; one that lies ends the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.servers.https import Reply, page, redirect, serving
from tests.supply.test_lock_sources import (
    AMD64,
    ARM64,
    INDEX,
    KNOWN,
    NEW,
    SHA,
    as_json,
    digests,
    file_of,
    index,
    pins,
    workspace,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.conftest import Project
    from tests.servers.https import Server

    Make = Callable[[Mapping[str, str | bytes]], Project]

FAILS = Reply(b"no", 500)
BASE = "profiles/base/profile.yaml"


@pytest.fixture
def gone() -> str:
    """Give the address of a server that is no more."""
    with serving({}) as server:
        return server.url


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a mirror, which go.dev's index lies beside."""
    with serving({INDEX: as_json(index(KNOWN, NEW)), **digests(NEW, SHA)}) as made:
        yield made


@pytest.fixture
def other() -> Iterator[Server]:
    """Give a second server, which knows nothing yet."""
    with serving({}) as made:
        yield made


def _refused(made: Project, *codes: str) -> str:
    """Lock in vain, and change no byte; give what was told."""
    before = made.tree()
    outcome = made.run("lock")
    assert (outcome.code, outcome.tree == before) == (5, True), outcome.text
    for code in codes:
        assert outcome.err.count(f"error[{code}]") == 1, outcome.err
    return outcome.err


def test_the_second_mirror_stands_in_for_the_first(
    project: Make, server: Server, gone: str
) -> None:
    made = workspace(project, server, f'"mirror {gone}/", "mirror {{url}}/"')
    outcome = made.run("lock")
    assert pins(outcome) == {p: (sha, ("mirror",)) for p, sha in SHA.items()}
    assert f"warning[GG500]\n     = {gone}/go{NEW}.linux-" in outcome.err
    told = "it cannot be reached: connection refused, nobody listens there (and so for 1 more pin)"
    assert f".sha256: {told}\n" in outcome.err
    assert outcome.err.count("warning[") == 1
    again = made.run("lock", "--format", "json")
    assert (again.code, json.loads(again.out)["problems"]) == (0, []), "the lock has all"


def test_each_fault_of_a_file_is_passed_over(project: Make, server: Server, other: Server) -> None:
    other.routes.update(digests(NEW, {ARM64: SHA[ARM64]}))
    other.routes[f"/{file_of(NEW, AMD64)}.sha256"] = FAILS
    made = workspace(project, server, f'"mirror {other.url}/", "go.dev {{url}}/"')
    outcome = made.run("lock")
    found = {platform: proofs for platform, (_sha, proofs) in pins(outcome).items()}
    assert found == {AMD64: ("go-dev",), ARM64: ("mirror",)}
    assert "warning[GG502]" in outcome.err
    assert "and so for" not in outcome.err


def test_where_nobody_can_give_it_each_is_told(
    project: Make, server: Server, other: Server
) -> None:
    other.routes["*"] = FAILS
    server.routes.clear()
    made = workspace(project, server, f'"mirror {other.url}/", "mirror {{url}}/"')
    told = _refused(made, "GG502", "GG522")
    assert "HTTP status 500 (and so for 1 more pin)" in told
    assert (
        f"no source gives what is due of go {NEW} {AMD64}, go {NEW} {ARM64}: "
        f"mirror {other.url}/ could not be asked, mirror {server.url}/ does not know it"
    ) in told


LIES: dict[str, tuple[Reply, str]] = {
    "a page": (page(), "GG512"),
    "a redirect to plain HTTP": (redirect("http://example.com/"), "GG506"),
    "more than a digest": (Reply(b"x" * 70_000), "GG504"),
    "another checksum": (Reply(b"c" * 64), "GG520"),
    "an encoding": (Reply(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), "GG508"),
}


@pytest.mark.parametrize("name", LIES)
def test_what_cannot_be_right_ends_the_run(
    name: str, project: Make, server: Server, other: Server
) -> None:
    answer, code = LIES[name]
    other.routes["*"] = answer
    policy = '[policy]\ngo = ["go-dev", "mirror"]'
    order = f'"mirror {other.url}/", "go.dev {{url}}/"'
    made = workspace(project, server, order, more=policy)
    assert f"error[{code}]" in _refused(made)


def test_a_stranger_in_the_place_of_a_source_ends_the_run(project: Make, server: Server) -> None:
    with serving({}, names=("example.com",)) as stranger:
        made = workspace(project, server, f'"mirror {stranger.url}/", "mirror {{url}}/"')
        _refused(made, "GG501")


def test_who_blocks_a_source_takes_no_proof_that_the_policy_asks_for(
    project: Make, server: Server, gone: str
) -> None:
    policy = '[policy]\ngo = ["mirror"]'
    order = f'"mirror {gone}/", "go.dev {{url}}/"'
    made = workspace(project, server, order, more=policy)
    told = _refused(made, "GG500", "GG522")
    assert f"go.dev {server.url}/ knows it, and proves not all that the policy asks for" in told


def test_what_a_download_proves_is_waited_for_from_no_source(
    project: Make, server: Server, gone: str
) -> None:
    policy = '[policy]\ngo = ["sha256"]'
    order = f'"mirror {gone}/", "go.dev {{url}}/"'
    made = workspace(project, server, order, more=policy)
    assert "gogen lock --download" in _refused(made, "GG521")


def test_a_proof_that_the_lock_has_stays(project: Make, server: Server, other: Server) -> None:
    other.routes.update(digests(NEW, SHA))
    policy = '[policy]\ngo = ["go-dev", "mirror"]\n'
    order = f'"mirror {other.url}/", "go.dev {{url}}/"'
    made = workspace(project, server, order, more=policy)
    both = (made.root / BASE).read_text(encoding="utf-8")
    made.write({BASE: both.replace(", linux/arm64", "")})
    assert pins(made.run("lock"))[AMD64][1] == ("go-dev", "mirror")
    text = (made.root / "gogen.toml").read_text(encoding="utf-8")
    made.write({BASE: both, "gogen.toml": text.replace(policy, "")})
    other.routes["*"] = FAILS
    for file in (file_of(NEW, platform) for platform in SHA):
        del other.routes[f"/{file}.sha256"]
    found = pins(made.run("lock"))
    assert found == {
        AMD64: (SHA[AMD64], ("go-dev", "mirror")),
        ARM64: (SHA[ARM64], ("go-dev",)),
    }


def test_an_address_that_is_never_asked_is_told_once(project: Make, server: Server) -> None:
    made = workspace(project, server, '"mirror http://go.example/", "mirror {url}/"')
    _refused(made, "GG507")


def test_a_bump_goes_by_the_list_that_is_there(
    project: Make, server: Server, other: Server
) -> None:
    other.routes[INDEX] = FAILS
    order = f'"go.dev {other.url}/", "go.dev {{url}}/"'
    made = workspace(project, server, order, version=KNOWN)
    for command in ("lock", "render"):
        assert made.run(command).code == 0
    before = made.tree()
    other.routes[INDEX] = page()
    outcome = made.run("bump", "go")
    assert (outcome.code, outcome.tree == before) == (5, True), outcome.text
    other.routes[INDEX] = FAILS
    server.routes[INDEX] = FAILS
    outcome = made.run("bump", "go")
    assert (outcome.code, outcome.tree == before) == (5, True), outcome.text
    server.routes[INDEX] = as_json(index(KNOWN, NEW))
    outcome = made.run("bump", "go")
    assert outcome.code == 0, outcome.text
    assert f"  -> {NEW} (go-dev)\n" in outcome.out
    assert "warning[GG502]" in outcome.err
    outcome = made.run("bump", "go")
    assert (outcome.code, outcome.out) == (0, "nothing to move\n")
    assert "warning[GG502]" in outcome.err
    other.routes[INDEX] = page()
    assert made.run("bump", "go").code == 5, "who lies may hide what there is to move to"
