"""One case of a rule: a file `tests/rules/<CODE>/ok*.yaml` or `bad*.yaml`.

profile:  a layer over BASE (below), as text: its lines are counted from 1 in profile.yaml
outputs:  rendered files by path, each {dialect, text} and maybe {install, executable}
raw:      places of `| raw` in templates, "file:line"
finds:    of a bad case, everything the rule must find, each {at, says} and maybe {severity}:
          `at` is "file:line:column" as far as it matters, `says` words of the message
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from generator import rules
from generator.lock.catalogue import embedded
from generator.model import Artifact, Desired, LayerFiles
from generator.problems import Place, Rejected
from generator.profile.schema import read_schema
from generator.stages.load import load
from generator.stages.merge import merge
from generator.stages.pin import pin
from generator.stages.validate import validate
from generator.targets import available, load_targets
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model import Pinned, Profile
    from generator.problems import Problem
    from generator.profile.schema import Schema

BASE = """
toolchains: {current: "1.27.1"}
go:
  toolchain: current
  platforms: [linux/amd64]
  env: {GOTOOLCHAIN: "local"}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it was read; `code` is the rule it is of."""

    path: Path
    data: dict[str, Any]

    @property
    def code(self) -> str:
        return self.path.parent.name

    def found(self, root: Path) -> list[Problem]:
        """Give what the rule finds in the case; its profile is written below `root`."""
        profile = self._profile(root)
        try:
            rules.require(profile)
        except Rejected as rejected:
            problems = rejected.problems
        else:
            pinned = pin(profile, (), embedded().pins, schema().view)
            raw = [Place(*_split(place)) for place in self.data.get("raw", ())]
            problems = rules.check(pinned, self._desired(pinned), raw)
        return [problem for problem in problems if problem.code == self.code]

    def _profile(self, root: Path) -> Profile:
        files = {
            "base/profile.yaml": BASE,
            "case/extends.yaml": "extends: [base]\n",
            "case/profile.yaml": self.data.get("profile", "{}\n"),
        }
        for name, text in files.items():
            path = root / "profiles" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        layers = {
            name: load(
                root,
                LayerFiles(name, tuple(f"profiles/{f}" for f in files if f.startswith(f"{name}/"))),
            )
            for name in ("base", "case")
        }
        return validate(merge("case", layers, schema().merge_keys), schema())

    def _desired(self, pinned: Pinned) -> Desired:
        outputs = self.data.get("outputs", {})
        artifacts = tuple(
            Artifact(
                path,
                file["text"].encode(),
                "case",
                "case.j2",
                executable=file.get("executable", False),
                install=file.get("install", ""),
                dialect=file["dialect"],
            )
            for path, file in sorted(outputs.items())
        )
        return Desired(pinned.profile.name, pinned.profile.slug, artifacts)


@cache
def schema() -> Schema:
    targets = load_targets(ROOT, ROOT, available(ROOT, ROOT))
    return read_schema(ROOT / "schemas", targets.values())


def read(path: Path) -> Case:
    data = YAML(typ="safe").load(path)
    unknown = data.keys() - {"profile", "outputs", "raw", "finds"}
    assert not unknown, f"{path}: {unknown}"
    return Case(path, data)


def _split(place: str) -> tuple[str, int]:
    file, _, line = place.rpartition(":")
    return file, int(line)
