"""When one pin cannot be had, no more are asked for; who is silent is not asked for each."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import EMPTY, Archive
from generator.lock.wanted import Ask, WantedPins
from generator.problems import Place, Problem, Rejected
from generator.supply.base import Silent, Source, Unreached
from generator.supply.gather import AT_ONCE, Gatherer

if TYPE_CHECKING:
    from generator.lock.model import ImagePin

PLACE = Place("profiles/base/image.yaml", 3, 5)


class Failing(Source):
    """A place that fails at every question, those after the first ones after a while."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def image(self, ref: str) -> ImagePin | None:
        self.asked.append(ref)
        time.sleep(0.1 if len(self.asked) <= AT_ONCE else 2)
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
    thread.join(300)
    assert not thread.is_alive(), "what was not begun is waited for"
    assert AT_ONCE <= len(source.asked) < len(images)
    (rejected,) = failed
    assert {problem.place for problem in rejected.problems} == {PLACE}


class Lost(Source):
    """A place that cannot be asked."""

    name = "lost"

    def __init__(self, fault: type[Unreached]) -> None:
        self.asked: list[str] = []
        self._fault = fault

    def archive(self, version: str, platform: str) -> Archive | None:
        self.asked.append(f"{version} {platform}")
        raise self._fault([Problem("GG500", "nobody answers")])


class Knowing(Source):
    """A place that knows every archive."""

    name = "knowing"

    def archive(self, version: str, platform: str) -> Archive | None:
        name = f"go{version}.{platform.replace('/', '-')}.tar.gz"
        return Archive(name, "0" * 64, proofs=("mirror",))


@pytest.mark.parametrize("fault", [Silent, Unreached])
def test_who_is_silent_costs_its_time_once(fault: type[Unreached]) -> None:
    lost, platforms = Lost(fault), [f"linux/x{n:02}" for n in range(5 * AT_ONCE)]
    wants = WantedPins(go={("1.99.1", platform): Ask(PLACE) for platform in platforms})
    found = Gatherer((lost, Knowing()), None, EMPTY).gather(wants, lambda *_: None)
    assert [*found.lock.go["1.99.1"].platforms] == platforms
    (warning,) = found.warnings
    assert warning.message == f"nobody answers (and so for {len(platforms) - 1} more pins)"
    assert warning.exit == 0
    if fault is Silent:
        assert len(lost.asked) <= AT_ONCE
    else:
        assert len(lost.asked) == len(platforms), "another file may be there"
