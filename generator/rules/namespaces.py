"""A builds' namespace that holds what it promises: its policy, its limits, its priority class.

Which API came when is Kubernetes' deprecation guide and feature table; the highest value of a
class is HighestUserDefinablePriority of k8s.io/kubernetes/pkg/apis/scheduling; how a LimitRange is
read, its validation (ValidateLimitRange); how a Deployment rolls, its defaults (25 % more pods,
rounded up, 25 % fewer, rounded down).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule
from generator.rules.builders import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Subject

_POLICIES_SINCE = 30
_HIGHEST_PRIORITY = 1_000_000_000
_STANDARD = "pod-security.kubernetes.io/"
_ROLLS_BY_FEWER = 4  # builders, of which a quarter is one


def _holds(subject: Subject) -> Iterator[Finding]:
    yield from _policy(subject)
    for key in subject.section("kubernetes", "labels"):
        if key.startswith(_STANDARD):
            yield Finding(
                f"the label {key} says the namespace's Pod Security a second time",
                ("kubernetes", "labels", key),
                expected="kubernetes.pod_security alone",
                hint="one of the two would hold, and nobody sees which: leave the label out",
            )


def _policy(subject: Subject) -> Iterator[Finding]:
    kubernetes = subject.section("kubernetes")
    policy = kubernetes.get("policy")
    if not policy:
        return
    version = re.fullmatch(r"1\.([0-9]+)", kubernetes["version"])
    if version and int(version[1]) < _POLICIES_SINCE:
        yield Finding(
            f"Kubernetes {kubernetes['version']} has no ValidatingAdmissionPolicy",
            ("kubernetes", "policy"),
            expected=f"Kubernetes 1.{_POLICIES_SINCE} or newer",
            hint="leave policy out until the cluster is newer",
        )
    if policy["enforce"] and kubernetes["pod_security"] != "restricted":
        yield Finding(
            f"the policy is enforced and Pod Security is {kubernetes['pod_security']}: a pod that "
            "may be root of its node is held by no policy",
            ("kubernetes", "pod_security"),
            expected="restricted",
            hint="what needs more rights belongs in a namespace of its own",
        )


def _settings(subject: Subject) -> Iterator[Finding]:
    yield from _priority(subject)
    yield from _limits(subject)
    yield from _rolls(subject)


def _priority(subject: Subject) -> Iterator[Finding]:
    value = subject.section("kubernetes", "priority").get("value", 0)
    if value > _HIGHEST_PRIORITY:
        yield Finding(
            f"priority {value} is of Kubernetes' own classes",
            ("kubernetes", "priority", "value"),
            expected=f"at most {_HIGHEST_PRIORITY}",
            hint="the API server refuses the class; builds need less than services have",
        )


def _limits(subject: Subject) -> Iterator[Finding]:
    limits = subject.section("kubernetes", "limits")
    for lower, upper in (("default_request", "default"), ("default", "max")):
        most = limits.get(upper, {})
        for name, value in limits.get(lower, {}).items():
            if name in most and amount(value) > amount(most[name]):
                yield Finding(
                    f"{lower} gives {value} of {name}, {upper} {most[name]}",
                    ("kubernetes", "limits", lower, name),
                    expected=f"at most {most[name]}",
                    hint="the API server refuses the LimitRange",
                )


def _rolls(subject: Subject) -> Iterator[Finding]:
    """Look at whether few builders, replaced by one more at a time, fit the quota."""
    builder = subject.section("kubernetes", "builder")
    replicas = builder.get("replicas", 0)
    if not 0 < replicas < _ROLLS_BY_FEWER:
        return
    quota = subject.section("kubernetes", "quota")
    asked = {
        **{f"requests.{name}": amount(a) for name, a in builder["requests"].items()},
        **{f"limits.{name}": amount(a) for name, a in builder["limits"].items()},
        "pods": amount("1"),
    }
    for name in sorted(asked.keys() & quota.keys()):
        left = amount(quota[name]) - replicas * asked[name]
        if 0 <= left < asked[name]:  # less than none: GG058 tells of it
            yield Finding(
                f"{replicas} builders fit the quota of {name}, {quota[name]}, and none more: a new "
                "release never replaces them",
                ("kubernetes", "builder", "replicas"),
                expected="room for one builder more than replicas",
                hint="fewer than four are replaced by one more at a time: raise the quota",
            )


RULES = (
    Rule("GG061", "a policy that does not hold", Severity.ERROR, profile=_holds),
    Rule(
        "GG062",
        "a namespace that refuses its own builders",
        Severity.ERROR,
        profile=_settings,
    ),
)
