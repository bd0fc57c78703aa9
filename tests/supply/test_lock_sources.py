"""`gogen lock` with sources of the network: what enters the lock, and what no attacker changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.lock.catalogue import embedded
from generator.lock.reading import parse_lock
from generator.lock.writing import write_lock
from generator.supply.godev import GO_DEV
from tests.servers.https import Reply, page, redirect, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Outcome, Project
    from tests.servers.https import Route, Server

KNOWN, NEW = "1.27.1", "1.27.9"
AMD64, ARM64 = "linux/amd64", "linux/arm64"
SHA = {AMD64: "a" * 64, ARM64: "b" * 64}
REAL = embedded().pins.go[KNOWN].platforms
INDEX = "/?mode=json&include=all"

PROFILE = """\
targets: [app]
toolchains: {{current: "{version}"}}
go: {{toolchain: current, platforms: [linux/amd64, linux/arm64]}}
"""
TARGET = "description: one file\nfiles:\n  - template: a.yaml.j2\n    path: app/a.yaml\n"


def file_of(version: str, platform: str) -> str:
    return f"go{version}.{platform.replace('/', '-')}.tar.gz"


def index(*versions: str, **other: Any) -> list[dict[str, Any]]:
    """Give an index as go.dev has it, with made-up checksums for releases gogen does not know."""
    return [
        {
            "version": f"go{version}",
            "stable": True,
            "files": [
                {
                    "filename": file_of(version, platform),
                    "os": "linux",
                    "arch": platform.partition("/")[2],
                    "version": f"go{version}",
                    "sha256": REAL[platform].sha256 if version == KNOWN else SHA[platform],
                    "size": 10,
                    "kind": "archive",
                    **other,
                }
                for platform in (AMD64, ARM64)
            ],
        }
        for version in versions
    ]


def as_json(value: Any) -> Reply:
    return Reply(json.dumps(value).encode(), headers={"Content-Type": "application/json"})


def digests(version: str, sums: Mapping[str, str]) -> dict[str, Route]:
    return {f"/{file_of(version, p)}.sha256": Reply(sha.encode()) for p, sha in sums.items()}


def workspace(
    project: Callable[[Mapping[str, str | bytes]], Project],
    server: Server,
    order: str,
    *,
    version: str = NEW,
    more: str = "",
) -> Project:
    """Make a workspace that asks `order`, in which {url} is the server."""
    made = project(
        {
            "profiles/base/profile.yaml": PROFILE.format(version=version),
            "templates/app/target.yaml": TARGET,
            "templates/app/a.yaml.j2": "# <{ header }>\nversion: <{ toolchain.version }>\n",
            "gogen.toml": f'[sources]\norder = ["embedded", {order.format(url=server.url)}]\n'
            f'ca_file = "{server.ca_file}"\n{more}\n',
        }
    )
    (made.root / "gogen.lock").unlink()
    return made


def pins(outcome: Outcome, version: str = NEW) -> dict[str, tuple[str, tuple[str, ...]]]:
    assert outcome.code == 0, outcome.text
    release = parse_lock(outcome.tree["gogen.lock"].decode()).go[version]
    return {p: (archive.sha256, archive.proofs) for p, archive in release.platforms.items()}


def test_the_index_of_go_dev_knows_what_is_not_shipped(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving({INDEX: as_json(index(NEW))}) as server:
        made = workspace(project, server, '"go.dev {url}/"')
        outcome = made.run("lock")
        assert pins(outcome) == {p: (sha, ("go-dev",)) for p, sha in SHA.items()}
        assert parse_lock(outcome.tree["gogen.lock"].decode()).go[NEW].eol is None
        assert server.asked(INDEX) == 1
        assert made.run("lock").tree == outcome.tree
        assert server.asked(INDEX) == 1, "the lock has all: nobody is asked"
        assert made.run("lock", "--check").code == 0
        assert made.run("render").code == 0


def test_what_is_shipped_is_asked_of_nobody(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving({}) as server:
        outcome = workspace(project, server, '"go.dev {url}/"', version=KNOWN).run("lock")
        assert pins(outcome, KNOWN)[AMD64][0] == REAL[AMD64].sha256
        assert not server.requests


def test_proofs_of_sources_that_agree_are_joined(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    sums = {platform: REAL[platform].sha256 for platform in SHA}
    indexed = index(KNOWN)
    for file in indexed[0]["files"]:
        del file["size"]
    with serving({INDEX: as_json(indexed), **digests(KNOWN, sums)}) as server:
        policy = '[policy]\ngo = ["go-dev", "mirror"]'
        order = '"mirror {url}/", "go.dev {url}"'
        outcome = workspace(project, server, order, version=KNOWN, more=policy).run("lock")
        for platform, (sha, proofs) in pins(outcome, KNOWN).items():
            assert sha == REAL[platform].sha256
            assert set(proofs) == {*REAL[platform].proofs, "go-dev", "mirror"}


def test_a_source_that_does_not_know_is_followed_by_the_next(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving({INDEX: as_json(index(NEW))}) as server:
        outcome = workspace(project, server, '"mirror {url}/", "go.dev {url}/"').run("lock")
        assert set(pins(outcome)[AMD64][1]) == {"go-dev"}


def test_a_mirror_can_be_a_folder(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving({}) as server:
        made = workspace(project, server, '"mirror files"')
        made.write(
            {f"files/{file_of(NEW, AMD64)}.sha256": f"{SHA[AMD64]}  {file_of(NEW, AMD64)}\n"}
        )
        made.write({f"files/{file_of(NEW, ARM64)}": b""})
        found = pins(made.run("lock"))
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        assert found == {AMD64: (SHA[AMD64], ("mirror",)), ARM64: (empty, ("mirror",))}


def test_a_mirror_of_the_profiles_needs_no_address(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving(digests(NEW, SHA)) as server:
        made = workspace(project, server, '"mirror"')
        assert "GG510" in made.run("lock").text
        made.write({"profiles/base/network.yaml": f'network: {{go_archives: ["{server.url}/"]}}\n'})
        assert pins(made.run("lock"))[ARM64] == (SHA[ARM64], ("mirror",))


def test_what_nobody_knows_names_those_that_were_asked(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving({INDEX: as_json(index(KNOWN))}) as server:
        made = workspace(project, server, '"go.dev {url}/", "mirror {url}/"')
        before = made.tree()
        outcome = made.run("lock")
        assert outcome.code == 3
        assert "error[GG310]" in outcome.err
        assert f"nor does go.dev {server.url}/ or mirror {server.url}/ know it" in outcome.err
        assert made.tree() == before


def test_a_proof_that_nobody_gives_is_named(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving({}) as server:
        policy = '[policy]\ngo = ["mirror"]'
        made = workspace(project, server, '"mirror {url}/"', version=KNOWN, more=policy)
        before = made.tree()
        outcome = made.run("lock")
        assert outcome.code == 5
        for words in (
            "error[GG521] gogen.toml:5:8",
            "proof mirror",
            f"go {KNOWN} {AMD64}",
            server.url,
        ):
            assert words in outcome.err
        assert made.tree() == before


CUT = as_json(index(NEW)).body[:-20]
SWAPPED = {AMD64: SHA[ARM64], ARM64: SHA[AMD64]}
FLIPPED = {**SHA, AMD64: "b" + "a" * 63}
BOTH = '[policy]\ngo = ["go-dev", "mirror"]'

TAMPERED: dict[str, tuple[dict[str, Route], str, str, str]] = {
    # name: routes, the order, the code, words of the message
    "flipped bit": (
        {INDEX: as_json(index(NEW)), **digests(NEW, FLIPPED)},
        '"go.dev {url}/", "mirror {url}/"',
        "GG520",
        f"disagree about sha256: {'a' * 64} there, b{'a' * 63} here",
    ),
    "swapped checksums of two platforms": (
        {INDEX: as_json(index(NEW)), **digests(NEW, SWAPPED)},
        '"mirror {url}/", "go.dev {url}/"',
        "GG520",
        f"disagree about sha256: {'b' * 64} there, {'a' * 64} here",
    ),
    "index cut by the server": (
        {INDEX: Reply(CUT)},
        '"go.dev {url}/"',
        "GG511",
        "this is no JSON, or a part of it",
    ),
    "index cut on the way": (
        {INDEX: as_json(index(NEW))._replace(truncate=100)},
        '"go.dev {url}/"',
        "GG505",
        "the answer ends after 100 of",
    ),
    "page instead of the index": ({INDEX: page()}, '"go.dev {url}/"', "GG511", "page for people"),
    "page instead of a digest": ({"*": page()}, '"mirror {url}/"', "GG512", "a page for people"),
    "digest of another file": (
        {"*": Reply(f"{SHA[AMD64]}  other.tar.gz\n".encode())},
        '"mirror {url}/"',
        "GG512",
        "this is no digest",
    ),
    "redirect to plain HTTP": (
        {"*": redirect("http://example.com/index")},
        '"go.dev {url}/"',
        "GG506",
        "it redirects to plain HTTP",
    ),
    "10 GB answer": (
        {INDEX: Reply(b"[", claim=10_000_000_000)},
        '"go.dev {url}/"',
        "GG504",
        "10,000,000,000 bytes",
    ),
    "10 GB answer without a length": (
        {"*": Reply(b"x" * 65536, claim=-1, endless=True)},
        '"mirror {url}/"',
        "GG504",
        "more than 65,536 bytes",
    ),
    "slow drip": (
        {INDEX: Reply(b"[" * 1000, drip=0.05)},
        '"go.dev {url}/"',
        "GG503",
        "no whole answer within 1 seconds",
    ),
    "index of another shape": (
        {INDEX: as_json({"go": []})},
        '"go.dev {url}/"',
        "GG511",
        "no list of releases",
    ),
    "two archives of one name": (
        {INDEX: as_json(index(NEW, filename=file_of(NEW, AMD64)))},
        '"go.dev {url}/"',
        "GG511",
        "contradicts itself",
    ),
    "checksum that is none": (
        {INDEX: as_json(index(NEW, sha256="A" * 64))},
        '"go.dev {url}/"',
        "GG511",
        "has no SHA-256",
    ),
    "size that is none": (
        {INDEX: as_json(index(NEW, size=-5))},
        '"go.dev {url}/"',
        "GG511",
        "the size of go1.27.9.linux-amd64.tar.gz is none",
    ),
    "release twice": ({INDEX: as_json(index(NEW, NEW))}, '"go.dev {url}/"', "GG511", "twice"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_refused_and_changes_no_byte(
    name: str, project: Callable[[Mapping[str, str | bytes]], Project]
) -> None:
    routes, order, code, words = TAMPERED[name]
    with serving(routes) as server:
        made = workspace(project, server, order)
        toml = (made.root / "gogen.toml").read_text()
        made.write({"gogen.toml": f"{toml}timeout = 1\n{BOTH if 'mirror' in order else ''}\n"})
        before = made.tree()
        outcome = made.run("lock")
        assert outcome.code == 5
        assert f"error[{code}]" in outcome.err
        assert words in outcome.err
        assert made.tree() == before


def test_shipped_data_and_a_source_that_disagree_stop_everything(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving(digests(KNOWN, SHA)) as server:
        policy = '[policy]\ngo = ["mirror"]'
        made = workspace(project, server, '"mirror {url}/"', version=KNOWN, more=policy)
        before = made.tree()
        outcome = made.run("lock")
        assert outcome.code == 5
        assert f"embedded and mirror {server.url}/ disagree about sha256" in outcome.err
        assert REAL[AMD64].sha256 in outcome.err
        assert SHA[AMD64] in outcome.err
        assert made.tree() == before


def test_an_index_that_lost_a_release_moves_no_pin(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving({INDEX: [as_json(index(NEW)), as_json(index(KNOWN))]}) as server:
        made = workspace(project, server, '"go.dev {url}/", "mirror {url}/"')
        first = made.run("lock")
        assert pins(first)[AMD64] == (SHA[AMD64], ("go-dev",))
        toml = (made.root / "gogen.toml").read_text()
        made.write({"gogen.toml": f'{toml}[policy]\ngo = ["mirror"]\n'})
        server.routes.update(digests(NEW, SHA))
        assert pins(made.run("lock"))[AMD64] == (SHA[AMD64], ("go-dev", "mirror"))


def test_a_lock_that_was_changed_by_hand_is_held_against_the_source(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving({INDEX: as_json(index(NEW)), **digests(NEW, SHA)}) as server:
        policy = '[policy]\ngo = ["mirror"]'
        made = workspace(project, server, '"go.dev {url}/", "mirror {url}/"', more=policy)
        assert made.run("lock").code == 0
        lock = parse_lock((made.root / "gogen.lock").read_text())
        release = lock.go[NEW]
        forged = release.platforms[AMD64]._replace(sha256="c" * 64, proofs=("go-dev",))
        platforms = {**release.platforms, AMD64: forged}
        text = write_lock(lock._replace(go={NEW: release._replace(platforms=platforms)}))
        made.write({"gogen.lock": text})
        outcome = made.run("lock")
        assert outcome.code == 5
        assert f"gogen.lock and go.dev {server.url}/ disagree about sha256" in outcome.err
        assert (made.root / "gogen.lock").read_text() == text


def test_the_address_is_go_devs_own() -> None:
    assert GO_DEV == "https://go.dev/dl/"
