"""Compare gogen with its peers, side by side in one run, and print a Markdown table.

Usage: bench.py [--quick] [--runs N] [--only PART,...] [--folder DIR] [--out FILE]
Parts: start, one, shipped, many, tracing, growth, installer, pins. Needs kubectl and helm (`make
tools`); kapitan where `make bench` could install it; a tool that is missing is named and left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import parts
from report import table
from setting import Setting

_SIZES = {"many": 200, "growth": (1_000, 10_000)}
_QUICK = {"many": 40, "growth": (100, 400)}


def main() -> None:
    """Read the command line, run the parts, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, three runs of each")
    parser.add_argument("--runs", type=int, default=0, help="runs of each command; default 9")
    parser.add_argument("--only", default="", help="parts to run: " + ",".join(parts.PARTS))
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"), help="a tmpfs")  # noqa: S108
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    asked = parser.parse_args()
    sizes = _QUICK if asked.quick else _SIZES
    chosen = [name for name in asked.only.split(",") if name] or list(parts.PARTS)
    text = ""
    with tempfile.TemporaryDirectory(prefix="gogen-bench-", dir=asked.folder) as folder:
        setting = Setting(Path(folder), asked.runs or (3 if asked.quick else 9))
        rows = []
        for name in chosen:
            print(f"measuring: {name}", file=sys.stderr)
            rows += parts.PARTS[name](setting, sizes)
            text = f"{_conditions(setting, asked.folder)}\n\n{table(rows)}"
            if asked.out:  # after each part: a run that is stopped leaves what it has
                asked.out.write_text(text, encoding="utf-8")
    print(text, end="")


def _conditions(setting: Setting, folder: Path) -> str:
    """Say what the numbers were measured on."""
    kind = subprocess.run(
        ["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=False
    ).stdout.strip()
    python = ".".join(map(str, sys.version_info[:3]))
    load = os.getloadavg()[0]
    cores = len(os.sched_getaffinity(0))
    tools = ", ".join(f"{name} {version}" for name, version in setting.versions().items())
    missing = f"; not here: {', '.join(setting.missing)}" if setting.missing else ""
    return (
        f"Python {python}, {cores} cores, {kind}, load {load:.1f} at the end; medians of "
        f"{setting.runs} alternating runs (fewer where a run takes long). {tools}{missing}."
    )


if __name__ == "__main__":
    main()
