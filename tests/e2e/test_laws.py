"""What holds whatever happens to a workspace: many at once, killed, forged, moved, renamed."""

from __future__ import annotations

import random
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from generator.disk.sums import digest
from tests.conftest import Project, read_tree
from tests.disk import ordinary_user
from tests.e2e.command import TEMPLATES, finish, gogen, layer, sources, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Make = Callable[[Mapping[str, str | bytes]], Project]

PLACES = 'places = ["placed/*"]\n'
A, B = "profiles/a/profile.yaml", "profiles/b/profile.yaml"
KILLS = 10
WAITING = "gogen: waiting for another run in this workspace to end\n"


def workspace(project: Make, files: Mapping[str, str]) -> Project:
    return project({"gogen.toml": PLACES, **TEMPLATES, **files})


def rendered_anew(one: Project, to: Path) -> dict[str, bytes]:
    """Give the files of a workspace that was rendered once, from its sources as they are now."""
    shutil.rmtree(to, ignore_errors=True)
    fresh = Project(sources(one.root, to))
    outcome = fresh.run("render")
    assert (outcome.code, outcome.err) == (0, "")
    return fresh.tree()


def problems(outcome_text: str) -> list[tuple[str, str]]:
    """Give code and file of each problem that was printed."""
    heads = (line for line in outcome_text.splitlines() if line.startswith("error["))
    return [(head[6:11], head.split()[1].partition(":")[0]) for head in heads]


def test_twenty_renders_at_once_leave_one_right_tree(project: Make, tmp_path: Path) -> None:
    one = workspace(project, {A: layer("a", 40, placed="placed/a"), B: layer("b", 40)})
    running = [start(one.root, "render") for _ in range(20)]
    for process in running:
        code, _, err = finish(process)
        assert (code, err.replace(WAITING, "")) == (0, "")
    assert one.tree() == rendered_anew(one, tmp_path / "fresh")


def test_killed_at_any_instant_then_edited_then_run(project: Make, tmp_path: Path) -> None:
    chance = random.Random(27)  # noqa: S311  (instants, not secrets)
    one = workspace(project, {A: layer("start", 150, placed="placed/a")})
    assert one.run("render").code == 0
    journal = one.root / "out/a/SHA256SUMS.pending"
    midway = 0
    for number in range(KILLS):
        one.write({A: layer(f"killed {number}", 150, placed="placed/a")})
        process = start(one.root, "render")
        while process.poll() is None and not journal.exists():
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        finish(process)
        midway += journal.exists()
        # Each file is whole: of this render, or of the one before.
        for path, content in one.tree().items():
            if path.startswith(("out/a/notes/n", "placed/")):
                assert content.endswith(b"\n"), path
        one.write({A: layer(f"edited {number}", 145 + number, placed=f"placed/a{number % 2}")})
        checked = {code for code, _ in problems(one.run("check", "-q").err)}
        assert not checked & {"GG402", "GG403", "GG405"}
        again = one.run("render")
        assert (again.code, again.err) == (0, "")
        assert one.tree() == rendered_anew(one, tmp_path / "fresh")
    assert midway, "no kill met a render in the midst of its writing"


def _forge(one: Project) -> None:
    """Change a file and make its sum fit, as somebody would who wants it to pass."""
    path, sums = one.root / "out/a/notes/n0.txt", one.root / "out/a/SHA256SUMS"
    old, new = path.read_bytes(), b"forged\n"
    path.write_bytes(new)
    text = sums.read_text(encoding="utf-8")
    sums.write_text(text.replace(digest(old), digest(new), 1), encoding="utf-8")


def _orphan(one: Project) -> None:
    one.write({A: layer("a", 1)})


def _markers(one: Project) -> None:
    path = one.root / "out/a/notes/n1.txt"
    ours = path.read_text(encoding="utf-8")
    path.write_text(f"<<<<<<< HEAD\n{ours}=======\ntheirs\n>>>>>>> x\n", encoding="utf-8")


def _sums_markers(one: Project) -> None:
    path = one.root / "out/a/SHA256SUMS"
    ours = path.read_text(encoding="utf-8")
    path.write_text(f"<<<<<<< HEAD\n{ours}=======\n{ours}>>>>>>> x\n", encoding="utf-8")


DAMAGE: dict[str, tuple[Callable[[Project], object], list[tuple[str, str]]]] = {
    "forged": (_forge, [("GG401", "out/a/notes/n0.txt"), ("GG407", "out/a/SHA256SUMS")]),
    "orphan": (_orphan, [("GG404", "out/a/notes/n1.txt"), ("GG407", "out/a/SHA256SUMS")]),
    "extra": (
        lambda one: one.write({"out/a/notes/mine.txt": "mine\n"}),
        [("GG405", "out/a/notes/mine.txt")],
    ),
    "extra-folder": (
        lambda one: one.write({"out/gone/notes/mine.txt": "mine\n"}),
        [("GG405", "out/gone/notes/mine.txt")],
    ),
    "edited": (
        lambda one: one.write({"out/a/notes/n0.txt": "mine\n"}),
        [("GG402", "out/a/notes/n0.txt")],
    ),
    "placed": (lambda one: one.write({"placed/b": "mine\n"}), [("GG402", "placed/b")]),
    "markers": (_markers, [("GG402", "out/a/notes/n1.txt")]),
    "markers-in-sums": (_sums_markers, [("GG407", "out/a/SHA256SUMS")]),
    "missing": (
        lambda one: (one.root / "out/a/notes/n0.txt").unlink(),
        [("GG400", "out/a/notes/n0.txt")],
    ),
    "no-sums": (
        lambda one: (one.root / "out/a/SHA256SUMS").unlink(),
        [("GG407", "out/a/SHA256SUMS")],
    ),
    "mode": (
        lambda one: (one.root / "out/a/notes/tool").chmod(0o644),
        [("GG406", "out/a/notes/tool")],
    ),
    "crlf": (
        lambda one: one.write(
            {"out/a/notes/n0.txt": one.tree()["out/a/notes/n0.txt"].replace(b"\n", b"\r\n")}
        ),
        [("GG402", "out/a/notes/n0.txt")],
    ),
    "all-gone": (
        lambda one: shutil.rmtree(one.root / "out/b"),
        [
            ("GG400", "out/b/notes/n0.txt"),
            ("GG400", "out/b/notes/tool"),
            ("GG400", "out/b/placed/placed.txt"),
            ("GG407", "out/b/SHA256SUMS"),
        ],
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_check_names_what_is_wrong_and_nothing_else(project: Make, name: str) -> None:
    damage, expected = DAMAGE[name]
    one = workspace(project, {A: layer("a"), B: layer("b", 1, placed="placed/b")})
    assert one.run("render").code == 0
    assert one.run("check").code == 0
    damage(one)
    before = one.tree()
    checked = one.run("check")
    assert checked.code == 1
    assert sorted(problems(checked.err)) == expected
    assert one.tree() == before


def test_check_works_where_nothing_can_be_written(project: Make, open_path: Path) -> None:
    made = workspace(project, {A: layer("a"), B: layer("b", placed="placed/b")})
    assert made.run("render").code == 0
    one = Project(shutil.copytree(made.root, open_path / "workspace"))
    paths = [one.root, *one.root.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    try:
        for path in paths:
            path.chmod(modes[path] & 0o555)
        with ordinary_user(open_path):
            with pytest.raises(PermissionError):
                (one.root / "proof").touch()
            checked = one.run("check")
    finally:
        for path in paths:
            path.chmod(modes[path])
    assert (checked.code, checked.err) == (0, "")
    assert checked.out.startswith("clean: ")


def test_a_deleted_profile_leaves_nothing(project: Make, tmp_path: Path) -> None:
    one = workspace(project, {A: layer("a"), B: layer("b", placed="placed/b")})
    assert one.run("render").code == 0
    shutil.rmtree(one.root / "profiles/b")
    checked = one.run("check", "-q")
    assert checked.code == 1
    assert {path for _, path in problems(checked.err)} >= {"out/b/notes/n0.txt", "placed/b"}
    assert one.run("render").code == 0
    assert one.tree() == rendered_anew(one, tmp_path / "fresh")
    assert not (one.root / "out/b").exists()
    assert not (one.root / "placed").exists()


def test_a_deleted_profile_takes_no_file_of_the_user(project: Make) -> None:
    one = workspace(project, {A: layer("a"), B: layer("b")})
    assert one.run("render").code == 0
    shutil.rmtree(one.root / "profiles/b")
    one.write({"out/b/notes/mine.txt": "mine\n", "out/b/notes/n0.txt": "edited\n"})
    stopped = one.run("render")
    assert stopped.code == 1
    assert ("GG402", "out/b/notes/n0.txt") in problems(stopped.err)
    assert one.tree()["out/b/notes/n0.txt"] == b"edited\n"
    assert one.run("render", "--force").code == 0
    assert [p for p in one.tree() if p.startswith("out/b/")] == ["out/b/notes/mine.txt"]


def test_a_renamed_profile_takes_its_files_along(project: Make, tmp_path: Path) -> None:
    one = workspace(project, {A: layer("a", placed="placed/x")})
    assert one.run("render").code == 0
    (one.root / "profiles/a").rename(one.root / "profiles/z")
    assert one.run("render").code == 0
    assert one.tree() == rendered_anew(one, tmp_path / "fresh")
    assert one.run("check").code == 0


@pytest.mark.parametrize(("old", "new"), [(A, B), (B, A)], ids=["forward", "backward"])
def test_a_place_moves_from_one_profile_to_another(
    project: Make, tmp_path: Path, old: str, new: str
) -> None:
    one = workspace(project, {old: layer("x", placed="placed/x"), new: layer("y")})
    assert one.run("render").code == 0
    one.write({old: layer("x"), new: layer("y", placed="placed/x")})
    outcome = one.run("render")
    assert (outcome.code, outcome.err) == (0, "")
    assert one.tree() == rendered_anew(one, tmp_path / "fresh")
    assert one.run("check").code == 0


def test_two_profiles_swap_their_places(project: Make, tmp_path: Path) -> None:
    one = workspace(project, {A: layer("a", placed="placed/x"), B: layer("b", placed="placed/y")})
    assert one.run("render").code == 0
    one.write({A: layer("a", placed="placed/y"), B: layer("b", placed="placed/x")})
    outcome = one.run("render")
    assert (outcome.code, outcome.err) == (0, "")
    assert one.tree() == rendered_anew(one, tmp_path / "fresh")


def test_the_order_of_profiles_does_not_matter(project: Make) -> None:
    files = {
        A: layer("a", placed="placed/a"),
        B: f"extends: [a]\n{layer('b', placed='placed/b')}",
        "profiles/c/d/profile.yaml": "extends: [a]\ntargets: [go]\n",
    }
    trees = []
    for runs in (
        [()],
        [("a", "b", "c/d")],
        [("c/d", "b", "a")],
        [("b",), ("c/d",), ("a",)],
        [("a",), ("a", "--profile", "b"), ("c/d", "c/d")],
    ):
        one = workspace(project, files)
        for names in runs:
            outcome = one.run("render", *names)
            assert (outcome.code, outcome.err) == (0, "")
        trees.append(one.tree())
    assert all(tree == trees[0] for tree in trees)


def test_a_stopped_reader_of_the_output_stops_no_render(project: Make, tmp_path: Path) -> None:
    """`gogen render | head -1`: the work is done, and nothing is printed about the pipe."""
    one = workspace(project, {A: layer("a", 100)})
    assert _unheard(one, "render") == (0, "")
    assert one.tree() == rendered_anew(one, tmp_path / "fresh")


def test_drift_is_an_error_even_where_nobody_reads_it(project: Make) -> None:
    one = workspace(project, {A: layer("a", 100)})
    code, err = _unheard(one, "check")
    assert code == 1
    assert ("GG400", "out/a/notes/n0.txt") in problems(err)
    assert _unheard(one, "check", "--format", "json") == (1, "")


def _unheard(one: Project, *argv: str) -> tuple[int, str]:
    """Run the command with its standard output closed at the other end."""
    process = start(one.root, *argv)
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    code, _, err = finish(process)
    return code, err


def test_the_command_and_the_function_write_the_same(project: Make, tmp_path: Path) -> None:
    one = workspace(project, {A: layer("a", placed="placed/a")})
    assert gogen(one.root, "render")[0] == 0
    assert read_tree(one.root) == rendered_anew(one, tmp_path / "fresh")
