"""GitHub Actions: readable pins, no untrusted text in a script, an exact Go.

That an action is used by commit, and by the lock's, the audit holds (GG266 to GG268).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Output, Subject

_WORKFLOW = frozenset({"github-actions"})
_USES = r"(?m)^[ \t-]*uses:[ \t]*[\"']?([\w.-]+/[\w./-]+)@[0-9a-f]{40}[\"']?[ \t]*(#.*)?$"
_SCRIPT = r"(?m)^(?P<lead>[ \t]*(?:-[ \t]+)?)(?:run|script):(?P<rest>.*)$"
_UNTRUSTED = (
    r"\$\{\{(?:(?!\}\}|\$\{\{).)*?\b"
    r"(github\s*(?:\.\s*|\[\s*['\"])(?:event|head_ref)(?!\w)[^}\s]*|inputs\s*[.\[][^}\s]*)"
)
_FILE = r"(?m)^[ \t-]*go-version-file:[ \t]*[\"']?(\S*go\.(?:mod|work))\b"
_LOCAL = r"(?m)^[ \t]*GOTOOLCHAIN:[ \t]*[\"']?local\b"
_JOBS = r"(?m)^jobs:[^\n]*\n"
_JOB = r"(?m)^(?:  |    )[\w-]+:[ \t]*(?:#.*)?$"


def _commented(output: Output, _subject: Subject) -> Iterator[Finding]:
    for match in re.finditer(_USES, output.text):
        if not match[2] or not re.search(r"[0-9]", match[2]):
            yield Finding(
                f"action {match[1]} has a commit and no version beside it",
                offset=match.start(1),
                expected="# vX.Y.Z behind the commit",
                hint='write its tag: # <{ actions["owner/name"].tag }>',
            )


def _scripts(text: str) -> Iterator[tuple[int, int]]:
    """Give start and end of every script: the key's line and all that is deeper than the key."""
    for match in re.finditer(_SCRIPT, text):
        column = len(match["lead"])
        end = match.end()
        while end < len(text):
            line_end = text.find("\n", end + 1)
            line = text[end + 1 : line_end if line_end >= 0 else len(text)]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= column:
                break
            end = line_end if line_end >= 0 else len(text)
        yield match.start("rest"), end


def _trusted(output: Output, _subject: Subject) -> Iterator[Finding]:
    for start, end in _scripts(output.text):
        for match in re.compile(_UNTRUSTED).finditer(output.text, start, end):
            yield Finding(
                f"{match[1]} inside a script: whoever sets it writes code that runs",
                offset=match.start(),
                expected='env: {NAME: ${{ … }}} and "${NAME}" in the script',
                hint="pass it through env: the shell then reads it as data",
            )


def _exact(output: Output, _subject: Subject) -> Iterator[Finding]:
    jobs = re.search(_JOBS, output.text)
    body = jobs.end() if jobs else 0
    everywhere = bool(re.compile(_LOCAL).search(output.text, 0, body))
    for match in re.compile(_FILE).finditer(output.text, body):
        start, end = _job_around(output.text, body, match.start())
        if everywhere or re.compile(_LOCAL).search(output.text, start, end):
            yield Finding(
                f"setup-go reads only the go line of {match[1]}, for GOTOOLCHAIN is local: "
                "any release of that line may run",
                offset=match.start(1),
                expected="go-version-file: .go-version",
                hint="name a .go-version with an exact release",
            )


def _job_around(text: str, body: int, offset: int) -> tuple[int, int]:
    """Give start and end of the job that holds an offset; jobs stand at one indentation."""
    first = re.compile(_JOB).search(text, body)
    indent = len(first[0]) - len(first[0].lstrip(" ")) if first else 0
    starts = [
        match.start()
        for match in re.compile(_JOB).finditer(text, body)
        if len(match[0]) - len(match[0].lstrip(" ")) == indent
    ]
    start = max((s for s in starts if s <= offset), default=body)
    return start, min((s for s in starts if s > offset), default=len(text))


RULES = (
    Rule(
        "GG031",
        "an action without its version beside the commit",
        Severity.WARNING,
        output=_commented,
        dialects=_WORKFLOW,
        words=("uses:",),
    ),
    Rule(
        "GG033",
        "setup-go takes any release of a line",
        Severity.WARNING,
        output=_exact,
        dialects=_WORKFLOW,
        words=("go.mod", "go.work"),
    ),
    Rule(
        "GG034",
        "untrusted text in a script",
        Severity.ERROR,
        output=_trusted,
        dialects=_WORKFLOW,
        words=("${{",),
    ),
)
