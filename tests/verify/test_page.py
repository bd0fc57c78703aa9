"""docs/verify.md is true: every property and outcome is on it, and its script is one."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from generator.verify.model import Host, State, Verdict
from generator.verify.verdicts import _HINTS
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
SUITE = (ROOT / "templates" / "testinfra" / "test_go.py.j2").read_text(encoding="utf-8")


def test_every_property_is_told_and_has_a_hint() -> None:
    names = set(re.findall(r'check\(\s*f?"([a-z-]+)', SUITE)) - {"reachable"}
    names |= {"drop-in", "unit"}
    table = PAGE.split("## What is looked at")[1].split("\n## ")[0]
    told = re.findall(
        r"`([a-z-]+)[^`]*`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))
    )
    assert set(told) == names
    assert set(_HINTS) == names - {"platform"}


def test_every_outcome_and_key_is_told() -> None:
    section = PAGE.split("## What comes of it")[1]
    words = (*State, *Verdict, *Host("h", State.RIGHT).data())
    assert [word for word in words if f"`{word}`" not in section] == []


def test_the_script_that_rolls_back_is_one(tmp_path: Path) -> None:
    script = tmp_path / "roll-back"
    script.write_text(PAGE.split("```sh\n")[1].split("```")[0])
    done = subprocess.run(
        [require("shellcheck"), script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
