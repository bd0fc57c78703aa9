"""Killed at every step: a plain run afterwards gets everything right.

Programs that stand first on PATH count how often the installer calls one that changes something. At
the Nth call they kill the whole run, before the real program has done its work or after.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.installer.conftest import CURRENT, NEXT
from tests.installer.machine import NEEDED, PATIENCE, SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.installer.machine import Machine
    from tests.installer.mirror import Mirror

CHANGING = ("chmod", "cp", "curl", "ln", "mkdir", "mv", "rm", "rmdir", "sync", "tar", "unzip")
DEADLY = """\
#!/bin/sh
read -r count at when <'{plan}'
count=$((count + 1))
echo "$count $at $when" >'{plan}'
if [ "$count $when" = "$at before" ]; then kill -KILL 0; fi
'{real}' "$@" && code=0 || code=$?
if [ "$count $when" = "$at after" ]; then kill -KILL 0; fi
exit "$code"
"""
NEVER = 10_000


class Deadly:
    """The programs of one machine that kill."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.plan = machine.folder / "plan"
        self.bin = machine.folder / "deadly"
        self.bin.mkdir()
        for name in CHANGING:
            real = shutil.which(name, path=SYSTEM)
            program = self.bin / name
            program.write_text(DEADLY.format(plan=self.plan, real=real), encoding="utf-8")
            program.chmod(0o755)

    def run(self, at: int, when: str, *args: str) -> int:
        """Run the installer up to its `at`-th change; give its exit code, -9 if it was killed."""
        self.plan.write_text(f"0 {at} {when}\n", encoding="utf-8")
        return self.machine.run(*args, PATH=f"{self.bin}:{self.machine.path}").code

    def changes(self, *args: str) -> int:
        """Give how many changes a whole run makes."""
        assert self.run(NEVER, "after", *args) == 0
        return int(self.plan.read_text(encoding="utf-8").split()[0])


def nothing(_machine: Machine) -> None:
    """Begin with nothing."""


def another_release(machine: Machine) -> None:
    """Begin with another release that is current."""
    machine.right("install", "1.27.2")


def a_damaged_tree(machine: Machine) -> None:
    """Begin with a tree in which a program is not its own."""
    machine.right()
    (machine.root / "current/bin/gofmt").write_bytes(b"damaged")


def both(machine: Machine) -> None:
    """Begin with both releases, this one current."""
    machine.right("install", "1.27.2")
    machine.right()


SCENARIOS: dict[str, tuple[Callable[[Machine], None], tuple[str, ...]]] = {
    "install": (nothing, ("install",)),
    "upgrade": (another_release, ("install",)),
    "repair": (a_damaged_tree, ("install",)),
    "rollback": (both, ("rollback",)),
    "gc": (both, ("gc", "--keep", "0")),
    "uninstall": (both, ("uninstall",)),
}


def tidy(machine: Machine) -> None:
    """No run left anything behind that a run which ended would not."""
    assert not [p for p in (machine.root / "tmp").iterdir() if not p.name.startswith("damaged.")]
    assert not list((machine.root / "cache").glob("*.part*"))


@pytest.mark.parametrize(
    ("scenario", "when"), [("install", "before"), *((name, "after") for name in SCENARIOS)]
)
def test_a_plain_run_goes_on(machine: Callable[..., Machine], scenario: str, when: str) -> None:
    begin, args = SCENARIOS[scenario]
    first = machine()
    begin(first)
    at = 1
    while True:
        one = machine()
        if first.home.exists():
            shutil.copytree(first.home, one.home, symlinks=True)
        code = Deadly(one).run(at, when, *args)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        # Whatever is to be seen is whole: no tree is without its receipt.
        if (one.root / "current").is_symlink():
            assert (one.root / "current").readlink().name in (CURRENT.name, NEXT.name)
        for tree in (one.root / "go").glob("*[!k]"):
            assert tree.with_name(f"{tree.name}.ok").exists()
        one.right()
        one.right("verify", "--deep")
        tidy(one)
        shutil.rmtree(one.folder)
        at += 1
    assert at > 5


def test_a_tree_of_an_init_container_is_whole_or_not_there(
    machine: Callable[..., Machine],
) -> None:
    one = machine()
    into = one.folder / "sdk" / "go"
    deadly = Deadly(one)
    for at in range(1, deadly.changes("install", "--into", str(into))):
        shutil.rmtree(into.parent)
        assert deadly.run(at, "after", "install", "--into", str(into)) == -signal.SIGKILL
        if into.exists():
            one.right("verify", "--into", str(into), "--deep")
        one.right("install", "--into", str(into))
        one.right("verify", "--into", str(into), "--deep")
        assert list(into.parent.iterdir()) == [into]


def test_a_module_that_was_being_unpacked(machine: Callable[..., Machine]) -> None:
    changes = Deadly(machine(how="gone", proxy="good")).changes("install")
    for at in range(5, changes, 3):
        one = machine(how="gone", proxy="good")
        assert Deadly(one).run(at, "after", "install") == -signal.SIGKILL
        one.right()
        one.right("verify", "--deep")
        tidy(one)


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def _is_running(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _part(machine: Machine) -> Path:
    return machine.root / "cache" / f"{CURRENT.pin.sha256}.part"


def _is_fetching(machine: Machine) -> bool:
    return _part(machine).exists() and _part(machine).stat().st_size > 0


def test_a_download_that_outlived_its_run_is_waited_for(
    machine: Callable[..., Machine], mirror: Mirror
) -> None:
    one = machine(how="held")
    process = one.start()
    _until(lambda: _is_fetching(one))
    process.kill()
    process.wait()
    second = one.start()
    assert second.stderr
    assert "waiting for another run" in second.stderr.readline()
    mirror.go_on.set()
    out, err = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, out + err
    one.right("verify", "--deep")
    tidy(one)
    assert len(mirror.asked) == 1
    process.communicate()


@pytest.mark.parametrize("shell", ["dash", "busybox", "bash"])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_it_at_once_and_cleanly(
    machine: Callable[..., Machine], mirror: Mirror, shell: str, number: int, code: int
) -> None:
    one = machine(shell, how="held")
    process = one.start("install", "--json")
    _until(lambda: _is_fetching(one))
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert f'"code":{code}' in out
    assert not list((one.root / "tmp").iterdir())
    assert _part(one).exists()
    # Nobody is left in its process group: not the program that was fetching, once it is reaped.
    _until(lambda: not _is_running(process.pid))
    mirror.go_on.set()
    one.right()
    one.right("verify", "--deep")


def test_without_flock_a_dead_run_s_lock_is_taken_over(
    machine: Callable[..., Machine], mirror: Mirror
) -> None:
    one = machine(how="held")
    one.only(*(name for name in NEEDED if name != "flock"), "curl")
    process = one.start()
    _until(lambda: _is_fetching(one))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert (one.root / "lock.d").is_dir()
    mirror.go_on.set()
    assert "taking over" in one.right().err
    assert not (one.root / "lock.d").exists()
    one.right("verify", "--deep")
    tidy(one)
