"""Many machines at once: the bound, and what becomes of one whose process goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from generator.cli import verify as command
from generator.verify import fleet
from generator.verify.asking import Asking, End, Fault
from generator.verify.fleet import Bounds
from generator.verify.model import Check, Host, State, Verdict
from tests.verify.fleet import runs, until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection
    from pathlib import Path

    from tests.conftest import Project

# A worker of pytest-xdist has a second thread, which a fork leaves behind; the command has none.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

REACHED = Check("reachable", Verdict.RIGHT, "an answer", "an answer")
WRONG = Check("version", Verdict.DIFFERS, "a", "b")


@pytest.fixture
def verify(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[dict[str, Host], list[tuple[int, int]]]]:
    """Ask machines by a function of the test's own, each still in a process of its own."""

    def run(
        ask: Callable[[Asking, str, Connection], None],
        *hosts: str,
        jobs: int = 4,
        seconds: float = 30,
    ) -> tuple[dict[str, Host], list[tuple[int, int]]]:
        monkeypatch.setattr(fleet, "ask", ask)
        steps: list[tuple[int, int]] = []
        found = fleet.verify(
            Asking(tmp_path), hosts, Bounds(jobs, seconds), lambda *step: steps.append(step)
        )
        assert [host.name for host in found] == list(hosts)
        return {host.name: host for host in found}, steps

    return run


def test_so_many_at_a_time_and_no_wave_waits(
    verify: Callable[..., tuple[dict[str, Host], list[tuple[int, int]]]], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.touch()

    def signs(sign: str) -> int:
        return log.read_text().count(sign)

    def ask(_: Asking, host: str, pipe: Connection) -> None:
        with log.open("a", buffering=1) as file:
            file.write("+\n")
            until(lambda: signs("+") >= 3)
            if host == "h0":  # while it takes its time all others come and go
                until(lambda: signs("-") == 8)
            file.write("-\n")
        pipe.send(REACHED)
        pipe.send(End(0, ""))

    names = [f"h{number}" for number in range(9)]
    found, steps = verify(ask, *names, jobs=3)
    assert {host.state for host in found.values()} == {State.RIGHT}
    assert steps == [(number + 1, 9) for number in range(9)]
    running, most = 0, 0
    for sign in log.read_text().split():
        running += 1 if sign == "+" else -1
        most = max(most, running)
    assert most == 3


def test_only_a_whole_answer_is_right(
    verify: Callable[..., tuple[dict[str, Host], list[tuple[int, int]]]],
) -> None:
    told: Mapping[str, tuple[Check | Fault | End, ...]] = {
        "right": (REACHED, End(0, "")),
        "wrong": (REACHED, WRONG, End(1, "")),
        "nothing": (End(0, "no tests ran"),),
        "no-end": (REACHED,),
        "crash": (REACHED, End(3, "INTERNALERROR")),
        "fault": (REACHED, Fault("it broke"), End(1, "")),
        "mute": (Check("reachable", Verdict.DIFFERS, "an answer", "refused"), End(1, "")),
    }

    def ask(_: Asking, host: str, pipe: Connection) -> None:
        for each in told[host]:
            pipe.send(each)

    found, _ = verify(ask, *told)
    assert {name: (host.state, host.reason) for name, host in found.items()} == {
        "right": (State.RIGHT, ""),
        "wrong": (State.DIFFERS, ""),
        "nothing": (State.BROKEN, "no tests ran"),
        "no-end": (State.BROKEN, "its process was ended before it had told all"),
        "crash": (State.BROKEN, "INTERNALERROR"),
        "fault": (State.BROKEN, "it broke"),
        "mute": (State.UNREACHABLE, "refused"),
    }


def test_one_that_is_late_or_killed_takes_nothing_with_it(
    verify: Callable[..., tuple[dict[str, Host], list[tuple[int, int]]]], tmp_path: Path
) -> None:
    def ask(_: Asking, host: str, pipe: Connection) -> None:
        os.setsid()
        pipe.send(REACHED)
        if host == "late":
            pipe.send(WRONG)
            with subprocess.Popen(["sleep", "300"]) as child:
                (tmp_path / "child").write_text(str(child.pid))
        if host == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        pipe.send(End(0, ""))

    found, _ = verify(ask, "late", "killed", "right", seconds=5)
    assert found["late"].state is State.TIMED_OUT
    assert found["late"].checks == (WRONG,)
    assert found["killed"].state is State.BROKEN
    assert found["right"].state is State.RIGHT
    pid = int((tmp_path / "child").read_text())
    until(lambda: not runs(pid))


@pytest.mark.parametrize("lacking", ["testinfra", "pytest"])
def test_without_the_extra_the_way_out_is_told(
    lacking: str,
    monkeypatch: pytest.MonkeyPatch,
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    monkeypatch.setattr(
        command, "find_spec", lambda name: None if name == lacking else find_spec(name)
    )
    done = project({}).run("verify")
    assert done.code == 2
    assert "error[GG620]" in done.err
    assert "pip install 'gogen[verify]'" in done.err


def test_without_fork_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    monkeypatch.delattr(os, "fork")
    done = project({}).run("verify")
    assert (done.code, "error[GG621]" in done.err) == (2, True)
