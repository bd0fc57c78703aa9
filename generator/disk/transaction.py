"""Files of a workspace replaced, made and removed together or not at all, killed at any instant.

1. New contents are written into `.gogen-staged/` at the workspace's root, with a plan of what goes
   where and the digests of what stands there now; nothing else is touched.
2. One rename of that folder to `.gogen-decided/` decides: before it nothing has changed, after it
   everything will.
3. What goes is removed, each new file is renamed into place, then the folder goes.

A run that was killed before 2 leaves a folder that the next one drops; one killed after it leaves
the plan, which the next run that holds the workspace carries out (`settle`, called by `runlock`).
Renames need no room on the disk, so a full one is met before anything is decided. A file that was
edited after the kill is never lost: its digest is neither the old one nor the new one.

The folder tells git to ignore it, so that cleaning a checkout does not take half of a change.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import contextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Self

from generator.disk import sums
from generator.disk.paths import (
    NotAFolder,
    Tree,
    above,
    disk_errors,
    fault,
    link_problem,
    meanwhile,
    parent,
    shown,
    stamp,
)
from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator.disk.paths import Stamp

STAGED = ".gogen-staged"
DECIDED = ".gogen-decided"

_PLAN = "plan.json"
_IGNORE = ".gitignore"
_GOES_ON = "the next run of gogen finishes the change"


class Step(NamedTuple):
    """One file of a plan: the digests of what stood there and of what is to stand, None: none.

    `content` is the name of the new content in the folder.
    """

    path: str
    old: str | None
    new: str | None
    content: str = ""


class State(Enum):
    """How far a step of a decided plan is."""

    TO_DO = "to do"
    DONE = "done"
    UNDONE = "undone"  # it was done, and someone put the old file back
    OTHER = "other"  # the file is neither the old nor the new one


class Transaction:
    """Changes that are gathered, then made at once; to be used under `runlock.hold`.

    Left without `commit`, it leaves nothing behind and the workspace as it was.
    """

    def __init__(self, tree: Tree) -> None:
        """Gather changes to files below the root of `tree`."""
        self._tree = tree
        self._steps: dict[str, Step] = {}
        self._seen: dict[str, Stamp | None] = {}
        self._decided = False

    def __enter__(self) -> Self:
        """Make the folder. Raises Rejected where the root may not be written (GG42x)."""
        with disk_errors(STAGED, writing=True):
            try:
                self._tree.folder(STAGED, make=True)
                self._tree.create(f"{STAGED}/{_IGNORE}", b"*\n")
            except BaseException:
                self._drop()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        """Drop what was gathered, unless it was decided."""
        if not self._decided:
            self._drop()

    def _drop(self) -> None:
        with suppress(OSError, Rejected):  # what cannot be removed now, the next run drops
            _drop(self._tree)

    def put(
        self, path: str, old: bytes | None, new: bytes, *, executable: bool | None = None
    ) -> None:
        """Gather a file to be replaced or made; `old` is what was read there, None: nothing.

        Without `executable` a file keeps the mode it has. Raises Rejected: GG402 where the file is
        no longer as it was read, GG42x, GG441 where it cannot be written.
        """
        with disk_errors(path, writing=True):
            mode = self._look(path, old)
            name = str(len(self._steps))
            at = f"{STAGED}/{name}"
            kept = mode if executable is None else None
            self._tree.create(at, new, executable=bool(executable), mode=kept)
        before = None if old is None else sums.digest(old)
        self._steps[path] = Step(path, before, sums.digest(new), name)

    def remove(self, path: str, old: bytes) -> None:
        """Gather a file to be removed, with the folders that it leaves empty; raises as `put`."""
        with disk_errors(path, writing=True):
            self._look(path, old)
        self._steps[path] = Step(path, sums.digest(old), None)

    def commit(self) -> None:
        """Make all changes. Raises Rejected, with nothing changed, as `put` does.

        What the system refuses after the decision leaves it to the next run, and says so.
        """
        for path, seen in self._seen.items():
            with disk_errors(path, writing=True):
                status = self._tree.status(path)
                if (stamp(status) if status else None) != seen:
                    raise Rejected([meanwhile(path)])
        with disk_errors(STAGED, writing=True):
            steps = [step._asdict() for step in sorted(self._steps.values())]
            self._tree.create(f"{STAGED}/{_PLAN}", json.dumps(steps, indent=1).encode())
            self._tree.sync(STAGED)
            self._tree.rename(STAGED, DECIDED)
            self._decided = True
            self._tree.sync("")
        if not _finish(self._tree):
            raise Rejected([meanwhile(path) for path in self._steps])

    def _look(self, path: str, old: bytes | None) -> int | None:
        """Hold that a file is as it was read and may be written; gives its permissions."""
        status = self._tree.status(path)
        folder = False
        if status and stat.S_ISLNK(status.st_mode):
            raise Rejected([link_problem(path)])
        if status and stat.S_ISDIR(status.st_mode):
            folder, status = True, None  # a folder that what is removed leaves empty
        read = None if folder else self._tree.read(path)
        if (read[0] if read else None) != old:
            raise Rejected([meanwhile(path)])
        self._writable(parent(path))
        if not folder:
            self._seen[path] = stamp(status) if status else None
        return stat.S_IMODE(status.st_mode) if status else None

    def _writable(self, path: str) -> None:
        """Hold that a folder, or the nearest above it that is there, lets files be renamed in."""
        try:
            folder = self._tree.folder(path)
        except FileNotFoundError:
            self._writable(parent(path))
            return
        except NotAFolder as error:
            self._writable(parent(error.at))
            return
        if os.fstat(folder).st_dev != os.fstat(self._tree.folder("")).st_dev:
            raise OSError(errno.EXDEV, "on another file system than the workspace's root")
        folder = self._tree.folder(path)
        effective = os.access in os.supports_effective_ids
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=effective):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def unfinished(root: Path, *, decided: bool = False) -> bool:
    """Tell whether a run was killed in a transaction; only if it had decided, if so asked."""
    names = (DECIDED,) if decided else (DECIDED, STAGED)
    return any(os.path.lexists(root / name) for name in names)


def settle(root: Path) -> None:
    """Carry out what a killed run had decided, drop what it had only gathered.

    To be called by whoever holds the workspace alone. Raises Rejected: GG593 where files were
    edited since, GG594 where the plan cannot be read, GG42x.
    """
    with disk_errors(DECIDED, writing=True), Tree(root) as tree:
        _drop(tree)
        if tree.status(DECIDED):
            _finish(tree)


def _finish(tree: Tree) -> bool:
    """Carry out the decided plan; False where it was taken back, as nothing of it was done yet."""
    steps = _plan(tree)
    states = {step: _state(tree, step) for step in steps}
    wrong = [step for step, state in states.items() if state in {State.OTHER, State.UNDONE}]
    if wrong and State.DONE in states.values():
        raise Rejected([_edited(step) for step in wrong])
    if not wrong:
        _carry_out(tree, states)
    with disk_errors(DECIDED, writing=True):
        tree.rename(DECIDED, STAGED)
        tree.sync("")
    with suppress(OSError):  # the next run drops it
        _drop(tree)
    return not wrong


def _plan(tree: Tree) -> tuple[Step, ...]:
    """Read the decided plan. Raises Rejected (GG594) where it is none that gogen wrote."""
    read = tree.read(f"{DECIDED}/{_PLAN}")
    with suppress(ValueError, TypeError, AttributeError):
        found = json.loads(read[0] if read else b"")
        steps = tuple(Step(**step) for step in found)
        texts = all(isinstance(v, str | None) for step in found for v in step.values())
        if texts and all(_sound(step) for step in steps):
            return steps
    message = "a change of several files was stopped, and what is left of it cannot be read"
    hint = f"remove the folder {DECIDED}, then look at the files: git status, gogen check"
    raise Rejected([Problem("GG594", message, Place(f"{DECIDED}/{_PLAN}"), hint=hint)])


def _sound(step: Step) -> bool:
    """Tell whether a step stays in the workspace and out of git's own files.

    A checkout may bring a plan that somebody made up: it may do no more than the checkout itself.
    """
    inside = not any(part.lower() == ".git" for part in step.path.split("/"))
    return inside and not fault(step.path) and (step.new is None or step.content.isdecimal())


def _state(tree: Tree, step: Step) -> State:
    with disk_errors(step.path):
        status = tree.status(step.path)
        read = tree.read(step.path) if status and stat.S_ISREG(status.st_mode) else None
        waits = step.new is not None and tree.status(f"{DECIDED}/{step.content}") is not None
    here = sums.digest(read[0]) if read else None
    if here == step.new and not waits:
        return State.DONE
    if here == step.old or (here == step.new and waits):
        return State.TO_DO if waits or step.new is None else State.UNDONE
    return State.OTHER


def _carry_out(tree: Tree, states: dict[Step, State]) -> None:
    """Do what is not done: removals first, for a file may stand where a folder is due."""
    todo = [step for step, state in states.items() if state is State.TO_DO]
    for step in sorted(todo, key=lambda step: step.new is not None):
        with _decided(step.path):
            _do(tree, step)
    for folder in sorted({parent(step.path) for step in states}):
        with _decided(folder):
            tree.sync(folder)


def _do(tree: Tree, step: Step) -> None:
    if step.new is not None:
        status = tree.status(step.path)
        if status and stat.S_ISDIR(status.st_mode):
            tree.remove_empty(step.path)
        tree.move(f"{DECIDED}/{step.content}", step.path)
        return
    tree.unlink(step.path)
    for folder in above(step.path):
        if not tree.prune(folder):
            break


@contextmanager
def _decided(path: str) -> Iterator[None]:
    """Say of what the system refuses here that nothing of the change is lost."""
    try:
        with disk_errors(path, writing=True):
            yield
    except Rejected as rejected:
        raise Rejected(
            problem._replace(hint="; ".join(filter(None, (problem.hint, _GOES_ON))))
            for problem in rejected.problems
        ) from rejected


def _edited(step: Step) -> Problem:
    return Problem(
        "GG593",
        "edited after a run was stopped that changes this file together with others",
        Place(shown(step.path)),
        expected="the file as it was before that run",
        hint=f"put it back (git restore {shown(step.path)}) and {_GOES_ON}; or remove the folder "
        f"{DECIDED}: every file then stays as it is now",
    )


def _drop(tree: Tree) -> None:
    """Remove what was gathered and never decided."""
    if tree.status(STAGED) is None:
        return
    with os.scandir(tree.folder(STAGED)) as entries:
        names = [entry.name for entry in entries]
    for name in sorted(names):
        tree.unlink(f"{STAGED}/{name}")
    tree.prune(STAGED)
