"""Caches stay small: what was written over a month ago goes, looked for once a day at most."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MARK = ".swept"
"""The file whose time says when a cache was last looked through."""

_DAY = 24 * 60 * 60
_KEPT = 30 * _DAY
_OURS = r"[0-9a-f]{62,64}|\.new-.*"  # named by digest, or left by a run that was killed


def sweep(folder: Path, written: Path) -> None:
    """Drop the files of a cache that are a month older than `written`, which just was.

    To be called where a cache grows, never where it is read: a file still in use is made again once
    a month. No clock is asked; ages are differences of the files' own times. What cannot be done is
    left.
    """
    with suppress(OSError):
        now = written.stat().st_mtime
        mark = folder / MARK
        if mark.exists() and abs(now - mark.stat().st_mtime) < _DAY:
            return
        mark.touch()
        for file in folder.rglob("*"):
            _drop(file, now - _KEPT)


def _drop(file: Path, before: float) -> None:
    # Another run may do the same at this moment.
    with suppress(OSError):
        if re.fullmatch(_OURS, file.name) and file.is_file() and file.stat().st_mtime < before:
            file.unlink()
