"""Time the stages of a render of one workspace, in one process: prints seconds as JSON.

Wraps the functions of the product; the product knows nothing of it. `read back` is what parses a
rendered file again, `audit` the audit and the rules, `write` observing, planning and writing;
`render` is what is left: start, layers, merge, schema, pins, templates. With `--trace` instead:
all files rendered with and without a record of what made them. Processor time.
Usage: stages.py [--trace] WORKSPACE [PROFILE...]
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from generator import pipeline, update
from generator.__main__ import LOOK_FOR_CIRCLES
from generator.cli.session import cache_folder
from generator.sources import Sources
from generator.stages import write
from generator.templating.jobs import jobs
from generator.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ROUNDS = 5


class Clock:
    """Adds up the time of the outermost of the calls it watches, by what they are for."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._open = False

    def watched(self, what: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Give the function, timed."""

        def timed(*args: Any, **named: Any) -> Any:
            if self._open:
                return work(*args, **named)
            self._open = True
            started = time.process_time()
            try:
                return work(*args, **named)
            finally:
                self.spent[what] = self.spent.get(what, 0.0) + time.process_time() - started
                self._open = False

        return timed


class _Reading:
    """A dialect whose parse is timed; all else is the dialect's."""

    def __init__(self, dialect: Any, clock: Clock) -> None:
        self._dialect = dialect
        self.parse = clock.watched("read back", dialect.parse)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dialect, name)


def staged(root: Path, names: list[str]) -> dict[str, float]:
    """Render and write, and give the seconds of each stage."""
    clock = Clock()
    compiler = _compiler(root)
    engine = compiler.sources.engine
    dialect = engine.dialect
    known: dict[str, _Reading] = {}

    def watched_dialect(name: str) -> Any:
        # The stage reads back through Engine.dialect; the engine's own use of it is not timed.
        if name not in known:
            known[name] = _Reading(dialect(name), clock)
        return known[name]

    engine.dialect = watched_dialect  # type: ignore[method-assign]
    pipeline.audit = clock.watched("audit", pipeline.audit)
    for name, value in [*vars(pipeline.rules).items()]:
        if isinstance(value, FunctionType) and value.__module__ == pipeline.rules.__name__:
            setattr(pipeline.rules, name, clock.watched("audit", value))
    for place, parts in ((update, ("observe", "plan", "check_places")), (write, ("write",))):
        for part in parts:
            setattr(place, part, clock.watched("write", getattr(place, part)))
    update.bring_up(compiler, names, lambda _done, _total: None)
    total = time.process_time()
    return {"total": total, "render": total - sum(clock.spent.values()), **clock.spent}


def traced(root: Path, names: list[str]) -> dict[str, float]:
    """Give the seconds of templates, and of the whole compilation, without and with tracing."""
    compiler = _compiler(root)
    engine = compiler.sources.engine
    chosen = compiler.sources.select(names)
    work = [(pinned, job) for pinned in map(compiler.pinned, chosen) for job in jobs(pinned)]
    found: dict[str, list[float]] = {}
    for turn in range(_ROUNDS + 1):
        for way, one in (("off", engine.render), ("on", engine.trace)):
            templates = _seconds(lambda one=one: [one(*each) for each in work])
            compiled = _seconds(lambda way=way: _compile(root, chosen, traced=way == "on"))
            if turn:  # the first compiles templates
                found.setdefault(f"templates, tracing {way}", []).append(templates)
                found.setdefault(f"compilation, tracing {way}", []).append(compiled)
    return {what: statistics.median(times) for what, times in found.items()}


def _compile(root: Path, names: Iterable[str], *, traced: bool) -> None:
    """Compile profiles; traced, each file is rendered with a record of what made its text."""
    compiler = _compiler(root)
    engine = compiler.sources.engine
    if traced:
        trace = engine.trace
        engine.render = lambda pinned, job: trace(pinned, job).text  # type: ignore[method-assign]
    for name in names:
        compiler.compile(name)


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _compiler(root: Path) -> pipeline.Compiler:
    return pipeline.Compiler(Sources(open_workspace(root), cache_folder()))


if __name__ == "__main__":
    gc.set_threshold(LOOK_FOR_CIRCLES)  # as the command does
    words = sys.argv[1:]
    task = traced if words[0] == "--trace" else staged
    place, *profiles = [word for word in words if word != "--trace"]
    print(json.dumps(task(Path(place).absolute(), profiles)))
