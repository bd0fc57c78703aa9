"""Ask many hosts on loopback with `gogen verify`, and hold the whole against its waves.

Usage: verify.py [HOSTS] [JOBS] [DELAY]
Each host has an sshd, a home and a go of its own, as in tests/verify/fleet.py, and its login takes
DELAY seconds, as that of one far away does: without it all that is waited for is this machine's
processors, which hosts and command share. The whole may take at most the slowest host times the
number of waves (hosts / jobs, rounded up), with the start of the command itself; it exits 1 where
it takes longer. Prints a Markdown table.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_DEFAULTS = (50, 10, 0)


def main(argv: list[str]) -> int:
    """Set the hosts up, ask them all once, print the row."""
    sys.path.insert(0, str(ROOT))
    from tests.verify import fleet  # noqa: PLC0415  (found once the root is on the path)

    hosts, jobs, delay = (int(text) for text in (*argv, *_DEFAULTS[len(argv) :]))
    with tempfile.TemporaryDirectory(prefix="gogen-hosts-") as folder:
        root = fleet.workspace(Path(folder) / "workspace")
        began = time.monotonic()
        fleet.gogen(root, "--version")
        empty = time.monotonic() - began
        (Path(folder) / "hosts").mkdir()
        for machines in fleet.serving(Path(folder) / "hosts", root / "out" / "host"):
            made = [machines.make(f"h{number}") for number in range(hosts)]
            for machine in made:
                machine.login(f"sleep {delay}")
            words = ",".join(machine.words for machine in made)
            options = ("--hosts", words, "--ssh-config", str(machines.config()))
            began = time.monotonic()
            done = fleet.gogen(*(root, "verify", *options, "--jobs", str(jobs), "--format", "json"))
            took = time.monotonic() - began
    if done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
        return 1
    return _row(json.loads(done.stdout), jobs, took, empty)


def _row(document: dict[str, list[dict[str, float]]], jobs: int, took: float, empty: float) -> int:
    seconds = sorted(host["seconds"] for host in document["hosts"])
    waves = math.ceil(len(seconds) / jobs)
    bound = seconds[-1] * waves + empty
    met = took <= bound
    print("| hosts | jobs | waves | slowest s | median s | whole s | bound s | ratio |  |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|---|")
    print(
        f"| {len(seconds)} | {jobs} | {waves} | {seconds[-1]:.2f} "
        f"| {seconds[len(seconds) // 2]:.2f} | {took:.2f} | {bound:.2f} | {took / bound:.2f} "
        f"| {'met' if met else 'NOT MET'} |"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
