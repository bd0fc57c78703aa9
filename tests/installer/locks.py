"""The installer's lock as a test holds it: flock's, or the folder that names its owner."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.installer.machine import NEEDED, PATIENCE, Done

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.installer.machine import Machine

GONE = 4_194_304
"""No process: Linux's numbers end below (PID_MAX_LIMIT in include/linux/threads.h)."""


def locking(machine: Machine, how: str) -> None:
    """Leave the machine flock, no flock, or a file system on which it fails."""
    if how == "flock":
        return
    machine.only(*(name for name in NEEDED if name != "flock"), "curl")
    if how == "none":
        flock = machine.folder / "bin/flock"
        flock.write_text("#!/bin/sh\nexit 71\n", encoding="utf-8")
        flock.chmod(0o755)


def owned(process: int, **other: str) -> str:
    """Give what the lock of a process of this machine says, but for what is another's."""
    boot, space = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    if not boot.exists() or not space.is_symlink():
        pytest.skip("this system does not name its boot and spaces of process numbers")
    where = {
        "boot": boot.read_text(encoding="ascii").strip(),
        "space": str(space.readlink()),
        "user": str(os.getuid()),
        "host": platform.node(),
    }
    return " ".join([str(process), *(where | other).values()]) + "\n"


@contextmanager
def held(lock: Path, how: str = "flock") -> Iterator[None]:
    """Hold a lock: what flock holds, a file or a folder, or the folder beside it."""
    if how == "flock":
        opened = os.open(lock, os.O_RDONLY if lock.is_dir() else os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX)
            yield
        finally:
            os.close(opened)
        return
    folder = lock.with_name("lock.d")
    folder.mkdir()
    (folder / "owner").write_text(owned(os.getpid()), encoding="utf-8")
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Waiting:
    """A run that waits for the lock."""

    process: subprocess.Popen[str]

    def end(self) -> Done:
        """Give what it left, once it has ended."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return Done(self.process.returncode, out, err)


@contextmanager
def waiting(
    machine: Machine, *args: str, lock: Path | None = None, how: str = "flock", **env: str
) -> Iterator[Waiting]:
    """Hold the lock while a run that wants it has been started; free it at the end."""
    with held(lock or machine.root / "lock", how):
        process = machine.start(*args, **env)
        assert process.stderr is not None
        assert "waiting for another run" in process.stderr.readline()
        yield Waiting(process)
