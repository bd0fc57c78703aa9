"""One run of a command: its workspace opened, its outcome shown, its exit code given.

A command module does its work in a function `Session -> Outcome` and hands it to `execute`.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from generator import reports
from generator.cli.streams import put, shows_colour
from generator.problems import Place, Problem, Rejected, exit_code
from generator.reports import Format
from generator.reports.base import Report
from generator.workspace import (
    CONFIG,
    Workspace,
    builtin_folder,
    find_root,
    open_workspace,
)

if TYPE_CHECKING:
    from generator.layers.remote import Access
    from generator.locking import Ask
    from generator.pipeline import Compiler
    from generator.sources import Sources


class Outcome(NamedTuple):
    """What a command found out.

    `text` is its result for people; `data` the same for programs, joined to the problems by
    `--format json`.
    """

    problems: tuple[Problem, ...] = ()
    text: str = ""
    data: Mapping[str, Any] = MappingProxyType({})


class Session(NamedTuple):
    """What a command works with."""

    workspace: Workspace
    compiler: Compiler

    @property
    def sources(self) -> Sources:
        """What the compiler reads."""
        return self.compiler.sources


def execute(
    context: typer.Context, name: str, format_: Format, work: Callable[[Session], Outcome]
) -> int:
    """Open the workspace, do the work, show the outcome; give the exit code."""
    root = _root(context.find_root().obj)
    try:
        outcome = work(_open(root))
    except Rejected as rejected:
        outcome = Outcome(rejected.problems)
    show(name, format_, outcome, root)
    return exit_code(outcome.problems)


def show(name: str, format_: Format, outcome: Outcome, root: Path) -> None:
    """Print an outcome: results to standard output, problems as text to standard error."""
    report = Report(
        name,
        outcome.problems,
        data=outcome.data,
        read_line=_reader(root),
        colour=shows_colour(sys.stderr),
    )
    if format_ is not Format.TEXT:
        put(reports.render(format_, report), sys.stdout)
        return
    if outcome.text:
        put(outcome.text, sys.stdout)
    if outcome.problems:
        put(reports.render(Format.TEXT, report), sys.stderr)


def profile_names(context: typer.Context) -> list[str]:
    """Give the names of the workspace's profiles, none where it cannot be read."""
    from generator.stages.discover import discover  # noqa: PLC0415  (only when completing)

    try:
        return [layer.name for layer in discover(_root(context.find_root().obj))]
    except Rejected:
        return []


def target_names(context: typer.Context) -> list[str]:
    """Give the names of the targets at hand, none where the workspace cannot be read."""
    try:
        return list(_open(_root(context.find_root().obj)).sources.targets)
    except Rejected:
        return []


def _root(given: Path | None) -> Path:
    """Give the workspace's root; the folder itself where there is none, for the message."""
    if given is not None:
        return given.absolute()
    return find_root(Path.cwd()) or Path.cwd()


def _open(root: Path) -> Session:
    from generator.cli.progress import waiting  # noqa: PLC0415  (not for --help and completion)
    from generator.disk.runlock import settled  # noqa: PLC0415  (late)
    from generator.pipeline import Compiler  # noqa: PLC0415  (late)
    from generator.sources import Sources  # noqa: PLC0415  (late)

    if not root.is_dir():
        problem = Problem("GG160", f"{root} is no folder", Place(CONFIG))
        raise Rejected([problem])
    settled(root, waiting)
    workspace = open_workspace(root)
    return Session(workspace, Compiler(Sources(workspace, cache_folder())))


def asking(
    workspace: Workspace,
    advance: Callable[[int, int], None],
    advance_bytes: Callable[[int, int], None] | None = None,
) -> Ask | None:
    """Give what sources are asked with, None where the shipped data is all that counts.

    With `advance_bytes` the archives are downloaded too.
    """
    if not workspace.sources and not workspace.policy and advance_bytes is None:
        return None
    from generator.cli.asking import Asking  # noqa: PLC0415  (late: most workspaces ask nobody)

    return Asking(workspace, advance, advance_bytes)


def search_path() -> str:
    """Give the folders where programs are looked for: PATH, with the one gogen runs from first."""
    own = os.path.dirname(sys.executable)  # noqa: PTH120  (a text for a text)
    path = os.environ.get("PATH", os.defpath)  # noqa: TID251  (where the user's tools are)
    return os.pathsep.join((own, path))


def git_access(workspace: Workspace) -> Access:
    """Give how repositories are asked: the git program with the user's variables, and mirrors.

    Where there is no git, its first run tells. Raises Rejected (GG162, GG163) for settings.
    """
    from generator.layers.remote import Access  # noqa: PLC0415  (late)
    from generator.supply.gitprogram import Git  # noqa: PLC0415  (late)
    from generator.supply.settings import read_settings  # noqa: PLC0415  (late)

    settings = read_settings(workspace)
    program = shutil.which("git", path=search_path()) or "git"
    environment = os.environ  # noqa: TID251  (where keys and proxies are)
    ca_file = str(workspace.root / settings.ca_file) if settings.ca_file else ""
    return Access(Git(Path(program), environment, ca_file), settings.git)


def this_day() -> str:
    """Give the day it is, in UTC, as "YYYY-MM-DD"; no output depends on it."""
    from datetime import UTC, datetime  # noqa: PLC0415  (few commands ask)

    now = datetime.now(UTC)  # noqa: TID251  (cli may ask the clock, for what has ended)
    return f"{now:%Y-%m-%d}"


def cache_folder() -> Path | None:
    """Give gogen's cache folder (XDG base directory specification), or None without a home.

    It holds compiled templates, what manifests say, marks of what was valid: never an output. A
    relative path is ignored, as that specification says: it would lie in the repository.
    """
    environment = os.environ  # noqa: TID251  (cli may read it; a cache never changes a render)
    bases = (
        Path(environment.get("XDG_CACHE_HOME", "")),
        Path(environment.get("HOME", ""), ".cache"),
    )
    return next((base / "gogen" for base in bases if base.is_absolute()), None)


def _reader(root: Path) -> Callable[[str, int], str | None]:
    """Give a reader of single lines of workspace files, for excerpts."""
    files: dict[str, list[str]] = {}

    def read_line(file: str, line: int) -> str | None:
        if file not in files:
            own, _, shipped = file.partition("builtin:")
            path = root / file if own else builtin_folder() / "templates" / shipped
            try:
                files[file] = path.read_bytes().decode(errors="replace").split("\n")
            except OSError:  # gone, or never written: a layer that was refused
                files[file] = []
        lines = files[file]
        return lines[line - 1] if 0 < line <= len(lines) else None

    return read_line
