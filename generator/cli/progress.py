"""Progress of long work: a bar on standard error where that is a terminal, else nothing.

That a run waits for another one is said in any case: it looks like a hang.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

_WORTH_A_BAR = 20  # less is done before a bar could be read


def waiting() -> None:
    """Say that another run holds the workspace."""
    print("gogen: waiting for another run in this workspace to end", file=sys.stderr, flush=True)


@contextmanager
def progress(what: str, least: int = _WORTH_A_BAR) -> Iterator[Callable[[int, int], None]]:
    """Give a function `advance(done, total)` that moves the bar; it is gone afterwards.

    Work of fewer than `least` parts has none.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    bar: Progress | None = None

    def advance(done: int, total: int) -> None:
        nonlocal bar
        if bar is None and total >= least:
            bar = _start(what, total)
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done, refresh=True)

    try:
        yield advance
    finally:
        if bar is not None:
            bar.stop()


def _start(what: str, total: int) -> Progress:
    from rich.console import Console  # noqa: PLC0415  (heavy; only for a long run)
    from rich.progress import Progress  # noqa: PLC0415  (late)

    # No thread of its own refreshes it: the run may fork workers.
    bar = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
    bar.add_task(what, total=total)
    bar.start()
    return bar
