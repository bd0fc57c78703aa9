"""The network of builders: their module proxy is let through, and ranges are ones that hold.

A NetworkPolicy sees pods, not Services: a Service is let through by the labels and ports of the
pods behind it. Which Service stands for which pods nobody knows here, so only what no setting of
the cluster can mend is told. A peer's `except` must lie inside its range (the API's validation of
IPBlock).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from generator.problems import Severity
from generator.rules.base import Finding, Hidden, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.rules.base import Subject

_DEFAULT = "https://proxy.golang.org,direct"
_PROXY = r"(https?)://([A-Za-z0-9.-]+)(?::([0-9]+))?(?:/.*)?"
_SERVICE = r"[a-z0-9-]+\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?\.?"
_ADDRESS = r"[0-9]+(?:\.[0-9]+){3}"
_RANGE = rf"({_ADDRESS})/([0-9]+)"
_PODS = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "172.16.0.0/12",
    "192.168.0.0/16",
)  # where clusters put them


def _reached(subject: Subject) -> Iterator[Finding]:
    egress = subject.section("kubernetes", "egress")
    yield from _ranges(egress.get("cidrs") or ())
    # Behind a proxy of the network nobody but that proxy asks for the name.
    if (
        not egress
        or not subject.section("kubernetes", "builder")
        or subject.section("network", "proxy")
    ):
        return
    goproxy = subject.env.get("GOPROXY", _DEFAULT)
    if not isinstance(goproxy, str) or isinstance(goproxy, Hidden):
        return
    at = ("go", "env", "GOPROXY") if "GOPROXY" in subject.env else ("kubernetes", "egress")
    for entry in re.split("[,|]", goproxy):
        found = re.fullmatch(_PROXY, entry)
        if found and not re.fullmatch(_ADDRESS, found[2]):
            port = int(found[3] or (443 if found[1] == "https" else 80))
            for finding in _named(egress, found[2], port):
                yield finding._replace(pointer=at)


def _named(egress: Mapping[str, Any], host: str, port: int) -> Iterator[Finding]:
    if not egress["dns"]:
        yield Finding(
            f"builders may not ask the cluster's DNS, and the module proxy {host} is a name",
            expected="egress.dns: true",
            hint="let DNS through",
        )
        return
    services, ranges = egress.get("services") or (), egress.get("cidrs") or ()
    service = re.fullmatch(_SERVICE, host)
    if service:
        yield from _in_cluster(host, service[1], services, ranges)
    elif not services and all(port not in one["ports"] for one in ranges):
        yield Finding(
            f"no range of egress lets builders reach the module proxy {host}, port {port}",
            expected=f"a range with port {port}, or a proxy that is let through",
            hint="add the range to kubernetes.egress.cidrs, or the proxy's pods to services",
        )


def _in_cluster(
    host: str, namespace: str, services: Sequence[Any], ranges: Sequence[Any]
) -> Iterator[Finding]:
    if any(one["namespace"] == namespace for one in services):
        return
    if not any(_may_hold_pods(one) for one in ranges):
        yield Finding(
            f"no egress service lets builders reach the module proxy {host} in {namespace}",
            expected=f"kubernetes.egress.services with pods of namespace {namespace}",
            hint="name the namespace, labels and ports of the pods behind the Service",
        )


def _may_hold_pods(peer: Mapping[str, Any]) -> bool:
    """Tell whether an address that clusters give to pods may be in a peer's range."""
    whole = _numbers(peer["cidr"])
    if whole is None:
        return True  # IPv6: clusters take any
    closed = [numbers for one in peer.get("except", ()) if (numbers := _numbers(one))]
    for first, last in filter(None, map(_numbers, _PODS)):
        part = max(first, whole[0]), min(last, whole[1])
        if part[0] <= part[1] and not any(a <= part[0] and part[1] <= b for a, b in closed):
            return True
    return False


def _ranges(peers: Sequence[Any]) -> Iterator[Finding]:
    for number, peer in enumerate(peers):
        whole = _numbers(peer["cidr"])
        for place, one in enumerate(peer.get("except", ())):
            inner = _numbers(one)
            within = whole and inner and whole[0] <= inner[0] and inner[1] <= whole[1]
            if whole and inner and (whole == inner or not within):
                yield Finding(
                    f"{one} does not lie inside {peer['cidr']}",
                    ("kubernetes", "egress", "cidrs", number, "except", place),
                    expected="a part of the range",
                    hint="the API server refuses the policy: leave it out",
                )


def _numbers(text: str) -> tuple[int, int] | None:
    """Give the first and last address of an IPv4 range as numbers."""
    found = re.fullmatch(_RANGE, text)
    if not found or int(found[2]) > 32:  # noqa: PLR2004 - the bits of an address
        return None
    address = 0
    for part in found[1].split("."):
        address = address << 8 | int(part)
    rest = (1 << 32 - int(found[2])) - 1
    return address & ~rest, address | rest


RULES = (
    Rule(
        "GG059",
        "a network policy that keeps builders from their modules",
        Severity.ERROR,
        profile=_reached,
    ),
)
