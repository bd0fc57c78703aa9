"""Many machines asked at once: so many at a time, each within its time.

Each machine has a process of its own. One that is late is ended with all that it started, and what
it had told until then is kept.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from contextlib import suppress
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING, NamedTuple

from generator.verify.asking import Asking, End, Fault, ask
from generator.verify.hosts import shown
from generator.verify.model import Check, Host, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

_REACHABLE = "reachable"
_ENDED = (0, 1)  # pytest's codes for "all passed" and "some failed"


class Bounds(NamedTuple):
    """How many machines are asked at a time, and how many seconds each has."""

    jobs: int
    seconds: float


class _Run:
    """One machine being asked."""

    def __init__(self, asking: Asking, name: str, seconds: float) -> None:
        context = get_context("fork")
        self.name = name
        self.pipe, there = context.Pipe(duplex=False)
        self.started = time.monotonic()
        self.late = self.started + seconds
        self._checks: list[Check] = []
        self._faults: list[str] = []
        self._end: End | None = None
        self._process: ForkProcess = context.Process(target=ask, args=(asking, name, there))
        self._process.start()
        there.close()

    def hear(self) -> bool:
        """Take what the machine's process tells; False when that was its last."""
        try:
            told: Check | Fault | End = self.pipe.recv()
        except (EOFError, OSError):
            return False
        match told:
            case Check():
                self._checks.append(told)
            case Fault(reason=reason):
                self._faults.append(reason)
            case End():
                self._end = told
        return True

    def stop(self) -> None:
        """End the process and whatever it started."""
        if self._process.is_alive():
            with suppress(ProcessLookupError, PermissionError):
                # Until it leads a session of its own, it is alone.
                os.killpg(self._process.pid or 0, signal.SIGKILL)
            self._process.kill()
        self._process.join()
        self.pipe.close()

    def host(self, *, late: bool = False) -> Host:
        """Give what is known of the machine now."""
        seconds = time.monotonic() - self.started
        state, reason = self._judged(late=late, seconds=seconds)
        checks = tuple(check for check in self._checks if check.name != _REACHABLE)
        return Host(shown(self.name), state, checks if state.known or late else (), reason, seconds)

    def _judged(self, *, late: bool, seconds: float) -> tuple[State, str]:
        reached = next((check for check in self._checks if check.name == _REACHABLE), None)
        if late:
            return State.TIMED_OUT, f"no end after {seconds:.0f} seconds"
        if reached and reached.verdict is Verdict.DIFFERS:
            return State.UNREACHABLE, reached.found
        if self._faults:
            return State.BROKEN, self._faults[0]
        if self._end is None:
            return State.BROKEN, "its process was ended before it had told all"
        if self._end.code not in _ENDED or reached is None:
            return State.BROKEN, self._end.said or f"pytest exits {self._end.code}"
        wrong = any(check.verdict is Verdict.DIFFERS for check in self._checks)
        return (State.DIFFERS if wrong else State.RIGHT), ""


def verify(
    asking: Asking, hosts: Sequence[str], bounds: Bounds, advance: Callable[[int, int], None]
) -> tuple[Host, ...]:
    """Ask every machine; give what is known of each, in the order given."""
    waiting = deque(hosts)
    running: dict[Connection, _Run] = {}
    done: dict[str, Host] = {}
    try:
        while waiting or running:
            while waiting and len(running) < bounds.jobs:
                run = _Run(asking, waiting.popleft(), bounds.seconds)
                running[run.pipe] = run
            for run, late in _heard(running):
                done[run.name] = run.host(late=late)
                del running[run.pipe]
                run.stop()
                advance(len(done), len(hosts))
    finally:
        for run in running.values():
            run.stop()
    return tuple(done[name] for name in hosts)


def _heard(running: dict[Connection, _Run]) -> list[tuple[_Run, bool]]:
    """Wait for news, at most until the first is late; give those that are done, or late."""
    until = min(run.late for run in running.values())
    ready = connection.wait(list(running), timeout=max(until - time.monotonic(), 0))
    ended = [(run, False) for pipe, run in running.items() if pipe in ready and not run.hear()]
    now = time.monotonic()
    gone = {run.name for run, _ in ended}
    late = [r for r in running.values() if r.late <= now and r.name not in gone]
    return [*ended, *((run, True) for run in late)]
