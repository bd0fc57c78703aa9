"""helm lints every chart with each file of values that belongs to it, warnings as errors.

The values of a profile's chart lie beside the chart's folder, or, where profiles share the chart,
at that place of each profile. A chart without any is linted with its own defaults. In a chart that
is linted `required` and `fail` stop nothing: what must not be is for the chart's schema to say.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators.base import FAMILY, File, Tool, Validator, bench, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem
    from generator.validators.base import Bench

_FINDING = re.compile(
    r"^\[(?:WARNING|ERROR)\] (\S*): ((?:.*\n(?!==>|\[|Error: ))*.*)", re.MULTILINE
)
_IN_TEMPLATE = re.compile(r"/(templates/[^\s:]+):(\d+)(?::(\d+))?")
_VALUES = "values.yaml"


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    with bench(tool, files) as here:
        for chart in filter(VALIDATOR.reads, files):
            folder = PurePosixPath(chart.path).parent
            for values in _values(folder, files) or ("",):
                yield from _linted(here, folder, values)


def _values(chart: PurePosixPath, files: tuple[File, ...]) -> tuple[str, ...]:
    """Give the files of values that belong to the chart of a folder, `out/<slug>/…/chart`."""
    return tuple(
        file.path
        for file in files
        if (path := PurePosixPath(file.path)).name == _VALUES
        and (path.parent == chart.parent or _shares(path.parent, chart, file.facts.get(FAMILY)))
    )


def _shares(folder: PurePosixPath, chart: PurePosixPath, slug: str | None) -> bool:
    """Tell whether a folder is, of its profile, what holds the chart of the profile of `slug`."""
    return (slug,) == chart.parts[1:2] and folder.parts[2:] == chart.parts[2:-1]


def _linted(here: Bench, chart: PurePosixPath, values: str) -> Iterator[Problem]:
    given = ("--values", values) if values else ()
    said = here.run("lint", "--strict", "--quiet", str(chart), *given)
    found = _FINDING.findall(said.text)
    for part, complaint in found:
        yield refused(VALIDATOR.name, complaint, _place(chart, part, complaint, values))
    if said.code and not found and values and values in said.text:
        yield refused(VALIDATOR.name, said.text, Place(values))
    elif said.code and not found:
        yield unusable(VALIDATOR.name, said.text)


def _place(chart: PurePosixPath, part: str, complaint: str, values: str) -> Place:
    """Give the template's line where the complaint names one, else the part of the chart."""
    found = _IN_TEMPLATE.search(complaint)
    if found:
        return Place(str(chart / found[1]), int(found[2]), int(found[3] or 0))
    if values and (part == _VALUES or "values don't meet" in complaint):
        return Place(values)
    return Place(str(chart / (part if part.endswith(".yaml") else "Chart.yaml")))


VALIDATOR = Validator(
    name="helm",
    programs=("helm",),
    install="see https://helm.sh/docs/intro/install",
    check=_check,
    patterns=("*/Chart.yaml",),
)
