"""The command `gogen`: `main` runs it and gives the exit code; no traceback reaches a user."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


LOOK_FOR_CIRCLES = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command on `argv` (default: the process's own arguments); give its exit code."""
    # Nearly all that a run makes is kept to its end or freed by its count of references: looking
    # for circles each 700 objects, as is the default, takes a twentieth of a small run.
    gc.set_threshold(LOOK_FOR_CIRCLES)
    # The system takes all memory back at once: Python need not look through it as it ends.
    atexit.register(gc.freeze)
    from generator.cli.boundary import run  # noqa: PLC0415  (start-up reads only what it needs)

    return run(sys.argv[1:] if argv is None else list(argv))


if __name__ == "__main__":
    sys.exit(main())
