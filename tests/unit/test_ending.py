"""How the program ends: as ever, or at once where a thread is left that nobody waits for."""

from __future__ import annotations

import subprocess
import sys

import pytest

ENDS = """\
import atexit, sys, threading, time
from generator import __main__

def work():
    {left}
    print("said", end="")
    return 7

atexit.register(print, " and taken apart", end="")
__main__.main = work
__main__.start()
"""


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ("", "said and taken apart"),
        ("threading.Thread(target=time.sleep, args=(600,), daemon=True).start()", "said"),
        ("threading.Thread(target=time.sleep, args=(0.1,)).start()", "said and taken apart"),
    ],
)
def test_a_thread_that_nobody_waits_for_ends_with_the_program(left: str, said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS.format(left=left or "pass")],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, said, "")
