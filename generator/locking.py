"""Fill `gogen.lock` with what the profiles ask for, or say how it falls short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.disk import journal
from generator.disk.paths import Tree, disk_errors
from generator.disk.runlock import hold, silent
from generator.lock.model import EMPTY, Lock
from generator.lock.reading import parse_lock
from generator.lock.resolve import needed
from generator.lock.stale import stale
from generator.lock.wanted import WantedPins, wanted
from generator.lock.writing import write_lock
from generator.problems import Problem, Rejected
from generator.workspace import LOCK

if TYPE_CHECKING:
    from generator.disk.runlock import Waiting
    from generator.pipeline import Compiler


@dataclass(frozen=True, slots=True)
class Locked:
    """What `gogen lock` did."""

    changed: bool
    pins: int


def update_lock(compiler: Compiler, *, waiting: Waiting = silent) -> Locked:
    """Write the lock that the workspace needs; `waiting` is called once if another run holds it.

    Raises Rejected with every pin nobody knows.
    """
    wants = _wants(compiler)
    root = compiler.sources.workspace.root
    with hold(root, waiting=waiting):
        before = _text(compiler)
        lock = needed(wants, parse_lock(before) if before else EMPTY)
        after = write_lock(lock)
        if after != before:
            with disk_errors(LOCK, writing=True), Tree(root) as tree:
                journal.replace(tree, LOCK, after.encode())
    return Locked(after != before, _count(lock))


def check_lock(compiler: Compiler) -> tuple[Problem, ...]:
    """Say how the lock differs from the one the workspace needs."""
    wants = _wants(compiler)
    return tuple(stale(compiler.sources.lock, wants, _text(compiler)))


def _wants(compiler: Compiler) -> WantedPins:
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


def _text(compiler: Compiler) -> str:
    """Give the lock's text, "" where there is none yet."""
    file = compiler.sources.workspace.lock_file
    with disk_errors(LOCK):
        return file.read_bytes().decode(errors="replace") if file.exists() else ""


def _count(lock: Lock) -> int:
    archives = sum(len(release.platforms) for release in lock.go.values())
    return archives + len(lock.images) + len(lock.actions)
