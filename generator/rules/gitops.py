"""What a GitOps controller follows: objects that are there, at a revision that someone chose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule, unrendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Others, Output, Subject

_HEAD = (
    r"(?m)(?:^[ \t]*(?:-[ \t]+)?|[{,][ \t]*)[\"']?(?:targetRevision|branch)[\"']?[ \t]*:[ \t]*"
    r"[\"']?(?P<name>(?:[\w.-]+/)*HEAD)(?![\w./-])"
)


def _followed(subject: Subject) -> Iterator[Finding]:
    targets = subject.data.get("targets") or ()
    gitops = subject.section("gitops")
    followed = "helm" if "chart" in gitops else "kustomize"
    if "gitops" in targets and followed not in targets and _own(gitops):
        yield Finding(
            "Argo CD or Flux would follow objects that this profile does not render",
            ("targets",),
            expected=f"the target {followed} beside gitops",
            hint=f"add {followed} to targets, or let argocd.set name the profiles that have it",
        )
    for key, revision in subject.section("gitops", "revision").items():
        if revision.rpartition("/")[2] == "HEAD":
            yield Finding(
                f"{key} {revision} is whatever branch the server calls its default",
                ("gitops", "revision", key),
                expected="a branch, tag or commit by name",
                hint="name it: a change of the server's default would move the cluster",
            )


def _named(subject: Subject) -> Iterator[Finding]:
    """Look at whether the profiles that are named have what is followed of them."""
    gitops = subject.section("gitops")
    if "gitops" not in subject.items("targets"):
        return
    followed = "helm" if "chart" in gitops else "kustomize"
    for number, one in enumerate(subject.items("gitops", "argocd", "set")):
        if finding := unrendered(subject, one["profile"], followed):
            at = ("gitops", "argocd", "set", number, "profile")
            yield finding._replace(pointer=at)
    if "chart" in gitops and subject.others:
        yield from _chart(subject, subject.others, gitops["chart"])


def _chart(subject: Subject, others: Others, name: str) -> Iterator[Finding]:
    at = ("gitops", "chart")
    if finding := unrendered(subject, name, "helm"):
        yield finding._replace(pointer=at)
    elif others.read(name) and (top := others.top(name, "helm")) != name:
        yield Finding(
            f"profile {name} has values and no chart: it shares that of {top}",
            at,
            expected=f"the profile whose folder holds the chart: {top}",
            hint=f"say chart: {top}",
        )


def _follows(subject: Subject) -> Iterator[Finding]:
    yield from _followed(subject)
    yield from _named(subject)


def _own(gitops: object) -> bool:
    """Tell whether the profile's own objects are followed, not only a set's."""
    return isinstance(gitops, dict) and ("flux" in gitops or "server" in gitops.get("argocd", {}))


def _written(output: Output, subject: Subject) -> Iterator[Finding]:
    for match in re.finditer(_HEAD, output.text):
        if not output.in_comment(match.start()) and not subject.says("HEAD"):
            yield Finding(
                f"HEAD is followed here: {output.line_of(match.start()).strip()}",
                offset=match.start("name"),
                expected="a branch, tag or commit by name",
                hint="name it: a change of the server's default would move the cluster",
            )


RULES = (
    Rule(
        "GG065",
        "a GitOps controller follows what nobody chose, or what is not there",
        Severity.ERROR,
        profile=_follows,
        output=_written,
        words=("argoproj.io/", "toolkit.fluxcd.io/"),
    ),
)
