"""helm lints every chart, warnings as errors."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators.base import File, Tool, Validator, bench, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem

_FINDING = re.compile(
    r"^\[(?:WARNING|ERROR)\] (\S*): ((?:.*\n(?!==>|\[|Error: ))*.*)", re.MULTILINE
)
_IN_TEMPLATE = re.compile(r"/(templates/[^\s:]+):(\d+)(?::(\d+))?")


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    with bench(tool, files) as here:
        for chart in filter(VALIDATOR.reads, files):
            folder = PurePosixPath(chart.path).parent
            said = here.run("lint", "--strict", "--quiet", str(folder))
            found = _FINDING.findall(said.text)
            for part, complaint in found:
                yield refused(VALIDATOR.name, complaint, _place(folder, part, complaint))
            if said.code and not found:
                yield unusable(VALIDATOR.name, said.text)


def _place(folder: PurePosixPath, part: str, complaint: str) -> Place:
    """Give the template's line where the complaint names one, else the part of the chart."""
    found = _IN_TEMPLATE.search(complaint)
    if found:
        return Place(str(folder / found[1]), int(found[2]), int(found[3] or 0))
    return Place(str(folder / (part if part.endswith(".yaml") else "Chart.yaml")))


VALIDATOR = Validator(
    name="helm",
    programs=("helm",),
    install="see https://helm.sh/docs/intro/install",
    check=_check,
    patterns=("*/Chart.yaml",),
)
