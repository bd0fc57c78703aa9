"""Work that is waited for so long and no longer, and not at all by who leaves (Ctrl-C)."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Waits:
    """What is waited for now; many threads may wait."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        self._mutex = Lock()
        self._now: set[Future[Any]] = set()
        self._over = False

    def within(self, seconds: float, work: Callable[[], T]) -> T:
        """Do work in a thread, which is left to itself if it takes longer: that is TimeoutError.

        Raises CancelledError when `give_up` was called, or is.
        """
        future: Future[T] = Future()
        with self._mutex:
            if self._over:
                raise CancelledError
            self._now.add(future)
        Thread(target=_fill, args=(future, work), name="gogen asks", daemon=True).start()
        try:
            return future.result(seconds)
        finally:
            self._now.discard(future)

    def give_up(self) -> None:
        """Wait for nothing any more: whoever does is told at once."""
        with self._mutex:
            self._over = True
            for future in [*self._now]:
                future.cancel()


def _fill(future: Future[T], work: Callable[[], T]) -> None:
    with suppress(InvalidStateError):  # nobody waits any more
        try:
            future.set_result(work())
        except InvalidStateError:
            raise
        except BaseException as error:  # noqa: BLE001  (the asker gets it)
            future.set_exception(error)
