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
_LOOPBACK = "127.0.0.0/8"  # no policy holds there
_PUBLIC = ("goproxy.cn", "goproxy.io", "proxy.golang.org")  # no cluster's own


def _reached(subject: Subject) -> Iterator[Finding]:
    egress = subject.section("kubernetes", "egress")
    yield from _ranges(egress.get("cidrs") or ())
    yield from _once(egress)
    goproxy = subject.env.get("GOPROXY", _DEFAULT)
    if not egress or not subject.section("kubernetes", "builder"):
        return
    if not isinstance(goproxy, str) or isinstance(goproxy, Hidden):
        return
    at = ("go", "env", "GOPROXY") if "GOPROXY" in subject.env else ("kubernetes", "egress")
    proxies = subject.section("network", "proxy")
    asked = [found for one in re.split("[,|]", goproxy) if (found := re.fullmatch(_PROXY, one))]
    # Nobody but the network's proxy asks for the name of what is behind it.
    between = [url for url in asked if url[1] in proxies and not _direct(url[2], proxies)]
    for scheme in sorted({url[1] for url in between}):
        for finding in _stands_open(egress, proxies[scheme]):
            yield finding._replace(pointer=("network", "proxy", scheme))
    for url in asked:
        if url not in between:
            for finding in _let_through(egress, "module proxy", url):
                yield finding._replace(pointer=at)


def _port(url: re.Match[str]) -> int:
    return int(url[3] or (443 if url[1] == "https" else 80))


def _direct(host: str, proxies: Mapping[str, Any]) -> bool:
    """Tell whether no_proxy names a host, read as golang.org/x/net/http/httpproxy does."""
    address = _numbers(f"{host}/32")
    for one in proxies.get("no_proxy") or ():
        whole = _numbers(one)
        if address and whole and whole[0] <= address[0] <= whole[1]:
            return True
        name = one.removeprefix("*")
        if not name or host == name or host.endswith(name if name[0] == "." else f".{name}"):
            return True
    return False


def _once(egress: Mapping[str, Any]) -> Iterator[Finding]:
    """Look for two policies of one name: each is called allow- and the name of its peer."""
    seen = {"dns"} if egress.get("dns") else set()
    for kind in ("cidrs", "services"):
        for number, peer in enumerate(egress.get(kind) or ()):
            if peer["name"] in seen:
                yield Finding(
                    f"two network policies would be named allow-{peer['name']}",
                    ("kubernetes", "egress", kind, number, "name"),
                    expected="a name of its own among cidrs and services; dns is taken",
                    hint="one would replace the other: name it otherwise",
                )
            seen.add(peer["name"])


def _stands_open(egress: Mapping[str, Any], url: str) -> Iterator[Finding]:
    """Look at whether builders may connect to the proxy of the network, at `url`."""
    if found := re.fullmatch(_PROXY, url):
        yield from _let_through(egress, "network's proxy", found)


def _let_through(egress: Mapping[str, Any], what: str, url: re.Match[str]) -> Iterator[Finding]:
    host, port = url[2], _port(url)
    address = _numbers(f"{host}/32")
    if address is None:
        yield from _named(egress, what, host, port)
    elif not _inside(address, _LOOPBACK):
        yield from _numbered(egress, what, f"{host}, port {port}", (port, address))


def _numbered(
    egress: Mapping[str, Any], what: str, where: str, asked: tuple[int, tuple[int, int]]
) -> Iterator[Finding]:
    """Look for a range with an address; one that clusters give may be a Service's, of any pods."""
    port, address = asked
    service = egress.get("services") and any(_inside(address, one) for one in _PODS)
    ranges = egress.get("cidrs") or ()
    if not service and not any(port in one["ports"] and _holds(one, address[0]) for one in ranges):
        yield Finding(
            f"no range of egress lets builders reach the {what} {where}",
            expected=f"a range with {where.replace(', ', ' and ')}",
            hint="add it to kubernetes.egress.cidrs: what a build fetches goes this way",
        )


def _inside(part: tuple[int, int], text: str) -> bool:
    whole = _numbers(text)
    return whole is not None and whole[0] <= part[0] and part[1] <= whole[1]


def _holds(peer: Mapping[str, Any], address: int) -> bool:
    whole = _numbers(peer["cidr"])
    closed = [numbers for one in peer.get("except", ()) if (numbers := _numbers(one))]
    inside = whole is not None and whole[0] <= address <= whole[1]
    return inside and not any(first <= address <= last for first, last in closed)


def _named(egress: Mapping[str, Any], what: str, host: str, port: int) -> Iterator[Finding]:
    if not egress["dns"]:
        yield Finding(
            f"builders may not ask the cluster's DNS, and the {what} {host} is a name",
            expected="egress.dns: true",
            hint="let DNS through",
        )
        return
    services, ranges = egress.get("services") or (), egress.get("cidrs") or ()
    service = re.fullmatch(_SERVICE, host)
    if service:
        yield from _in_cluster(f"{what} {host}", service[1], services, ranges)
        return
    if host in _PUBLIC:
        services, ranges = (), [one for one in ranges if not _inside_cluster(one)]
    if not services and all(port not in one["ports"] for one in ranges):
        yield Finding(
            f"no range of egress lets builders reach the {what} {host}, port {port}",
            expected=f"a range with port {port}, or a proxy that is let through",
            hint="add the range to kubernetes.egress.cidrs, or the proxy's pods to services",
        )


def _in_cluster(
    what: str, namespace: str, services: Sequence[Any], ranges: Sequence[Any]
) -> Iterator[Finding]:
    if any(one["namespace"] == namespace for one in services):
        return
    if not any(_may_hold_pods(one) for one in ranges):
        yield Finding(
            f"no egress service lets builders reach the {what} in {namespace}",
            expected=f"kubernetes.egress.services with pods of namespace {namespace}",
            hint="name the namespace, labels and ports of the pods behind the Service",
        )


def _inside_cluster(peer: Mapping[str, Any]) -> bool:
    """Tell whether a peer's range holds no address but those that clusters give."""
    whole = _numbers(peer["cidr"])
    return whole is not None and any(_inside(whole, one) for one in _PODS)


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
