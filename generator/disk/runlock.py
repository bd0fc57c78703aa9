"""One gogen at a time in a workspace.

The lock is on the workspace's root folder itself: a lock file would have to be ignored by git, left
out of `out/` and cleaned up, and could be replaced under a run that holds it. The system drops the
lock with the process, so a killed run never blocks the next; what that run had decided to change is
carried out first (`transaction`). A file system that locks no folders
(NFS wants a file open for writing) gets the lock on gogen.toml, which every root has.

A process forked while the lock is held shares it: start workers before, or end them inside.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from generator.disk import transaction
from generator.disk.paths import disk_errors
from generator.problems import Place, Problem, Rejected
from generator.workspace import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_FOLDER_LOCKS = {errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP}
_PAUSE = 0.05  # seconds between tries: flock itself cannot wait for a limited time


PATIENCE = 60.0
"""Seconds to wait for another run in the same workspace."""

Waiting = Callable[[], None]


def silent() -> None:
    """Say nothing while waiting for another run."""


@contextmanager
def hold(
    root: Path,
    *,
    shared: bool = False,
    timeout: float | None = None,
    waiting: Waiting = silent,
) -> Iterator[None]:
    """Hold the lock of the workspace `root` for the block.

    A `shared` lock (for readers) goes with others like it, not with a writer's. `waiting` is called
    once if another run holds it; after `timeout` seconds (PATIENCE) the run is Rejected (GG430).
    """
    timeout = PATIENCE if timeout is None else timeout
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with disk_errors(CONFIG):
        fd = _open(root, kind)
    try:
        _take(fd, kind, timeout, waiting)
        if transaction.unfinished(root, decided=shared):
            _take(fd, fcntl.LOCK_EX, timeout, waiting)  # lets go of a shared lock first
            transaction.settle(root)
            _take(fd, kind, timeout, waiting)
        yield
    finally:
        os.close(fd)


def settled(root: Path, waiting: Waiting) -> None:
    """Have a change finished that a killed run had decided, or that a run is just making."""
    if transaction.unfinished(root, decided=True):
        with hold(root, waiting=waiting):
            pass


def _open(root: Path, kind: int) -> int:
    """Open what can be locked; a lock that is free is taken in passing."""
    fd = os.open(root, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _try(fd, kind)
    except OSError as error:
        os.close(fd)
        if error.errno not in _NO_FOLDER_LOCKS:
            raise
        return os.open(root / CONFIG, os.O_RDWR | os.O_CLOEXEC)
    return fd


def _try(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take(fd: int, kind: int, timeout: float, waiting: Waiting) -> None:
    end = time.monotonic() + timeout
    told = False
    while not _try(fd, kind):
        if not told:
            waiting()
            told = True
        if time.monotonic() >= end:
            raise Rejected([_held(timeout)])
        time.sleep(_PAUSE)


def _held(timeout: float) -> Problem:
    return Problem(
        "GG430",
        f"another gogen run holds this workspace, still after {timeout:g} s",
        Place(CONFIG),
        hint="wait for it to end, or stop it",
    )
