"""actionlint reads GitHub Actions workflows; scripts in `run:` go to shellcheck where it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators._workflows import DIALECTS, PATTERNS, laid_out
from generator.validators.base import File, Tool, Validator, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    with laid_out(tool, filter(VALIDATOR.reads, files)) as (here, origins):
        said = here.run("-no-color", "-pyflakes=", "-format", "{{json .}}", *origins)
    if said.code not in {0, 1}:
        yield unusable(VALIDATOR.name, said.text)
        return
    for one in json.loads(said.out):
        place = Place(origins[one["filepath"]], one["line"], one["column"])
        yield refused(VALIDATOR.name, one["message"], place, one["kind"])


VALIDATOR = Validator(
    name="actionlint",
    programs=("actionlint",),
    install="go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
    check=_check,
    dialects=DIALECTS,
    patterns=PATTERNS,
)
