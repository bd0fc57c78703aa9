"""The rules GG0xx, one module a family; every module here but `base` exports `RULES`.

`require` runs before pins are looked up, `check` when the files are rendered; a profile that
cannot be rendered is checked without them, so that all its problems are told at once.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from generator.model import Leaf, Map, Seq, find
from generator.problems import Place, Problem, Rejected, position
from generator.rules.base import Output, Subject
from generator.rules.exceptions import EXCEPTIONS, judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.model import Desired, Pinned, Pointer, Profile
    from generator.rules.base import Finding, Others, Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Give every rule, sorted by code."""
    families = (
        import_module(f"{__name__}.{module.name}")
        for module in iter_modules(__path__)
        if module.name != "base"
    )
    return tuple(sorted((r for f in families for r in f.RULES), key=lambda rule: rule.code))


def require(profile: Profile) -> None:
    """Refuse a profile whose pins cannot be looked up; raises Rejected with what is wrong."""
    subject = Subject(profile)
    problems = [
        _problem(rule, finding, _place(subject, finding))
        for rule in all_rules()
        if rule.early
        for finding in rule.early(subject)
    ]
    if problems:
        raise Rejected(problems)


def check(
    pinned: Pinned,
    desired: Desired | None = None,
    raw: Sequence[Place] = (),
    others: Others | None = None,
) -> tuple[Problem, ...]:
    """Give what the rules find in a profile and its files, less what the profile excepts.

    `raw` are the places of `| raw` in the templates used, `others` the workspace's profiles. An
    exception that names a rule that finds nothing is told too, where the files are there to see.
    """
    subject = Subject(pinned.profile, pinned.context, others)
    found = list(_in_profile(subject))
    if desired is not None:
        found += _in_outputs(desired, subject)
        found += _in_templates(raw)
    listed = subject.items("go", "exceptions")
    excepted = _excepted(pinned)
    hidden = frozenset(problem.code for problem in found) if desired is not None else None
    known = frozenset(rule.code for rule in all_rules())
    verdicts = judged(listed, known, hidden, pinned.profile.name)
    return (
        *(problem for problem in found if not _excuses(pinned, excepted, problem)),
        *(_problem(EXCEPTIONS, finding, _place(subject, finding)) for finding in verdicts),
    )


def _excepted(pinned: Pinned) -> dict[str, int]:
    """Give each excepted rule, with how far up its layer stands: 0 is the profile itself."""
    exceptions = find(pinned.profile.tree, ("go", "exceptions"))
    found: dict[str, int] = {}
    for node in exceptions.items if isinstance(exceptions, Seq) else ():
        rule = find(node, ("rule",))
        reason = find(node, ("reason",))
        if isinstance(rule, Leaf) and reason is not None:
            found[str(rule.value)] = _height(pinned, reason.trail[0])
    return found


def _excuses(pinned: Pinned, excepted: dict[str, int], problem: Problem) -> bool:
    """Tell whether an exception holds: for what its own layer and those above it say.

    What a child sets is the child's to give a reason for.
    """
    height = excepted.get(problem.code)
    return height is not None and _height(pinned, problem.place) >= height


def _height(pinned: Pinned, place: Place | None) -> int:
    folders = pinned.profile.folders
    folder = place.file.rpartition("/")[0] if place else ""
    return folders.index(folder) if folder in folders else len(folders)


def _in_profile(subject: Subject) -> Iterator[Problem]:
    for rule in all_rules():
        if rule.profile:
            for finding in rule.profile(subject):
                yield _problem(rule, finding, _place(subject, finding))


def _in_outputs(desired: Desired, subject: Subject) -> Iterator[Problem]:
    for artifact in desired.artifacts:
        output = Output(artifact)
        for rule in _rules_of(artifact.dialect):
            if not rule.words or any(map(output.text.__contains__, rule.words)):
                yield from _in_output(rule, output, subject, f"out/{desired.slug}/{artifact.path}")


def _in_output(rule: Rule, output: Output, subject: Subject, file: str) -> Iterator[Problem]:
    if rule.output is None:
        return
    for finding in rule.output(output, subject):
        place = Place(file, *position(output.text, finding.offset))
        yield _problem(rule, finding, place)


@cache
def _rules_of(dialect: str) -> tuple[Rule, ...]:
    """Give the rules that look at files of a dialect."""
    return tuple(
        rule
        for rule in all_rules()
        if rule.output and (not rule.dialects or dialect in rule.dialects)
    )


def _in_templates(raw: Sequence[Place]) -> Iterator[Problem]:
    for rule in all_rules():
        if rule.raw:
            for finding in rule.raw(raw):
                yield _problem(rule, finding, finding.place)


def _problem(rule: Rule, finding: Finding, place: Place | None) -> Problem:
    return Problem(
        rule.code,
        finding.message,
        place,
        expected=finding.expected,
        hint=finding.hint,
        severity=finding.severity or rule.severity,
    )


def _place(subject: Subject, finding: Finding) -> Place | None:
    return finding.place or _place_of(subject.profile, finding.pointer)


def _place_of(profile: Profile, pointer: Pointer) -> Place | None:
    """Turn a pointer to the place that set it, or that of its nearest parent that exists."""
    for end in range(len(pointer), -1, -1):
        node = find(profile.tree, pointer[:end])
        if isinstance(node, Map) and end < len(pointer) and node.trail:
            key = pointer[end]
            return node.key_places.get(str(key), node.trail[0])
        if node is not None and node.trail:
            return node.trail[0]
    return None
