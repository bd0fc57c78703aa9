"""The command `gogen`: `main` runs it and gives the exit code; no traceback reaches a user."""

from __future__ import annotations

import gc
import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence


LOOK_FOR_CIRCLES = 100_000


def start() -> NoReturn:
    """Be the program: run the command on the process's arguments, and end with its exit code."""
    code = main()
    left = [thread for thread in threading.enumerate() if thread.daemon]
    if left:
        _end_at_once(code)
    # The system takes all memory back at once: Python need not look through it as it ends.
    gc.freeze()
    sys.exit(code)


def _end_at_once(code: int) -> NoReturn:
    """End, though a thread waits for a server and nobody for it.

    When it is answered, it would run in an interpreter that is being taken apart, and crash.
    """
    with suppress(KeyboardInterrupt):  # once more: then these are not waited for either
        for thread in threading.enumerate():
            if not thread.daemon and thread is not threading.current_thread():
                thread.join()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command on `argv` (default: the process's own arguments); give its exit code."""
    # Nearly all that a run makes is kept to its end or freed by its count of references: looking
    # for circles each 700 objects, as is the default, takes a twentieth of a small run.
    gc.set_threshold(LOOK_FOR_CIRCLES)
    from generator.cli.boundary import run  # noqa: PLC0415  (start-up reads only what it needs)

    return run(sys.argv[1:] if argv is None else list(argv))


if __name__ == "__main__":
    start()
