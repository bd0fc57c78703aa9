"""Problems for programs: one JSON document; its shape is stable within `version`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generator.problems import Place, Problem
    from generator.reports.base import Report

VERSION = 1


def render(report: Report) -> str:
    """Write the report as JSON: version, command, exit, problems, and the command's own data."""
    document = {
        "version": VERSION,
        "command": report.command,
        "exit": int(report.exit),
        "problems": [_problem(p) for p in report.sorted()],
        **report.data,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"file": place.file, "line": place.line or None, "column": place.column or None}


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "message": problem.message,
        "place": _place(problem.place),
        "expected": problem.expected or None,
        "hint": problem.hint or None,
        "related": [{"label": label, "place": _place(at)} for label, at in problem.related],
    }
