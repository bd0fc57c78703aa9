"""Work in a child process that kills itself at the Nth step that may change the disk.

The failpoint is in the functions of `os` through which every change goes: before the Nth of those
calls, after it (which is before the next), or half-way through a write.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_CALLS = ("open", "write", "fsync", "mkdir", "rename", "unlink", "rmdir")


def killed(work: Callable[[], object], at: int, moment: str = "before") -> bool:
    """Do the work in a child that is killed at a step; False if it came to its end before."""
    child = os.fork()
    if not child:
        try:
            _arm(at, moment)
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a child must never return into pytest
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0, "the child failed"
    return os.WIFSIGNALED(status)


def _arm(at: int, moment: str) -> None:
    """Kill this process at a call that may change the disk: before the `at`th, or half-way.

    After a call is before the next; only a write has a middle.
    """
    left = [at]

    def wrapped(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            if name == "open" and not int(str(args[1])) & os.O_CREAT:
                return real(*args, **named)
            left[0] -= 1
            if not left[0] and moment == "within":
                data = memoryview(args[1])  # type: ignore[arg-type]
                real(args[0], data[: len(data) // 2])
            if not left[0]:
                _die()
            return real(*args, **named)

        return call

    for name in _CALLS if moment == "before" else ("write",):
        setattr(os, name, wrapped(name, getattr(os, name)))


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
