"""Every way a file on disk can differ is told apart, with the command that mends it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from generator.disk.drift import drift, unified
from generator.disk.sums import digest
from generator.model import Change, ChangeKind
from generator.problems import Exit
from tests.disk import changes, kinds, put, render
from tests.disk import profile as given

if TYPE_CHECKING:
    from pathlib import Path

    from tests.disk import Spec

WORKFLOW = ".github/workflows/go.yml"
FILES: dict[str, Spec] = {"a": "a\n", "d/b": "b\n", "w.yml": (b"on: push\n", False, WORKFLOW)}
OWN = "out/p/SHA256SUMS"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a workspace in which FILES were rendered."""
    render(tmp_path, given(FILES))
    return tmp_path


def test_a_rendered_tree_is_clean(root: Path) -> None:
    assert kinds(root, given(FILES)) == []


def test_an_empty_disk_lacks_everything(tmp_path: Path) -> None:
    assert kinds(tmp_path, given(FILES)) == [
        ("missing", WORKFLOW),
        ("sums", OWN),
        ("missing", "out/p/a"),
        ("missing", "out/p/d/b"),
        ("missing", "out/p/w.yml"),
    ]


def test_missing(root: Path) -> None:
    (root / "out/p/a").unlink()
    assert kinds(root, given(FILES)) == [("missing", "out/p/a")]


def test_stale(root: Path) -> None:
    assert kinds(root, given({**FILES, "a": "new\n"})) == [("sums", OWN), ("stale", "out/p/a")]


def test_edited(root: Path) -> None:
    put(root, "out/p/a")
    put(root, WORKFLOW)
    assert kinds(root, given(FILES)) == [("edited", WORKFLOW), ("edited", "out/p/a")]


def test_edited_to_what_will_be_rendered_is_clean_but_for_the_sums(root: Path) -> None:
    put(root, "out/p/a", "new\n")
    assert kinds(root, given({**FILES, "a": "new\n"})) == [("sums", OWN)]


def test_a_forged_file_with_its_forged_sum_is_found(root: Path) -> None:
    put(root, "out/p/a", "forged\n")
    sums = (root / OWN).read_text().replace(digest(b"a\n"), digest(b"forged\n"))
    put(root, OWN, sums)
    assert kinds(root, given(FILES)) == [("sums", OWN), ("stale", "out/p/a")]


def test_foreign(root: Path) -> None:
    put(root, "out/p/n")
    put(root, "services/x/.go-version")
    more = {**FILES, "n": "n\n", "v": (b"1.27.1\n", False, "services/x/.go-version")}
    assert kinds(root, given(more)) == [
        ("sums", OWN),
        ("foreign", "out/p/n"),
        ("missing", "out/p/v"),
        ("foreign", "services/x/.go-version"),
    ]


def test_orphan(root: Path) -> None:
    assert kinds(root, given({"a": "a\n"})) == [
        ("orphan", WORKFLOW),
        ("sums", OWN),
        ("orphan", "out/p/d/b"),
        ("orphan", "out/p/w.yml"),
    ]


def test_an_orphan_edited_by_hand_is_not_one(root: Path) -> None:
    put(root, "out/p/d/b")
    rest = {path: FILES[path] for path in ("a", "w.yml")}
    assert kinds(root, given(rest)) == [("sums", OWN), ("edited", "out/p/d/b")]


def test_extra(root: Path) -> None:
    put(root, "out/p/d/note")
    put(root, "out/p/deep/er/note")
    (root / "out/p/link").symlink_to("/etc/passwd")
    os.mkfifo(root / "out/p/pipe")
    put(root, ".github/workflows/other.yml")
    assert kinds(root, given(FILES)) == [
        ("extra", "out/p/d/note"),
        ("extra", "out/p/deep/er/note"),
        ("extra", "out/p/link"),
        ("extra", "out/p/pipe"),
    ]


def test_only_the_executable_bit_of_the_mode_counts(root: Path) -> None:
    (root / "out/p/d/b").chmod(0o600)
    assert kinds(root, given(FILES)) == []
    (root / "out/p/a").chmod(0o744)
    (change,) = changes(root, given(FILES))
    assert (change.kind, change.path, change.executable) == (ChangeKind.MODE, "out/p/a", False)


@pytest.mark.parametrize("text", ["", "rubbish\n", "<<<<<<< HEAD\n=======\n>>>>>>> x\n"])
def test_wrong_sums_are_drift_and_nothing_else_is(root: Path, text: str) -> None:
    put(root, OWN, text)
    assert kinds(root, given(FILES)) == [("sums", OWN)]
    (root / OWN).unlink()
    assert kinds(root, given(FILES)) == [("sums", OWN)]


def test_a_record_of_someone_elses_file_makes_it_no_orphan(root: Path) -> None:
    """A forged line must not make the next render remove a file outside the allowed places."""
    put(root, "src/main.go", "package main\n")
    put(root, OWN, (root / OWN).read_text() + f"{digest(b'package main')}  ../../src/main.go\n")
    put(root, "out/q/x", "x")
    put(root, OWN, (root / OWN).read_text() + f"{digest(b'x')}  ../../out/q/x\n")
    put(root, OWN, (root / OWN).read_text() + f"{digest(b'package main')}  ../../src/main.go\n")
    assert ("orphan", "src/main.go") not in kinds(root, given(FILES))
    assert ("orphan", "out/q/x") not in kinds(root, given(FILES))
    put(
        root,
        OWN,
        (root / OWN).read_text().replace(digest(b"package main"), digest(b"package main\n")),
    )
    assert kinds(root, given(FILES)) == [("sums", OWN), ("extra", "src/main.go")]


def test_a_place_that_moves_to_another_profile_is_nobodys_orphan(root: Path) -> None:
    other = given({"w.yml": (b"on: pull_request\n", False, WORKFLOW)}, "q")
    assert ("stale", WORKFLOW) in kinds(root, other)
    render(root, other)
    without = given({"a": "a\n", "d/b": "b\n"})
    assert kinds(root, without) == [("sums", OWN), ("orphan", "out/p/w.yml")]


def test_a_folder_of_gogens_files_gives_way_to_a_file(root: Path) -> None:
    files = {"a": "a\n", "d": "now a file\n", "w.yml": FILES["w.yml"]}
    assert kinds(root, given(files)) == [
        ("sums", OWN),
        ("missing", "out/p/d"),
        ("orphan", "out/p/d/b"),
    ]
    put(root, "out/p/d/note")
    found = changes(root, given(files))
    assert [(c.kind, c.path, c.obstacle) for c in found if c.kind is ChangeKind.FOREIGN] == [
        (ChangeKind.FOREIGN, "out/p/d", "a folder")
    ]


def test_a_users_file_where_a_folder_is_due_is_foreign(root: Path) -> None:
    put(root, "out/p/n")
    put(root, "services", "a file\n")
    more = {**FILES, "n/m": "m\n", "v": (b"1.27.1\n", False, "services/x/.go-version")}
    assert kinds(root, given(more)) == [
        ("sums", OWN),
        ("foreign", "out/p/n"),
        ("missing", "out/p/n/m"),
        ("missing", "out/p/v"),
        ("foreign", "services"),
        ("missing", "services/x/.go-version"),
    ]


def _change(kind: str, old: bytes | None, new: bytes | None, path: str = "out/p/f") -> Change:
    return Change(ChangeKind(kind), path, "p", old, new)


def test_what_a_gone_profile_left_goes_with_a_render_of_all() -> None:
    (problem,) = drift([Change(ChangeKind.ORPHAN, "out/p/f", "", b"x", None)])
    assert problem.hint == "run gogen render, which removes it"


@pytest.mark.parametrize(
    ("change", "code", "message", "hint"),
    [
        (_change("missing", None, b"x"), "GG400", "not on disk", "gogen render --profile p"),
        (_change("stale", b"x", b"y"), "GG401", "out of date", "gogen render --profile p"),
        (_change("edited", b"x", b"y"), "GG402", "edited by hand", "gogen adopt out/p/f"),
        (_change("edited", b"x", b"y"), "GG402", "edited by hand", "--profile p --force"),
        (_change("edited", b"x", None), "GG402", "no longer rendered", "--force"),
        (_change("edited", b"x\r\n", b"x\n"), "GG402", "CRLF", "out/** -text"),
        (_change("edited", b"<<<<<<< HEAD\nx", b"x"), "GG402", "conflict markers", "--force"),
        (_change("foreign", b"x", b"y"), "GG403", "did not write", "gogen adopt out/p/f"),
        (_change("foreign", None, None), "GG403", "make a folder", "move it away"),
        (_change("orphan", b"x", None), "GG404", "no longer rendered", "gogen render --profile p"),
        (_change("extra", None, None), "GG405", "neither", "remove it"),
        (_change("mode", b"x", b"x"), "GG406", "not be executable", "gogen render --profile p"),
        (_change("sums", None, b"x"), "GG407", "missing", "gogen render --profile p"),
        (_change("sums", b"x", None), "GG407", "renders nothing", "gogen render --profile p"),
        (_change("sums", b"<<<<<<< a\n", b"x"), "GG407", "conflict markers", "gogen render"),
        (_change("sums", b"\nrubbish\n", b"x"), "GG407", "line 2 is not", "gogen render"),
        (_change("sums", b"", b"x"), "GG407", "does not list", "gogen render"),
        (_change("unfinished", b"x", None), "GG408", "stopped", "gogen render --profile p"),
    ],
)
def test_every_kind_has_a_code_a_message_and_a_way_out(
    change: Change, code: str, message: str, hint: str
) -> None:
    (problem,) = drift([change])
    assert (problem.code, problem.exit) == (code, Exit.DRIFT)
    assert message in problem.message
    assert hint in problem.hint
    assert problem.place
    assert problem.place.file == "out/p/f"


def test_the_place_is_the_first_line_that_differs() -> None:
    (problem,) = drift([_change("stale", b"1\n2\n3\n", b"1\n2\nthree\n")])
    assert str(problem.place) == "out/p/f:3"


def test_a_hostile_name_reaches_no_terminal() -> None:
    (problem,) = drift([_change("extra", None, None, "out/p/\x1b[2J\udcff")])
    assert str(problem.place) == "out/p/\\x1b[2J\\xff"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            _change("stale", b"a\nb\n", b"a\nc\n"),
            "--- a/out/p/f\n+++ b/out/p/f\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
        ),
        (_change("missing", None, b"a\n"), "--- /dev/null\n+++ b/out/p/f\n@@ -0,0 +1 @@\n+a\n"),
        (_change("orphan", b"a\n", None), "--- a/out/p/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"),
        (
            _change("stale", b"a", b"a\n"),
            "--- a/out/p/f\n+++ b/out/p/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
        ),
        (
            _change("edited", b"a\r\n", b"a\n"),
            "--- a/out/p/f\n+++ b/out/p/f\n@@ -1 +1 @@\n-a^M\n+a\n",
        ),
        (
            _change("edited", "\x1b[1m\u202e\x85\u2028\xa0\n".encode(), b""),
            "--- a/out/p/f\n+++ b/out/p/f\n@@ -1 +0,0 @@\n-^[[1m<U+202E><U+0085><U+2028><U+00A0>\n",
        ),
        (_change("stale", b"\xff", b"a"), "Binary files a/out/p/f and b/out/p/f differ\n"),
        (_change("stale", b"a\0", b"a"), "Binary files a/out/p/f and b/out/p/f differ\n"),
        (_change("missing", None, b""), "--- /dev/null\n+++ b/out/p/f\n"),
        (
            _change("mode", b"", b""),
            "--- a/out/p/f\n+++ b/out/p/f\nold mode 100755\nnew mode 100644\n",
        ),
        (_change("extra", None, None), ""),
        (_change("unfinished", b"a", None), ""),
    ],
)
def test_the_diff(change: Change, text: str) -> None:
    assert unified(change) == text
