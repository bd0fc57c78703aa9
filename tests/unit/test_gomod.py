"""go.mod and go.work: their two lines are held against the profile, and nothing else is touched."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.gomod import lines
from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Project

PROFILE = """\
targets: [go]
toolchains: {current: "1.27.1"}
go: {platforms: [linux/amd64], env: {GOTOOLCHAIN: local}}
modules:
  - {name: app, path: app%s}
"""
RIGHT = "module example.org/app\n\ngo 1.27.0\n\ntoolchain go1.27.1\n"
# All that surrounds the two lines and must stay: comments, blocks, odd blanks, lines like ours.
BUSY = """\
// Package app.   \n\
module  example.org/app // not go 1.2

require (
\texample.org/b v1.2.3 // indirect
\t// go 1.3
\tgo.example.org/c v0.0.0-20200101000000-000000000000
)

  go\t1.26   // the language, not the build

exclude example.org/b v1.2.2
toolchain go1.26.4// why
replace example.org/b => ./b
tool (
    example.org/b/cmd
)"""


@pytest.fixture
def app(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> Callable[..., Project]:
    def make(text: str | bytes, more: str = "", name: str = "app/go.mod") -> Project:
        return project({"profiles/base/profile.yaml": PROFILE % more, name: text})

    return make


def _go(path: Path) -> dict[str, Any]:
    """Read a file as go itself does."""
    kind = "work" if path.name == "go.work" else "mod"
    done = subprocess.run(
        [require("go"), kind, "edit", "-json", path],
        env={"HOME": "/nonexistent", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"},
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_right_lines_are_right(app: Callable[..., Project]) -> None:
    outcome = app(RIGHT, ', go: "1.27.0"').run("modules")
    assert (outcome.code, outcome.out, outcome.err) == (0, "right    app/go.mod\n", "")


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        ("module a\n\ngo 1.28.0\n", "", "error[GG066] app/go.mod:3:4"),
        ("module a\n\ngo 1.27\n", "", "error[GG067] app/go.mod:3:4"),
        ("module a\n", "", "error[GG067] app/go.mod:1:1"),
        ("module a\n\ngo 1.27rc1\n", "", "error[GG067] app/go.mod:3:4"),
        ("module a\ngo 1.27.0\ntoolchain go1.27.0\n", "", "error[GG068] app/go.mod:3:11"),
        ("module a\ngo 1.27.0\ntoolchain default\n", "", "error[GG068] app/go.mod:3:11"),
        ("module a\ngo 1.27.0\ntoolchain go1.27\n", "", "error[GG068] app/go.mod:3:11"),
        (RIGHT, ', go: "1.26.0"', "error[GG069] app/go.mod:3:4"),
    ],
)
@pytest.mark.parametrize("command", ["modules", "lint"])
def test_a_wrong_line_is_told_where_it_stands(
    app: Callable[..., Project], command: str, text: str, more: str, told: str
) -> None:
    outcome = app(text, more).run(command)
    assert outcome.code == 2
    assert told in outcome.err


def test_a_toolchain_line_that_lacks_is_a_warning(app: Callable[..., Project]) -> None:
    outcome = app("module a\n\ngo 1.27.0\n").run("modules")
    assert outcome.code == 0
    assert "warning[GG068] app/go.mod:3:4" in outcome.err
    # go mod tidy drops the line where the go line says the release already.
    assert not app("module a\n\ngo 1.27.1\n").run("modules").err


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_only_the_two_lines_are_edited(app: Callable[..., Project], eol: str, last: str) -> None:
    text = (BUSY + last).replace("\n", eol)
    made = app(text.encode(), ', go: "1.26.2"')
    before = _go(made.root / "app/go.mod")
    outcome = made.run("modules", "--write")
    assert (outcome.code, outcome.out) == (0, "edited   app/go.mod\n"), outcome.text
    due = text.replace("go\t1.26 ", "go\t1.26.2 ").replace("go1.26.4//", "go1.27.1//")
    assert outcome.tree["app/go.mod"] == due.encode()
    after = _go(made.root / "app/go.mod")
    assert (after.pop("Go"), after.pop("Toolchain")) == ("1.26.2", "go1.27.1")
    assert after == {k: v for k, v in before.items() if k not in ("Go", "Toolchain")}
    again = made.run("modules", "--write")
    assert again.out == "right    app/go.mod\n"


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "more", "due"),
    [
        (
            "// c\nmodule a // b\n\nrequire b.c/d v1.0.0\n",
            ', go: "1.26.0"',
            "// c\nmodule a // b\n\ngo 1.26.0\n\ntoolchain go1.27.1\n\nrequire b.c/d v1.0.0\n",
        ),
        ("// c\nmodule a", "", "// c\nmodule a\n\ngo 1.27.1\n"),
        ("module a\ngo 1.20", "", "module a\ngo 1.20\n\ntoolchain go1.27.1\n"),
        ("module a\ngo 1.22\n", "", "module a\ngo 1.22.0\n\ntoolchain go1.27.1\n"),
        ("module (\n\ta\n)\n", "", "module (\n\ta\n)\n\ngo 1.27.1\n"),
    ],
)
def test_a_line_that_lacks_is_added_as_go_would(
    app: Callable[..., Project], eol: str, text: str, more: str, due: str
) -> None:
    made = app(text.replace("\n", eol).encode(), more)
    outcome = made.run("modules", "--write")
    assert outcome.code == 0, outcome.text
    assert outcome.tree["app/go.mod"] == due.replace("\n", eol).encode()
    assert _go(made.root / "app/go.mod")["Go"] in due


def test_a_workspace_file_is_one_too(app: Callable[..., Project]) -> None:
    text = "// all of them\ngo 1.26\n\nuse (\n\t./a // indirect\n)\n"
    made = app(text, name="app/go.work")
    outcome = made.run("modules", "--write")
    assert outcome.code == 0, outcome.text
    due = text.replace("go 1.26\n", "go 1.26.0\n\ntoolchain go1.27.1\n")
    assert outcome.tree["app/go.work"] == due.encode()
    found = _go(made.root / "app/go.work")
    assert (found["Go"], found["Toolchain"]) == ("1.26.0", "go1.27.1")


def test_a_go_line_that_is_too_new_is_not_lowered_unasked(app: Callable[..., Project]) -> None:
    text = "module a\n\ngo 1.28.0\n"
    outcome = app(text).run("modules", "--write")
    assert outcome.code == 2
    assert outcome.tree["app/go.mod"] == text.encode()


def test_without_write_nothing_is_written(app: Callable[..., Project]) -> None:
    outcome = app("module a\ngo 1.22\n").run("modules")
    assert outcome.tree["app/go.mod"] == b"module a\ngo 1.22\n"


@pytest.mark.parametrize("verb", [["modules"], ["modules", "--write"]])
def test_a_link_out_of_the_workspace_is_not_followed(
    app: Callable[..., Project], tmp_path: Path, verb: list[str]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "go.mod").write_text("module a\ngo 1.22\n", encoding="utf-8")
    made = app("", name="app/other")
    (made.root / "app/go.mod").symlink_to(outside / "go.mod")
    outcome = made.run(*verb)
    assert outcome.code == 2
    assert "error[GG172] app/go.mod" in outcome.err
    (made.root / "app/go.mod").unlink()
    (made.root / "app/other").unlink()
    (made.root / "app").rmdir()
    (made.root / "app").symlink_to(outside)
    outcome = made.run(*verb)
    assert outcome.code == 2
    assert "error[GG441] app" in outcome.err
    assert (outside / "go.mod").read_text(encoding="utf-8") == "module a\ngo 1.22\n"


def test_a_read_only_file_stays(app: Callable[..., Project]) -> None:
    made = app("module a\ngo 1.22\n")
    (made.root / "app/go.mod").chmod(0o444)
    outcome = made.run("modules", "--write")
    assert outcome.code == 2
    assert "error[GG172] app/go.mod\n     = app/go.mod is read-only" in outcome.err
    assert outcome.tree["app/go.mod"] == b"module a\ngo 1.22\n"
    assert (made.root / "app/go.mod").stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(
    ("name", "text"), [("app/go.mod", b"module a\xff\n"), ("elsewhere/go.mod", b"module a\n")]
)
def test_what_cannot_be_read_is_told(app: Callable[..., Project], name: str, text: bytes) -> None:
    outcome = app(text, name=name).run("modules")
    assert outcome.code == 2
    assert "error[GG172] app" in outcome.err


def test_in_a_migration_the_oldest_release_is_due(app: Callable[..., Project]) -> None:
    made = app("module a\n\ngo 1.26.0\n")
    made.write(
        {
            "profiles/next/profile.yaml": "extends: [base]\ngo: {toolchain: next}\n"
            'toolchains: {next: "1.27.2"}\n'
        }
    )
    assert made.run("lock").code == 0
    for names, release in (([], "1.27.1"), (["next"], "1.27.2")):
        outcome = made.run("modules", *names, "--write")
        due = f"module a\n\ngo 1.26.0\n\ntoolchain go{release}\n"
        assert outcome.tree["app/go.mod"] == due.encode()


def test_profiles_that_disagree_leave_the_file(app: Callable[..., Project]) -> None:
    text = "module a\n\ngo 1.25.0\n"
    made = app(text, ', go: "1.26.0"')
    other = 'extends: [base]\nmodules: [{name: app, go: "1.26.1"}]\n'
    made.write({"profiles/other/profile.yaml": other})
    outcome = made.run("modules", "--write")
    assert "warning[GG072] app\n     = profiles want different go lines of app" in outcome.err
    assert outcome.tree["app/go.mod"] == text.encode()
    named = made.run("modules", "other", "--write")
    assert b"go 1.26.1\n" in named.tree["app/go.mod"]


_RELEASES = st.sampled_from(["1.21.0", "1.26.3", "1.27.1"])
_NOISE = st.lists(
    st.sampled_from(
        ["", "// go 1.1", "require a.b/c v1.0.0 // indirect", "require (\n\tgo.x/y v1.0.0\n)", " "]
    ),
    max_size=4,
)


@given(
    noise=st.tuples(_NOISE, _NOISE, _NOISE),
    has=st.tuples(st.booleans(), st.booleans()),
    eol=st.sampled_from(["\n", "\r\n"]),
    wanted=st.tuples(_RELEASES, _RELEASES),
)
def test_an_edit_is_read_back_and_keeps_every_other_line(
    noise: tuple[list[str], ...], has: tuple[bool, bool], eol: str, wanted: tuple[str, str]
) -> None:
    before, between, after = noise
    ours = ["go 1.20"] * has[0], ["toolchain go1.20.1 // x"] * has[1]
    parts = [*before, "module a", *between, *ours[0], *after, *ours[1]]
    text = "\n".join([*parts, ""]).replace("\n", eol)
    edited = lines.edit(text, wanted[0], f"go{wanted[1]}")
    found = lines.find(edited)
    assert found.go
    assert found.toolchain
    assert (found.go.value, found.toolchain.value) == (wanted[0], f"go{wanted[1]}")
    assert lines.edit(edited, wanted[0], f"go{wanted[1]}") == edited
    kept = [line for line in edited.split(eol) if not line.startswith(("go ", "toolchain "))]
    old = [line for line in text.split(eol) if not line.startswith(("go ", "toolchain "))]
    assert [line for line in kept if line] == [line for line in old if line]
