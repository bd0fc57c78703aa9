"""Fill `gogen.lock` with what the profiles ask for, or say how it falls short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.disk.paths import Tree, disk_errors
from generator.disk.runlock import hold, silent
from generator.disk.transaction import Transaction
from generator.layers.following import Following
from generator.layers.keeping import Step, steps, strays
from generator.lock.model import EMPTY, Lock
from generator.lock.reading import parse_lock
from generator.lock.resolve import needed
from generator.lock.stale import stale
from generator.lock.wanted import WantedPins, wanted
from generator.lock.writing import write_lock
from generator.pipeline import Compiler
from generator.problems import Problem, Rejected
from generator.sources import Sources
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from generator.disk.runlock import Waiting
    from generator.layers.remote import Access


@dataclass(frozen=True, slots=True)
class Locked:
    """What `gogen lock` did."""

    changed: bool
    pins: int


def update_lock(
    compiler: Compiler, access: Callable[[], Access], *, waiting: Waiting = silent
) -> Locked:
    """Write the lock that the workspace needs, and vendor the layers of other repositories.

    `access` is called where a repository must be asked, `waiting` once if another run holds the
    workspace. Raises Rejected with every pin nobody knows.
    """
    workspace = compiler.sources.workspace
    with hold(workspace.root, waiting=waiting):
        before = lock_text(compiler)
        with Following(workspace.root, lambda: _read(before).layers, access) as layers:
            wants = wanted_pins(Compiler(Sources(workspace, compiler.sources.cache, layers)))
        lock = needed(wants, _read(before)._replace(layers=layers.pins))
        after = write_lock(lock)
        changes = steps(workspace.root, lock.layers, layers.fresh)
        if after != before:
            changes = (Step(LOCK, before.encode() or None, after.encode()), *changes)
        if changes:
            _apply(workspace.root, changes)
    return Locked(bool(changes), _count(lock))


def _read(text: str) -> Lock:
    return parse_lock(text) if text else EMPTY


def _apply(root: Path, changes: Iterable[Step]) -> None:
    """Change the lock and what is vendored at once, or nothing."""
    with disk_errors(LOCK, writing=True), Tree(root) as tree, Transaction(tree) as transaction:
        for step in changes:
            if step.new is None:
                transaction.remove(step.path, step.old or b"")
            else:
                transaction.put(step.path, step.old, step.new)
        transaction.commit()


def check_lock(compiler: Compiler) -> tuple[Problem, ...]:
    """Say how the lock differs from the one the workspace needs."""
    wants = wanted_pins(compiler)
    lock, root = compiler.sources.lock, compiler.sources.workspace.root
    return (*stale(lock, wants, lock_text(compiler)), *strays(root, lock.layers))


def wanted_pins(compiler: Compiler) -> WantedPins:
    """Gather what all profiles ask for. Raises Rejected with every profile's problems."""
    sources = compiler.sources
    wants = WantedPins()
    problems: list[Problem] = []
    for name in sources.select(()):
        try:
            profile = compiler.profile(name)
            wants |= wanted(profile, sources.targets_of(profile), sources.schema.view)
        except Rejected as rejected:
            problems += rejected.problems
    if problems:
        raise Rejected(problems)
    return wants


def lock_text(compiler: Compiler) -> str:
    """Give the lock's text, "" where there is none yet."""
    file = compiler.sources.workspace.lock_file
    with disk_errors(LOCK):
        return file.read_bytes().decode(errors="replace") if file.exists() else ""


def _count(lock: Lock) -> int:
    archives = sum(len(release.platforms) for release in lock.go.values())
    return archives + len(lock.images) + len(lock.actions) + len(lock.layers)
