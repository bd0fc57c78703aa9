"""kubernetes-validate checks objects against the strict schemas of its newest Kubernetes.

A kind without a schema (removed, or misspelt) is only a warning to it, with exit code 0: here any
line but its INFO is a refusal. Objects are those that kustomizations list; where kubectl is at
hand, also those that an overlay makes by its patches.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators._kustomize import PATTERNS, kustomizations
from generator.validators.base import Bench, File, Tool, Validator, bench, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.problems import Problem

_LINE = re.compile(r"(INFO|WARN|ERROR|FATAL) (\S+) (.*)", re.DOTALL)


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    known = {file.path for file in files}
    listed = [path for one in kustomizations(files) for path in one.resources if path in known]
    with bench(tool, files) as here:
        origins = {**{path: path for path in sorted(listed)}, **_built(here, files)}
        if not origins:
            return
        said = here.run("--strict", *origins)
    yield from _read(said.out, origins)
    if said.err.strip():
        yield unusable(VALIDATOR.name, said.err)


def _built(here: Bench, files: tuple[File, ...]) -> Mapping[str, str]:
    """Build the overlays into files of the bench; give their kustomizations by those files."""
    found = shutil.which("kubectl", path=here.tool.search)
    if not found:
        return {}
    kubectl = Bench(Tool(Path(found), here.tool.search), here.folder, here.home)
    made = {}
    for number, one in enumerate(kustomizations(files)):
        if one.settings.get("patches"):
            path = f"built-{number}.yaml"
            here.put(path, kubectl.run("kustomize", str(one.folder)).out.encode())
            made[path] = one.file
    return made


def _read(out: str, origins: Mapping[str, str]) -> Iterator[Problem]:
    """Read its report: a line begins with a level and a file, what follows may have more lines."""
    for entry in re.split(r"\n(?=(?:INFO|WARN|ERROR|FATAL) )", out.strip()):
        found = _LINE.match(entry)
        if found is None:
            yield unusable(VALIDATOR.name, entry)
        elif found[1] != "INFO":
            path = origins.get(found[2])
            reason = found[3] if path else f"{found[2]} {found[3]}"
            yield refused(VALIDATOR.name, reason, Place(path or next(iter(origins.values()))))


VALIDATOR = Validator(
    name="kubernetes-validate",
    programs=("kubernetes-validate",),
    install="pip install kubernetes-validate",
    check=_check,
    patterns=PATTERNS,
)
