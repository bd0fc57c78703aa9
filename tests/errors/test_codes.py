"""Every code stands in docs/problems.md, means one thing and asks for the exit code told there."""

from __future__ import annotations

import ast
import re

import pytest

from generator.problems import Problem
from tests.tools import ROOT

TEXT = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| (GG[0-9]{3}) \|.*\|$", re.MULTILINE)
_GROUP = re.compile(r"^## GG(?P<first>\d+) to GG(?P<last>\d+): .* \(exit (?P<exit>\d+)\)$")

# One meaning that several modules can find; a code in two others is two meanings.
SHARED = {
    "GG123": {"sources.py", "stages/merge.py"},
    "GG154": {"profile/schema_problems.py", "stages/validate.py"},
    "GG160": {"cli/session.py", "workspace.py"},
    "GG162": {"tables.py", "workspace.py"},
    "GG163": {"tables.py", "workspace.py"},
    "GG207": {"templating/diagnosis.py", "templating/escaper.py"},
    "GG241": {"disk/places.py", "templating/jobs.py"},
    "GG242": {"disk/places.py", "templating/jobs.py"},
    "GG248": {"targets.py", "templating/diagnosis.py"},
    "GG402": {"disk/drift.py", "disk/paths.py"},
    "GG424": {"disk/actual.py", "disk/paths.py", "stages/write.py"},
    "GG425": {"stages/load.py", "workspace.py"},
    "GG441": {"disk/paths.py", "templating/sources.py"},
    "GG444": {"stages/write.py", "update.py"},
    "GG515": {"cli/asking.py", "supply/bundles.py"},
    "GG546": {"supply/openpgp.py", "supply/openpgp_reasons.py"},
    "GG587": {"bump/actions.py", "bump/releases.py"},
    "GG585": {"bump/actions.py", "bump/images.py", "bump/layers.py", "bump/releases.py"},
    "GG588": {"bump/editing.py", "bump/images.py"},
}


def used() -> dict[str, set[str]]:
    """Give the modules that name each code; rules (GG0xx) have a page of their own."""
    found: dict[str, set[str]] = {}
    package = ROOT / "generator"
    for path in sorted(package.rglob("*.py")):
        if path.name == "problems.py":  # it says what exit a code asks for
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            value = node.value if isinstance(node, ast.Constant) else None
            if isinstance(value, str) and re.fullmatch(r"GG[1-9][0-9]{2}", value):
                found.setdefault(value, set()).add(path.relative_to(package).as_posix())
    return found


def test_every_code_is_told_and_nothing_else() -> None:
    rows = _ROW.findall(TEXT)
    assert rows == sorted(used())


def test_no_code_has_two_meanings() -> None:
    assert {code: modules for code, modules in used().items() if len(modules) > 1} == SHARED


@pytest.mark.parametrize("line", [line for line in TEXT.splitlines() if line.startswith("## ")])
def test_groups_have_the_exit_code_told(line: str) -> None:
    group = _GROUP.match(line)
    assert group, line
    codes = [
        c for c in _ROW.findall(TEXT) if int(group["first"]) <= int(c[2:]) <= int(group["last"])
    ]
    assert codes
    assert {int(Problem(code, "").exit) for code in codes} == {int(group["exit"])}


def test_rows_have_all_columns() -> None:
    for line in TEXT.splitlines():
        if line.startswith("| GG"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            assert len(cells) == 4, line
            assert all(cells), line
