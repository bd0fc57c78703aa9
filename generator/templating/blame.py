"""Name the template line behind what is wrong in a rendered file.

A line of an output that failed its audit is not where anyone can mend it: the template is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Place, Severity
from generator.templating.diagnosis import WRITTEN
from generator.templating.jobs import jobs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model import Pinned
    from generator.problems import Problem
    from generator.templating.engine import Engine
    from generator.templating.jobs import Job
    from generator.templating.tracing import Traced

ASKED = "asked for here"


def with_templates(
    problems: Iterable[Problem], pinned: Iterable[Pinned], engine: Engine
) -> tuple[Problem, ...]:
    """Give the problems, each error in an output related to the template line that wrote it.

    One that has no line is related to the manifest that asks for the file.

    `pinned` are the profiles whose outputs they are about. Overlay files that are derived from
    others have no template line of their own, and stay as they are.
    """
    found = tuple(problems)
    if not any(_in_output(problem) for problem in found):
        return found
    written = {
        f"out/{each.profile.slug}/{job.path}": (each, job) for each in pinned for job in jobs(each)
    }
    traced: dict[str, Traced] = {}
    return tuple(_related(problem, written, traced, engine) for problem in found)


def _in_output(problem: Problem) -> bool:
    at = problem.place
    wrong = problem.severity is Severity.ERROR and not problem.related
    return wrong and at is not None and at.file.startswith("out/")


def _related(
    problem: Problem,
    written: dict[str, tuple[Pinned, Job]],
    traced: dict[str, Traced],
    engine: Engine,
) -> Problem:
    at = problem.place
    if at is None or not _in_output(problem) or at.file not in written:
        return problem
    if not at.line:
        return problem._replace(related=((ASKED, written[at.file][1].manifest),))
    if at.file not in traced:
        traced[at.file] = engine.trace(*written[at.file])
    spans = traced[at.file].at_line(at.line)
    lines = dict.fromkeys(Place(span.template, span.template_line) for span in spans)
    return problem._replace(related=tuple((WRITTEN, line) for line in lines))
