"""Work that many threads wait for and one does."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from generator.problems import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Once(Generic[T]):
    """Does work at the first call; gives its value, or raises its Rejected, at every call."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Do `work` when it is asked for."""
        self._work = work
        self._lock = Lock()
        self._done: list[T] = []
        self._failed: Rejected | None = None

    def __call__(self) -> T:
        """Give the value."""
        with self._lock:
            if self._failed:
                raise type(self._failed)(self._failed.problems)
            if not self._done:
                try:
                    self._done.append(self._work())
                except Rejected as rejected:
                    self._failed = rejected
                    raise
            return self._done[0]
