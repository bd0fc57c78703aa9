"""Run commands in turns and give medians: wall clock, processor time, peak memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ONCE = Path(__file__).parent / "once.py"


def _nothing() -> None:
    return


@dataclass(frozen=True)
class Run:
    """One command as it is measured.

    `prepare` is called before each run and is not measured. `cores` says how many processors the
    command may use (0: all); `log` takes what it prints (None: nowhere); `settings` are added to
    the environment.
    """

    name: str
    argv: Sequence[str | Path]
    folder: Path
    prepare: Callable[[], None] = _nothing
    cores: int = 0
    log: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """What a run took: seconds, and the largest process of it in MiB."""

    wall: float
    cpu: float
    memory: float


def measure(runs: Sequence[Run], times: int, environment: Mapping[str, str]) -> dict[str, Sample]:
    """Run all `times` times, in turns that begin with another each time; give medians by name."""
    found: dict[str, list[Sample]] = {run.name: [] for run in runs}
    for turn in range(times):
        first = turn % len(runs)
        for run in (*runs[first:], *runs[:first]):
            found[run.name].append(_once(run, environment))
    return {name: _median(samples) for name, samples in found.items()}


def _median(samples: list[Sample]) -> Sample:
    return Sample(
        statistics.median(s.wall for s in samples),
        statistics.median(s.cpu for s in samples),
        statistics.median(s.memory for s in samples),
    )


def _once(run: Run, environment: Mapping[str, str]) -> Sample:
    run.prepare()
    words = [run.cores, run.log or os.devnull, *run.argv]
    done = subprocess.run(
        [sys.executable, "-I", "-S", ONCE, *map(str, words)],
        cwd=run.folder,
        env={**environment, **run.settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    told = json.loads(done.stdout)
    if told["code"]:
        msg = f"{run.name} failed with {told['code']}: {done.stderr.decode(errors='replace')}"
        raise RuntimeError(msg)
    return Sample(told["wall"], told["cpu"], told["memory"])
