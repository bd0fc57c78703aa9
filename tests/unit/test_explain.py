"""Where a value comes from and what it reaches, as `gogen explain` tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

TARGET = """\
files:
  - {template: note.txt.j2, path: note/note.txt}
"""

BASE = """\
targets: [note]
toolchains: {current: "1.27.1"}
go:
  platforms: [linux/amd64]
  reproducible: true
  flags: [-trimpath]
  env: {GOPATH: ~/go, GOPROXY: "https://proxy.example.com"}
"""


@pytest.fixture
def noted(project: Callable[[Mapping[str, str | bytes]], Project]) -> Project:
    return project(
        {
            "profiles/base/profile.yaml": BASE,
            "profiles/child/profile.yaml": "extends: [base]\ngo: {env: {GOPROXY: null}}\n",
            "templates/note/target.yaml": f"description: a note\n{TARGET}",
            "templates/note/note.txt.j2": "<{ go.flags | join(' ') }>\n",
        }
    )


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("go.env.GOPROXY", "go.env.GOPROXY = https://proxy.example.com\n"),
        ("go.env.GOPATH", "go.env.GOPATH = ~/go\n"),
        ("go.reproducible", "go.reproducible = true\n"),
        ("go.flags", 'go.flags = ["-trimpath"]\n'),
        ("go.env", "go.env = a map of 2 keys\n"),
    ],
)
def test_a_value_is_shown_as_its_profile_writes_it(noted: Project, key: str, told: str) -> None:
    outcome = noted.run("explain", key, "--profile", "base")
    assert outcome.code == 0, outcome.text
    assert told in outcome.out


def test_a_removed_key_is_told_with_what_it_hid(noted: Project) -> None:
    outcome = noted.run("explain", "go.env.GOPROXY", "--profile", "child")
    assert outcome.out == (
        "child: go.env.GOPROXY is removed\n"
        "  removed  profiles/child/profile.yaml:2:21\n"
        "  hid      profiles/base/profile.yaml:7:32\n"
        "  read by  no output\n"
    )


def test_the_outputs_and_template_lines_that_read_a_key_are_named(noted: Project) -> None:
    outcome = noted.run("explain", "go.flags", "--profile", "base")
    assert "read by  out/base/note/note.txt (templates/note/note.txt.j2:1)" in outcome.out


def test_template_lines_are_told_in_short(noted: Project) -> None:
    reads = "<{ go.flags[0] }>\n"
    noted.write({"templates/note/note.txt.j2": f"{reads}{reads}{reads}-\n{reads}-\n{reads}{reads}"})
    outcome = noted.run("explain", "go.flags", "--profile", "base")
    assert "read by  out/base/note/note.txt (templates/note/note.txt.j2:1-3,5,7-8)" in outcome.out


def test_a_line_is_led_back_to_template_and_profile(noted: Project) -> None:
    assert noted.run("render").code == 0
    outcome = noted.run("explain", "out/base/note/note.txt:1")
    assert outcome.out == (
        "out/base/note/note.txt:1\n"
        "  -trimpath\n"
        "  written by  templates/note/note.txt.j2:1\n"
        "  from        profiles/base/profile.yaml:6:10  go.flags\n"
    )


def test_a_line_that_is_not_there_is_refused(noted: Project) -> None:
    assert noted.run("render").code == 0
    outcome = noted.run("explain", "out/base/note/note.txt:2")
    assert outcome.code == 2
    assert "has no line 2" in outcome.err


def test_what_a_shared_file_reads_is_read_by_the_one_that_is_written(noted: Project) -> None:
    manifest = TARGET.replace("}", ", shared: true}")
    noted.write({"templates/note/target.yaml": f"description: a note\n{manifest}"})
    outcome = noted.run("explain", "go.flags", "--profile", "child")
    assert "read by  out/base/note/note.txt (templates/note/note.txt.j2:1)" in outcome.out
    assert noted.run("explain", "out/base/note/note.txt:1").code == 0
    assert noted.run("explain", "out/child/note/note.txt:1").code == 2
