"""Share work on many names out over the processors; results come in the order of the names.

Workers are forked, so they begin with everything the parent has read, and nothing is sent to them.
Each has a pipe of its own: one that the system kills is noticed, one that gives faster than it is
read waits, and one whose reader is gone (killed, or stopped by Ctrl-C) ends with the name it is at.
Little work is done here: starting workers costs more than it saves.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from generator.problems import Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")

_WORTH_IT = 32
"""Names below which one process is faster."""
_BLOCK = 8
"""Names in a row that one worker does: neighbours share parents, which it then merges once."""


def run(work: Callable[[str], T], names: Sequence[str], *, alone: bool = False) -> Iterator[T]:
    """Give `work(name)` for every name, in order; `alone` keeps to this process.

    What `work` gives is pickled on its way back; what it raises is raised here. Raises Rejected
    (GG431) where a worker is killed.
    """
    count = _processors()
    if alone or len(names) < _WORTH_IT or count < 2:  # noqa: PLR2004  (one processor)
        yield from map(work, names)
        return
    workers: list[tuple[BaseProcess, Connection]] = []
    try:
        for worker in range(count):
            own = [name for n, name in enumerate(names) if n // _BLOCK % count == worker]
            workers.append(_start(work, own, [pipe for _, pipe in workers]))
        for n in range(len(names)):
            yield _received(*workers[n // _BLOCK % count])
    finally:
        for _, pipe in workers:
            pipe.close()
        for process, _ in workers:
            process.join()


def _processors() -> int:
    """Give how many processors this process may use; 1 where it cannot fork."""
    if not hasattr(os, "fork"):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start(
    work: Callable[[str], object], names: Sequence[str], others: Sequence[Connection]
) -> tuple[BaseProcess, Connection]:
    """Start a worker; give it with the end of its pipe that is read."""
    # Imported late: a run over few profiles does without.
    import multiprocessing  # noqa: PLC0415  (late)

    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    # What the parent alone reads: while a worker held it open too, no worker would see it closed.
    process = context.Process(target=_give, args=(work, names, there, (here, *others)), daemon=True)
    process.start()
    there.close()
    return process, here


def _give(
    work: Callable[[str], object],
    names: Sequence[str],
    pipe: Connection,
    parents: Sequence[Connection],
) -> None:
    """Be a worker: send (worked, result or error) for each name until nobody reads."""
    import signal  # noqa: PLC0415  (as multiprocessing)
    import traceback  # noqa: PLC0415  (only for a bug)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    for end in parents:
        end.close()
    for name in names:
        message: tuple[bool, object]
        try:
            message = (True, work(name))
        except Exception as error:  # noqa: BLE001  (raised again by the parent)
            error.add_note(traceback.format_exc())  # a traceback itself cannot be sent
            message = (False, error)
        try:
            pipe.send(message)
        except BrokenPipeError:
            return


def _received(process: BaseProcess, pipe: Connection) -> Any:
    """Give a worker's next result, or raise what it raised."""
    try:
        worked, result = pipe.recv()
    except EOFError:
        process.join()
        message = f"a worker was ended from outside (exit code {process.exitcode})"
        hint = "memory may be short: render fewer profiles in one run"
        raise Rejected([Problem("GG431", message, hint=hint)]) from None
    if not worked:
        raise result
    return result
