"""The README is true: its workspace renders as it says, its commands and pages exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Project

README = (ROOT / "README.md").read_text()
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def test_the_first_workspace_renders_as_it_says(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    block = README.split("## A first workspace")[1].split("```")[1]
    profile, rest = block.split("profile.yaml\n", 1)[1].split("$ gogen lock\n")
    locked, rendered = rest.split("$ gogen render\n")
    workspace = project({"profiles/base/profile.yaml": profile, "gogen.lock": ""})
    (workspace.root / "gogen.lock").unlink()
    assert workspace.run("lock").text == locked
    assert workspace.run("render").text == rendered
    assert workspace.run("check").code == 0


def test_every_command_of_the_program_is_in_the_readme() -> None:
    from generator.cli.app import COMMANDS  # noqa: PLC0415  (the command line is late everywhere)

    listed = set(re.findall(r"`gogen ([a-z]+)", README.split("## Commands")[1]))
    assert listed == set(COMMANDS)


def test_the_two_commands_stand_near_the_top() -> None:
    top = "\n".join(README.splitlines()[:20])
    assert "make render PROFILE=dev-laptop" in top
    assert "make test" in top


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / link).exists(), f"{page}: {link}"


def test_every_target_is_in_the_table_of_surfaces() -> None:
    table = README.split("## Surfaces")[1].split("\n## ")[0]
    listed = re.findall(r"^\| [^|]+ \| `([a-z-]+)`: [^|]+ \| [^|]+ \|$", table, re.MULTILINE)
    targets = [manifest.parent.name for manifest in ROOT.glob("templates/*/target.yaml")]
    assert sorted(listed) == sorted(targets)
