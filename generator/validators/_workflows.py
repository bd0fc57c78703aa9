"""Lay workflows out where their readers expect them: `.github/workflows`, whatever they are in."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from generator.validators.base import Bench, File, Tool, bench

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DIALECTS = ("github-actions",)
PATTERNS = (
    "*/.github/workflows/*.yml",
    "*/.github/workflows/*.yaml",
    "*/github-actions/*.yml",
    "*/github-actions/*.yaml",
)


@contextmanager
def laid_out(tool: Tool, files: Iterable[File]) -> Iterator[tuple[Bench, Mapping[str, str]]]:
    """Give a bench, and the workflows' true paths by the paths they have on it."""
    with bench(tool) as here:
        origins = {}
        for number, file in enumerate(files):
            path = f".github/workflows/{number}-{PurePosixPath(file.path).name}"
            here.put(path, file.content)
            origins[path] = file.path
        yield here, origins
