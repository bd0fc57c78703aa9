"""Reading the disk: nothing is followed, nothing that need not be is read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from generator.disk.actual import observe, strays
from generator.disk.journal import staged
from generator.disk.places import allows, check_places, unusable
from generator.model import Desired
from generator.problems import Exit, Rejected
from tests.disk import PLACES, kinds, ordinary_user, put, render
from tests.disk import profile as given

if TYPE_CHECKING:
    from pathlib import Path

    from tests.disk import Spec

WORKFLOW = ".github/workflows/go.yml"
FILES: dict[str, Spec] = {"d/a": "a\n", "w.yml": (b"on: push\n", False, WORKFLOW)}


def _codes(root: Path, files: dict[str, Spec] = FILES) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as caught:
        observe(root, given(files), PLACES)
    return [(problem.code, str(problem.place)) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "link",
    [
        "out",
        "out/p",
        "out/p/d",
        "out/p/d/a",
        ".github",
        ".github/workflows",
        WORKFLOW,
        "out/p/SHA256SUMS",
        "out/p/SHA256SUMS.pending",
    ],
)
def test_a_link_anywhere_on_the_way_is_refused(tmp_path: Path, link: str) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    put(elsewhere, "d/a")
    put(elsewhere, "p/d/a")
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(elsewhere)
    assert set(_codes(root)) == {("GG441", link)}


def test_a_dangling_link_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "out/p/d").mkdir(parents=True)
    (tmp_path / "out/p/d/a").symlink_to("nowhere")
    assert _codes(tmp_path) == [("GG441", "out/p/d/a")]


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    render(tmp_path / "link", given(FILES))
    assert kinds(tmp_path / "real", given(FILES)) == []


def test_a_file_that_was_placed_and_is_behind_a_link_now_is_forgotten(tmp_path: Path) -> None:
    render(tmp_path, given(FILES))
    (tmp_path / ".github").rename(tmp_path / "elsewhere")
    (tmp_path / ".github").symlink_to("elsewhere")
    assert kinds(tmp_path, given({"d/a": "a\n"})) == [
        ("sums", "out/p/SHA256SUMS"),
        ("orphan", "out/p/w.yml"),
    ]


@pytest.mark.parametrize(("at", "named"), [("out", "out"), ("out/p", "out/p")])
def test_a_file_where_gogens_folder_is_due(tmp_path: Path, at: str, named: str) -> None:
    put(tmp_path, at)
    assert _codes(tmp_path) == [("GG424", named)]


@pytest.mark.parametrize("name", ["SHA256SUMS", "SHA256SUMS.pending"])
def test_a_folder_where_gogens_own_file_is_due(tmp_path: Path, name: str) -> None:
    (tmp_path / "out/p" / name).mkdir(parents=True)
    assert _codes(tmp_path) == [("GG424", f"out/p/{name}")]


def test_all_problems_are_told(tmp_path: Path) -> None:
    (tmp_path / "out/p/d").mkdir(parents=True)
    (tmp_path / "out/p/d/a").symlink_to("x")
    (tmp_path / ".github").symlink_to("x")
    assert sorted(_codes(tmp_path)) == [("GG441", ".github"), ("GG441", "out/p/d/a")]


def test_extra_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    render(tmp_path, given(FILES))
    put(tmp_path, "out/p/huge")
    opened: list[str] = []
    real = os.open

    def spy(path: str, *args: int, **named: int) -> int:
        opened.append(str(path))
        return real(path, *args, **named)

    monkeypatch.setattr(os, "open", spy)
    actual = observe(tmp_path, given(FILES), PLACES)
    assert "a" in opened
    assert "huge" not in opened
    assert actual.files["out/p/huge"].content is None


def test_content_equal_to_the_render_is_kept_once(tmp_path: Path) -> None:
    desired = given(FILES)
    render(tmp_path, desired)
    actual = observe(tmp_path, desired, PLACES)
    assert actual.files["out/p/d/a"].content is desired.artifacts[0].content


def test_a_deep_tree_of_strangers_is_walked(tmp_path: Path) -> None:
    deep = "/".join(["x"] * 100)
    put(tmp_path, f"out/p/{deep}/f")
    render(tmp_path, given(FILES))
    assert kinds(tmp_path, given(FILES)) == [("extra", f"out/p/{deep}/f")]


def test_names_that_are_no_utf8_are_extra(tmp_path: Path) -> None:
    render(tmp_path, given(FILES))
    with open(os.path.join(os.fsencode(tmp_path), b"out/p/\xff"), "w"):  # noqa: PTH123, PTH118 - a name in bytes
        pass
    assert kinds(tmp_path, given(FILES)) == [("extra", "out/p/\udcff")]


def test_strays_are_the_folders_of_no_profile(tmp_path: Path) -> None:
    assert strays(tmp_path, ["p"]) == ()
    render(tmp_path, given(FILES))
    render(tmp_path, given({"a": "a"}, "old"))
    assert strays(tmp_path, ["p"]) == ("old",)
    gone = given({}, "old")
    assert kinds(tmp_path, gone) == [("sums", "out/old/SHA256SUMS"), ("orphan", "out/old/a")]
    assert render(tmp_path, gone).removed == ("out/old/a",)
    assert strays(tmp_path, ["p"]) == ()


def test_a_file_that_may_not_be_read(open_path: Path) -> None:
    with ordinary_user(open_path):
        render(open_path, given(FILES))
        (open_path / "out/p/d/a").chmod(0)
        assert _codes(open_path) == [("GG420", "out/p/d/a")]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"../x": "a"}, "GG440"),
        ({"/etc/x": "a"}, "GG440"),
        ({"a\nb": "a"}, "GG440"),
        ({"a": (b"", False, "../x")}, "GG440"),
        ({"a": (b"", False, "/x")}, "GG440"),
        ({"SHA256SUMS": "a"}, "GG241"),
        ({"d/SHA256SUMS.pending": "a"}, "GG241"),
        ({".gogen-x": "a"}, "GG241"),
        ({"a/.Git/config": "a"}, "GG241"),
        ({"d": "a", "d/x": "b"}, "GG242"),
        ({"D/x": "a", "d": "b"}, "GG242"),
        ({"a": "a", "A": "b"}, "GG242"),
        ({"\u00e9": "a", "e\u0301": "b"}, "GG242"),
        ({"a": (b"", False, WORKFLOW), "b": (b"", False, WORKFLOW)}, "GG242"),
        ({"a": (b"", False, "src/main.go")}, "GG442"),
        ({"a": (b"", False, "d/.git/hooks/x")}, "GG442"),
    ],
)
def test_what_may_not_be_written_is_refused_before_reading(
    tmp_path: Path, files: dict[str, Spec], code: str
) -> None:
    problems = unusable(given(files), PLACES)
    assert {(problem.code, problem.exit) for problem in problems} == {(code, Exit.INPUT)}
    with pytest.raises(Rejected):
        observe(tmp_path, given(files), PLACES)


@pytest.mark.parametrize("slug", ["..", "a/b", "", "/etc"])
def test_a_slug_is_one_folder(slug: str) -> None:
    (problem,) = unusable(Desired("p", slug, ()), PLACES)
    assert problem.code == "GG440"


def test_what_looks_like_a_leftover_is_the_users_while_no_run_was_killed(tmp_path: Path) -> None:
    render(tmp_path, given(FILES))
    name = next(staged("out/p/d/a"))
    put(tmp_path, name)
    assert kinds(tmp_path, given(FILES)) == [("extra", name)]
    put(tmp_path, "out/p/SHA256SUMS.pending", "")
    assert kinds(tmp_path, given(FILES)) == [("unfinished", "out/p/SHA256SUMS.pending")]


@pytest.mark.parametrize(
    "place",
    ["out/x", "gogen.toml", "gogen.lock", "profiles/p/x", ".GIT/x", "templates/t/x", "schemas/x"],
)
def test_no_glob_allows_gogens_own_files(place: str) -> None:
    assert allows(["**"], "x/y")
    assert not allows(["**"], place)


def test_two_profiles_placing_one_file_are_both_named() -> None:
    one, two = given(FILES, "one"), given(FILES, "two")
    (problem,) = check_places([one, two])
    assert problem.code == "GG443"
    assert problem.message == f"{WORKFLOW} is placed by profile one and by profile two"
    assert check_places([one, given({"d/a": "a"}, "two")]) == ()
