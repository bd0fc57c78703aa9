"""`gogen bump`: everything moves together, or no byte does; killed, two at once, and back again."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest

from generator.disk.transaction import DECIDED, STAGED
from tests.conftest import Project, read_tree
from tests.e2e.command import TEMPLATES, finish, start
from tests.killing import killed
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Make = Callable[[Mapping[str, str | bytes]], Project]

BASE, LEAF = "profiles/base/profile.yaml", "profiles/child/profile.yaml"
TEXT = """\
# current: "1.27.1", says this comment
toolchains: {next: "1.27.2", current: "1.27.1"}  # moved by gogen bump
go: {platforms: [linux/amd64, linux/arm64]}
targets: [notes]
notes: {text: "go <{ toolchains.current }>, once 1.27.1", list: [{name: one}, {name: two}]}
"""
CHILD = """\
extends: base
toolchains:
  current: '1.27.1'
notes: {list: [{name: one}]}
"""
FILES = {**TEMPLATES, BASE: TEXT, LEAF: CHILD}
OUTSIDE = "/proc/nothing/message"


@pytest.fixture
def one(project: Make) -> Project:
    """Give a workspace on 1.27.1, locked and rendered."""
    made = project(FILES)
    assert made.run("lock").code == 0
    assert made.run("render").code == 0
    return made


def test_profiles_lock_and_outputs_move_together(one: Project) -> None:
    outcome = one.run("bump", "go", "1.27.2")
    assert outcome.code == 0, outcome.text
    assert outcome.tree[BASE].decode() == TEXT.replace('current: "1.27.1"}', 'current: "1.27.2"}')
    assert outcome.tree[LEAF].decode() == CHILD.replace("1.27.1", "1.27.2")
    assert outcome.tree["out/child/notes/one.txt"].endswith(b"one: go 1.27.2, once 1.27.1\n")
    assert list(json.loads(outcome.tree["gogen.lock"])["go"]) == ["1.27.2"]
    assert one.run("check").code == 0
    assert one.run("lock", "--check").code == 0
    assert (
        outcome.out
        == """\
Bump Go 1.27.1 to 1.27.2

profiles/base/profile.yaml:2 toolchains.current: 1.27.1 -> 1.27.2
profiles/child/profile.yaml:3 toolchains.current: 1.27.1 -> 1.27.2

Pins:
- go 1.27.1
  -> 1.27.2 (embedded-index)

7 outputs rendered anew: base 4, child 3

- toolchains.next and toolchains.current are both 1.27.2 now: where that ends a migration, remove \
the one, and the exceptions to GG004 that it needed
"""
    )
    assert one.run("bump", "go", "1.27.2").out == "nothing to move\n"


def test_there_and_back_is_the_same_tree(one: Project) -> None:
    before = one.tree()
    assert one.run("bump", "go").code == 0  # the newest patch of the line
    assert one.tree() != before
    assert one.run("bump", "go", "1.27.1").code == 2
    assert one.run("bump", "go", "1.27.1", "--allow-downgrade").code == 0
    assert one.tree() == before


def test_a_plan_changes_nothing(one: Project) -> None:
    before = one.tree()
    outcome = one.run("bump", "go", "1.27.2", "--dry-run")
    assert outcome.code == 0
    assert '+toolchains: {next: "1.27.2", current: "1.27.2"}  # moved' in outcome.out
    assert outcome.tree == before


def test_one_name_of_toolchains_moves(one: Project) -> None:
    assert one.run("bump", "go", "1.27.0", "--toolchain", "next", "--allow-downgrade").code == 0
    tree = one.tree()
    assert b'{next: "1.27.0", current: "1.27.1"}' in tree[BASE]
    assert tree["profiles/child/profile.yaml"].decode() == CHILD


def test_for_programs(one: Project, tmp_path: Path) -> None:
    file = tmp_path / "message"
    outcome = one.run("bump", "go", "1.27.2", "--format", "json", "--message", str(file))
    found = json.loads(outcome.out)
    assert file.read_text() == found["message"]
    assert len(found["message"].splitlines()[0]) <= 72
    assert found["moves"] == [
        {
            "file": BASE, "line": 2, "column": 39, "key": "toolchains.current",
            "old": "1.27.1", "new": "1.27.2",
        },
        {
            "file": "profiles/child/profile.yaml", "line": 3, "column": 12,
            "key": "toolchains.current", "old": "1.27.1", "new": "1.27.2",
        },
    ]  # fmt: skip
    assert found["pins"] == [
        {"kind": "go", "old": "1.27.1", "new": "1.27.2", "proofs": ["embedded-index"]}
    ]
    assert [(o["profile"], len(o["changed"]), o["removed"]) for o in found["outputs"]] == [
        ("base", 4, []),
        ("child", 3, []),
    ]
    assert found["written"] is True
    assert {"gogen.lock", BASE} < {*found["files"]}
    again = json.loads(one.run("bump", "go", "--format", "json", "--message", str(file)).out)
    assert (again["written"], again["message"], file.read_text()) == (False, "", "")


REFUSED: Mapping[str, tuple[Mapping[str, str], tuple[str, ...], int, str]] = {
    "a platform that is not there": (
        {BASE: TEXT.replace("linux/arm64", "linux/ppc64le")}, ("go", "1.27.2"), 3, "GG590",
    ),
    "a release nobody knows": ({}, ("go", "1.99.0"), 3, "GG310"),
    "a release without checksums": ({}, ("go", "1.27.3"), 3, "GG310"),
    "no release": ({}, ("go", "go1.27.2"), 2, "GG589"),
    "a way back": ({}, ("go", "1.27.0"), 2, "GG587"),
    "no such toolchain": ({}, ("go", "1.27.2", "--toolchain", "later"), 2, "GG585"),
    "from where nothing is": ({}, ("go", "1.27.2", "--from", "1.26.0"), 2, "GG585"),
    "several releases": (
        {"profiles/other/profile.yaml": CHILD.replace("1.27.1", "1.26.6")},
        ("go", "1.25.0", "--allow-downgrade"), 2, "GG586",
    ),
    "an unusual form": (
        {"profiles/child/profile.yaml": CHILD.replace("'1.27.1'", "|-\n    1.27.1")},
        ("go", "1.27.2"), 2, "GG588",
    ),
    "a rule broken by it": (
        {BASE: TEXT + "modules: [{name: m, path: m, go: 1.27.1}]\n"},
        ("go", "1.27.0", "--allow-downgrade"), 2, "GG004",
    ),
    "an edit by hand": ({"out/base/notes/one.txt": "mine\n"}, ("go", "1.27.2"), 1, "GG402"),
    "a killed render": ({"out/base/SHA256SUMS.pending": ""}, ("go", "1.27.2"), 1, "GG408"),
    "a profile that is wrong already": (
        {"profiles/wrong/profile.yaml": "targts: []\n"}, ("go", "1.27.2"), 2, "GG150",
    ),
    "a lock that cannot be read": ({"gogen.lock": "{"}, ("go", "1.27.2"), 3, "GG300"),
    "an image that nothing uses": ({}, ("image", "debian:trixie-slim"), 2, "GG585"),
    "an action that nothing uses": ({}, ("action", "actions/checkout"), 2, "GG585"),
    "a tag of no action": ({}, ("action", "", "v1"), 2, "[VERSION|NAME]"),
    "nowhere to put the message": ({}, ("go", "1.27.2", "--message", OUTSIDE), 74, "GG429"),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_refused_changes_no_byte(one: Project, why: str) -> None:
    files, argv, code, told = REFUSED[why]
    one.write(files)
    if not told.startswith(("GG3", "GG408", "GG402", "GG150")) and files:
        assert one.run("lock").code == 0
        assert one.run("render").code == 0
    before = one.tree()
    outcome = one.run("bump", *argv)
    assert (outcome.code, told in outcome.err) == (code, True), outcome.text
    assert outcome.tree == before


@pytest.mark.parametrize(
    "place", [LEAF, "gogen.lock", "gogen.toml", "out/base/notes/one.txt", DECIDED, "link", "folder"]
)
def test_a_message_goes_to_a_file_of_its_own(one: Project, tmp_path: Path, place: str) -> None:
    (tmp_path / "target").write_text("kept")
    (one.root / "link").symlink_to(tmp_path / "target")
    (one.root / "folder").mkdir()
    before = one.tree()
    outcome = one.run("bump", "go", "1.27.2", "--message", str(one.root / place))
    assert (outcome.code, "error[GG596]" in outcome.err) == (2, True), outcome.text
    assert outcome.tree == before
    assert (tmp_path / "target").read_text() == "kept"


def test_killed_at_any_step_all_or_nothing_is_moved(one: Project, tmp_path: Path) -> None:
    before = one.tree()
    goal = Project(tmp_path / "goal")
    shutil.copytree(one.root, goal.root)
    assert goal.run("bump", "go", "1.27.2").code == 0
    seen = []
    for at in range(1, 400, 6):
        copy = Project(tmp_path / "copy")
        shutil.copytree(one.root, copy.root)
        alive = not killed(partial(copy.run, "bump", "go", "1.27.2"), at)
        assert copy.run("profiles").code == 0  # a command that only reads
        assert not (copy.root / DECIDED).exists()
        found = {path: data for path, data in copy.tree().items() if STAGED not in path}
        assert found in (before, goal.tree())
        seen.append(found == goal.tree())
        shutil.rmtree(copy.root)
        if alive:
            break
    assert seen == sorted(seen)
    assert {*seen} == {False, True}


def test_two_at_once_follow_one_another(one: Project) -> None:
    runs = [
        start(one.root, "bump", "go", version, "--allow-downgrade")
        for version in ("1.27.2", "1.27.0")
    ]
    assert [finish(run)[0] for run in runs] == [0, 0]
    assert one.run("check").code == 0
    assert one.run("lock", "--check").code == 0
    assert len(json.loads(one.tree()["gogen.lock"])["go"]) == 1


def _shipped(tmp_path: Path) -> Project:
    """Give a copy of this repository's own workspace."""
    for name in ("gogen.toml", "gogen.lock"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    for name in ("profiles", "templates", "schemas", "out", ".github", "tests/content/hello"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Project(tmp_path)


def test_the_shipped_profiles_refuse_a_release_without_their_platforms(tmp_path: Path) -> None:
    one = _shipped(tmp_path)
    before = one.tree()
    outcome = one.run("bump", "go", "1.27.2")
    assert outcome.code == 3
    assert "go 1.27.2 has no archive for linux/ppc64le, linux/s390x" in outcome.err
    assert "releases of 1.27 that have them all: 1.27.0, 1.27.1" in outcome.err
    assert read_tree(tmp_path) == before


def test_the_shipped_profiles_move_there_and_back(tmp_path: Path) -> None:
    """Without the two platforms that 1.27.2 lacks."""
    one = _shipped(tmp_path)
    for path in ("profiles/base/go.yaml", "profiles/k8s-node/node.yaml"):
        text = one.tree()[path].decode().replace(", linux/ppc64le, linux/s390x", "")
        for platform in ("ppc64le", "s390x"):
            text = text.replace(f"    - linux/{platform}\n", "")
        one.write({path: text})
    assert one.run("lock").code == 0
    assert one.run("render").code == 0
    before = one.tree()
    outcome = one.run("bump", "go", "1.27.2")
    assert outcome.code == 0, outcome.text
    assert "tests/content/hello/go.mod" in outcome.out
    assert "golang:1.27.2-trixie@sha256:" in outcome.out
    assert one.run("check").code == 0
    assert one.run("bump", "go", "1.27.1", "--allow-downgrade").code == 0
    assert one.tree() == before
    one.run("bump", "image", "golang:1.27.1-trixie", "golang:1.27.1-bookworm")
    assert (
        b'image: "golang:<{ toolchains.current }>-bookworm"'
        in (one.tree()["profiles/build-pod/kubernetes.yaml"])
    )
    assert one.run("check").code == 0
