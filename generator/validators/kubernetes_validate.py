"""kubernetes-validate checks objects against the strict schemas of their profile's Kubernetes.

Where the profile names no `kubernetes.version`, its newest schemas count. It passes over a minor
between those that it has, and breaks on one older than all: here a minor without schemas of its
own is a problem. A kind without a schema (removed, or misspelt) is only a warning to it, with exit
code 0: here any line but its INFO is a refusal. Objects are those that kustomizations list, and
those that lie beside none (what else lies there is patches); where kubectl is at hand, also those
that an overlay makes by its patches.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from generator.problems import Place, Problem
from generator.validators._kustomize import PATTERNS, kustomizations
from generator.validators.base import (
    KUBERNETES,
    UNUSABLE,
    Bench,
    File,
    Tool,
    Validator,
    bench,
    refused,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FOLDERS = "lib/python*/*-packages/kubernetes_validate/kubernetes-json-schema/v*-local-strict"
_SCHEMAS = re.compile(r"v([0-9]+)\.([0-9]+)\.")
_LINE = re.compile(r"(INFO|WARN|ERROR|FATAL) (\S+) (.*)", re.DOTALL)


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    minors = {file.path: file.facts.get(KUBERNETES, "") for file in files}
    found = tuple(kustomizations(files))
    listed = [path for one in found for path in one.resources if path in minors]
    folders = {one.folder for one in found}
    listed += [
        file.path
        for file in files
        if file.dialect in VALIDATOR.dialects and PurePosixPath(file.path).parent not in folders
    ]
    with bench(tool, files) as here:
        origins = {**{path: path for path in sorted(listed)}, **_built(here, files)}
        for minor in sorted({minors[origin] for origin in origins.values()}):
            of_minor = {path: at for path, at in origins.items() if minors[at] == minor}
            yield from _against(here, minor, of_minor)


def _against(here: Bench, minor: str, origins: Mapping[str, str]) -> Iterator[Problem]:
    """Check objects against the schemas of a minor, "" for the newest that there is."""
    known = _minors(here.tool)
    if minor and known and minor not in known:
        yield Problem(
            UNUSABLE,
            f"{VALIDATOR.name} has no schemas of Kubernetes {minor}",
            Place(next(iter(origins.values()))),
            expected=f"one of {', '.join(known)}",
            hint="correct kubernetes.version, or install a release that knows it",
        )
        return
    said = here.run("--strict", *(("--kubernetes-version", minor) if minor else ()), *origins)
    yield from _read(said.out, origins)
    if said.err.strip():
        yield unusable(VALIDATOR.name, said.err)


def _minors(tool: Tool) -> tuple[str, ...]:
    """Give the minors that it has schemas of, the oldest first; nothing where they lie elsewhere.

    It has no way to be asked. The schemas are folders of its package, beside its program.
    """
    prefix = tool.path.resolve().parent.parent
    found = (_SCHEMAS.match(path.name) for path in prefix.glob(_FOLDERS))
    numbers = sorted({(int(match[1]), int(match[2])) for match in found if match})
    return tuple(f"{major}.{minor}" for major, minor in numbers)


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
            objects = kubectl.run("kustomize", str(one.folder)).out
            if objects:  # else the validator kustomize tells why
                here.put(path, objects.encode())
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
    dialects=("kubernetes",),
)
