"""What is known of machines as problems: one a property that differs, one a machine not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Problem
from generator.verify.model import State, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.verify.model import Check, Host

_UNKNOWN = {
    State.UNREACHABLE: ("GG610", "cannot be reached", "log in by hand with the same words"),
    State.TIMED_OUT: ("GG611", "was not done in time", "--timeout gives more"),
    State.BROKEN: ("GG612", "could not be asked", "the suite may run by itself: pytest --hosts=…"),
}
_RELEASE = "install the release of the profile, or put it first on PATH"
_SHELL = "source out/{slug}/go/env.sh where the login's shell starts"
_RELOAD = "systemctl daemon-reload (--user for a user's unit), after the file is in place"
_COPY = "install it from out/{slug} again"
_HINTS = {
    "go": _RELEASE,
    "version": _RELEASE,
    "goroot": _RELEASE,
    "sentinels": "these are not the tools of this release: install it anew",
    "goroot-unset": "take it out of what the login reads, or: go env -u GOROOT",
    "setting": "a variable wins over the go env file, which go env GOENV names",
    "other": "add it to the profile, or: go env -u NAME, and unset the variable",
    "gobin": _SHELL,
    "path": _SHELL,
    "variable": _SHELL,
    "file": _COPY,
    "mode": _COPY,
    "drop-in": _RELOAD,
    "unit": _RELOAD,
    "proxy": "ask from that host: GOPROXY=… go list -m golang.org/x/text@latest",
}
"""The way out by the first word of a property's name."""


def problems(slug: str, hosts: Iterable[Host]) -> Iterator[Problem]:
    """Give GG600 for each property that differs, GG610 to GG612 for each machine not known."""
    for host in hosts:
        for check in host.wrong:
            yield _differs(slug, host, check)
        if host.state in _UNKNOWN:
            code, what, hint = _UNKNOWN[host.state]
            message = f"{host.name} {what}: {host.reason or 'no reason given'}"
            yield Problem(code, printable(message), hint=hint)


def _differs(slug: str, host: Host, check: Check) -> Problem:
    hint = _HINTS.get(check.name.split()[0], "")
    return Problem(
        "GG600",
        printable(f"{host.name}: {check.name}: {check.found or 'nothing'}"),
        expected=printable(check.expected or "nothing"),
        hint=hint.format(slug=slug),
    )
