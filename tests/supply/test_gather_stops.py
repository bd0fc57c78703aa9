"""When one pin cannot be had, no more are asked for, and the run ends."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import EMPTY
from generator.lock.wanted import Ask, WantedPins
from generator.problems import Place, Problem, Rejected
from generator.supply.base import Source
from generator.supply.gather import AT_ONCE, Gatherer

if TYPE_CHECKING:
    from generator.lock.model import ImagePin

PLACE = Place("profiles/base/image.yaml", 3, 5)


class Failing(Source):
    """A place that fails at every question, after a while."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def image(self, ref: str) -> ImagePin | None:
        self.asked.append(ref)
        time.sleep(0.1)
        raise Rejected([Problem("GG558", ref)])


def test_a_run_ends_with_the_first_failures_and_names_their_lines() -> None:
    source = Failing()
    images = {f"registry.example/x{n:02}:1": Ask(PLACE) for n in range(5 * AT_ONCE)}
    failed: list[Rejected] = []

    def gather() -> None:
        with pytest.raises(Rejected) as caught:
            Gatherer((source,), None, EMPTY).gather(WantedPins(images=images), lambda *_: None)
        failed.append(caught.value)

    thread = threading.Thread(target=gather, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "what was not begun is waited for"
    assert AT_ONCE <= len(source.asked) < len(images)
    (rejected,) = failed
    assert {problem.place for problem in rejected.problems} == {PLACE}
