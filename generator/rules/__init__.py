"""The rules GG0xx, one module a family; every module here but `base` exports `RULES`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from generator.model import Map, find
from generator.problems import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Artifact, Desired, Pinned, Pointer
    from generator.rules.base import Finding, Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Give every rule, sorted by code."""
    families = (
        import_module(f"{__name__}.{module.name}")
        for module in iter_modules(__path__)
        if module.name != "base"
    )
    return tuple(sorted((r for f in families for r in f.RULES), key=lambda rule: rule.code))


def check_profile(pinned: Pinned) -> tuple[Problem, ...]:
    """Give what the rules find in a profile, less what the profile excepts with a reason."""
    excepted = exceptions(pinned)
    return tuple(
        _problem(rule, finding, _place(pinned, finding.pointer))
        for rule in all_rules()
        if rule.profile and rule.code not in excepted
        for finding in rule.profile(pinned)
    )


def check_outputs(desired: Desired, pinned: Pinned) -> tuple[Problem, ...]:
    """Give what the rules find in rendered files, less what the profile excepts."""
    excepted = exceptions(pinned)
    rules = [r for r in all_rules() if r.output and r.code not in excepted]
    return tuple(
        problem
        for artifact in desired.artifacts
        for rule in rules
        for problem in _in_output(rule, artifact, desired, pinned)
    )


def exceptions(pinned: Pinned) -> frozenset[str]:
    """Give the codes of the rules that the profile's `go.exceptions` switch off."""
    listed = pinned.context.get("go", {}).get("exceptions", [])
    return frozenset(item["rule"] for item in listed)


def _in_output(
    rule: Rule, artifact: Artifact, desired: Desired, pinned: Pinned
) -> Iterator[Problem]:
    if rule.output is None:
        return
    path = f"out/{desired.slug}/{artifact.path}"
    for finding in rule.output(artifact, pinned):
        yield _problem(rule, finding, Place(path, finding.line, finding.column))


def _problem(rule: Rule, finding: Finding, place: Place | None) -> Problem:
    return Problem(
        rule.code,
        finding.message,
        place,
        expected=finding.expected,
        hint=finding.hint,
        severity=finding.severity or rule.severity,
    )


def _place(pinned: Pinned, pointer: Pointer) -> Place | None:
    """Turn a pointer to the place that set it, or that of its nearest parent that exists."""
    for end in range(len(pointer), -1, -1):
        node = find(pinned.profile.tree, pointer[:end])
        if isinstance(node, Map) and end < len(pointer) and node.trail:
            key = pointer[end]
            return node.key_places.get(str(key), node.trail[0])
        if node is not None and node.trail:
            return node.trail[0]
    return None
