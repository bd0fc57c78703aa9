"""Make a bump: everything is compiled in memory as it would be, then all of it changes, or nothing.

What moves is found out while the workspace is free. Outputs are planned and all is changed under
one hold of it, once the inputs are seen to be what they were. What the compiler, a rule or the
audit finds wrong in what would come refuses the whole.
"""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from generator.bump.editing import edited
from generator.bump.known import known
from generator.bump.model import Bumped
from generator.bump.moved import moved
from generator.bump.overlay import Overlay
from generator.bump.releases import available
from generator.disk.drift import unified
from generator.disk.meanwhile import prepared
from generator.disk.paths import Tree, disk_errors
from generator.disk.transaction import Transaction
from generator.layers.following import Following
from generator.layers.keeping import steps
from generator.lock.model import EMPTY, Lock
from generator.lock.reading import parse_lock
from generator.lock.resolve import needed
from generator.lock.writing import write_lock
from generator.locking import kept_beside, lock_text, network_of, wanted_pins
from generator.model import Change, ChangeKind
from generator.modules import held
from generator.pipeline import Compiler
from generator.problems import Rejected, Severity
from generator.sources import Sources
from generator.stages.write import Rewrite
from generator.supply.gather import Gathered
from generator.update import foresee
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from generator.bump.editing import Edit
    from generator.bump.known import Known
    from generator.bump.model import Asked
    from generator.disk.runlock import Waiting
    from generator.layers.remote import Access
    from generator.lock.wanted import WantedPins
    from generator.locking import Ask as Asking
    from generator.problems import Problem
    from generator.supply.lookup import Lookup
    from generator.update import Foreseen

    Advance = Callable[[int, int], None]
    Choose = Callable[[Compiler, WantedPins, Known], Asked]


class Ask(NamedTuple):
    """How to find out what is to move, from a workspace what it wants, and what is known.

    `access` gives how the repositories of layers are asked, where one must be; `sources` are asked
    for pins, None where the shipped data is all that counts.
    """

    choose: Choose
    access: Callable[[], Access]
    sources: Asking | None = None


def bump(
    compiler: Compiler,
    ask: Ask,
    advance: Advance,
    *,
    write: bool,
    waiting: Waiting,
) -> Bumped:
    """Make the bump that `ask` wants of the workspace as it is, or only plan it.

    Raises Rejected with everything that stands against it, and then nothing has changed: a release,
    image or action that cannot be had, a finding in what would be rendered, a file in out/ that was
    edited by hand (GG402), one that changed while gogen was running.
    """
    root, cache = compiler.sources.workspace.root, compiler.sources.cache

    def work() -> _Planned:
        fresh = Compiler(Sources(compiler.sources.workspace, cache))
        return _planned(fresh, ask, stack)

    with ExitStack() as stack, prepared(root, work, shared=not write, waiting=waiting) as planned:
        if not planned.changes:
            return Bumped(planned.asked.title, warnings=planned.warnings)
        outputs, problems = foresee(Compiler(planned.sources), advance)
        if wrong := [problem for problem in problems if problem.exit]:
            raise Rejected(wrong)
        rendered = (rewrite for output in outputs for rewrite in output.rewrites)
        changes = [*planned.changes, *rendered]
        if write:
            _change(root, changes)
        return _made(planned, outputs, changes)


class _Planned(NamedTuple):
    """What would move: the lock before and after, profiles, lock and what is kept beside it.

    `sources` read the workspace as it would be; without `changes` nothing moves.
    """

    asked: Asked
    old: Lock
    new: Lock
    sources: Overlay
    texts: tuple[Rewrite, ...]
    warnings: tuple[Problem, ...]
    changes: tuple[Rewrite, ...] = ()


def _planned(compiler: Compiler, ask: Ask, stack: ExitStack) -> _Planned:
    """Find out what moves; `stack` keeps open what is read of others."""
    root = compiler.sources.workspace.root
    opened = ask.sources.looking(network_of(compiler)) if ask.sources else nullcontext()
    lookup = stack.enter_context(opened)
    there = known(lookup.sources if lookup else ())
    if there.lied:
        raise Rejected(there.unasked)
    asked = ask.choose(compiler, wanted_pins(compiler), there)
    texts = tuple(_texts(root, asked.edits))
    before = lock_text(compiler)
    old = parse_lock(before) if before else EMPTY
    layers = stack.enter_context(Following(root, lambda: old.layers, ask.access, asked.moving))
    changed = {text.path: text.new or b"" for text in texts}
    sources = Overlay(compiler.sources, changed, asked.manifests, layers)
    locked = old._replace(layers=layers.pins)
    gathered = _lock(wanted_pins(Compiler(sources)), asked, locked, there, lookup)
    new = sources.lock = gathered.lock
    after = write_lock(new)
    silent = (p._replace(severity=Severity.WARNING) for p in there.unasked)
    found = _Planned(asked, old, new, sources, texts, (*silent, *gathered.warnings))
    if not texts and after == before:
        return found
    lock = Rewrite(LOCK, before.encode() or None, after.encode(), executable=None)
    beside = kept_beside(root, lookup.kept() if lookup else {}, new)
    kept = [Rewrite(*step) for step in (*steps(root, new.layers, layers.fresh), *beside)]
    return found._replace(changes=(*texts, *([lock] if after != before else []), *kept))


def _made(planned: _Planned, outputs: Sequence[Foreseen], changes: Iterable[Rewrite]) -> Bumped:
    """Tell of a bump."""
    asked, texts = planned.asked, planned.texts
    return Bumped(
        asked.title,
        edits=asked.edits,
        moved=moved(planned.old, planned.new, {**asked.go, **asked.renamed}),
        outputs=tuple(outputs),
        remarks=(*asked.remarks, *_modules(Compiler(planned.sources))),
        files=tuple(sorted(change.path for change in changes)),
        diff="".join(unified(Change(ChangeKind.STALE, t.path, "", t.old, t.new)) for t in texts),
        warnings=planned.warnings,
    )


def _texts(root: Path, edits: Iterable[Edit]) -> Iterator[Rewrite]:
    """Give the files with their edits done."""
    files: dict[str, list[Edit]] = {}
    for edit in edits:
        files.setdefault(edit.place.file, []).append(edit)
    with Tree(root) as tree:
        for path, own in sorted(files.items()):
            with disk_errors(path):
                read = tree.read(path)
            old = read[0] if read else b""
            yield Rewrite(path, old, edited(path, old, own), executable=None)


def _lock(
    wants: WantedPins, asked: Asked, old: Lock, there: Known, lookup: Lookup | None
) -> Gathered:
    """Give the lock of the changed profiles. Raises Rejected with every pin that cannot be had."""
    chosen = old._replace(
        images={**old.images, **asked.images}, actions={**old.actions, **asked.actions}
    )
    found = lookup.gather(wants, chosen, _unseen) if lookup else Gathered(chosen)
    chosen = found.lock
    for version in asked.go.values():
        there = there.having(version, _platforms(chosen, version))
    if lacking := [*available(asked.go, wants, there)]:
        raise Rejected(lacking)
    lock = needed(wants, chosen, there.catalogue, asked=lookup.names if lookup else ())
    if lookup:
        lookup.require(lock)
    return found._replace(lock=lock)


def _platforms(lock: Lock, version: str) -> frozenset[str]:
    return frozenset(lock.go[version].platforms) if version in lock.go else frozenset()


def _unseen(_done: int, _total: int) -> None:
    """Show nothing of how many pins are looked up: the profiles' progress is shown."""


def _modules(compiler: Compiler) -> Iterator[str]:
    """Say which go.mod and go.work files are behind: they are their authors', and stay."""
    names = compiler.sources.select(())
    problems = held(
        compiler.sources.workspace.root, [compiler.pinned(name) for name in names]
    ).problems
    files = sorted({p.place.file for p in problems if p.place and p.exit})
    if files:
        yield f"gogen modules --write brings {', '.join(files)} in line"


def _change(root: Path, changes: Iterable[Rewrite]) -> None:
    """Change all files at once."""
    with disk_errors("."), Tree(root) as tree, Transaction(tree) as transaction:
        for change in sorted(changes, key=lambda change: change.path):
            if change.new is None:
                transaction.remove(change.path, change.old or b"")
            else:
                transaction.put(change.path, change.old, change.new, executable=change.executable)
        transaction.commit()
