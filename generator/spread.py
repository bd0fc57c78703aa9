"""Share work on many names out over the processors; results come in the order of the names.

Workers are forked, so they begin with everything the parent has read, and nothing is sent to them
but names. Little work is done here: starting workers costs more than it saves.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

_WORTH_IT = 32
"""Names below which one process is faster."""

_work: list[Callable[[str], object]] = []
"""What the workers of a run do: set before they are forked, read by them only."""


def run(work: Callable[[str], T], names: Sequence[str], *, alone: bool = False) -> Iterator[T]:
    """Give `work(name)` for every name, in order; `alone` keeps to this process.

    What `work` gives is pickled on its way back; what it raises is raised here.
    """
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if alone or len(names) < _WORTH_IT or not workers or workers < 2:  # noqa: PLR2004  (one)
        yield from map(work, names)
        return
    # Imported late: a run over few profiles does without.
    import multiprocessing  # noqa: PLC0415
    import signal  # noqa: PLC0415

    if "fork" not in multiprocessing.get_all_start_methods():
        yield from map(work, names)
        return
    _work.append(work)
    ignore = (signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    try:
        with multiprocessing.get_context("fork").Pool(workers, signal.signal, ignore) as pool:
            chunk = max(1, min(64, len(names) // (workers * 4)))
            yield from pool.imap(_call, names, chunk)
    finally:
        _work.pop()


def _call(name: str) -> object:
    return _work[-1](name)
