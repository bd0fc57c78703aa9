"""`gogen lock --audit`: the newest tree seen is tried too, and --strict takes nobody's word."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from generator.sumdb.note import GO_KEY
from generator.supply.proofs import KEPT
from tests.sumdb.log import keys, sign
from tests.supply.test_audit import LINUX, PLAIN, locked
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Outcome, Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

GO = f"{KEPT}/sumdb/sum.golang.org"
LATEST = f"{GO}/latest"


def _strict(made: Project, code: int) -> Outcome:
    """Audit strictly; nothing is written."""
    before = made.tree()
    outcome = made.run("lock", "--audit", "--strict")
    assert (outcome.code, outcome.tree == before) == (code, True), outcome.text
    return outcome


def _own(project: Make) -> Project:
    """Give a workspace with this repository's own lock, and what is kept beside it."""
    made = project({"gogen.lock": (ROOT / "gogen.lock").read_bytes()})
    shutil.copytree(ROOT / GO, made.root / GO)
    return made


def test_this_repository_takes_nobodys_word(project: Make) -> None:
    outcome = _strict(_own(project), 0)
    assert "proved again: embedded-index, sumdb" in outcome.out


@pytest.mark.parametrize(
    ("proofs", "policy", "told"),
    [
        (("mirror", "sha256"), "", "mirror, sha256 is the lock's word alone"),
        ((), "", "that it is right is the lock's word alone"),
        (("embedded-index", "gpg"), '["gpg"]', "gpg, which the policy asks for, is the lock's"),
        (("embedded-index", "gpg"), '["embedded-index"]', ""),
        (("embedded-index", "gpg"), "", ""),
    ],
)
def test_a_word_that_counts_is_refused(
    project: Make, proofs: tuple[str, ...], policy: str, told: str
) -> None:
    claimed = PLAIN._replace(proofs=proofs)
    toml = f"[policy]\ngo = {policy}\n" if policy else ""
    made = project({"gogen.lock": locked(**{"linux/ppc64le": claimed}), "gogen.toml": toml})
    outcome = _strict(made, 3 if told else 0)
    assert ("error[GG342] gogen.lock:6:9" in outcome.err) == bool(told)
    assert told in outcome.err
    assert made.run("lock", "--audit").code == 0, "without --strict the lock's word counts"


def test_a_proof_that_fails_is_told_as_that(project: Make) -> None:
    forged = LINUX._replace(sha256="0" * 64, proofs=("embedded-index",))
    outcome = _strict(project({"gogen.lock": locked(**{"linux/amd64": forged})}), 3)
    assert "error[GG341]" in outcome.err
    assert "GG342" not in outcome.err


def test_strict_is_a_way_to_audit(project: Make) -> None:
    made = project({})
    for others in ((), ("--check",), ("--download",)):
        assert made.run("lock", "--strict", *others).code == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "signature"),
        (lambda data: data.replace(b"\n7", b"\n8", 1), "is not of this note"),
        (lambda _: b"<html>", "no signed note"),
        (lambda data: b"<<<<<<< ours\n" + data, "merge conflict markers"),
    ],
    ids=["a flipped bit", "another size", "something else", "a merge"],
)
def test_the_newest_tree_must_be_as_it_was_signed(
    project: Make, change: Callable[[bytes], bytes], why: str
) -> None:
    made = _own(project)
    assert made.run("lock", "--audit").code == 0
    made.write({LATEST: change((ROOT / LATEST).read_bytes())})
    before = made.tree()
    outcome = made.run("lock", "--audit", "--format", "json")
    assert (outcome.code, outcome.tree == before) == (3, True)
    (problem,) = json.loads(outcome.out)["problems"]
    assert problem["place"]["file"] == LATEST
    assert why in problem["message"]
    assert json.loads(outcome.out)["pins"], "the rest is told"


def test_a_newest_tree_that_was_taken_away_is_missed(project: Make) -> None:
    made = _own(project)
    (made.root / LATEST).unlink()
    outcome = made.run("lock", "--audit")
    assert outcome.code == 3
    assert outcome.err.count(f"error[GG343] {LATEST}\n") == 1
    assert "it is not there, though proofs of its database are" in outcome.err


def _tree(size: int, root: int) -> bytes:
    """Give a signed tree."""
    return sign(f"go.sum database tree\n{size}\n{b64encode(bytes([root]) * 32).decode()}\n", keys())


@pytest.mark.parametrize(
    ("latest", "told"),
    [
        (_tree(300, 1), ""),
        (_tree(400, 2), ""),
        (_tree(299, 1), "is of a newer tree, of 300 records"),
        (_tree(300, 2), "is of another tree of 300 records"),
    ],
)
def test_no_kept_proof_is_of_a_newer_or_another_tree(
    project: Make, latest: bytes, told: str
) -> None:
    folder = f"{KEPT}/sumdb/sum.example.test"
    extra = b64encode(b"record").decode()
    bundle = f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex 7\n\n".encode() + _tree(300, 1)
    pin = PLAIN._replace(proofs=("embedded-index",))
    made = project(
        {
            "gogen.lock": locked(**{"linux/ppc64le": pin}),
            "gogen.toml": f'[sources]\nsumdb = "{keys().public}"\n',
            f"{folder}/go1.27.1.linux-ppc64le.tlog-proof": bundle,
            f"{folder}/latest": latest,
        }
    )
    outcome = made.run("lock", "--audit")
    assert (outcome.code, "GG343" in outcome.err) == (3 * bool(told), bool(told)), outcome.text
    assert told in outcome.err


def test_another_key_believes_none_of_it(project: Make) -> None:
    assert keys().public != GO_KEY
    made = _own(project)
    made.write({"gogen.toml": f'[sources]\nsumdb = "{keys().public}"\n'})
    outcome = _strict(made, 0)
    assert "proved again: embedded-index, sumdb" not in outcome.out
