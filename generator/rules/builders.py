"""Builder pods that start: volumes apart from one another, within what their namespace allows.

The API server refuses a mount path or volume name that is there twice, the LimitRange a container
over its most, the quota a pod over what is left; the kubelet evicts a pod whose volumes grow over
its limit of ephemeral storage.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from generator.problems import Severity
from generator.rules.base import Finding, Rule
from generator.rules.go_paths import FOLDERS, inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model import Pointer
    from generator.rules.base import Subject

_BUILDER = ("kubernetes", "builder")
_SDK = "/usr/local/go"
_SDK_SIZE = "1Gi"  # of the volume that copy and download fill
_TAKEN = ("certificates", "go-env", "sdk", "setup-go", "workspace")
# What go writes, the variables that say where, the first that is set, and where it is without them.
_WRITTEN = (
    ("its build cache", ("GOCACHE", "XDG_CACHE_HOME", "HOME"), ""),
    ("modules", ("GOMODCACHE", "GOPATH", "HOME"), ""),
    ("its work", ("GOTMPDIR", "TMPDIR"), "/tmp"),  # noqa: S108  (os.TempDir's)
)
_UNITS: Mapping[str, int] = {
    "m": 1,
    "": 1000,
    **{unit: 1000 ** (n + 2) for n, unit in enumerate("kMGT")},
    **{f"{unit}i": 1000 * 1024 ** (n + 1) for n, unit in enumerate("KMGT")},
}


def amount(quantity: str) -> int:
    """Give a Kubernetes quantity in thousandths."""
    number = quantity.rstrip("kMGTKim")
    return round(float(number) * _UNITS[quantity[len(number) :]])


def _starts(subject: Subject) -> Iterator[Finding]:
    builder = subject.section(*_BUILDER)
    if builder:
        yield from _apart(subject, builder)
        yield from _fits_pod(builder)
        yield from _fits_container(subject, builder)
        yield from _fits_namespace(subject, builder)
        yield from _reaches_archives(subject, builder)


def _apart(subject: Subject, builder: Mapping[str, Any]) -> Iterator[Finding]:
    mounted = [("the settings", "/etc/gogen")]
    if "sdk" in builder:
        mounted.append(("Go", _SDK))
    if subject.section("network", "pod_ca_bundle"):
        mounted.append(("the certificates", "/etc/gogen-certificates"))
    if "workspace" in builder:
        path = builder["workspace"]["path"].rstrip("/") or "/"
        yield from _overlap("the workspace", path, mounted, (*_BUILDER, "workspace", "path"))
        mounted.append(("the workspace", path))
    seen: list[tuple[str, str]] = []
    for number, cache in enumerate(builder["caches"]):
        at = (*_BUILDER, "caches", number)
        known = cache["env"] in FOLDERS  # GG006 tells of those
        others = [one for one in mounted if not (known and one[1] == _SDK)]
        yield from _overlap(f"cache {cache['name']}", cache["path"], others, (*at, "path"))
        yield from _once(cache, seen, at)
        seen.append((f"cache {cache['name']}", cache["path"].rstrip("/")))


def _overlap(
    what: str, path: str, mounted: list[tuple[str, str]], pointer: Pointer
) -> Iterator[Finding]:
    path = path.rstrip("/") or "/"
    for other, folder in mounted:
        if inside(path, folder) or inside(folder, path):
            yield Finding(
                f"{what} at {path} and {other} at {folder} overlap: one hides the other",
                pointer,
                expected="a folder of its own",
                hint="mount it elsewhere",
            )


def _once(cache: Mapping[str, str], seen: list[tuple[str, str]], at: Pointer) -> Iterator[Finding]:
    for other, path in seen:
        if path == cache["path"].rstrip("/"):
            yield Finding(
                f"cache {cache['name']} and {other} are both mounted at {path}",
                (*at, "path"),
                expected="one volume a folder",
                hint="the API server refuses the pod: give each a folder of its own",
            )
    if cache["name"] in _TAKEN:
        yield Finding(
            f"cache {cache['name']} has the name of a volume that the builder has anyway",
            (*at, "name"),
            expected="another name",
            hint=f"these are taken: {', '.join(_TAKEN)}",
        )


def _writes(subject: Subject) -> Iterator[Finding]:
    """Look at whether go finds folders to write: a builder's root file system is read-only."""
    builder = subject.section(*_BUILDER)
    if not builder:
        return
    mounted = [*builder["caches"], *([builder["workspace"]] if "workspace" in builder else [])]
    volumes = [one["path"].rstrip("/") or "/" for one in mounted]
    values = {name: value for name, value, _ in subject.settings if isinstance(value, str)}
    for what, names, default in _WRITTEN:
        asked = [values[name] for name in names if name in values] or [default]
        if not any(inside(asked[0].partition(":")[0].rstrip("/"), one) for one in volumes):
            yield Finding(
                f"go writes {what} to {asked[0] or 'a folder of HOME'}, which is no volume of the "
                "builder: its root file system is read-only",
                (*_BUILDER, "caches"),
                expected=f"a cache whose env is {' or '.join(names)}",
                hint=f"add one: {{name: {names[0].lower()}, path: /var/cache/{names[0].lower()}, "
                f"env: {names[0]}, size: 2Gi}}",
            )


def _fits_pod(builder: Mapping[str, Any]) -> Iterator[Finding]:
    limit = builder["limits"].get("ephemeral-storage")
    sizes = [cache["size"] for cache in builder["caches"]]
    sizes += [builder["workspace"]["size"]] if "workspace" in builder else []
    method = builder.get("sdk", {}).get("method", "image-volume")
    sizes += [] if method == "image-volume" else [_SDK_SIZE]
    if limit and sum(map(amount, sizes)) > amount(limit):
        yield Finding(
            f"the builder's volumes may hold {' + '.join(sizes)}, its limit of ephemeral-storage "
            f"is {limit}: full caches get the pod evicted",
            (*_BUILDER, "limits", "ephemeral-storage"),
            expected="at least the sum of the volumes",
            hint="raise the limit, or make caches smaller",
            severity=Severity.WARNING,
        )


def _fits_container(subject: Subject, builder: Mapping[str, Any]) -> Iterator[Finding]:
    most = subject.section("kubernetes", "limits", "max")
    for name, limit in builder["limits"].items():
        if name in most and amount(limit) > amount(most[name]):
            yield Finding(
                f"the builder may use {limit} of {name}, the namespace's containers {most[name]}",
                (*_BUILDER, "limits", name),
                expected=f"at most {most[name]}",
                hint="the LimitRange refuses the pod: lower it, or raise kubernetes.limits.max",
            )
    for name, request in builder["requests"].items():
        limit = builder["limits"].get(name, request)
        if amount(request) > amount(limit):
            yield Finding(
                f"the builder asks for {request} of {name} and may use {limit}",
                (*_BUILDER, "requests", name),
                expected=f"at most {limit}",
                hint="the API server refuses the pod: lower the request, or raise the limit",
            )


def _fits_namespace(subject: Subject, builder: Mapping[str, Any]) -> Iterator[Finding]:
    quota, replicas = subject.section("kubernetes", "quota"), builder["replicas"]
    asked = {
        **{f"requests.{name}": amount(a) for name, a in builder["requests"].items()},
        **{f"limits.{name}": amount(a) for name, a in builder["limits"].items()},
        "pods": amount("1"),
    }
    for name in sorted(asked.keys() & quota.keys()):
        if replicas * asked[name] > amount(quota[name]):
            yield Finding(
                f"{replicas} builders need more {name} than the namespace's quota, {quota[name]}",
                (*_BUILDER, "replicas"),
                expected="what all builders need together",
                hint="the quota keeps the last pods from being made: raise it, or have fewer",
            )


def _reaches_archives(subject: Subject, builder: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at whether a pod that downloads Go may connect to where it is, or to the proxy."""
    egress = subject.section("kubernetes", "egress")
    if builder.get("sdk", {}).get("method") != "download" or not egress:
        return
    proxy = subject.section("network", "proxy").get("https")
    urls = [proxy] if proxy else [*subject.items("network", "go_archives")]
    reached = (*(egress.get("cidrs") or ()), *(egress.get("services") or ()))
    open_ports = {port for one in reached for port in one["ports"]}
    if urls and not {_port(url) for url in urls} & open_ports:
        yield Finding(
            f"the builder downloads Go, and no range of egress has the port of {urls[0]}",
            ("kubernetes", "egress", "cidrs"),
            expected=f"a range with port {_port(urls[0])}",
            hint="let it through, or say sdk.method: copy",
        )


def _port(url: str) -> int:
    match = re.match(r"(https?)://[^/]*?(?::([0-9]+))?(?:/|$)", url)
    if match and match[2]:
        return int(match[2])
    return 443 if url.startswith("https:") else 80


RULES = (
    Rule("GG058", "a builder that does not start", Severity.ERROR, profile=_starts),
    Rule("GG075", "a builder in which go cannot write", Severity.WARNING, profile=_writes),
)
