"""The proofs kept beside this repository's own lock hold, without the network."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import Archive
from generator.lock.reading import read_lock
from generator.problems import Rejected
from generator.sumdb.note import GO_KEY, open_note, verifier
from generator.sumdb.record import head_of
from generator.supply import bundles
from generator.supply.bundles import PROOF, proof_name
from generator.supply.proofs import KEPT, Named, State, pins, reproved
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / KEPT / "sumdb" / "sum.golang.org"
LISTED = [named for named in pins(read_lock(ROOT / "gogen.lock")) if PROOF in named.pin.proofs]
LINUX = next(named for named in LISTED if named.at[2] == "linux/amd64")


@pytest.mark.parametrize("named", LISTED, ids=str)
def test_each_listed_proof_is_proved_again(named: Named) -> None:
    assert reproved(PROOF, named, ROOT / KEPT).state is State.PROVED


def test_no_proof_is_of_something_else() -> None:
    due = {proof_name(*named.at[1:]) for named in LISTED} | {"latest"}
    assert {path.name for path in FOLDER.iterdir()} == due


def test_the_newest_tree_is_signed() -> None:
    note = open_note((FOLDER / "latest").read_bytes(), verifier(GO_KEY))
    assert head_of(note).tree.size >= 71_909_756  # what it had when this was written


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER, tmp_path / KEPT / "sumdb" / "sum.golang.org")
    return tmp_path / KEPT


def why(named: Named, kept: Path) -> str:
    verdict = reproved(PROOF, named, kept)
    assert verdict.state is State.FAILED
    return verdict.why


def test_another_h1_than_the_proved_one(kept: Path) -> None:
    assert isinstance(LINUX.pin, Archive)
    other = "h1:" + "A" * 43 + "="
    said = why(LINUX._replace(pin=LINUX.pin._replace(h1=other)), kept)
    assert said == f"the database has {LINUX.pin.h1}, the lock {other}"


def test_the_proof_of_another_platform(kept: Path) -> None:
    folder = kept / "sumdb" / "sum.golang.org"
    shutil.copy(folder / "go1.27.1.linux-arm64.tlog-proof", folder / proof_name(*LINUX.at[1:]))
    assert "is not about golang.org/toolchain@v0.0.1-go1.27.1.linux-amd64" in why(LINUX, kept)


def test_without_what_checks_signatures_there_is_no_verdict(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "find_spec", lambda _name: None)
    with pytest.raises(Rejected) as caught:
        reproved(PROOF, LINUX, kept)
    assert [problem.code for problem in caught.value.problems] == ["GG515"]
    shutil.rmtree(kept)
    assert reproved(PROOF, LINUX, kept).state is State.WORD


def test_a_flipped_bit(kept: Path) -> None:
    file = kept / "sumdb" / "sum.golang.org" / proof_name(*LINUX.at[1:])
    good = file.read_bytes()
    for at in range(0, len(good), 13):
        file.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert why(LINUX, kept)
