"""Problems as GitHub Actions annotations: workflow commands on standard output.

Escapes as actions/toolkit does (packages/core/src/command.ts): `%`, CR and LF in the message, and
also `:` and `,` in properties, so that no text of a profile can become a command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Problem, Severity

if TYPE_CHECKING:
    from generator.reports.base import Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """Write one annotation a problem."""
    return "".join(f"{_annotation(problem)}\n" for problem in report.sorted())


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _annotation(problem: Problem) -> str:
    properties = {"title": problem.code}
    if problem.place:
        properties["file"] = problem.place.file
        if problem.place.line:
            properties["line"] = str(problem.place.line)
        if problem.place.column:
            properties["col"] = str(problem.place.column)
    lines = [problem.message]
    if problem.expected:
        lines.append(f"expected: {problem.expected}")
    lines += [f"{label}: {place}" for label, place in problem.related]
    if problem.hint:
        lines.append(f"hint: {problem.hint}")
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[problem.severity]} {written}::{_data(chr(10).join(lines))}"
