"""Running the real helm: a chart of a few files, and values as a file that keeps every letter."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["ROOT", "make", "run", "template", "values"]

CHART = 'apiVersion: v2\nname: a\nversion: "1.0.0"\n'
_BMP = 0x10000


def make(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a chart of these files below a folder; Chart.yaml is there if none is given."""
    for name, text in {"Chart.yaml": CHART, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def values(path: Path, data: Mapping[str, Any]) -> Path:
    """Write values as JSON, all but plain letters escaped: YAML knows no surrogate pairs."""
    text = json.dumps(data, ensure_ascii=False)
    plain = "".join(c if c.isprintable() or ord(c) >= _BMP else f"\\u{ord(c):04x}" for c in text)
    path.write_text(plain, encoding="utf-8")
    return path


def run(folder: Path, *args: str | Path) -> subprocess.CompletedProcess[str]:
    """Run helm in a folder, with nothing of the user's settings."""
    return subprocess.run(
        [require("helm"), *args],
        cwd=folder,
        env={"HOME": str(folder), "PATH": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def template(chart: Path, *args: str | Path) -> str:
    """Give what `helm template` writes; fails with what helm says."""
    done = run(chart.parent, "template", "go", chart, *args)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
