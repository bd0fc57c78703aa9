"""An exception holds for what its own layer and those above it say, never for a child's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

BASE = """\
targets: [go]
toolchains: {current: "1.27.1", next: "1.27.2"}
modules: [{name: ledger, path: ledger, toolchain: next, go: "1.27.0"}]
go:
  toolchain: current
  platforms: [linux/amd64]
  env: {GOTOOLCHAIN: local}
  exceptions: [{rule: GG004, reason: "the ledger proves the next release first"}]
"""
OWN = '  exceptions: [{rule: GG004, reason: "it builds the ledger alone"}]\n'


@pytest.mark.parametrize(
    ("child", "code"),
    [
        ("extends: [base]\n", 0),
        ("extends: [base]\ngo:\n  toolchain: next\n", 2),
        (f"extends: [base]\ngo:\n  toolchain: next\n{OWN}", 0),
    ],
)
def test_a_child_gives_a_reason_of_its_own(
    project: Callable[[Mapping[str, str | bytes]], Project], child: str, code: int
) -> None:
    made = project({"profiles/base/p.yaml": BASE, "profiles/child/p.yaml": child})
    assert made.run("lock").code == 0
    outcome = made.run("render", "child")
    assert outcome.code == code, outcome.text
    assert ("error[GG004] profiles/child/p.yaml:3:14" in outcome.err) is (code == 2)
