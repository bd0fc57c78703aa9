"""What is known of machines as JUnit XML, which CI systems show: a suite a machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from generator.verify.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.verify.model import Check, Host

# XML 1.0 has no way to write these, not even as references.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_text(profile: str, hosts: Sequence[Host]) -> str:
    """Give the document; a machine not known is an error, a property that differs a failure."""
    root = ET.Element("testsuites", name=f"gogen verify {profile}")
    for host in hosts:
        _suite(root, profile, host)
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


def _suite(root: ET.Element, profile: str, host: Host) -> None:
    unknown = not host.state.known
    skipped = sum(check.verdict is Verdict.SKIPPED for check in host.checks)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=_clean(host.name),
        tests=str(len(host.checks) + unknown),
        failures=str(len(host.wrong)),
        errors=str(int(unknown)),
        skipped=str(skipped),
        time=f"{host.seconds:.3f}",
    )
    if unknown:
        case = ET.SubElement(suite, "testcase", classname=_class(profile, host), name="known")
        ET.SubElement(case, "error", type=str(host.state), message=_clean(host.reason))
    for check in host.checks:
        _case(ET.SubElement(suite, "testcase", classname=_class(profile, host)), check)


def _case(case: ET.Element, check: Check) -> None:
    case.set("name", _clean(check.name))
    if check.verdict is Verdict.SKIPPED:
        ET.SubElement(case, "skipped", message=_clean(check.found))
    elif check.verdict is Verdict.DIFFERS:
        message = f"expected {check.expected}, found {check.found}"
        failure = ET.SubElement(case, "failure", type="differs", message=_clean(message))
        failure.text = _clean(f"expected: {check.expected}\nfound:    {check.found}")


def _class(profile: str, host: Host) -> str:
    return _clean(f"{profile}.{host.name}")


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
