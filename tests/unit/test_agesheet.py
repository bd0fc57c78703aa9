"""The ages of pins: a table for a terminal, plain lines, and data that docs/bump.md tells of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.bump import agesheet
from generator.bump.ages import Age, Blocked, Standing
from generator.problems import Place, Problem

DOCS = (Path(__file__).parents[2] / "docs/bump.md").read_text(encoding="utf-8")

GO = Age(
    "go", "1.26.5", Place("p"), Standing.SECURITY, "1.26.5", "1.26.7",
    used_as=("current",), line="1.26", misses=("1.26.6",), untold=("1.26.8", "1.26.9"),
    newest_line="1.27.1", blocked=(Blocked("1.26.8", ("linux/ppc64le",)),),
)  # fmt: skip
IMAGE = Age(
    "image",
    "debian:trixie-slim",
    Place("p"),
    Standing.OLDER,
    "sha256:0",
    "sha256:1",
    newest_tag="trixie-slim",
)
ACTION = Age("action", "actions/checkout", Place("p"), Standing.CURRENT, "v7.0.1", "v7.0.1")
WHY = Problem("GG500", "https://git.example/a: it cannot be reached")
ADDRESS = f"git+https://git.example/{'a-wide-name/' * 6}//profiles/base?ref=v1.9.0"
LAYER = Age("layer", ADDRESS, Place("p"), Standing.UNKNOWN, "v1.9.0", "v1.9.0", unasked=(WHY,))
ALL = (GO, IMAGE, ACTION, LAYER)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200, 400])
def test_a_table_fits_its_width(width: int) -> None:
    text = agesheet.as_text(ALL, width=width, colour=False)
    wide = [line for line in text.splitlines() if len(line) > width]
    assert all(ADDRESS in line for line in wide), text
    assert len(wide) <= (width < len(f"unknown   layer {ADDRESS}"))
    plain = agesheet.as_text(ALL, width=0, colour=False)
    assert [*text.split()] == [*plain.split()], "nothing is left out"


def test_plain_lines_hold_a_pin_each() -> None:
    first, second, *_, last = agesheet.as_text(ALL, width=0, colour=False).splitlines()
    assert first.startswith("security  go 1.26.5 (current)")
    assert second.index("sha256:0") < 40, "an address far away moves no column"
    assert last == "4 pins: 1 behind on security, 1 older, 1 unknown, 1 current"
    assert agesheet.as_text([], width=80, colour=True) == "no pins\n"


def test_a_state_has_its_colour() -> None:
    assert "\x1b[31msecurity\x1b[0m  go" in agesheet.as_text([GO], width=0, colour=True)
    assert "\x1b[33munknown\x1b[0m  layer" in agesheet.as_text([LAYER], width=60, colour=True)


def test_the_docs_tell_every_key_and_state() -> None:
    told = agesheet.data(ALL, "2026-11-23")
    keys = {*told} | {f"pins[].{key}" for pin in told["pins"] for key in pin}
    keys |= {f"pins[].blocked[].{key}" for key in told["pins"][0]["blocked"][0]}
    keys |= {f"pins[].unasked[].{key}" for key in told["pins"][3]["unasked"][0]}
    table = DOCS.partition("### For programs\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == keys
    states = DOCS.partition("| state | what it says |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", states, re.MULTILINE) == [*Standing]
