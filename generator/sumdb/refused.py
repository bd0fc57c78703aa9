"""A claim of a checksum database that does not hold."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from generator.problems import Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Place


class Refused(Exception):
    """What is wrong with an answer, before it is known where the answer came from."""

    def __init__(self, problem: Problem) -> None:
        """Keep what is wrong, a problem without a place."""
        self.problem = problem
        super().__init__(problem.message)


@contextmanager
def told_of(origin: str = "", place: Place | None = None) -> Iterator[None]:
    """Raise Rejected for what is Refused within; `origin` is an address, `place` a file."""
    try:
        yield
    except Refused as refused:
        message = refused.problem.message
        told = f"{origin}: {message}" if origin else message
        raise Rejected([refused.problem._replace(message=told, place=place)]) from None


def shown(text: str | bytes) -> str:
    """Quote the beginning of what nobody vouches for, so that it can do no harm in a message."""
    whole = text.decode(errors="replace") if isinstance(text, bytes) else text
    if whole.lstrip().startswith("<"):
        return "a page of HTML"
    return repr(whole) if len(whole) <= _SHOWN else repr(whole[:_SHOWN]) + "…"


_SHOWN = 60  # characters
