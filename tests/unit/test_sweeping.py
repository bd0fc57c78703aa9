"""Caches are swept: what is old goes, once a day at most, and nothing that is not ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from generator.cache.proofs import ProofFolder
from generator.cache.sweeping import MARK, sweep
from generator.templating.codecache import CodeCache

if TYPE_CHECKING:
    from pathlib import Path

DAY = 24 * 60 * 60
NOW = 1_790_000_000
OLD, YOUNG = "0" * 64, "1" * 64


def aged(file: Path, days: float) -> Path:
    """Make a file that was written so many days before NOW."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    os.utime(file, (NOW - days * DAY, NOW - days * DAY))
    return file


def left(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*"))


def test_what_is_older_than_a_month_goes(tmp_path: Path) -> None:
    aged(tmp_path / OLD, 31)
    aged(tmp_path / ".new-x", 31)
    aged(tmp_path / "ab" / OLD[:62], 31)
    aged(tmp_path / YOUNG, 29)
    sweep(tmp_path, aged(tmp_path / ("2" * 64), 0))
    assert left(tmp_path) == [MARK, YOUNG, "2" * 64, "ab"]


@pytest.mark.parametrize("name", ["notes.txt", "0" * 40, "A" * 64, "x" * 64])
def test_what_is_not_ours_stays(tmp_path: Path, name: str) -> None:
    aged(tmp_path / name, 400)
    sweep(tmp_path, aged(tmp_path / YOUNG, 0))
    assert name in left(tmp_path)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = aged(tmp_path / "outside" / OLD, 400)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "link").symlink_to(outside.parent)
    sweep(cache, aged(cache / YOUNG, 0))
    assert outside.exists()


@pytest.mark.parametrize(("days", "goes"), [(0.9, False), (1.1, True), (-2, True)])
def test_it_is_looked_for_once_a_day(tmp_path: Path, days: float, *, goes: bool) -> None:
    """A mark in the future, by a clock that was wrong, holds nothing up."""
    aged(tmp_path / MARK, days)
    aged(tmp_path / OLD, 31)
    sweep(tmp_path, aged(tmp_path / YOUNG, 0))
    assert (OLD not in left(tmp_path)) == goes


def test_a_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    sweep(tmp_path / "none", tmp_path / "none" / "x")
    assert left(tmp_path) == []


def test_compiled_templates_are_swept_when_one_is_added(tmp_path: Path) -> None:
    cache = CodeCache(tmp_path)
    aged(tmp_path / OLD, 0)
    os.utime(tmp_path / OLD, (0, 0))
    assert cache.get(OLD) is None
    assert OLD in left(tmp_path)
    cache.put(YOUNG, "x")
    assert left(tmp_path) == [MARK, YOUNG]
    assert cache.get(YOUNG) == "x"


def test_proofs_are_swept_when_one_is_added(tmp_path: Path) -> None:
    proofs = ProofFolder(tmp_path)
    proofs.remember(OLD)
    os.utime(tmp_path / OLD[:2] / OLD[2:], (0, 0))
    (tmp_path / MARK).unlink()
    assert proofs.known(OLD)
    proofs.remember(YOUNG)
    assert (proofs.known(OLD), proofs.known(YOUNG)) == (False, True)
