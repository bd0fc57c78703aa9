"""Where the cache lies, by the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.cli.session import cache_folder


@pytest.mark.parametrize(
    ("base", "home", "folder"),
    [
        ("/c", "/h", Path("/c/gogen")),
        ("", "/h", Path("/h/.cache/gogen")),
        ("c", "/h", Path("/h/.cache/gogen")),
        ("~/c", "", None),
        ("", "h", None),
    ],
)
def test_a_cache_lies_where_an_absolute_path_says(
    monkeypatch: pytest.MonkeyPatch, base: str, home: str, folder: Path | None
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", base)
    monkeypatch.setenv("HOME", home)
    assert cache_folder() == folder


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME")
    assert cache_folder() is None
