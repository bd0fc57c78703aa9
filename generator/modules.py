"""Hold the go.mod and go.work files of a workspace against its profiles, and mend them.

A render neither reads nor writes them: they are their authors'. Only the two lines that a profile
says are looked at, and changed where that is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.disk.journal import replace
from generator.disk.paths import Tree, disk_errors
from generator.disk.runlock import hold
from generator.gomod import lines
from generator.gomod.judging import Wanted, due, judge
from generator.problems import Place, Problem, Rejected, Severity
from generator.rules.toolchains import order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from generator.model import Pinned
    from generator.pipeline import Compiler

_NAMES = ("go.mod", "go.work")
_WRITERS = 0o222


class Held(NamedTuple):
    """The files that were looked at, those that were edited, and what is wrong with them now."""

    files: tuple[str, ...]
    edited: tuple[str, ...]
    problems: tuple[Problem, ...]


class _File(NamedTuple):
    path: str
    text: str
    writable: bool


def hold_modules(
    compiler: Compiler, names: Iterable[str], *, write: bool, waiting: Callable[[], None]
) -> Held:
    """Hold the modules of profiles (all where none is named) against them; `write` mends first.

    Raises Rejected where a profile cannot be read, or a file is not written.
    """
    pinned = [compiler.pinned(name) for name in compiler.sources.select(names)]
    root = compiler.sources.workspace.root
    if not write:
        return held(root, pinned)
    with hold(root, waiting=waiting), Tree(root) as tree:
        edited = tuple(_mended(tree, *_wanted(pinned)))
    return held(root, pinned)._replace(edited=edited)


def held(root: Path, pinned: Iterable[Pinned]) -> Held:
    """Hold the modules of profiles against them."""
    wanted, problems = _wanted(pinned)
    files: list[str] = []
    with Tree(root) as tree:
        for folder, one in wanted.items():
            found, wrong = _read(tree, folder)
            problems += wrong
            files += [file.path for file in found]
            problems += [p for file in found for p in judge(file.path, file.text, one)]
    return Held(tuple(files), (), tuple(problems))


def _wanted(pinned: Iterable[Pinned]) -> tuple[dict[str, Wanted], list[Problem]]:
    """Give what is wanted of each module's folder, and the folders profiles disagree on.

    Where a migration is on its way, profiles build a module with several releases: the oldest is
    due, for a toolchain line that asks for a newer one would let go fetch that elsewhere.
    """
    releases: dict[str, str] = {}
    languages: dict[str, dict[str, str]] = {}
    for one in pinned:
        for module in one.context["modules"]:
            path, release = module["path"], module["toolchain"]["version"]
            releases[path] = min(release, releases.get(path, release), key=order)
            languages.setdefault(path, {}).setdefault(module.get("go", ""), one.profile.name)
    problems = [
        Problem(
            "GG072",
            f"profiles want different go lines of {path}: " + " and ".join(said.values()),
            Place(path),
            hint="let them say one, or name the profile that decides: gogen modules PROFILE",
            severity=Severity.WARNING,
        )
        for path, said in languages.items()
        if len(said) > 1
    ]
    return {
        path: Wanted(releases[path], next(iter(said)))
        for path, said in languages.items()
        if len(said) == 1
    }, problems


def _read(tree: Tree, folder: str) -> tuple[list[_File], list[Problem]]:
    """Read the go.mod and go.work of a folder, and say what keeps them from being read."""
    found: list[_File] = []
    problems: list[Problem] = []
    for name in _NAMES:
        path = name if folder == "." else f"{folder}/{name}"
        with disk_errors(path):
            if tree.status(path) is None:
                continue
            there = tree.read(path)
        try:
            if there:
                text = there[0].decode()
                found.append(_File(path, text, bool(there[1].st_mode & _WRITERS)))
            else:
                problems.append(_no_file(path, "a link or no file, and gogen follows none"))
        except UnicodeDecodeError:
            problems.append(_no_file(path, "no UTF-8"))
    if not found and not problems:
        hint = "mend modules[].path in the profile"
        problems.append(_no_file(folder, "no folder with a go.mod or go.work", hint))
    return found, problems


def _no_file(path: str, what: str, hint: str = "put the file itself there") -> Problem:
    return Problem("GG172", f"{path} is {what}", Place(path), hint=hint)


def _mended(tree: Tree, wanted: dict[str, Wanted], problems: list[Problem]) -> Iterator[str]:
    """Write the lines that are due; gives the files that were changed."""
    todo: dict[str, str] = {}
    for folder, one in wanted.items():
        found, wrong = _read(tree, folder)
        problems += wrong
        for file in found:
            text = lines.edit(file.text, *due(file.text, one))
            if text != file.text and not file.writable:
                hint = "it is somebody's wish: chmod u+w, then run the same command again"
                problems.append(_no_file(file.path, "read-only", hint))
            elif text != file.text:
                todo[file.path] = text
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise Rejected(problems)
    for path, text in todo.items():
        with disk_errors(path, writing=True):
            replace(tree, path, text.encode())
        yield path
