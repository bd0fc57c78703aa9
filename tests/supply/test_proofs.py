"""The proofs a pin can list: told in the documentation, tried by modules that are there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from generator.lock.catalogue import embedded
from generator.lock.model import ActionPin, ImagePin, Lock, Pin
from generator.supply.proofs import (
    PROOFS,
    REPROVED,
    TRIED,
    Named,
    State,
    Verdict,
    pins,
    reproved,
)
from tests.tools import ROOT

KNOWN = embedded().pins
LINUX = KNOWN.go["1.27.1"].platforms["linux/amd64"]
SHA = "0" * 64


def test_the_documentation_tells_of_each() -> None:
    text = (ROOT / "docs" / "supply-chain.md").read_text(encoding="utf-8")
    table = text.partition("\n## Proofs\n")[2].partition("\n#")[0]
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE) == sorted(PROOFS)


def test_every_proof_of_the_catalogue_is_known() -> None:
    for named in pins(KNOWN):
        assert named.pin.proofs
        for proof in named.pin.proofs:
            assert named.section in PROOFS[proof].sections


@pytest.mark.parametrize("proof", sorted(TRIED))
def test_what_is_tried_has_its_function(proof: str) -> None:
    assert proof in PROOFS
    assert callable(import_module(TRIED[proof]).tried)


@pytest.mark.parametrize("proof", sorted(REPROVED))
def test_what_is_tried_again_has_its_function(proof: str) -> None:
    assert proof in PROOFS
    assert callable(import_module(REPROVED[proof]).reproved)


def test_pins_are_named_for_people() -> None:
    lock = Lock(
        {"1.27.1": KNOWN.go["1.27.1"]._replace(platforms={"linux/amd64": LINUX})},
        {"debian:trixie-slim": ImagePin(f"sha256:{SHA}")},
        {"actions/checkout": ActionPin("v5", "0" * 40)},
    )
    names = ["action actions/checkout", "go 1.27.1 linux/amd64", "image debian:trixie-slim"]
    assert [str(named) for named in pins(lock)] == names


ACTION, ACTION_PIN = next(iter(KNOWN.actions.items()))
IMAGE, IMAGE_PIN = next(iter(KNOWN.images.items()))
GO = ("go", "1.27.1", "linux/amd64")


@pytest.mark.parametrize(
    ("at", "pin", "state"),
    [
        (GO, LINUX, State.PROVED),
        (GO, LINUX._replace(sha256=SHA), State.FAILED),
        (GO, LINUX._replace(h1="h1:" + "A" * 43 + "="), State.FAILED),
        (("go", "1.99.9", "linux/amd64"), LINUX, State.WORD),
        (("images", IMAGE), IMAGE_PIN, State.PROVED),
        (("images", IMAGE), ImagePin(f"sha256:{SHA}"), State.FAILED),
        (("images", "nobody:knows"), ImagePin(f"sha256:{SHA}"), State.WORD),
        (("actions", ACTION), ACTION_PIN, State.PROVED),
        (("actions", ACTION), ACTION_PIN._replace(commit="0" * 40), State.FAILED),
        (("actions", ACTION), ACTION_PIN._replace(tag="v0.0.1"), State.WORD),
    ],
)
def test_the_index_is_looked_up_again(at: tuple[str, ...], pin: Pin, state: State) -> None:
    assert reproved("embedded-index", Named(at, pin), Path("none")).state is state


def test_every_pin_of_the_catalogue_stands_in_it() -> None:
    for named in pins(KNOWN):
        assert reproved("embedded-index", named, Path("none")) == Verdict(State.PROVED)


def test_what_nobody_tries_again_is_the_locks_word() -> None:
    assert reproved("mirror", Named(GO, LINUX), Path("none")).state is State.WORD
