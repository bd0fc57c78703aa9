"""Where the benchmark runs: copies of product and workload on tmpfs, and a clean environment.

The product is copied and its byte code compiled, as an installation has it, so that neither edits
nor settings of whoever runs this (PYTHONDONTWRITEBYTECODE) have a part in the numbers.
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Run, Sample, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
ROOT = HERE.parent
_LONG = 5.0  # seconds of all commands together from which fewer runs are enough


class Setting:
    """The folder, the programs and the number of runs."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        product = folder / "product"
        for name in ("generator", "templates", "schemas"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, product / name, ignore=ignored)
        for name in ("plain.py", "stages.py", "empty.py"):
            shutil.copyfile(HERE / name, product / name)
        launcher = "from generator.__main__ import start\nstart()\n"
        (product / "gogen.py").write_text(launcher, encoding="utf-8")
        compileall.compile_dir(product, quiet=2)
        self.environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder / "home"),
            "XDG_CACHE_HOME": str(self.cache),
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(product),
        }

    @property
    def cache(self) -> Path:
        """Gogen's caches."""
        return self.folder / "cache"

    def python(self, script: str, *words: str | Path) -> tuple[str | Path, ...]:
        """Give the command line of a script of the product."""
        return (sys.executable, self.folder / "product" / script, *words)

    def gogen(self, *words: str | Path) -> tuple[str | Path, ...]:
        """Give a command line of gogen."""
        return self.python("gogen.py", *words)

    @cached_property
    def tools(self) -> dict[str, Path]:
        """The peers that are here, by name."""
        path = f"{ROOT / '.tools' / 'bin'}:{ROOT / '.tools' / 'kapitan' / 'bin'}:{os.defpath}"
        found = {name: shutil.which(name, path=path) for name in ("kubectl", "helm", "kapitan")}
        return {name: Path(place) for name, place in found.items() if place}

    @property
    def missing(self) -> list[str]:
        """The peers that are not here."""
        return [name for name in ("kubectl", "helm", "kapitan") if name not in self.tools]

    def versions(self) -> dict[str, str]:
        """Give the version each peer tells."""
        asked = {
            "kubectl": ("version", "--client"),
            "helm": ("version", "--short"),
            "kapitan": ("--version",),
        }
        told = {}
        for name, tool in self.tools.items():
            done = subprocess.run(
                [tool, *asked[name]],
                capture_output=True,
                text=True,
                check=False,
                env=self.environment,
            )
            told[name] = done.stdout.strip().split("\n")[0].rpartition(" ")[2]
        return told

    def measure(self, runs: Sequence[Run], times: int = 0) -> dict[str, Sample]:
        """Run once to warm up and to see how long it takes, then measure."""
        once = measure(runs, 1, self.environment)
        slow = sum(sample.wall for sample in once.values()) > _LONG
        return measure(runs, times or (min(3, self.runs) if slow else self.runs), self.environment)
