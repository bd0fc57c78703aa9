"""The files that a profile's targets ask for: each manifest entry, once for each item of its list.

A job is one file to render, with its paths filled in and its variables at hand. The render stage
runs all jobs; `explain` finds the one that makes a file.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.model import HomePath, find, header
from generator.problems import Place, Problem, Rejected
from generator.templating.filters import type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.model import FileSpec, Pinned, Pointer, Target

_EXPRESSION = re.compile(r"<\{(.*?)\}>")
_SLASH = re.compile("/")
_DOTTED = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\Z")
_LONGEST_NAME = 255  # bytes of one part of a path, on every file system in use
_SUMS = "sha256sums"
_MISSING = object()


class Job(NamedTuple):
    """One file to render.

    `path` is relative to `out/<slug>/`, `place` to the workspace; `item_at` is the pointer of
    `item` in the context, None without one; `toolchains` are the Go versions that the file may
    name. An empty `dialect` is chosen by the template's name.
    """

    target: Target
    spec: FileSpec
    path: str
    install: str
    place: str
    dialect: str
    variables: Mapping[str, Any]
    item_at: Pointer | None
    toolchains: tuple[str, ...]

    @property
    def manifest(self) -> Place:
        """Where the manifest asks for this file."""
        return self.spec.at or Place(self.target.manifest)


class _Refused(Exception):
    """A manifest entry cannot become a file."""

    def __init__(self, *, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.text = ""  # of the manifest, where it is a value in it that is refused


def jobs(pinned: Pinned) -> tuple[Job, ...]:
    """Give every file to render, sorted by path. Raises Rejected (GG241 to GG244)."""
    problems: list[Problem] = []
    found: list[Job] = []
    for target in pinned.targets:
        for spec in target.files:
            for variables, item_at in _rounds(pinned, target, spec, problems):
                try:
                    found.append(_job(pinned, target, spec, variables, item_at))
                except _Refused as refused:
                    problem = _problem(target, spec, refused)
                    problems.append(_at_value(pinned, problem, refused.text, item_at))
    problems += _clashes(found, "path")
    problems += _clashes([job for job in found if job.place], "place")
    if problems:
        raise Rejected(problems)
    installed = _on_a_machine(found)
    known = (job._replace(variables={**job.variables, "installed": installed}) for job in found)
    return tuple(sorted(known, key=lambda job: job.path))


def _on_a_machine(found: Iterable[Job]) -> list[dict[str, str]]:
    """Give the files that a machine is to have, for a target that looks whether it has them."""
    return [
        {"path": job.path, "install": job.install, "mode": job.spec.mode}
        for job in _with_a_home(found)
    ]


def _with_a_home(found: Iterable[Job]) -> list[Job]:
    return sorted((job for job in found if job.install), key=lambda job: (job.install, job.path))


def behind_installed(pinned: Pinned, index: int) -> tuple[Pointer, ...]:
    """Give the keys of the profile that make an item of `installed` what it is, and be there."""
    job = _with_a_home(jobs(pinned))[index]
    spec = job.spec
    named = [tuple(key.split(".")) for key in (spec.when, spec.for_each) if key]
    return (*_keys(spec.install, job.item_at), *_keys(spec.path, job.item_at), *named)


def _problem(target: Target, spec: FileSpec, refused: _Refused) -> Problem:
    place = spec.at or Place(target.manifest)
    return Problem(refused.code, refused.message, place, hint=refused.hint)


def _keys(text: str, item_at: Pointer | None) -> Iterator[Pointer]:
    """Give the pointers of the keys in a text of the manifest."""
    for match in _EXPRESSION.finditer(text):
        key = match[1].strip().split(".")
        yield (*(item_at or ()), *key[1:]) if key[0] == "item" else tuple(key)


def _at_value(pinned: Pinned, problem: Problem, text: str, item_at: Pointer | None) -> Problem:
    """Show the profile's line where a value of the profile made the path what it is."""
    nodes = (find(pinned.profile.tree, pointer) for pointer in _keys(text, item_at))
    places = [node.trail[0] for node in nodes if node is not None and node.trail]
    if not places or problem.place is None:
        return problem
    return problem._replace(place=places[0], related=(("written by this entry", problem.place),))


def _look(variables: Mapping[str, Any], key: str) -> Any:
    value: Any = variables
    for name in key.split("."):
        if not isinstance(value, dict) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _wanted(variables: Mapping[str, Any], when: str) -> bool:
    """Tell whether a `when` holds: nothing is asked, or `key` is not empty, or `key=text` is so."""
    if not when:
        return True
    key, asked, due = when.partition("=")
    value = _look(variables, key)
    if asked:
        return bool(value == due)
    empty = value is _MISSING or value is None or value is False
    return not empty and value not in ("", [], {})


def _rounds(
    pinned: Pinned, target: Target, spec: FileSpec, problems: list[Problem]
) -> Iterator[tuple[Mapping[str, Any], Pointer | None]]:
    """Give the variables of each file that an entry makes, with the pointer of its item."""
    context = dict(pinned.context)
    if spec.shared:
        context["header"] = header()  # the same for every profile
    if not spec.for_each:
        if _wanted(context, spec.when):
            yield context, None
        return
    listed = _look(context, spec.for_each)
    if not isinstance(listed, list | dict) and listed is not _MISSING:
        message = f"for-each: {spec.for_each} is {type_name(listed)}, not a list or a map"
        problems.append(_problem(target, spec, _Refused(code="GG243", message=message)))
        return
    for step, item in _items(listed):
        variables = {**context, "item": item}
        if _wanted(variables, spec.when):
            yield variables, (*spec.for_each.split("."), step)


def _items(listed: Any) -> Iterable[tuple[str | int, Any]]:
    """Give the items of a list, or those of a map as {key, value}; nothing where it is missing."""
    match listed:
        case list():
            return enumerate(listed)
        case dict():
            return [(key, {"key": key, "value": value}) for key, value in listed.items()]
        case _:
            return ()


def _job(
    pinned: Pinned,
    target: Target,
    spec: FileSpec,
    variables: Mapping[str, Any],
    item_at: Pointer | None,
) -> Job:
    return Job(
        target=target,
        spec=spec,
        path=_checked(spec.path, lambda text: _relative(_filled(text, variables), "path")),
        install=_checked(spec.install, lambda text: _installed(_optional(text, variables))),
        place=_checked(spec.place, lambda text: _placed(_optional(text, variables))),
        dialect=spec.dialect,
        variables=variables,
        item_at=item_at,
        toolchains=_toolchains(pinned, spec, variables.get("item")),
    )


def _checked(text: str, check: Callable[[str], str]) -> str:
    """Check a text of the manifest; a refusal says which it is."""
    try:
        return check(text)
    except _Refused as refused:
        refused.text = text
        raise


def _toolchains(pinned: Pinned, spec: FileSpec, item: Any) -> tuple[str, ...]:
    if spec.toolchains == "all":
        return tuple(sorted(each["version"] for each in pinned.context["toolchains_pinned"]))
    own = _look(item, "toolchain.version") if isinstance(item, dict) else _MISSING
    versions = {pinned.toolchain, *([own] if isinstance(own, str) else [])}
    return tuple(sorted(versions))


def _filled(text: str, variables: Mapping[str, Any]) -> str:
    """Put the values of dotted keys into a path."""
    return _EXPRESSION.sub(lambda found: _value(found[1].strip(), variables), text)


def _optional(text: str, variables: Mapping[str, Any]) -> str:
    """Fill a path that is not needed: one that is a single missing key falls away."""
    if not text:
        return ""
    single = _EXPRESSION.fullmatch(text)
    if single and _look(variables, single[1].strip()) is _MISSING:
        return ""
    return _filled(text, variables)


def _value(key: str, variables: Mapping[str, Any]) -> str:
    if not _DOTTED.match(key):
        hint = "a path holds dotted keys only: <{ item.name }>"
        raise _Refused(code="GG244", message=f"the expression {key!r} in a path", hint=hint)
    value = _look(variables, key)
    if value is _MISSING:
        raise _Refused(
            code="GG244", message=f"nothing is set at {key}", hint="use `when:`, or set it"
        )
    if isinstance(value, HomePath):
        return f"~/{value.rest}"
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _Refused(code="GG244", message=f"{key} is {type_name(value)}, and stands in a path")
    return str(value)


@lru_cache(maxsize=1024)  # the profiles of a workspace write files of the same names
def _relative(text: str, what: str) -> str:
    """Check a path below its root, and give it without `.` parts."""
    parts = [part for part in text.split("/") if part != "."]
    bad = text.startswith(("/", "~")) or "\\" in text or not text.isprintable()
    if bad or not parts or any(part in ("", "..") or part.strip() != part for part in parts):
        hint = "a relative path with / between its parts, without .."
        raise _Refused(code="GG241", message=f"the {what} {text!r} could leave its root", hint=hint)
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise _Refused(
            code="GG241", message=f"the {what} {text[:40]!r}… has a part of over 255 bytes"
        )
    path = "/".join(parts)
    if path.casefold() == _SUMS:
        raise _Refused(code="GG241", message=f"the {what} {text!r} is where gogen keeps its sums")
    return path


def _placed(text: str) -> str:
    """Check a second home in the repository, where there is one."""
    return _relative(text, "place") if text else ""


def _installed(text: str) -> str:
    """Check where a file is to lie on a machine: absolute, or below the home."""
    if not text:
        return ""
    plain = text.isprintable() and ".." not in PurePosixPath(text).parts
    if not plain or not text.startswith(("/", "~/")) or text.endswith("/"):
        hint = "an absolute path, or one that starts with ~/"
        raise _Refused(code="GG241", message=f"the install path {text!r} is not exact", hint=hint)
    return text


def _clashes(found: list[Job], what: str) -> Iterator[Problem]:
    """Find files that would be one on some file system, or a file that is another's folder."""
    taken: dict[str, Job] = {}
    folders: dict[str, Job] = {}
    for job in found:
        path: str = getattr(job, what)
        key = path.lower() if path.isascii() else unicodedata.normalize("NFC", path).casefold()
        parents = [key[: slash.start()] for slash in _SLASH.finditer(key)]
        other = taken.get(key) or folders.get(key)
        other = other or next((taken[p] for p in parents if p in taken), None)
        if other is not None:
            yield _clash(job, other, what)
        taken.setdefault(key, job)
        for parent in parents:
            folders.setdefault(parent, job)


def _clash(job: Job, other: Job, what: str) -> Problem:
    mine, theirs = getattr(job, what), getattr(other, what)
    names = f"targets {other.target.name} and {job.target.name}"
    if mine == theirs:
        message, why = f"{names} both write the {what} {mine!r}", ""
    else:
        message = f"{names} write {theirs!r} and {mine!r}, which cannot stand side by side"
        nested = mine.count("/") != theirs.count("/")
        why = "one is a folder of the other" if nested else "not every file system tells them apart"
    return Problem(
        "GG242",
        message,
        job.manifest,
        hint=f"give each file a {what} of its own" + (f": {why}" if why else ""),
        related=((f"also here, of {other.target.name}", other.manifest),),
    )
