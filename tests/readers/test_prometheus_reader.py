"""The reader of alerts and metrics that other tests trust says what Prometheus would."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
groups:
  - name: g
    rules:
      - alert: A
        expr: {expr}
        {more}
"""


def read(kind: str, text: str, folder: Path) -> tuple[int, str]:
    file = folder / "file"
    file.write_text(text, encoding="utf-8")
    argv = [str(require("prometheus-reader")), kind, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("expr", "more", "says"),
    [
        ("up == 0", "for: 5m", ""),
        ("up ==", "for: 5m", "could not parse expression"),
        ("up == 0", "for: soon", "not a valid duration"),
        ("up == 0", "fro: 5m", "field fro not found"),
        ("up == 0", "annotations: {a: '{{ $labels. }}'}", "template"),
    ],
)
def test_rules(expr: str, more: str, says: str, tmp_path: Path) -> None:
    code, told = read("rules", RULES.format(expr=expr, more=more), tmp_path)
    assert code == bool(says)
    assert says in told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# HELP app_up An a.\n# TYPE app_up gauge\napp_up 1\n", ""),
        ("# TYPE app_up gauge\napp_up 1\n", "no help text"),
        ("# HELP app_total An a.\n# TYPE app_total gauge\napp_total 1\n", "_total"),
        ('# HELP app_up An a.\n# TYPE app_up gauge\napp_up{c="d} 1\n', "text format parsing error"),
    ],
)
def test_metrics(text: str, says: str, tmp_path: Path) -> None:
    code, told = read("metrics", text, tmp_path)
    assert code == bool(says)
    assert says in told
