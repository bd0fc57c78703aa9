"""Ansible: a role has the installer that it runs, and paths that arrive as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Output, Subject

_TARGET = "ansible"


def _installer(subject: Subject) -> Iterator[Finding]:
    targets = subject.data.get("targets") or ()
    if _TARGET not in targets:
        return
    if "installer" not in targets:
        yield Finding(
            "target ansible runs setup-go.sh, which target installer writes",
            ("targets",),
            expected="both targets",
            hint="add installer to targets",
        )
    elif not subject.section("installer").get("script"):
        yield Finding(
            "target ansible runs setup-go.sh, and nothing says where it is put",
            ("targets",),
            expected="installer.script",
            hint="set installer.script, such as /usr/local/libexec/gogen/setup-go.sh",
        )


def _expanded(output: Output, subject: Subject) -> Iterator[Finding]:
    install = output.artifact.install
    if "$" in install and _TARGET in (subject.data.get("targets") or ()):
        yield Finding(
            f"Ansible's modules expand the $ in {install}",
            expected="a path without $",
            hint="write the path itself, or one that starts with ~/",
        )


RULES = (
    Rule(
        "GG073",
        "a role that has no installer to run",
        Severity.ERROR,
        profile=_installer,
    ),
    Rule(
        "GG074",
        "a path that Ansible's modules expand",
        Severity.ERROR,
        output=_expanded,
    ),
)
