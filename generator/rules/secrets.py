"""Secrets: their values are in no profile and no output.

Tokens are told by the prefixes their issuers publish for secret scanners; nothing is guessed from
how random a text looks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule
from generator.rules.go_sources import credential

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Output, Subject

# Issuer, a text that is always in it (sought first: it is much faster), the whole.
_TOKENS = (
    ("a private key", "PRIVATE KEY-----", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    ("a token of GitHub", "gh", r"gh[opsur]_[A-Za-z0-9]{36,}"),
    ("a token of GitHub", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{22,}"),
    ("a token of GitLab", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a token of Slack", "xox", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    ("a key of AWS", "AKIA", r"\bAKIA[0-9A-Z]{16}\b"),
    ("a key of Google", "AIza", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a key of Stripe", "k_live_", r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    ("a token of npm", "npm_", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a token of PyPI", "pypi-AgE", r"\bpypi-AgE[A-Za-z0-9_-]{32,}"),
    ("a token of Docker Hub", "dckr_pat_", r"\bdckr_pat_[A-Za-z0-9_-]{20,}"),
    ("a token of Vault", "hvs.", r"\bhvs\.[A-Za-z0-9_-]{24,}"),
    ("a JSON Web Token", "eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
)
_NAME = (
    r"(?P<name>(?:[A-Z][A-Z0-9]*_)*"
    r"(?:PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|SECRET_?KEY))[\"']?"
)
_VALUE = r"[\"']?(?P<value>[^\s\"'$<{/|>#]{6,})"
# As a line of shell, Dockerfile, unit, environment file or map; as an item of a container's env.
_NAMED = (
    r"(?m)^[ \t]*(?:(?:-[ \t]+|export[ \t]+|ENV[ \t]+|ARG[ \t]+|Environment=|set -gx[ \t]+)[\"']?)?"
    rf"{_NAME}(?:=|:[ \t]+|[ \t]+){_VALUE}"
)
_NAME_VALUE = rf"name:[ \t]*[\"']?{_NAME}[ \t]*\n[ \t]*value:[ \t]*{_VALUE}"
_EXPECTED = "a reference: {$secret: name}"
_HINT = "take the value out and revoke it: what was committed is known"
_NAMES = ("PASSW", "TOKEN", "SECRET", "KEY")


def tokens(text: str) -> Iterator[tuple[str, int, str]]:
    """Give what in a text is a secret by its form: whose, offset, the secret."""
    for what, literal, pattern in _TOKENS:
        if literal in text:
            yield from ((what, match.start(), match[0]) for match in re.finditer(pattern, text))


def _in_profile(subject: Subject) -> Iterator[Finding]:
    for pointer, text in subject.texts:
        for what, _, secret in tokens(text):
            yield _finding(f"{what}: {_masked(secret)}", pointer=pointer)


def _in_output(output: Output, subject: Subject) -> Iterator[Finding]:
    text = output.text
    found = list(tokens(text))
    if any(map(text.__contains__, _NAMES)):
        named = (m for pattern in (_NAMED, _NAME_VALUE) for m in re.finditer(pattern, text))
        found += [(f"a value of {m['name']}", m.start("value"), m["value"]) for m in named]
    link = credential(text)
    if link:
        found.append(("a credential in a URL", link.start(), link[0]))
    for what, offset, secret in found:
        if not subject.says(secret):  # else the profile's own line is told
            yield _finding(f"{what}: {_masked(secret)}", offset=offset)


def _finding(what: str, pointer: tuple[str | int, ...] = (), offset: int = 0) -> Finding:
    return Finding(what, pointer, offset, expected=_EXPECTED, hint=_HINT)


def _masked(secret: str) -> str:
    """Give enough of a secret to find it, and not the secret."""
    return f"{secret[:4]}… ({len(secret)} characters)"


RULES = (
    Rule("GG043", "a secret in plain text", Severity.ERROR, profile=_in_profile, output=_in_output),
)
