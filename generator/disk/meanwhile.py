"""Work that takes long and changes nothing, such as asking servers: nobody is kept out by it.

A workspace is held for as long as it takes to change it, and not while the network is waited for.
What was found counts if the inputs are the same bytes still; else the work is done again, with the
workspace held: so two runs at once both end, and neither writes what it found of other profiles.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from generator.disk.runlock import hold, silent
from generator.problems import Place, Problem, Rejected
from generator.workspace import CONFIG, LOCK, LOCK_FOLDER, PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.disk.runlock import Waiting

T = TypeVar("T")

_FILES = (CONFIG, LOCK)
_FOLDERS = (PROFILES, LOCK_FOLDER, "templates", "schemas")


@contextmanager
def prepared(
    root: Path, work: Callable[[], T], *, shared: bool = False, waiting: Waiting = silent
) -> Iterator[T]:
    """Do `work` on the workspace at `root`, then hold it for the block; give what came of the work.

    `work` may be called twice, and must read the inputs anew each time; `shared` and `waiting` are
    as for `hold`. Raises Rejected (GG432) where gogen.toml changed, by which was asked.
    """
    seen = _inputs(root)
    made: list[T] = []
    try:
        made.append(work())
    except Rejected:
        if _inputs(root) == seen:  # else what was wrong may be what was read half-way
            raise
    with hold(root, shared=shared, waiting=waiting):
        now = _inputs(root)
        if now.get(CONFIG) != seen.get(CONFIG):
            raise Rejected([_CHANGED])
        yield made[0] if made and now == seen else work()


_CHANGED = Problem(
    "GG432",
    "gogen.toml changed while gogen asked as it had said before; nothing was written",
    Place(CONFIG),
    hint="run it again",
)


def _inputs(root: Path) -> Mapping[str, bytes]:
    """Give the digests of all files that what is locked can depend on, by their paths."""
    found = {name: _digest(root / name) for name in _FILES}
    for top in _FOLDERS:
        for folder, _, names in os.walk(root / top):
            found |= {path: _digest(Path(path)) for path in (f"{folder}/{name}" for name in names)}
    return found


def _digest(file: Path) -> bytes:
    """Hash a file, b"" for one that is not there or not to be read: who needs it says so.

    A pipe or a device beside what is read would never end.
    """
    try:
        return hashlib.sha256(file.read_bytes()).digest() if file.is_file() else b""
    except OSError:
        return b""
