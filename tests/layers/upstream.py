"""A repository of layers to follow, and a workspace that follows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.conftest import Outcome, Project
    from tests.servers.repository import Repository

BASE = """\
targets: [app]
toolchains: {current: "1.27.1"}
go: {toolchain: current, platforms: [linux/amd64]}
"""
APP = {
    "templates/app/target.yaml": "description: one file\nfiles:\n"
    "  - template: app.yaml.j2\n    path: app/app.yaml\n",
    "templates/app/app.yaml.j2": "# <{ header }>\nversion: <{ toolchain.version }>\n"
    "platforms: <{ go.platforms | join("
    ") }>\n",
}
"""A target of the follower's own: targets are not shared."""


def address(origin: Repository | str, name: str = "base", ref: str = "v1.0.0") -> str:
    """Give the address of a layer in a repository."""
    url = origin if isinstance(origin, str) else origin.url
    return f"git+{url}//profiles/{name}" + (f"?ref={ref}" if ref else "")


def extends(*names: str) -> dict[str, str]:
    """Give the one profile of a follower."""
    return {"profiles/mine/profile.yaml": f"extends: {json.dumps(names)}\n"}


def refused(workspace: Project, code: str, *argv: str) -> Outcome:
    """Run a command that must end with a problem of this code, and change no byte."""
    before = workspace.tree()
    outcome = workspace.run(*argv)
    assert f"[{code}]" in outcome.text, outcome.text
    assert outcome.code != 0
    assert outcome.tree == before
    return outcome


def offline(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take git away: what runs now runs without it, or fails."""
    monkeypatch.setenv("PATH", str(folder))


def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put git where `gogen lock` looks for it."""
    require("git")
    monkeypatch.setenv("PATH", SEARCH)
