"""Where a profile's files go, and whether they may go there.

An artifact stands at `out/<slug>/<path>` and, when it has a place, a second time at that place.
`gogen.toml` allows places by globs; gogen's own files and git's are never one.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from generator.disk.journal import PENDING
from generator.disk.paths import above, fault, matches, shown
from generator.disk.sums import NAME, OUT, digest, write
from generator.problems import Place, Problem
from generator.workspace import CONFIG, LOCK, LOCK_FOLDER, PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model import Artifact, Desired

_SOURCES = {OUT, CONFIG, LOCK, LOCK_FOLDER, PROFILES, "templates", "schemas"}
_NEVER = "out/, profiles/, templates/, schemas/, .git and gogen.* never are"


def due(desired: Desired) -> dict[str, Artifact]:
    """Give what should stand at every workspace-relative path of a profile."""
    base = f"{OUT}/{desired.slug}/"
    files = {base + a.path: a for a in desired.artifacts}
    files.update((a.place, a) for a in desired.artifacts if a.place)
    return files


def sums_due(desired: Desired) -> bytes:
    """Give the SHA256SUMS a profile should have; empty if it renders nothing."""
    digests = {path: [digest(artifact.content)] for path, artifact in due(desired).items()}
    return write(digests, desired.slug)


def allows(allowed: Iterable[str], place: str) -> bool:
    """Tell whether a file may stand at a place outside out/."""
    return not is_kept(place) and any(matches(place, glob) for glob in allowed)


def is_kept(place: str) -> bool:
    """Tell whether a place is of gogen's own files or git's, which no glob allows."""
    parts = place.split("/")
    own = parts[0] in _SOURCES or parts[0].startswith(".gogen-")
    return own or any(part.lower() == ".git" for part in parts)


def check_places(desireds: Iterable[Desired]) -> tuple[Problem, ...]:
    """Say which places two profiles claim (GG443), naming both."""
    owners: dict[str, str] = {}
    problems = []
    for desired in desireds:
        for artifact in desired.artifacts:
            if not artifact.place:
                continue
            first = owners.setdefault(_folded(artifact.place), desired.profile)
            if first != desired.profile:
                problems.append(
                    Problem(
                        "GG443",
                        f"{shown(artifact.place)} is placed by profile {first} and by profile "
                        f"{desired.profile}",
                        Place(shown(artifact.place)),
                        hint="let one of them go without the target, or give it another place",
                    )
                )
    return tuple(problems)


def unusable(desired: Desired, allowed: tuple[str, ...]) -> list[Problem]:
    """Say what keeps a profile's files from being written where they are due.

    GG440 a path that leaves its root or cannot be listed, GG241 a name gogen needs itself, GG242
    two files by one name, GG442 a place gogen.toml does not allow.
    """
    problems: list[Problem] = []
    if (why := fault(desired.slug)) or "/" in desired.slug:
        problems.append(Problem("GG440", f"{shown(desired.slug)!r} {why or 'is not one folder'}"))
    for artifact in desired.artifacts:
        problems += _own_path(artifact, desired)
        if artifact.place:
            problems += _own_place(artifact, allowed)
    return problems or list(_clashes(desired))


def _own_path(artifact: Artifact, desired: Desired) -> Iterator[Problem]:
    at = artifact.at or Place(artifact.template)
    if why := fault(artifact.path):
        yield Problem("GG440", f"path {shown(artifact.path)!r} {why}", at)
    elif ".git" in artifact.path.lower().split("/"):
        hint = "give the file another path in the manifest"
        yield Problem("GG241", f"git keeps no file at {artifact.path}", at, hint=hint)
    elif _is_own(artifact.path.rpartition("/")[2]):
        yield Problem(
            "GG241",
            f"{artifact.path} of profile {desired.profile} is a name gogen uses itself",
            at,
            hint="give the file another path in the manifest",
        )


def _is_own(name: str) -> bool:
    return name in (NAME, PENDING) or name.startswith(".gogen-")


def _own_place(artifact: Artifact, allowed: tuple[str, ...]) -> Iterator[Problem]:
    at = artifact.at or Place(artifact.template)
    if why := fault(artifact.place):
        yield Problem("GG440", f"place {shown(artifact.place)!r} {why}", at)
    elif is_kept(artifact.place):
        hint = f"choose another place: {_NEVER}"
        yield Problem("GG442", f"no file can be placed at {artifact.place}", at, hint=hint)
    elif not allows(allowed, artifact.place):
        yield Problem(
            "GG442",
            f"gogen.toml does not allow a file at {artifact.place}",
            at,
            expected="a path that fits one of: " + ", ".join(allowed) if allowed else "",
            hint=f'add it in gogen.toml, places = ["{artifact.place}"]; {_NEVER}',
        )


def _clashes(desired: Desired) -> Iterator[Problem]:
    """Find two files at one path, or one path below another, also where case does not count."""
    base = f"{OUT}/{desired.slug}/"
    paths = [base + a.path for a in desired.artifacts]
    paths += [a.place for a in desired.artifacts if a.place]
    seen: dict[str, str] = {}
    for path in paths:
        if (name := _folded(path)) in seen:
            yield _clash(desired, seen[name], path)
        seen[name] = path
    for path in paths:
        for folder in above(path):
            if _folded(folder) in seen:
                yield _clash(desired, seen[_folded(folder)], path)


def _clash(desired: Desired, first: str, second: str) -> Problem:
    return Problem(
        "GG242",
        f"profile {desired.profile} writes {first} and {second}, which cannot stand side by side",
        Place(second),
        hint="change one of the two paths in its manifest",
    )


def _folded(path: str) -> str:
    """Give the name by which a file system that folds case (macOS) knows a path."""
    return path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()
