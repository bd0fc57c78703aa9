"""`gogen lock` with a module proxy: proofs enter the lock and the folder beside it, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.lock.reading import parse_lock
from tests.servers.https import Reply, serving
from tests.sumdb.log import Server, keys, server
from tests.supply.go_tree import PLATFORM, publish
from tests.supply.test_proxy import forward
from tests.supply.test_toolchain import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conftest import Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

RELEASE, OTHER = "1.26.7", "1.26.6"  # the shipped data has their archives, no h1
KEPT = "gogen.lock.d/sumdb/sum.example.test"
PROOF = f"{KEPT}/go{RELEASE}.linux-amd64.tlog-proof"
PROFILE = """\
targets: [app]
toolchains: {{current: "{version}"}}
go: {{toolchain: current, platforms: [linux/amd64]}}
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proxy")
    for version in (RELEASE, OTHER, "1.27.1"):
        publish(folder, version)
    return folder


@pytest.fixture(scope="module")
def log(published: Path) -> Iterator[Server]:
    with server(published, count=300) as made:
        yield made


def settings(address: str, by: str = keys().public) -> str:
    return (
        f'[sources]\norder = ["embedded", "proxy {address}"]\nsumdb = "{by}"\n'
        '[policy]\ngo = ["sumdb"]\n'
    )


def workspace(project: Make, address: str, version: str = RELEASE) -> Project:
    made = project(
        {
            "profiles/base/profile.yaml": PROFILE.format(version=version),
            "templates/app/target.yaml": "description: a file\nfiles:\n"
            "  - template: a.yaml.j2\n    path: app/a.yaml\n",
            "templates/app/a.yaml.j2": "version: <{ toolchain.version }>\n",
            "gogen.toml": settings(address),
        }
    )
    (made.root / "gogen.lock").unlink()
    return made


def test_the_proof_is_kept_and_nobody_asked_again(project: Make, published: Path) -> None:
    with server(published, count=300) as log:
        made = workspace(project, log.address)
        outcome = made.run("lock")
        assert outcome.code == 0, outcome.text
    archive = parse_lock(outcome.tree["gogen.lock"].decode()).go[RELEASE].platforms[PLATFORM]
    assert archive.h1 is not None
    assert archive.proofs == ("embedded-index", "sumdb")
    assert {path for path in outcome.tree if path.startswith("gogen.lock.d")} == {
        PROOF,
        f"{KEPT}/latest",
    }
    assert made.run("lock").tree == outcome.tree, "nobody listens any more"
    assert made.run("render").code == 0
    (made.root / PROOF).unlink()
    assert made.run("lock").code == 5, "a proof that is not kept is asked for again"


def test_a_proof_that_nobody_needs_goes(project: Make, log: Server) -> None:
    made = workspace(project, log.address)
    made.run("lock")
    made.write({"profiles/base/profile.yaml": PROFILE.format(version=OTHER)})
    outcome = made.run("lock")
    assert {path for path in outcome.tree if path.endswith(".tlog-proof")} == {
        PROOF.replace(RELEASE, OTHER)
    }
    assert made.run("lock").tree == outcome.tree


@pytest.mark.parametrize(
    ("other", "code"),
    [({"salt": "fork", "count": 400}, "GG539"), ({"count": 5}, "GG540")],
    ids=["forked", "stale"],
)
def test_no_byte_changes_where_the_log_lies(
    project: Make, log: Server, published: Path, other: dict[str, str], code: str
) -> None:
    made = workspace(project, log.address)
    before = made.run("lock").tree
    with server(published, **other) as liar:  # type: ignore[arg-type] # by name
        made.write({"gogen.toml": settings(liar.address)})
        made.write({"profiles/base/profile.yaml": PROFILE.format(version=OTHER)})
        given = {path: (made.root / path).read_bytes() for path in before}
        outcome = made.run("lock")
    assert outcome.code == 5
    assert f"error[{code}]" in outcome.text
    assert outcome.tree == given


@pytest.mark.parametrize(
    ("where", "changed", "code"),
    [
        ("/latest", lambda note: note.replace(b"\n3", b"\n4"), "GG533"),
        ("/lookup/", lambda answer: answer.replace(b" h1:", b" h1:A"), "GG538"),
        ("/lookup/", lambda answer: answer[:40], "GG535"),
        ("/lookup/", lambda _: b"<html>sign in</html>", "GG535"),
        ("/tile/", lambda tile: bytes([tile[0] ^ 1]) + tile[1:], "GG537"),
    ],
)
def test_no_byte_changes_where_an_answer_was_changed(
    project: Make, log: Server, where: str, changed: Callable[[bytes], bytes], code: str
) -> None:
    def change(path: str, body: bytes) -> bytes:
        return changed(body) if where in path else body

    with serving({"*": forward(log, change)}, tls=False) as between:
        made = workspace(project, between.url)
        before = {p.name for p in made.root.iterdir()}
        outcome = made.run("lock")
    assert outcome.code == 5
    assert f"error[{code}]" in outcome.text
    assert {p.name for p in made.root.iterdir()} == before


def test_a_signer_that_nobody_named(project: Make, log: Server) -> None:
    made = workspace(project, log.address)
    name = log.name
    made.write({"gogen.toml": settings(log.address, keys(name, seed=2).public)})
    outcome = made.run("lock")
    assert outcome.code == 5
    assert "error[GG532]" in outcome.text
    assert "gogen.lock" not in outcome.tree


def test_the_database_and_the_shipped_data_disagree(project: Make, log: Server) -> None:
    outcome = workspace(project, log.address, "1.27.1").run("lock")
    assert outcome.code == 5
    assert "embedded and proxy http://127.0.0.1" in outcome.text
    assert "disagree about h1: h1:MeqkXdYlyiVdqJXENOTyX7xd8QjDM/mxR52RKOFBS0M=" in outcome.text
    assert WHOLE.h1 in outcome.text
    assert "gogen.lock" not in outcome.tree


def test_a_release_the_database_does_not_know(project: Make) -> None:
    with serving(
        {"*": Reply(b"", 404), "/sumdb/sum.example.test/supported": Reply()}, tls=False
    ) as p:
        outcome = workspace(project, p.url).run("lock")
    assert outcome.code == 5
    assert "error[GG521]" in outcome.text
    assert "gogen.lock" not in outcome.tree
