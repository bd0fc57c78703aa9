"""Validators: every module here but `base` exports `VALIDATOR`; adding a program is one file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, cast

from generator.validators.base import File, Hung, Tool, Validator, unusable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.problems import Problem

__all__ = ["File", "Inspection", "Tool", "Validator", "find", "get", "inspect", "names"]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the validators say of a run's files.

    `ran` are the names of those that read something; `missing` those that would have, were their
    programs installed.
    """

    problems: tuple[Problem, ...]
    ran: tuple[str, ...]
    missing: tuple[Validator, ...]


@cache
def names() -> tuple[str, ...]:
    """Give the names of all validators, sorted."""
    found = (module.name for module in iter_modules(__path__))
    return tuple(sorted(n.replace("_", "-") for n in found if n != "base" and n[0] != "_"))


@cache
def get(name: str) -> Validator:
    """Give the validator of that name; KeyError where there is none."""
    if name not in names():
        raise KeyError(name)
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    return cast("Validator", module.VALIDATOR)


def find(validator: Validator, search: str) -> Tool | None:
    """Look for the validator's program in `search`, a list of folders as PATH has it.

    One that needs no program is always there.
    """
    if not validator.programs:
        return Tool(Path(), search)
    found = (shutil.which(program, path=search) for program in validator.programs)
    path = next((one for one in found if one), None)
    return Tool(Path(path).absolute(), search) if path else None


def inspect(files: Iterable[File], search: str) -> Inspection:
    """Let every validator that is due and installed read the files, several at once."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  (slows every start)

    every = tuple(files)
    due = [one for one in map(get, names()) if any(map(one.reads, every))]
    tools = {one.name: find(one, search) for one in due}
    ready = [(one, tool) for one in due if (tool := tools[one.name])]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda pair: _check(pair[0], pair[1], every), ready))
    return Inspection(
        problems=tuple(problem for answer in answers for problem in answer),
        ran=tuple(one.name for one, _ in ready),
        missing=tuple(one for one in due if not tools[one.name]),
    )


def _check(validator: Validator, tool: Tool, files: tuple[File, ...]) -> tuple[Problem, ...]:
    try:
        return tuple(validator.check(tool, files))
    except (Hung, OSError, ValueError) as error:
        # ValueError is an answer that is not the JSON it was asked for.
        said = "it did not end" if isinstance(error, Hung) else str(error)
        return (unusable(validator.name, said),)
