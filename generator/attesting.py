"""Attest what was rendered, and bill what is pinned, for those who were not there.

There is a statement of a whole workspace only: none where out/ is not what its profiles say, or
where what the outputs are made from changes meanwhile.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.attest.sbom import bill
from generator.attest.statement import BUILDER, statement
from generator.disk.runlock import silent
from generator.disk.sums import digest
from generator.layers.vendored import LAYERS
from generator.problems import Place, Problem, Rejected
from generator.targets import MANIFEST, SECTION_SCHEMA
from generator.templating.sources import apart, shown
from generator.update import compare
from generator.workspace import CONFIG, LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from generator.disk.runlock import Waiting
    from generator.model import Target
    from generator.pipeline import Compiler
    from generator.sources import Sources
    from generator.update import Advance

_TEMPLATE = ".j2"
_TEMPLATES = "templates"
_OTHERS = re.compile(r"\b[a-z0-9][a-z0-9-]*:[A-Za-z0-9_./-]+\.j2\b")
"""A template of another target, as an include names it."""
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")  # RFC 3986: a scheme, no blanks, ASCII


class Attested(NamedTuple):
    """A statement, None where there can be none; and all problems met."""

    statement: dict[str, Any] | None
    problems: tuple[Problem, ...]


def attest(
    compiler: Compiler,
    names: Iterable[str],
    advance: Advance,
    *,
    builder: str = "",
    waiting: Waiting = silent,
) -> Attested:
    """State what profiles (all where none is named) were rendered to, and from what.

    `builder` is the URI of who vouches for the run, gogen itself where it is empty; `waiting` is
    called once if another run writes to the workspace. Raises Rejected where the workspace cannot
    be read, where it changes meanwhile (GG595), or for a builder that is no URI (GG597).
    """
    _check_builder(builder)
    sources = compiler.sources
    before = _digests(_sources(sources))
    found = compare(compiler, names, advance, digests=True, waiting=waiting)
    problems = (*found.problems, *found.drift)
    if any(problem.exit for problem in problems):
        return Attested(None, problems)
    profiles = [checked.name for checked in found.profiles if checked.name in sources.layer_files]
    used = sorted(_used(compiler, profiles))
    made_from = {name: before.get(name, "") for name in used}
    now = _digests((n, path) for n, path in _sources(sources) if n in made_from)
    if now != made_from:
        changed = [name for name in used if now.get(name) != made_from[name]]
        message = f"{', '.join(changed)} changed while the outputs were compared"
        raise Rejected([Problem("GG595", message, hint="run it again")])
    outputs = dict(pair for each in found.profiles for pair in each.digests)
    return Attested(statement(outputs, made_from, profiles, builder or BUILDER), problems)


def sbom(sources: Sources) -> dict[str, Any]:
    """Give the bill of what the lock pins. Raises Rejected where there is no right lock."""
    lock = sources.lock
    return bill(lock, digest(sources.workspace.lock_file.read_bytes()))


def as_json(document: Mapping[str, Any]) -> str:
    """Write a statement or a bill, the same text for the same content."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _check_builder(builder: str) -> None:
    if builder and not _URI.fullmatch(builder):
        problem = Problem(
            "GG597",
            f"the builder {builder!r} is no URI",
            expected="an address or another URI (RFC 3986), as SLSA has it",
            hint="of a workflow on GitHub: https://github.com/OWNER/REPO/.github/workflows/"
            "NAME.yml@REF",
        )
        raise Rejected([problem])


def _sources(sources: Sources) -> Iterator[tuple[str, Path]]:
    """Give every file that an output can be made from, with its name; a name may come twice.

    Nothing is read for it that a render reads: what that reads later is not older.
    """
    workspace = sources.workspace
    root = workspace.root
    names = [CONFIG, LOCK, *(f for layer in sources.layer_files.values() for f in layer.files)]
    yield from ((name, root / name) for name in names)
    for base, prefix in (
        (workspace.builtin / _TEMPLATES, "builtin:"),
        (root / _TEMPLATES, f"{_TEMPLATES}/"),
        (root / LAYERS, f"{LAYERS}/"),
    ):
        for path in sorted(base.rglob("*")):
            yield prefix + path.relative_to(base).as_posix(), path


def _digests(files: Iterable[tuple[str, Path]]) -> dict[str, str]:
    return {name: digest(path.read_bytes()) for name, path in files if path.is_file()}


def _used(compiler: Compiler, profiles: Iterable[str]) -> set[str]:
    """Give the names of the files that these profiles are made from."""
    sources = compiler.sources
    used = {CONFIG, LOCK}
    targets: dict[str, Target] = {}
    for name in profiles:
        profile = compiler.profile(name)
        files = (sources.files_of(layer, Place(LOCK)).files for layer in profile.order)
        used.update(path for paths in files for path in paths)
        targets |= {target.name: target for target in sources.targets_of(profile)}
    waiting = list(targets.values())
    for target in waiting:
        for name, path in _templates(target):
            used.add(name)
            others = {apart(n)[0] for n in _OTHERS.findall(path.read_text(errors="replace"))}
            for other in others & sources.targets.keys() - targets.keys():
                targets[other] = sources.targets[other]
                waiting.append(targets[other])
    return used


def _templates(target: Target) -> Iterator[tuple[str, Path]]:
    """Give the files of a target with their names: its manifests, schemas and templates."""
    named = {MANIFEST, SECTION_SCHEMA, *(apart(spec.template)[1] for spec in target.files)}
    for folder in target.folders:
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and (name in named or name.endswith(_TEMPLATE)):
                yield shown(target, folder, name), path
