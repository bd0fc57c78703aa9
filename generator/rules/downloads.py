"""Downloads: never run unseen, never kept unverified.

Looks at the text of every output, so also at scripts inside YAML or JSON.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Output, Subject

# A command up to its end: a line break that is not escaped, `;`, `&&`. What may not stand before
# the words is looked at behind them: a pattern that begins with words is sought quickly.
_FETCH = r"(?:curl|wget)(?<![\w./-]....)(?=\s)(?:[^\n;&\\]|\\\n|\\.|&(?!&))*"
_SHELL = r"(?:/\S*/)?(?:(?:a|ba|da|fi|k|z)?sh|eval|pwsh|source)\b"
_INTERPRETER = r"(?:/\S*/)?(?:node|perl|php|python[0-9.]*|ruby)(?=\s*(?:-\s*)?(?:[|)\"'`]|$))"
_AS_USER = r"(?:(?:sudo|doas|env|exec|command|nohup|-\S+|\w+=\S*)\s+)*"
_TO_SHELL = rf"\|&?\s*(?:\\\n\s*)?{_AS_USER}(?:{_SHELL}|{_INTERPRETER}|\.\s+/dev/stdin)"
_FETCHES = r"(?:curl|wget)\b"
_FROM_SHELL = (  # what stands right before them
    r"(?:\b(?:a|ba|da|k|z)?sh\b[^\n]{0,200}?(?:-c\s+[\"']?(?:\$\(|`)|<\()"
    r"|\beval\s+[\"']?(?:\$\(|`|\()|(?:\bsource|(?<!\S)\.)\s+<\()\s*\Z"
)
_BEFORE = 400  # characters
_POWERSHELL = (
    r"[Ii](?:wr|rm|nvoke-(?:WebRequest|RestMethod))\b[^\n]{0,500}\|\s*(?:iex|Invoke-Expression)\b"
)
_URL = r"(?:https?|ftp)://|\$\{?[A-Za-z_]"
_KEEPS = (
    r"\s(?:-[A-Za-z]*[oO]|--output(?:-document)?|--remote-name)(?=[\s=\w/\"'.$-])(?!\s*-(?:\s|$|\|))"
    r"(?!\s*[\"']?/dev/(?:null|stdout))"
    r"|(?<![0-9&])>>?\s*(?!/dev/|&)\S|\|\s*(?:sudo\s+)?(?:bsdtar|dd|dpkg|gunzip|tar|tee|unxz|zstd)\b"
)
_ELSEWHERE = r"\s-(?:[A-Za-z]*O\s*-(?=\s|$)|-spider\b)"  # wget that keeps nothing
_VERIFIES = (
    r"\b(?:sha(?:1|224|256|384|512)sum|shasum|cosign\s+verify|gpgv|minisign|signify)\b"
    r"|openssl\s+dgst|gpg\s[^\n]*--verify"
)
_ADDS = tuple(  # each begins with a literal, which is sought quickly
    rf"{word}[ \t]+(?P<flags>(?:--\S+\s+(?:\\\n\s*)?)*)(?P<rest>(?:[^\n\\]|\\\n|\\.)+)"
    for word in ("ADD", "add")
)
_REMOTE = r"(?:https?|ftp|git|ssh)://\S+|git@\S+"
_BY_COMMIT = r"#[0-9a-f]{40}(?:[\"':]|$)"


def _piped(output: Output, _subject: Subject) -> Iterator[Finding]:
    text = output.opened
    found = [(m.start(), m[0]) for m in re.finditer(_FETCH, text) if _runs(m[0])]
    found += _in_shell(text)
    found += [(match.start(), match[0]) for match in re.finditer(_POWERSHELL, text)]
    for offset, command in found:
        if not output.in_comment(offset):
            yield Finding(
                f"what is downloaded is run unseen: {_short(command)}",
                offset=offset,
                expected="a file whose checksum is proved before it runs",
                hint="save it, compare its checksum with one of the lock or the profile, then run",
            )


def _in_shell(text: str) -> Iterator[tuple[int, str]]:
    """Give what a shell is told to run of what a command fetches, each with its offset."""
    for fetches in re.finditer(_FETCHES, text):
        start = max(0, fetches.start() - _BEFORE)
        if shell := re.search(_FROM_SHELL, text[start : fetches.start()]):
            yield start + shell.start(), shell[0] + fetches[0]


def _runs(command: str) -> bool:
    """Tell whether a command fetches something and runs it; without a URL it only speaks of it."""
    fetched = re.search(_URL, command)
    return fetched is not None and re.search(_TO_SHELL, command[fetched.start() :]) is not None


def _unverified(output: Output, _subject: Subject) -> Iterator[Finding]:
    if output.artifact.dialect == "dockerfile":
        yield from _added(output)
    fetches = "curl" in output.text or "wget" in output.text
    if not fetches or re.search(_VERIFIES, output.text):
        return
    for match in re.finditer(_FETCH, output.opened):
        command = match[0]
        kept = _kept(command) and not _runs(command)
        if kept and not output.in_comment(match.start()):
            yield Finding(
                f"a download that nothing verifies: {_short(command)}",
                offset=match.start(),
                expected="a checksum compared in the same script",
                hint="sha256sum -c with the checksum of the lock or the profile",
            )


def _kept(command: str) -> bool:
    if not re.search(_URL, command):
        return False
    if re.search(_KEEPS, command):
        return True
    return command.startswith("wget") and not re.search(_ELSEWHERE, command)


def _added(output: Output) -> Iterator[Finding]:
    for match in (m for pattern in _ADDS for m in re.finditer(pattern, output.text)):
        remote = re.search(_REMOTE, match["rest"])
        pinned = "--checksum=" in match["flags"] or (remote and re.search(_BY_COMMIT, remote[0]))
        if remote and not pinned and output.begins_line(match.start()):
            url = remote[0].strip("[],\"'")
            yield Finding(
                f"ADD fetches {url} without a checksum",
                offset=match.start(),
                expected="ADD --checksum=sha256:…",
                hint="take the checksum from the lock, or write it in the profile",
            )


def _short(command: str) -> str:
    return " ".join(command.replace("\\\n", " ").split())[:80]


RULES = (
    Rule(
        "GG032",
        "a download that is run unseen",
        Severity.ERROR,
        output=_piped,
        words=("curl", "wget", "iex", "Invoke-Expression"),
    ),
    Rule(
        "GG035",
        "a download without a checksum",
        Severity.ERROR,
        output=_unverified,
        words=("curl", "wget", "ADD ", "add "),
    ),
)
