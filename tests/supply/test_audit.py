"""`gogen lock --audit`: what the lock says of its pins, tried again without the network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from generator.lock.catalogue import embedded
from generator.lock.model import Archive, GoRelease, Lock
from generator.lock.writing import write_lock
from generator.supply.audit import as_text, audit
from generator.supply.proofs import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

RELEASE = embedded().pins.go["1.27.1"]
LINUX = RELEASE.platforms["linux/amd64"]
PLAIN = RELEASE.platforms["linux/ppc64le"]


def locked(**platforms: Archive) -> str:
    release = RELEASE._replace(platforms=platforms)
    return write_lock(Lock({"1.27.1": release}))


def test_each_state_is_told(tmp_path: Path) -> None:
    unknown = PLAIN._replace(file="go1.99.1.linux-ppc64le.tar.gz", proofs=("mirror", "sha256"))
    bare = unknown._replace(proofs=())
    lock = Lock(
        {
            "1.27.1": RELEASE._replace(platforms={"linux/amd64": LINUX}),
            "1.99.1": GoRelease({"linux/amd64": bare, "linux/ppc64le": unknown}),
        }
    )
    shipped, none, word = audit(lock, tmp_path)
    assert {p: v.state for p, v in shipped.verdicts.items()} == {
        "embedded-index": State.PROVED,
        "rebuilt": State.SHIPPED,
        "sumdb": State.SHIPPED,
    }
    assert {v.state for v in word.verdicts.values()} == {State.WORD}
    assert not none.verdicts
    assert as_text((shipped, none, word)) == (
        "go 1.27.1 linux/amd64    proved again: embedded-index; "
        "shipped with gogen: rebuilt, sumdb\n"
        "go 1.99.1 linux/amd64    no proof\n"
        "go 1.99.1 linux/ppc64le  the lock's word: mirror, sha256\n"
        "3 pins, 2 rest on the lock's word alone\n"
    )


def test_a_pin_that_was_changed_fails_at_its_line(project: Make) -> None:
    forged = LINUX._replace(sha256="0" * 64)
    made = project({"gogen.lock": locked(**{"linux/amd64": forged, "linux/ppc64le": PLAIN})})
    before = made.tree()
    outcome = made.run("lock", "--audit")
    assert outcome.code == 3
    assert "error[GG341] gogen.lock:6:9" in outcome.err
    assert "the proof embedded-index does not hold" in outcome.err
    assert "failed: embedded-index" in outcome.out
    assert made.tree() == before


def test_proofs_claimed_by_hand_are_called_the_locks_word(project: Make) -> None:
    claimed = LINUX._replace(proofs=("archive-h1", "embedded-index", "gpg", "sha256"))
    policy = '[policy]\ngo = ["gpg"]\n'
    made = project({"gogen.lock": locked(**{"linux/amd64": claimed}), "gogen.toml": policy})
    outcome = made.run("lock", "--audit")
    assert outcome.code == 0, "a policy believes what the lock lists"
    assert "proved again: embedded-index; the lock's word: archive-h1, gpg, sha256\n" in outcome.out


def test_programs_get_the_table_too(project: Make) -> None:
    made = project({"gogen.lock": locked(**{"linux/ppc64le": PLAIN})})
    outcome = made.run("lock", "--audit", "--format", "json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["pins"] == [
        {
            "pin": ["go", "1.27.1", "linux/ppc64le"],
            "proved": True,
            "proofs": {"embedded-index": {"state": "proved"}},
        }
    ]


def test_a_policy_that_is_not_met_fails(project: Make) -> None:
    policy = '[policy]\ngo = ["sumdb"]\n'
    made = project({"gogen.lock": locked(**{"linux/ppc64le": PLAIN}), "gogen.toml": policy})
    outcome = made.run("lock", "--audit")
    assert outcome.code == 3
    assert "error[GG340] gogen.toml:2:8" in outcome.err
    assert "proved again: embedded-index" in outcome.out


def test_one_thing_is_done_at_a_time(project: Make) -> None:
    assert project({}).run("lock", "--audit", "--download").code == 2
