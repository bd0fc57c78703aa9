"""Bring out/ in line with the profiles, or say how it is not: compile, plan and write many.

A profile with problems is not written and keeps no other from being written; every problem of the
run is reported. Many profiles are shared out over the processors; memory does not grow with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from generator import spread
from generator.disk.actual import observe, strays
from generator.disk.drift import drift
from generator.disk.places import check_places, due, sums_due
from generator.disk.runlock import hold, silent
from generator.disk.sums import NAME, OUT, digest
from generator.model import Desired, slug
from generator.problems import Place, Problem, Rejected
from generator.stages.plan import plan
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.disk.actual import Actual
    from generator.disk.runlock import Waiting
    from generator.model import Change
    from generator.pipeline import Compiler
    from generator.stages.write import Rewrite, Written

    Advance = Callable[[int, int], None]

T = TypeVar("T")

_WRITTEN = "gogen writes in out/, and at the places that targets name"


class Checked(NamedTuple):
    """A profile compared with what is on disk.

    `digests`, where they were asked for, are the workspace-relative path and SHA-256 (hex) of all
    that is due.
    """

    name: str
    files: int
    changes: tuple[Change, ...]
    digests: tuple[tuple[str, str], ...] = ()


class Comparison(NamedTuple):
    """Profiles compared; `problems` has those of compiling, not the drift itself."""

    profiles: tuple[Checked, ...]
    problems: tuple[Problem, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes of all profiles."""
        return tuple(change for profile in self.profiles for change in profile.changes)

    @property
    def drift(self) -> tuple[Problem, ...]:
        """The drift as problems."""
        return drift(self.changes)


class Brought(NamedTuple):
    """What was written of a profile, whose folder of out/ is `slug`."""

    name: str
    slug: str
    written: Written


class Foreseen(NamedTuple):
    """What a run would change of a profile, whose folder of out/ is `slug`."""

    name: str
    slug: str
    rewrites: tuple[Rewrite, ...]


class Rendered(NamedTuple):
    """What a run wrote, and every problem met."""

    profiles: tuple[Brought, ...]
    problems: tuple[Problem, ...]


def compare(
    compiler: Compiler,
    names: Iterable[str],
    advance: Advance,
    *,
    digests: bool = False,
    waiting: Waiting = silent,
) -> Comparison:
    """Render profiles (all where none is named) in memory and compare them with out/.

    `digests` asks for those of the files too; `waiting` is called once if another run writes to the
    workspace. Raises Rejected where that cannot be read.
    """
    run = _Run(compiler, _digested if digests else _checked)
    root = compiler.sources.workspace.root
    with hold(root, shared=True, waiting=waiting):
        checked = tuple(run.over(tuple(names), advance))
    return Comparison(checked, tuple(run.problems))


def bring_up(
    compiler: Compiler,
    names: Iterable[str],
    advance: Advance,
    *,
    force: bool = False,
    waiting: Waiting = silent,
) -> Rendered:
    """Render profiles (all where none is named) and write what differs.

    `force` also replaces what was edited by hand; `waiting` is called once if another run holds the
    workspace. Raises Rejected where the workspace itself cannot be read or that run does not end.
    """
    from generator.stages.write import write  # noqa: PLC0415  (a check writes nothing)

    root = compiler.sources.workspace.root

    def put(desired: Desired, actual: Actual, changes: tuple[Change, ...]) -> Brought:
        written = write(root, desired, actual, changes, force=force)
        return Brought(desired.profile or desired.slug, desired.slug, written)

    run = _Run(compiler, put)
    with hold(root, waiting=waiting):
        brought = tuple(run.over(tuple(names), advance))
    return Rendered(brought, tuple(run.problems))


def foresee(
    compiler: Compiler, advance: Advance
) -> tuple[tuple[Foreseen, ...], tuple[Problem, ...]]:
    """Render every profile in memory; give what a render would write, and every problem met.

    To be called under `runlock.hold`. Raises Rejected where the workspace cannot be read.
    """
    from generator.stages.write import rewrites  # noqa: PLC0415  (late)

    def put(desired: Desired, _actual: Actual, changes: tuple[Change, ...]) -> Foreseen:
        return Foreseen(desired.profile or desired.slug, desired.slug, rewrites(changes))

    run = _Run(compiler, put)
    return tuple(run.over((), advance)), tuple(run.problems)


def take_over(
    compiler: Compiler, paths: Iterable[str], *, waiting: Waiting = silent
) -> tuple[str, ...]:
    """Adopt files: record them as gogen's, so that the next render may replace them.

    `paths` are workspace-relative; gives those newly adopted. Raises Rejected where a path is no
    profile's output (GG444) or no file (GG445).
    """
    from generator.stages.write import adopt  # noqa: PLC0415  (late)

    root = compiler.sources.workspace.root
    left = set(paths)
    known: set[str] = set()

    def take(desired: Desired, actual: Actual, _changes: tuple[Change, ...]) -> tuple[str, ...]:
        own = due(desired).keys() | actual.written.keys()
        known.update(own)
        here = left & own
        left.difference_update(here)
        return adopt(root, desired, actual, here)

    run = _Run(compiler, take)
    with hold(root, waiting=waiting):
        adopted = [path for paths in run.over((), None) for path in paths]
    problems = [problem for problem in run.problems if problem.exit]
    problems += [
        Problem(
            "GG444",
            "no profile writes this file",
            Place(path),
            hint=did_you_mean(path, known) or _WRITTEN,
        )
        for path in sorted(left)
    ]
    if problems:
        raise Rejected(problems)
    return tuple(adopted)


def _checked(desired: Desired, _actual: Actual, changes: tuple[Change, ...]) -> Checked:
    return Checked(desired.profile or desired.slug, len(desired.artifacts), changes)


def _digested(desired: Desired, actual: Actual, changes: tuple[Change, ...]) -> Checked:
    files = {path: artifact.content for path, artifact in due(desired).items()}
    if sums := sums_due(desired):
        files[f"{OUT}/{desired.slug}/{NAME}"] = sums
    digests = tuple((path, digest(content)) for path, content in files.items())
    return _checked(desired, actual, changes)._replace(digests=digests)


class _Done(NamedTuple, Generic[T]):
    """One profile done, or set aside: one that places files waits until its claims are checked."""

    problems: tuple[Problem, ...] = ()
    result: tuple[T, ...] = ()
    placing: Desired | None = None


class _Run(Generic[T]):
    """One run: does `act` for every profile that compiles, and gathers problems."""

    def __init__(
        self, compiler: Compiler, act: Callable[[Desired, Actual, tuple[Change, ...]], T]
    ) -> None:
        self.compiler = compiler
        self.act = act
        self.problems: list[Problem] = []

    def over(self, names: tuple[str, ...], advance: Advance | None) -> Iterator[T]:
        """Do the named profiles and what their overlays build on; all where none is named.

        Without `advance` everything is done in this process, in order.
        """
        sources = self.compiler.sources
        selected = sources.select(names)
        if names:  # of all, the parents are there too
            selected = self.compiler.with_parents(selected)
        placing: list[Desired] = []
        alone = advance is None
        for number, done in enumerate(spread.run(self._compiled, selected, alone=alone), 1):
            self.problems += done.problems
            yield from done.result
            if done.placing:
                placing.append(done.placing)
            if advance:
                advance(number, len(selected))
        if clashes := check_places(placing):
            self.problems += clashes
        else:
            yield from self._rest(placing)
        if not names:
            yield from self._rest(self._deserted())

    def _compiled(self, name: str) -> _Done[T]:
        """Compile a profile and act on it."""
        try:
            compiled = self.compiler.compile(name)
        except Rejected as rejected:
            return _Done(rejected.problems)
        if not compiled.sound:
            return _Done(compiled.findings)
        if any(artifact.place for artifact in compiled.desired.artifacts):
            return _Done(compiled.findings, placing=compiled.desired)
        done = self._acted(compiled.desired)
        return _Done((*compiled.findings, *done.problems), done.result)

    def _acted(self, desired: Desired) -> _Done[T]:
        workspace = self.compiler.sources.workspace
        try:
            actual = observe(workspace.root, desired, workspace.places)
            return _Done(result=(self.act(desired, actual, plan(desired, actual)),))
        except Rejected as rejected:
            return _Done(rejected.problems)

    def _rest(self, desireds: Iterable[Desired]) -> Iterator[T]:
        for desired in desireds:
            done = self._acted(desired)
            self.problems += done.problems
            yield from done.result

    def _deserted(self) -> Iterator[Desired]:
        """Give the folders of out/ whose profile is gone, as profiles without name and files."""
        sources = self.compiler.sources
        slugs = map(slug, sources.layer_files)
        for folder in strays(sources.workspace.root, slugs):
            yield Desired("", folder, ())
