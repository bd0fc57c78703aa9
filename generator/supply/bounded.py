"""Run a program of others within bounds: so long, so many bytes printed, so many written.

When it ends, in whatever way, all that it started is ended too.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from enum import StrEnum
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_CHUNK = 1 << 16
_ERRORS_KEPT = 1 << 16
_LOOK = 0.2  # seconds between two looks at what is written
_RUNNING: set[subprocess.Popen[bytes]] = set()


class Bounds(NamedTuple):
    """How far a run may go: seconds, bytes printed, bytes in all files below `folder`."""

    seconds: float
    printed: int
    folder: Path | None = None
    written: int = 0


class Stopped(StrEnum):
    """Why a run was ended before it had ended itself."""

    LATE = "late"
    PRINTED = "printed too much"
    WRITTEN = "wrote too much"


class Said(NamedTuple):
    """What a run printed (of the errors the end), its exit code, and why it was stopped."""

    out: bytes
    err: bytes
    code: int
    stopped: Stopped | None = None


def run(
    argv: Sequence[str | Path],
    environment: Mapping[str, str],
    bounds: Bounds,
    feed: IO[bytes] | None = None,
) -> Said:
    """Run a program with this environment and no other, no terminal, `feed` (a file) its input.

    Raises OSError where it cannot be started.
    """
    with subprocess.Popen(  # noqa: S603  (no shell; who calls checks the words)
        argv,
        cwd="/",  # a folder that says nothing to a program
        env=dict(environment),
        stdin=feed or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # no terminal to ask at, one group to end
    ) as process:
        out, err = bytearray(), bytearray()
        _RUNNING.add(process)
        try:
            stopped = _listen(process, {process.stdout: out, process.stderr: err}, bounds)
        finally:
            _RUNNING.discard(process)
            _end(process)
    return Said(bytes(out), bytes(err), process.returncode, stopped)


def end_all() -> None:
    """End what other threads run: nobody waits for it any more."""
    for process in [*_RUNNING]:
        _end(process)


def _listen(
    process: subprocess.Popen[bytes], streams: Mapping[IO[bytes] | None, bytearray], bounds: Bounds
) -> Stopped | None:
    """Read both streams to their ends, and wait for the end of the process; say what stopped it."""
    deadline = time.monotonic() + bounds.seconds
    out, err = streams.values()
    for _ in _chunks(streams, deadline):
        del err[:-_ERRORS_KEPT]
        if len(out) > bounds.printed:
            return Stopped.PRINTED
        if bounds.folder and _size(bounds.folder) > bounds.written:
            return Stopped.WRITTEN
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return Stopped.LATE
    return None


def _chunks(streams: Mapping[IO[bytes] | None, bytearray], deadline: float) -> Iterator[None]:
    """Fill what each stream is read into, giving way now and then, until all end or it is late."""
    with selectors.DefaultSelector() as waiting:
        for stream, kept in streams.items():
            if stream is not None:
                waiting.register(stream, selectors.EVENT_READ, kept)
        while waiting.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _events in waiting.select(min(left, _LOOK)):
                chunk = os.read(key.fd, _CHUNK)
                key.data.extend(chunk)
                if not chunk:
                    waiting.unregister(key.fileobj)
            yield


def _size(folder: Path) -> int:
    """Give the bytes of all files below a folder that others write to meanwhile."""
    total = 0
    for at, _folders, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += os.lstat(os.path.join(at, name)).st_size  # noqa: PTH118  (hot)
    return total


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its group; nothing where they have ended."""
    with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM of a group of zombies
        os.killpg(process.pid, signal.SIGKILL)
