"""Kubernetes: names the API server takes, APIs the cluster still serves, kustomize of today.

Label syntax is apimachinery's validation, what a kubelet may call itself is
k8s.io/kubelet/pkg/apis/well_known_labels.go, removals are of the deprecation guide.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Pointer
    from generator.rules.base import Output, Subject

_SUBDOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_PART = r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?"
_LONGEST_PREFIX, _LONGEST_PART = 253, 63
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_RESERVED = ("kubernetes.io", "k8s.io")
_OWN_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_OWN_LABELS = frozenset(
    {
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)


def _labels(subject: Subject) -> Iterator[Finding]:
    for section in ("kubernetes", "node"):
        for key, value in subject.section(section, "labels").items():
            pointer = (section, "labels", key)
            yield from _named(f"label {key}", _bad_key(key), pointer)
            yield from _named(f"label {key}: {value!r}", _bad_value(value), pointer)
    for number, taint in enumerate(subject.items("node", "taints")):
        key, value, effect = taint["key"], taint.get("value", ""), taint["effect"]
        at = ("node", "taints", number)
        yield from _named(f"taint {key}", _bad_key(key), (*at, "key"))
        yield from _named(f"taint {key}: {value!r}", _bad_value(value), (*at, "value"))
        if effect not in _EFFECTS:
            yield from _named(f"taint {key}: {effect}", "no effect", (*at, "effect"))
    for key in subject.section("node", "labels"):
        if not _own(key):
            yield Finding(
                f"a kubelet may not give itself the label {key}: it refuses to start",
                ("node", "labels", key),
                expected="a label of your own domain",
                hint="label the node from the cluster's side, or use example.com/…",
            )


def _named(what: str, wrong: str, pointer: Pointer) -> Iterator[Finding]:
    if wrong:
        yield Finding(
            f"{what}: {wrong}",
            pointer,
            expected="prefix/name: a DNS name of 253, letters, digits and -_. up to 63",
            hint="the API server refuses it",
        )


def _bad_key(key: str) -> str:
    prefix, slash, name = key.rpartition("/")
    if slash and not (re.fullmatch(_SUBDOMAIN, prefix) and len(prefix) <= _LONGEST_PREFIX):
        return f"the prefix {prefix!r} is no DNS name"
    return _bad_part(name)


def _bad_value(value: object) -> str:
    return _bad_part(value) if isinstance(value, str) and value else ""


def _bad_part(text: str) -> str:
    if len(text) > _LONGEST_PART:
        return f"{len(text)} characters"
    return (
        "" if re.fullmatch(_PART, text) else f"{text!r} does not begin and end in a letter or digit"
    )


def _own(key: str) -> bool:
    """Tell whether a kubelet may set a label on its own node."""
    domain = key.partition("/")[0] if "/" in key else ""
    if not any(_below(domain, reserved) for reserved in _RESERVED):
        return True
    return key in _OWN_LABELS or any(_below(domain, own) for own in _OWN_DOMAINS)


def _below(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")


# The minor of Kubernetes 1 that stopped serving it, by group and version, and by kind where a
# group's kinds went at different times.
_REMOVED = {
    "admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration": 22,
    "admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration": 22,
    "apiextensions.k8s.io/v1beta1": 22,
    "apiregistration.k8s.io/v1beta1": 22,
    "apps/v1beta1": 16,
    "apps/v1beta2": 16,
    "authorization.k8s.io/v1beta1": 22,
    "authentication.k8s.io/v1beta1 TokenReview": 22,
    "autoscaling/v2beta1": 25,
    "autoscaling/v2beta2": 26,
    "batch/v1beta1": 25,
    "certificates.k8s.io/v1beta1 CertificateSigningRequest": 22,
    "coordination.k8s.io/v1beta1 Lease": 22,
    "discovery.k8s.io/v1beta1": 25,
    "events.k8s.io/v1beta1": 25,
    "extensions/v1beta1": 16,
    "extensions/v1beta1 Ingress": 22,
    "flowcontrol.apiserver.k8s.io/v1beta1": 26,
    "flowcontrol.apiserver.k8s.io/v1beta2": 29,
    "flowcontrol.apiserver.k8s.io/v1beta3": 32,
    "networking.k8s.io/v1beta1 Ingress": 22,
    "networking.k8s.io/v1beta1 IngressClass": 22,
    "node.k8s.io/v1beta1": 25,
    "policy/v1beta1": 25,
    "rbac.authorization.k8s.io/v1beta1": 22,
    "scheduling.k8s.io/v1beta1": 22,
    "storage.k8s.io/v1beta1 CSIDriver": 22,
    "storage.k8s.io/v1beta1 CSINode": 22,
    "storage.k8s.io/v1beta1 CSIStorageCapacity": 27,
    "storage.k8s.io/v1beta1 StorageClass": 22,
    "storage.k8s.io/v1beta1 VolumeAttachment": 22,
}
_INSTEAD = {
    "PodSecurityPolicy": "labels of Pod Security admission on the namespace",
    "Ingress": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "CronJob": "batch/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
}
_API = r"(?m)^(?:- )?[\"']?apiVersion[\"']?:[ \t]*[\"']?([a-z0-9./]+)"
_API_KEY = r"[\"']?apiVersion[\"']?:[ \t]*[\"']?(?P<api>[a-z0-9./]+)[\"']?"
_KIND_KEY = r"[\"']?kind[\"']?:[ \t]*[\"']?(?P<kind>[A-Za-z]+)[\"']?"
_OPEN, _NEXT = r"(?m)(?:\{\s*|^[ \t]*- )", r"(?:,\s*|[ \t]*\n[ \t]+)"
_API_THEN_KIND = f"{_OPEN}{_API_KEY}{_NEXT}{_KIND_KEY}"
_KIND_THEN_API = f"{_OPEN}{_KIND_KEY}{_NEXT}{_API_KEY}"
_KIND = r"(?m)^(?:- |  )?[\"']?kind[\"']?:[ \t]*[\"']?([A-Za-z]+)"


def _served(output: Output, subject: Subject) -> Iterator[Finding]:
    version = re.fullmatch(r"1\.([0-9]+)", subject.section("kubernetes").get("version", ""))
    if not version:
        return
    minor = int(version[1])
    objects = {offset: (api, kind) for api, kind, offset in _objects(output.text)}
    for offset, (api, kind) in sorted(objects.items()):
        gone = _REMOVED.get(f"{api} {kind}", _REMOVED.get(api))
        if gone and minor >= gone:
            yield _gone(api, kind, f"1.{gone}", offset)


def _objects(text: str) -> Iterator[tuple[str, str, int]]:
    """Give API, kind and offset of the objects of documents, and of those that stand in others."""
    start = 0
    for document in text.split("\n---"):
        api, kind = re.search(_API, document), re.search(_KIND, document)
        if api and kind:
            yield api[1], kind[1], start + api.start(1)
        start += len(document) + len("\n---")
    yield from _nested(text)


def _nested(text: str) -> Iterator[tuple[str, str, int]]:
    """Give API, kind and offset of objects in flow maps, JSON and lists."""
    for pattern in (_API_THEN_KIND, _KIND_THEN_API):
        for match in re.finditer(pattern, text):
            yield match["api"], match["kind"], match.start("api")


def _gone(api: str, kind: str, version: str, offset: int) -> Finding:
    return Finding(
        f"{api} {kind} is not served since Kubernetes {version}",
        offset=offset,
        expected=_INSTEAD.get(kind, "the v1 of its group"),
        hint="write it as the target's Kubernetes has it; fields may differ",
    )


_DEPRECATED = {
    "bases": "resources",
    "commonLabels": "labels, with includeSelectors: false",
    "imageTags": "images",
    "patchesJson6902": "patches",
    "patchesStrategicMerge": "patches",
    "vars": "replacements",
}
_FIELD = rf"(?m)^({'|'.join(_DEPRECATED)}):"
_LIST = (
    r"(?m)^(?:resources|components):[ \t]*"
    r"(?:\n(?P<block>(?:[ \t]*-[ \t].*\n?|[ \t]*#.*\n|\n)+)|\[(?P<flow>[^]]*)\])"
)
_QUOTED = r"\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)'"
_ITEMS = {
    "block": rf"(?m)^[ \t]*-[ \t]+(?:{_QUOTED}|(?P<bare>[^\s#].*?)[ \t]*(?:[ \t]#.*)?$)",
    "flow": rf"(?m){_QUOTED}|#.*|(?P<bare>[^\s,#][^,\n]*?)[ \t]*(?=,|$)",
}


def _kustomization(output: Output, _subject: Subject) -> Iterator[Finding]:
    if output.name not in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
        return
    for match in re.finditer(_FIELD, output.text):
        yield Finding(
            f"{match[1]} is deprecated in kustomize",
            offset=match.start(),
            expected=_DEPRECATED[match[1]],
            hint="kustomize warns, and a later one fails",
        )
    for listed in re.finditer(_LIST, output.text):
        yield from _listed_twice(_items(listed))


def _items(listed: re.Match[str]) -> Iterator[tuple[str, int]]:
    """Give the items of a list of texts, each with its offset."""
    form = "flow" if listed["block"] is None else "block"
    for item in re.compile(_ITEMS[form]).finditer(listed.string, *listed.span(form)):
        if item.lastgroup:  # else a comment
            yield item[item.lastgroup], item.start(item.lastgroup)


def _listed_twice(items: Iterator[tuple[str, int]]) -> Iterator[Finding]:
    seen: set[str] = set()
    for name, offset in items:
        path = posixpath.normpath(name)
        if path in seen:
            yield Finding(
                f"{name} is listed twice: kustomize refuses an object it meets again",
                offset=offset,
                expected="each folder and file once",
                hint="list it once",
            )
        seen.add(path)


RULES = (
    Rule("GG052", "a label or taint that is refused", Severity.ERROR, profile=_labels),
    Rule(
        "GG054",
        "an API that the cluster no longer serves",
        Severity.ERROR,
        output=_served,
        words=("v1beta", "v2beta"),
    ),
    Rule(
        "GG056",
        "a kustomization that kustomize refuses",
        Severity.ERROR,
        output=_kustomization,
        words=("kustomize", "resources", "bases"),
    ),
)
