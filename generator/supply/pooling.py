"""Many tasks at a time: all are done, or the first that fails keeps others from beginning."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from generator.problems import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from concurrent.futures import Future

    from generator.problems import Problem


@contextmanager
def pool(size: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Give a pool of threads, which is waited for; not by who leaves with an error (Ctrl-C).

    Whoever opened what the tasks wait for closes it then, and so ends them.
    """
    made = ThreadPoolExecutor(size, name)
    try:
        yield made
    except BaseException:
        made.shutdown(wait=False, cancel_futures=True)
        raise
    made.shutdown()


def outcomes(tasks: Collection[Future[Any]], advance: Callable[[int], None]) -> Iterator[Problem]:
    """Wait for tasks and give the problems of those that were Rejected.

    After the first of these what has not begun is dropped, and what has is waited for.
    """
    waiting = set(tasks)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for task in done:
            try:
                task.result()
            except Rejected as rejected:
                yield from rejected.problems
                waiting -= {other for other in waiting if other.cancel()}
        advance(len(tasks) - len(waiting))
