"""What a validator is: a real program that reads some of the rendered files, with its lies closed.

Most such programs exit 0 on files they merely warn about, and pass over kinds and keys they do not
know. A validator here takes any word of complaint for a refusal.

A validator is one module of this package that exports `VALIDATOR`. It runs its program in a folder
of its own, on copies, with an environment that holds nothing of the user's: no settings file, no
colour, no locale changes what it says.
"""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.problems import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

REFUSED = "GG280"
UNUSABLE = "GG281"

KUBERNETES = "kubernetes.version"
"""The fact that says for which minor of Kubernetes objects are, "1.37"."""

FAMILY = "shared.slug"
"""The fact that says in which folder of out/ the files are that the file's target shares."""

_PATIENCE = 120
"""Seconds after which a program is taken to hang."""


@dataclass(frozen=True, slots=True)
class File:
    """A rendered file: its workspace-relative path, bytes, and the name of its dialect.

    `facts` is what its profile says that decides how it is read, by dotted key; `schema` is the
    JSON Schema that its manifest names.
    """

    path: str
    content: bytes
    dialect: str = "text"
    facts: Mapping[str, str] = field(default_factory=dict)
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that was found, and the search path (as PATH) that its own helpers are found in."""

    path: Path
    search: str


@dataclass(frozen=True, slots=True)
class Validator:
    """A program that reads rendered files.

    It is due when a file is of one of `dialects`, its path matches one of `patterns`, or it has a
    schema and this one reads by `schema`; `check` then gets all files of the run (an overlay needs
    its parent's). `programs` are the names it may have on PATH, the best first, none for one that
    needs no program; `install` says how to get it.
    """

    name: str
    programs: tuple[str, ...]
    install: str
    check: Callable[[Tool, tuple[File, ...]], Iterable[Problem]]
    patterns: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    schema: bool = False

    def reads(self, file: File) -> bool:
        """Say whether this file is its to read."""
        return (
            file.dialect in self.dialects
            or (self.schema and file.schema is not None)
            or any(fnmatchcase(f"/{file.path}", pattern) for pattern in self.patterns)
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said: its exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All it said, standard error first: complaints are there."""
        return "\n".join(part.strip() for part in (self.err, self.out) if part.strip())


class Hung(Exception):
    """A program did not end."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder that files were copied into, to run a program there."""

    tool: Tool
    folder: Path
    home: Path = field(repr=False)

    def put(self, path: str, content: bytes) -> Path:
        """Write a copy at a path below the folder."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def run(self, *args: str | Path, env: Mapping[str, str] | None = None) -> Said:
        """Run the program in the folder, with nothing of the user's environment; raises Hung."""
        clean = {
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
            "PATH": self.tool.search,
            "TERM": "dumb",
            "XDG_RUNTIME_DIR": str(self.home),
        }
        try:
            done = subprocess.run(  # noqa: S603  (the user's own tool, on files of gogen's)
                [self.tool.path, *args],
                cwd=self.folder,
                env={**clean, **(env or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Hung from None
        return Said(done.returncode, _text(done.stdout), _text(done.stderr))


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


@contextmanager
def bench(tool: Tool, files: Iterable[File] = ()) -> Iterator[Bench]:
    """Give a bench with copies of the files at their paths; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gogen-lint-") as made:
        (home := Path(made) / "home").mkdir()
        (folder := Path(made) / "files").mkdir()
        here = Bench(tool, folder.resolve(), home)
        for file in files:
            here.put(file.path, file.content)
        yield here


def refused(name: str, said: str, place: Place, rule: str = "") -> Problem:
    """Make the problem of a complaint: `name` is the validator's, `rule` its own code for it."""
    complaint = " ".join(said.split())
    return Problem(
        REFUSED, f"{name}: {rule} {complaint}" if rule else f"{name}: {complaint}", place
    )


def unusable(name: str, said: str) -> Problem:
    """Make the problem of a program that did not do its work; its last line is what tells why."""
    reason = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")
    reason = reason or "it said nothing"
    return Problem(
        UNUSABLE,
        f"{name} could not do its work: {reason}",
        hint=f"run {name} by hand to see why, or take it off PATH to lint without it",
    )
