"""Problems as SARIF 2.1.0 (OASIS standard), for code scanning and editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from generator import __version__
from generator.problems import Place, Problem, Severity

if TYPE_CHECKING:
    from generator.reports.base import Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(report: Report) -> str:
    """Write one run with one result a problem."""
    problems = report.sorted()
    codes = sorted({p.code for p in problems})
    driver = {"name": "gogen", "version": __version__, "rules": [{"id": code} for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(p, codes.index(p.code)) for p in problems],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _location(place: Place) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(place.file)}}
    if place.line:
        physical["region"] = {"startLine": place.line}
        if place.column:
            physical["region"]["startColumn"] = place.column
    return {"physicalLocation": physical}


def _result(problem: Problem, index: int) -> dict[str, Any]:
    lines = [problem.message]
    if problem.expected:
        lines.append(f"expected: {problem.expected}")
    if problem.hint:
        lines.append(f"hint: {problem.hint}")
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": _LEVELS[problem.severity],
        "message": {"text": "\n".join(lines)},
    }
    if problem.place:
        result["locations"] = [_location(problem.place)]
    if problem.related:
        result["relatedLocations"] = [
            {**_location(place), "message": {"text": label}} for label, place in problem.related
        ]
    return result
