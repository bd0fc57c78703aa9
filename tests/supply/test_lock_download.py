"""`gogen lock --download`: bytes that are the lock's, and bytes that are not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from generator.lock.reading import parse_lock
from tests.servers.https import Reply, page, serving
from tests.supply.test_lock_sources import (
    AMD64,
    ARM64,
    INDEX,
    NEW,
    as_json,
    file_of,
    index,
    workspace,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Outcome, Project
    from tests.servers.https import Route

    Make = Callable[[Mapping[str, str | bytes]], Project]

BYTES = {AMD64: b"an archive for amd64", ARM64: b"another archive, for arm64"}
SUMS = {platform: hashlib.sha256(data).hexdigest() for platform, data in BYTES.items()}


def released(sums: Mapping[str, str]) -> Reply:
    """Give an index with these checksums, and the sizes of the archives."""
    releases = index(NEW)
    for file in releases[0]["files"]:
        platform = f"linux/{file['arch']}"
        file |= {"sha256": sums[platform], "size": len(BYTES[platform])}
    return as_json(releases)


def served(**other: Route) -> dict[str, Route]:
    archives = {f"/{file_of(NEW, platform)}": Reply(data) for platform, data in BYTES.items()}
    return {INDEX: released(SUMS), **archives, **other}


def proofs(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    assert outcome.code == 0, outcome.text
    release = parse_lock(outcome.tree["gogen.lock"].decode()).go[NEW]
    return {platform: archive.proofs for platform, archive in release.platforms.items()}


def cached(homes: Path) -> list[bytes]:
    folder = homes / ".cache" / "gogen" / "archives"
    files = folder.iterdir() if folder.exists() else ()
    return sorted(file.read_bytes() for file in files if not file.name.startswith(".swept"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(path / ".cache"))
    return path


def test_bytes_that_are_the_locks_are_a_proof(project: Make, home: Path) -> None:
    with serving(served()) as server:
        made = workspace(project, server, '"go.dev {url}/"')
        assert proofs(made.run("lock", "--download")) == dict.fromkeys(BYTES, ("go-dev", "sha256"))
        assert cached(home) == sorted(BYTES.values())
        made.run("lock", "--download")
        assert server.asked(f"/{file_of(NEW, AMD64)}") == 1, "what the cache has is not fetched"
        (kept,) = (home / ".cache/gogen/archives").glob(SUMS[AMD64])
        kept.write_bytes(b"an archive for nobody")
        assert made.run("lock", "--download").code == 0
        assert server.asked(f"/{file_of(NEW, AMD64)}") == 2, "what it has is not believed"
        assert cached(home) == sorted(BYTES.values())
        assert proofs(made.run("lock"))[AMD64] == ("go-dev", "sha256"), "a proof stays"


def test_a_mirror_without_the_archive_is_followed_by_the_next(project: Make, home: Path) -> None:
    sums = {f"/{file_of(NEW, p)}.sha256": Reply(sha.encode()) for p, sha in SUMS.items()}
    with serving(sums) as empty, serving(served()) as server:
        order = f'"mirror {empty.url}/", "go.dev {{url}}/"'
        assert proofs(workspace(project, server, order).run("lock", "--download")) == (
            dict.fromkeys(BYTES, ("mirror", "sha256"))
        )
        assert empty.asked(f"/{file_of(NEW, AMD64)}") == 1
    assert len(cached(home)) == 2


def test_a_folder_is_read_in_place(project: Make, home: Path) -> None:
    with serving({}) as server:
        made = workspace(project, server, '"mirror files/"')
        files = {f"files/{file_of(NEW, platform)}": data for platform, data in BYTES.items()}
        made.write(files)
        assert proofs(made.run("lock", "--download")) == dict.fromkeys(BYTES, ("mirror", "sha256"))
        assert not cached(home)
        made.write({f"files/{file_of(NEW, AMD64)}.asc": b"no signature"})
        assert "GG546" in made.run("lock", "--download").err
        (made.root / "files" / f"{file_of(NEW, AMD64)}.asc").unlink()
        (made.root / "files" / file_of(NEW, ARM64)).unlink()
        assert "GG514" in made.run("lock", "--download").err


AT = f"/{file_of(NEW, AMD64)}"
FLIPPED = bytes([BYTES[AMD64][0] ^ 1]) + BYTES[AMD64][1:]
SWAPPED = {AMD64: SUMS[ARM64], ARM64: SUMS[AMD64]}

TAMPERED: dict[str, tuple[dict[str, Route], str, str]] = {
    "flipped bit": (served(**{AT: Reply(FLIPPED)}), "GG513", hashlib.sha256(FLIPPED).hexdigest()),
    "swapped checksums of two platforms": (
        served(**{INDEX: released(SWAPPED)}),
        "GG513",
        "these bytes have the SHA-256",
    ),
    "cut off": (served(**{AT: Reply(BYTES[AMD64], truncate=5)}), "GG505", "after 5 of 20 bytes"),
    "page with status 200": (served(**{AT: page()}), "GG504", "bytes"),
    "page instead of the signature": (
        served(**{f"{AT}.asc": page()}),
        "GG546",
        "is no OpenPGP signature",
    ),
    "10 GB": (served(**{AT: Reply(b"x", claim=10_000_000_000)}), "GG504", "10,000,000,000"),
    "not there": (served(**{AT: Reply(b"", 404)}), "GG502", "404"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_other_bytes_are_refused_and_change_none(name: str, project: Make, home: Path) -> None:
    routes, code, words = TAMPERED[name]
    with serving(routes) as server:
        made = workspace(project, server, '"go.dev {url}/"')
        before = made.tree()
        outcome = made.run("lock", "--download")
        assert outcome.code == 5
        assert f"error[{code}]" in outcome.err
        assert words in outcome.err
        assert made.tree() == before
        assert FLIPPED not in cached(home)
        assert not list((home / ".cache/gogen/archives").glob(".new-*"))


def test_swapped_checksums_without_sizes_are_refused(project: Make, home: Path) -> None:
    routes = {f"/{file_of(NEW, p)}.sha256": Reply(sha.encode()) for p, sha in SWAPPED.items()}
    with serving({**served(), **routes}) as server:
        made = workspace(project, server, '"mirror {url}/"')
        before = made.tree()
        outcome = made.run("lock", "--download")
        assert (outcome.code, outcome.err.count("error[GG513]")) == (5, 2)
        assert made.tree() == before
        assert not cached(home)


def test_without_a_home_nothing_is_kept(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name)
    with serving(served()) as server:
        outcome = workspace(project, server, '"go.dev {url}/"').run("lock", "--download")
        assert "sha256" in proofs(outcome)[AMD64]


def test_a_policy_can_ask_for_the_bytes(project: Make, home: Path) -> None:
    with serving(served()) as server:
        policy = '[policy]\ngo = ["sha256"]'
        made = workspace(project, server, '"go.dev {url}/"', more=policy)
        outcome = made.run("lock")
        assert outcome.code == 5
        assert "error[GG521]" in outcome.err
        assert "gogen lock --download" in outcome.err
        assert made.run("lock", "--download").code == 0
        assert made.run("render").code == 0
    assert len(cached(home)) == 2
