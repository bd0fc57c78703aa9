"""What is known of machines as a Prometheus textfile, for node_exporter's collector.

No sample has a timestamp: the collector refuses them, and tells each file's age itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.verify.model import State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.verify.model import Host

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def as_text(profile: str, hosts: Iterable[Host]) -> str:
    """Give the text exposition format, series in a stable order.

    A machine that was not looked at whole has no properties: old ones would be taken for new.
    """
    found = sorted(hosts)
    return "".join(f"{line}\n" for line in (*_reachable(profile, found), *_matches(profile, found)))


def _reachable(profile: str, hosts: Iterable[Host]) -> Iterator[str]:
    yield "# HELP gogen_verify_host_reachable Whether the host answered, and to the end."
    yield "# TYPE gogen_verify_host_reachable gauge"
    for host in hosts:
        labels = _labels(host=host.name, profile=profile)
        yield f"gogen_verify_host_reachable{labels} {int(host.state.known)}"


def _matches(profile: str, hosts: Iterable[Host]) -> Iterator[str]:
    yield "# HELP gogen_verify_property_matches Whether a property is as the profile says."
    yield "# TYPE gogen_verify_property_matches gauge"
    for host in hosts:
        if host.state not in (State.RIGHT, State.DIFFERS):
            continue
        for check in host.checks:
            if check.verdict is not Verdict.SKIPPED:
                labels = _labels(host=host.name, profile=profile, property=check.name)
                right = int(check.verdict is Verdict.RIGHT)
                yield f"gogen_verify_property_matches{labels} {right}"


def _labels(**labels: str) -> str:
    pairs = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in sorted(labels.items()))
    return "{" + ",".join(pairs) + "}"
