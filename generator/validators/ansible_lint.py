"""ansible-lint reads every playbook and role, in its production profile, its warnings as errors.

It reads a role with the playbook that names it, so the files of a playbook's folder are read
together. It checks the syntax with ansible-playbook too. What it skips, asks Galaxy for or finds
in a project's settings counts for nothing here: it runs offline in a folder that holds no settings.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from generator.problems import Place
from generator.validators.base import File, Tool, Validator, bench, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    mine = [file for file in files if VALIDATOR.reads(file)]
    starts = sorted({_start(file.path) for file in mine})
    with bench(tool, files) as here:
        said = here.run(
            *("--offline", "--strict", "--profile", "production", "--format", "json", "-q"),
            *("--project-dir", ".", "--", *starts),
            env={"ANSIBLE_HOME": str(here.home), "PYTHONWARNINGS": "ignore"},
        )
    found: list[dict[str, Any]] = json.loads(said.out) if said.out.strip() else []
    if (said.code and not found) or not said.out.strip():
        yield unusable(VALIDATOR.name, said.text)
    for one in found:
        yield refused(
            VALIDATOR.name, one["description"], _place(one["location"]), one["check_name"]
        )


def _start(path: str) -> str:
    """Give what ansible-lint is told to read for a file: its role's folder, or the file itself."""
    parts = PurePosixPath(path).parts
    if "roles" in parts[:-2]:
        return "/".join(parts[: parts.index("roles") + 2])
    return path


def _place(location: dict[str, Any]) -> Place:
    if "lines" in location:
        return Place(location["path"], location["lines"]["begin"])
    begin = location["positions"]["begin"]
    return Place(location["path"], begin["line"], begin.get("column", 0))


VALIDATOR = Validator(
    name="ansible-lint",
    programs=("ansible-lint",),
    install="pip install ansible-lint",
    check=_check,
    dialects=("ansible",),
)
