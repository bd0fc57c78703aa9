"""Many runs at once, and readers while releases change."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.installer.conftest import CURRENT, NEXT
from tests.installer.locks import GONE, locking, owned
from tests.installer.machine import PATIENCE, SHELLS, snapshot
from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.installer.machine import Machine
    from tests.installer.mirror import Mirror

TWENTY = 20


def at_once(machine: Machine, *runs: tuple[str, ...]) -> None:
    """Start runs at once, in all shells; each has to succeed."""
    processes = []
    for number, args in enumerate(runs):
        machine.shell = list(SHELLS)[number % len(SHELLS)]
        processes.append(machine.start(*args))
    said = ["".join(process.communicate(timeout=PATIENCE)) for process in processes]
    codes = [process.returncode for process in processes]
    assert codes == [0] * len(runs), "\n".join(said)


@pytest.mark.parametrize("how", ["flock", "mkdir", "none"])
def test_twenty_at_once(machine: Callable[..., Machine], mirror: Mirror, how: str) -> None:
    one = machine()
    locking(one, how)
    at_once(one, *[("install",)] * TWENTY)
    one.right("verify", "--deep")
    before = snapshot(one.root)
    at_once(one, *[("install",)] * TWENTY)
    assert snapshot(one.root) == before
    assert not list((one.root / "tmp").iterdir())
    assert sorted(path.name for path in (one.root / "go").iterdir()) == [
        CURRENT.name,
        f"{CURRENT.name}.ok",
    ]
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("how", ["flock", "none"])
def test_twenty_at_once_where_one_tree_shall_go(
    machine: Callable[..., Machine], mirror: Mirror, how: str
) -> None:
    one = machine()
    locking(one, how)
    into = one.folder / "sdk" / "go"
    at_once(one, *[("install", "--into", str(into))] * TWENTY)
    one.right("verify", "--into", str(into), "--deep")
    assert list(into.parent.iterdir()) == [into]
    if how != "none":
        assert len(mirror.asked) == 1


def test_different_releases_at_once(machine: Callable[..., Machine]) -> None:
    one = machine()
    at_once(one, *[("install", "1.27.1"), ("install", "1.27.2", "--no-use")] * 5)
    one.right("verify", "--deep")
    one.right("verify", "1.27.2", "--deep")


def test_verbs_that_meet(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.right("install", "1.27.2")
    one.right()
    verbs = [("install",), ("use", "1.27.2"), ("gc",), ("list",), ("use", "1.27.1"), ("rollback",)]
    at_once(one, *verbs * 3)
    one.right()
    one.right("verify", "--deep")


FLIPS = """\
find_platform
find_sum
find_root
room="${{R}}/tmp/"
take_lock "${{R}}/lock"
open_work
count=0
while [ "${{count}}" -lt 500 ]; do
  point current {one}
  point current {other}
  count=$((count + 1))
done
"""


def reading(root: Path, done: threading.Event, seen: list[str]) -> Callable[[], None]:
    """Make a loop that runs what is current and reads its files; what fails is seen too."""
    go = root / "current/bin/go"

    def read() -> None:
        while not done.wait(0.01):  # what flips needs the processor too
            ran = subprocess.run([go, "version"], check=False, capture_output=True, text=True)
            seen.append(" ".join(ran.stdout.split()[2:3]) or f"failed: {ran.stderr}")
            try:
                text = (root / "current/VERSION").read_text(encoding="utf-8")
            except OSError as error:
                text = f"failed: {error}\n"
            seen.append(text.splitlines()[0])

    return read


def test_readers_never_fail_while_releases_change(machine: Callable[..., Machine]) -> None:
    """Flip `current` a thousand times by the script's own functions, under readers."""
    one = machine()
    one.right("install", "1.27.2")
    one.right()
    text = one.script.read_text(encoding="utf-8")
    flips = FLIPS.format(one=NEXT.name, other=CURRENT.name)
    one.script.write_text(text[: text.rindex("find_platform\n")] + flips, encoding="utf-8")
    seen: list[str] = []
    done = threading.Event()
    readers = [threading.Thread(target=reading(one.root, done, seen)) for _ in range(2)]
    for reader in readers:
        reader.start()
    flipped = one.run()
    done.set()
    for reader in readers:
        reader.join()
    assert flipped.code == 0, flipped.text
    assert set(seen) == {"go1.27.1", "go1.27.2"}
    assert len(seen) > 100


def test_a_run_that_waits_too_long_says_so(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.root.mkdir(parents=True)
    with (one.root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = one.run("install", "--json", GOGEN_LOCK_WAIT="1")
    assert done.code == 7
    assert "another run held" in done.json["error"]
    one.right()


def test_a_lock_of_an_earlier_boot_is_taken_over(machine: Callable[..., Machine]) -> None:
    one = machine()
    locking(one, "mkdir")
    lock = one.root / "lock.d"
    lock.mkdir(parents=True)
    (lock / "owner").write_text(owned(os.getpid(), boot="another"), encoding="utf-8")
    # Others that were about to take it over were killed there.
    (one.root / "lock.gone").mkdir()
    (one.root / "lock.break").mkdir()
    os.utime(one.root / "lock.break", (0, 0))
    assert "taking over" in one.right().err
    assert not list(one.root.glob("lock*"))


# Whoever finds the dead run's lock has a second to find it, and all but one are slow to act on it.
HESITANT = """\
#!/bin/sh
case $* in
*lock.d*) if mkdir '{first}' 2>/dev/null; then sleep 1; else sleep 3; fi ;;
esac
exec /bin/mv "$@"
"""


def test_a_dead_run_s_lock_is_taken_over_by_one(
    machine: Callable[..., Machine], mirror: Mirror
) -> None:
    """Of several that find it at once: the slower would take away what the quicker one made."""
    one = machine(how="held")
    locking(one, "mkdir")
    lock = one.root / "lock.d"
    lock.mkdir(parents=True)
    (lock / "owner").write_text(owned(1, boot="another"), encoding="utf-8")
    mv = one.folder / "bin/mv"
    mv.unlink()
    mv.write_text(HESITANT.format(first=one.folder / "first"), encoding="utf-8")
    mv.chmod(0o755)
    processes = [one.start() for _ in range(3)]
    time.sleep(5)
    mirror.go_on.set()
    for process in processes:
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, out + err
    one.right("verify", "--deep")
    assert len(mirror.asked) == 1
    assert sorted(path.name for path in one.root.iterdir()) == ["cache", "current", "go", "tmp"]


def test_a_lock_of_a_living_run_is_not(machine: Callable[..., Machine]) -> None:
    one = machine()
    locking(one, "mkdir")
    lock = one.root / "lock.d"
    lock.mkdir(parents=True)
    (lock / "owner").write_text(owned(os.getpid()), encoding="utf-8")
    done = one.run("install", GOGEN_LOCK_WAIT="1")
    assert done.code == 7
    assert f"rm -r {lock}" in done.err
    assert lock.is_dir()


@pytest.mark.parametrize("elsewhere", ["space", "user", "host", "host and boot"])
def test_a_lock_of_a_run_elsewhere_is_taken_over_after_a_day(
    machine: Callable[..., Machine], elsewhere: str
) -> None:
    """Its process cannot be seen from here: its number is nobody's, or another's."""
    one = machine()
    locking(one, "mkdir")
    lock = one.root / "lock.d"
    lock.mkdir(parents=True)
    owner = owned(GONE, **dict.fromkeys(elsewhere.split(" and "), "another"))
    (lock / "owner").write_text(owner, encoding="utf-8")
    assert one.run("install", GOGEN_LOCK_WAIT="2").code == 7
    assert (lock / "owner").read_text(encoding="utf-8") == owner
    os.utime(lock, (0, 0))
    assert "taking over" in one.right().err
    assert not list(one.root.glob("lock*"))


def test_a_lock_of_a_process_that_is_gone_is_taken_over(machine: Callable[..., Machine]) -> None:
    one = machine()
    locking(one, "mkdir")
    lock = one.root / "lock.d"
    lock.mkdir(parents=True)
    (lock / "owner").write_text(owned(GONE), encoding="utf-8")
    assert "taking over" in one.right("install", GOGEN_LOCK_WAIT="2").err


def test_a_lock_of_a_process_that_nobody_buried_is_taken_over(
    machine: Callable[..., Machine],
) -> None:
    one = machine()
    locking(one, "mkdir")
    lock = one.root / "lock.d"
    lock.mkdir(parents=True)
    with subprocess.Popen([require("dash"), "-c", ":"]) as dead:
        os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
        (lock / "owner").write_text(owned(dead.pid), encoding="utf-8")
        assert "taking over" in one.right("install", GOGEN_LOCK_WAIT="2").err
