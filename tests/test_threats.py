"""The threat table is true to the tests: each row names one that is there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.tools import ROOT

_TEXT = (ROOT / "docs" / "supply-chain.md").read_text(encoding="utf-8")
_TABLE = _TEXT.partition("\n## Threats\n")[2].partition("\n## ")[0]
_HEAD, _RULE, *_ROWS = [line for line in _TABLE.splitlines() if line.startswith("|")]
_TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def test_the_table_has_its_columns() -> None:
    columns = ["place", "trusted", "checked", "what an attacker there could do", "test"]
    assert cells(_HEAD) == columns
    assert len(_ROWS) > 1


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: cells(row)[0])
def test_each_row_is_whole_and_names_tests_that_are_there(row: str) -> None:
    assert len(cells(row)) == 5
    assert all(cells(row))
    named = _TEST.findall(cells(row)[-1])
    assert named
    assert _TEST.sub("", cells(row)[-1]).strip(" ,;") == "", "more than tests in the last column"
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        functions = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        assert name in functions, f"{file} has no {name}"
