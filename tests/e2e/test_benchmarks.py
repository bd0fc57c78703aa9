"""What measures the product from outside finds in it what it wraps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

PROFILE = """\
targets: [go]
toolchains: {current: "1.27.1"}
go: {platforms: [linux/amd64], env: {GOPROXY: "off", GOTOOLCHAIN: local}}
"""


def measured(workspace: Project, *words: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/stages.py", *words, workspace.root, "base"],
        env={"PATH": os.defpath, "HOME": str(workspace.root.parent), "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_every_stage_of_a_run_is_timed(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    made = project({"gogen.toml": "", "profiles/base/profile.yaml": PROFILE})
    found = measured(made)
    assert found.keys() == {"total", "render", "read back", "audit", "write"}
    assert min(found.values()) > 0
    assert "out/base/go/go.env" in made.tree()


def test_templates_and_compilation_are_timed_with_and_without_tracing(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    found = measured(project({"gogen.toml": "", "profiles/base/profile.yaml": PROFILE}), "--trace")
    assert found.keys() == {
        f"{what}, tracing {way}" for what in ("templates", "compilation") for way in ("off", "on")
    }
    assert min(found.values()) > 0
