"""Many profiles: shared out over workers they give what one process gives, and end as it ends."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Project
from tests.e2e.command import TEMPLATES, finish, gogen, layer, sources, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Make = Callable[[Mapping[str, str | bytes]], Project]

COUNT = 100
FEW = 40  # still enough for workers to be started
PLACES = 'places = ["placed/*"]\n'
# Whatever the machine has: this many processors. Tells how many workers were started.
ON = """
import os, sys
os.sched_getaffinity = lambda _: set(range({processors}))
real, forked = os.fork, []
def fork():
    child = real()
    forked.append(child)
    return child
os.fork = fork
{before}
from generator.__main__ import main
code = main(sys.argv[1:])
print(f"forked {{len(forked)}}", file=sys.stderr)
sys.exit(code)
"""
ALONE = ON.format(processors=1, before="")
SHARED = ON.format(processors=3, before="")


def profiles(wrong: tuple[int, ...] = (), count: int = COUNT) -> dict[str, str]:
    """Give many profiles in three generations; some refer to what is not there."""
    files = {"gogen.toml": PLACES, **TEMPLATES, "profiles/base/profile.yaml": layer("base", 3)}
    for number in range(count):
        text = "<{ nothing.here }>" if number in wrong else f"says {number}"
        parent = f"p{number - 1:03}" if number % 2 else "base"
        placed = f"{{name: placed, at: placed/{number}}}" if number % 10 == 0 else ""
        files[f"profiles/p{number:03}/profile.yaml"] = (
            f'extends: [{parent}]\nnotes: {{text: "{text}", placed: [{placed}]}}\n'
        )
    return files


def test_workers_write_what_one_process_writes(project: Make, tmp_path: Path) -> None:
    one = project(profiles())
    other = Project(sources(one.root, tmp_path / "other"))
    alone = gogen(one.root, "render", code=ALONE)
    shared = gogen(other.root, "render", code=SHARED)
    assert (alone[0], alone[2]) == (0, "forked 0\n")
    assert (shared[0], shared[2]) == (0, "forked 3\n")
    assert alone[1] == shared[1]
    assert one.tree() == other.tree()
    assert len(one.tree()) > 5 * COUNT
    clean = gogen(one.root, "check", code=SHARED)
    assert (clean[0], clean[2]) == (0, "forked 3\n")
    assert clean == (*gogen(one.root, "check", code=ALONE)[:2], "forked 3\n")


def test_problems_of_several_profiles_are_all_told_in_order(project: Make, tmp_path: Path) -> None:
    wrong = (3, 40, 41, 77, 99)
    one = project(profiles(wrong))
    other = Project(sources(one.root, tmp_path / "other"))
    alone = gogen(one.root, "render", code=ALONE)
    shared = gogen(other.root, "render", code=SHARED)
    assert (alone[0], shared[0]) == (2, 2)
    assert alone[1] == shared[1]
    assert alone[2].replace("forked 0", "forked 3") == shared[2]
    heads = [line for line in shared[2].splitlines() if line.startswith("error[")]
    assert heads == [f"error[GG141] profiles/p{number:03}/profile.yaml:2:15" for number in wrong]
    assert one.tree() == other.tree()
    written = {path.split("/")[1] for path in one.tree() if path.startswith("out/")}
    assert written == {"base", *(f"p{n:03}" for n in range(COUNT) if n not in wrong)}


def test_workers_compare_what_one_process_compares(project: Make) -> None:
    one = project(profiles())
    assert gogen(one.root, "render", code=SHARED)[0] == 0
    one.write({"out/p042/notes/n1.txt": "by hand\n", "out/p007/extra": "x\n", "placed/50": "y\n"})
    alone = gogen(one.root, "check", code=ALONE)
    shared = gogen(one.root, "check", code=SHARED)
    assert alone[0] == 1
    assert alone == (*shared[:2], shared[2].replace("forked 3", "forked 0"))
    for path in ("out/p042/notes/n1.txt", "out/p007/extra", "placed/50"):
        assert path in shared[2]


def _group_ends(group: int, seconds: float = 300) -> bool:
    """Tell whether every process of a group ends in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


# The first ones are quick, the others take a while: a signal comes in the midst of the run.
SLOW = """
import time
from generator.pipeline import Compiler
compiled = Compiler.compile
def compile(self, name):
    time.sleep(0.02 if name < "p010" else 1)
    return compiled(self, name)
Compiler.compile = compile
"""


STOPS: dict[str, tuple[Callable[[int], None], int]] = {
    "ctrl-c": (lambda process: os.killpg(process, signal.SIGINT), 130),
    "interrupt": (lambda process: os.kill(process, signal.SIGINT), 130),
    "kill": (lambda process: os.kill(process, signal.SIGKILL), -signal.SIGKILL),
}


@pytest.mark.parametrize("how", STOPS)
@pytest.mark.parametrize("processors", [1, 3])
def test_stopped_in_the_midst_and_run_again(
    project: Make, tmp_path: Path, processors: int, how: str
) -> None:
    stop, code = STOPS[how]
    one = project(profiles(count=FEW))
    script = ON.format(processors=processors, before=SLOW)
    process = start(one.root, "render", code=script, session=True)
    while process.poll() is None and not (one.root / "out/p004").exists():
        time.sleep(0.005)
    stop(process.pid)
    stopped, _, err = finish(process, 300)
    assert stopped == code
    assert "Traceback" not in err
    assert _group_ends(process.pid), "a worker outlives the run"
    assert not (one.root / "out/p038").exists(), "it was not stopped in the midst"
    fresh = Project(sources(one.root, tmp_path / "fresh"))
    rendered = fresh.run("render")
    assert rendered.code == 0, rendered.err
    assert gogen(one.root, "render", code=SHARED)[0] == 0
    assert one.tree() == fresh.tree()


DYING = """
import os
from generator.pipeline import Compiler
compiled = Compiler.compile
first = os.getpid()
def compile(self, name):
    if name == "p030" and os.getpid() != first:
        os.kill(os.getpid(), 9)
    return compiled(self, name)
Compiler.compile = compile
"""


def test_a_worker_that_the_system_kills_ends_the_run(project: Make) -> None:
    """As it does where memory runs out; waiting for it for ever would hold the workspace."""
    one = project(profiles(count=FEW))
    script = ON.format(processors=3, before=DYING)
    code, _, err = finish(start(one.root, "render", code=script, session=True), 30)
    assert code == 74
    assert "error[GG431]" in err
    assert "Traceback" not in err
    assert gogen(one.root, "render")[0] == 0
    assert gogen(one.root, "check")[0] == 0


BUG = """
from generator.pipeline import Compiler
compiled = Compiler.compile
def compile(self, name):
    if name == "p030":
        raise ZeroDivisionError("planted")
    return compiled(self, name)
Compiler.compile = compile
"""


@pytest.mark.parametrize("processors", [1, 3])
def test_a_bug_in_a_worker_is_told_as_one(project: Make, processors: int) -> None:
    one = project(profiles(count=FEW))
    script = ON.format(processors=processors, before=BUG)
    code, _, err = finish(start(one.root, "render", code=script), 30)
    assert code == 70
    assert "ZeroDivisionError: planted" in err
