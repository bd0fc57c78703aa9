"""The root of a workspace and its gogen.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from generator import __version__
from generator.problems import Problem, Rejected
from generator.workspace import builtin_folder, find_root, open_workspace

if TYPE_CHECKING:
    from pathlib import Path


def problems(root: Path, text: str) -> list[Problem]:
    (root / "gogen.toml").write_text(text)
    with pytest.raises(Rejected) as caught:
        open_workspace(root)
    return list(caught.value.problems)


def test_the_root_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / "gogen.toml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_root(tmp_path / "a" / "b") == tmp_path
    assert find_root(tmp_path) == tmp_path


def test_without_a_mark_there_is_no_root(tmp_path: Path) -> None:
    assert find_root(tmp_path) is None
    with pytest.raises(Rejected, match="GG160"):
        open_workspace(tmp_path)


def test_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "gogen.toml").write_text(f'required = "=={__version__}"\nplaces = ["a/*.yml"]\n')
    workspace = open_workspace(tmp_path)
    assert (workspace.places, workspace.required) == (("a/*.yml",), f"=={__version__}")
    assert workspace.lock_file == tmp_path / "gogen.lock"


@pytest.mark.parametrize("version", ["0.1.0", "0.2", "0.10.3", "1.0", "0.1.0rc1", "0.2.dev1"])
@pytest.mark.parametrize(
    "required",
    [
        ">=0.1,<0.2",
        ">=0.1.0",
        " >= 0.2 , < 1 ",
        "<0.1",
        "<0.1.1",
        "<1.0.0",
        ">=0.10",
        "~=0.1",
        "!=0.1",
    ],
)
def test_a_range_means_what_packaging_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, required: str
) -> None:
    monkeypatch.setattr("generator.workspace.__version__", version)
    text = f'required = "{required}"\n'
    if SpecifierSet(required).contains(version, prereleases=True):
        (tmp_path / "gogen.toml").write_text(text)
        assert open_workspace(tmp_path).required == required
    else:
        assert [problem.code for problem in problems(tmp_path, text)] == ["GG164"]


def test_the_built_in_templates_are_there() -> None:
    assert (builtin_folder() / "templates" / "go" / "target.yaml").is_file()
    assert (builtin_folder() / "schemas" / "profile.schema.json").is_file()


@pytest.mark.parametrize(
    ("text", "code", "at", "hint"),
    [
        ('\nplaecs = ["a"]\n', "GG162", (2, 1), 'did you mean "places"?'),
        ("places = 1\n", "GG163", (1, 1), ""),
        ("places = [1]\n", "GG163", (1, 1), ""),
        ('required = "new"\n', "GG163", (1, 1), ""),
        ('required = ">=99"\n', "GG164", (1, 1), 'install it: pip install "gogen>=99"'),
        ("a = \n", "GG161", (1, 5), 'it holds lines such as required = ">=0.1,<0.2"'),
        ("places = [\n", "GG161", (1, 11), 'it holds lines such as required = ">=0.1,<0.2"'),
    ],
)
def test_mistakes_have_a_place(
    tmp_path: Path, text: str, code: str, at: tuple[int, int], hint: str
) -> None:
    (problem,) = problems(tmp_path, text)
    place = problem.place
    assert place is not None
    assert (problem.code, (place.line, place.column), problem.hint) == (code, at, hint)


def test_all_mistakes_are_told(tmp_path: Path) -> None:
    found = problems(tmp_path, "a = 1\nb = 2\nplaces = 3\n")
    assert [p.code for p in found] == ["GG162", "GG162", "GG163"]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "gogen.toml").write_bytes(b"a = '\xff'\n")
    with pytest.raises(Rejected, match=r"GG161.*toml:1:6: byte 0xff is not UTF-8"):
        open_workspace(tmp_path)
