"""One run at a time; readers together; a killed run blocks nobody."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from generator.disk import runlock
from generator.problems import Exit, Rejected

if TYPE_CHECKING:
    from pathlib import Path

_HOLDER = """
import pathlib, sys, time
from generator.disk import runlock
with runlock.hold(pathlib.Path(sys.argv[1]), timeout=5):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_waits_then_gives_up(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        runlock.hold(tmp_path, timeout=0),
        pytest.raises(Rejected) as caught,
        runlock.hold(tmp_path, timeout=0.1, waiting=lambda: said.append("waiting")),
    ):
        pytest.fail("two runs hold the lock")
    (problem,) = caught.value.problems
    assert (problem.code, problem.exit) == ("GG430", Exit.DISK)
    assert said == ["waiting"]


def test_the_lock_is_free_after_its_block_and_leaves_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        with runlock.hold(tmp_path, timeout=0):
            assert not list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_readers_go_together_but_not_with_a_writer(tmp_path: Path) -> None:
    with (
        runlock.hold(tmp_path, timeout=0, shared=True),
        runlock.hold(tmp_path, timeout=0, shared=True),
        pytest.raises(Rejected),
        runlock.hold(tmp_path, timeout=0),
    ):
        pytest.fail("a writer beside readers")


def test_a_killed_run_frees_the_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(Rejected), runlock.hold(tmp_path, timeout=0):
            pytest.fail("held twice")
        child.send_signal(signal.SIGKILL)
        child.wait()
    with runlock.hold(tmp_path, timeout=1):
        pass


def test_where_folders_cannot_be_locked_the_mark_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As NFS answers: flock wants a descriptor open for writing."""
    (tmp_path / "gogen.toml").touch()
    real = fcntl.flock

    def flock(fd: int, how: int) -> None:
        if not fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_RDWR:
            raise OSError(errno.EBADF, "bad file descriptor")
        real(fd, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        runlock.hold(tmp_path, timeout=0),
        pytest.raises(Rejected),
        runlock.hold(tmp_path, timeout=0),
    ):
        pytest.fail("held twice")
