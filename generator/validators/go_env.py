"""go reads its env file.

A key that go does not know, a line it passes over, a last line that wins over one before: it says
nothing of any of them, so what it read is compared with what stands in the file. Values that brick
every go command are found by running the commonest one. Nothing is downloaded.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators.base import Bench, File, Tool, Validator, bench, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem

_LOCAL = {"GOTOOLCHAIN": "local"}
"""The environment wins over the file: no other go is started, none is fetched."""


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    for file in filter(VALIDATOR.reads, files):
        with bench(tool, [file]) as here:
            yield from _bricks(here, file)
            yield from _passed_over(here, file)


def _bricks(here: Bench, file: File) -> Iterator[Problem]:
    """Find values with which go refuses to do anything."""
    goenv = {"GOENV": str(here.folder / file.path)}
    with_file = here.run("version", env={**goenv, **_LOCAL})
    if with_file.code or with_file.err.strip():
        yield refused(VALIDATOR.name, with_file.text, Place(file.path))
    # A version that is not here ends in "not found" or "disabled"; only its grammar is asked.
    switching = here.run("version", env={**goenv, "GOPROXY": "off"})
    if "invalid" in switching.err:
        yield refused(VALIDATOR.name, switching.err, Place(file.path, _line(file, "GOTOOLCHAIN")))


def _passed_over(here: Bench, file: File) -> Iterator[Problem]:
    """Compare what go read with the lines of the file."""
    goenv = {"GOENV": str(here.folder / file.path)}
    every = here.run("env", "-json", env={"GOENV": "off", **_LOCAL})
    if every.code:
        yield unusable(VALIDATOR.name, every.text)
        return
    known = json.loads(every.out)
    lines = tuple(_lines(file))
    keys = [key for _, key, _ in lines if key in known]
    read = here.run("env", "-json", *keys, env={**goenv, **_LOCAL})
    values = json.loads(read.out) if keys and read.out.strip() else {}
    # Asked for alone, go gives this one without switching to the toolchain it names.
    values["GOTOOLCHAIN"] = here.run("env", "GOTOOLCHAIN", env=goenv).out.removesuffix("\n")
    for number, key, value in lines:
        place = Place(file.path, number)
        if key not in known:
            yield refused(VALIDATOR.name, f"go does not know {key!r} and passes over it", place)
        elif values.get(key, value) != value:
            yield refused(VALIDATOR.name, f"go reads {key} as {values[key]!r}", place)


def _lines(file: File) -> Iterator[tuple[int, str, str]]:
    """Give line number, key and value of every line but comments and empty ones."""
    text = file.content.decode(errors="replace")
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            key, _, value = line.partition("=")
            yield number, key, value


def _line(file: File, key: str) -> int:
    """Give the last line that sets the key, 0 for none: the last one wins."""
    return max((number for number, name, _ in _lines(file) if name == key), default=0)


VALIDATOR = Validator(
    name="go-env",
    programs=("go",),
    install="see https://go.dev/doc/install",
    check=_check,
    dialects=("go-env",),
)
