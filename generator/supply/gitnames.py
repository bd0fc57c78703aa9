"""Names that git is given and gives: addresses of repositories, refs, ids. The hostile are refused.

An address is text of a profile or a setting, a ref is text of a server; each could be an option, a
command (`ext::sh -c …`), a password in a log, or letters that a terminal obeys.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from generator.problems import Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

OBJECT = re.compile(r"[0-9a-f]{40}")
"""The id of a git object (SHA-1; repositories of SHA-256 have longer ones, and are refused)."""

_SAFE = ("https", "ssh", "file")
_OPEN = ("http", "git")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*|[0-9A-Fa-f:]+")
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|::1")
_ADDRESS = re.compile(r"""[!#-;=?-\[\]_a-z~]+""")  # printable ASCII without " < > \ ^ ` { | }
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_PATH = re.compile(r"/(?![/-]).+")

# What git-check-ref-format(1) forbids in a name.
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(^|/)\.|\.lock(/|$)|[./]$")
_REF = re.compile(r"refs/[^/]+/.+")


def is_ref(name: str) -> bool:
    """Say whether a text is a full name of a ref that git allows, and that can be shown."""
    return bool(_REF.fullmatch(name)) and not _BAD_REF.search(name) and name.isprintable()


def check_address(url: str) -> str:
    """Give the protocol of a repository's address.

    An address is a URL of https, ssh or file; http and git only to this machine. It holds no
    password, and nothing that a program would take for an option. Raises Rejected (GG566).
    """
    try:
        parts = urlsplit(url)
        fault = next(_faults(url, parts), "")
    except ValueError as error:
        fault = str(error)
    else:
        if not fault:
            return parts.scheme
    raise Rejected(
        [
            Problem(
                "GG566",
                f"{masked(url)!r} is no address of a repository that gogen asks: {fault}",
                expected="https://host/path, ssh://git@host/path or file:///path",
                hint="let ~/.netrc hold a password, and keys of ssh an identity",
            )
        ]
    )


def _faults(url: str, parts: SplitResult) -> Iterator[str]:
    """Give what is wrong with an address; ValueError for a port that is none."""
    host = parts.hostname or ""
    if parts.scheme not in {*_SAFE, *_OPEN}:
        yield f"its protocol is none of {', '.join(_SAFE)}"
    if parts.scheme in _OPEN and not _LOOPBACK.fullmatch(host):
        yield f"{parts.scheme} is not encrypted, and {host!r} is not this machine"
    if "@" in parts.netloc and (parts.scheme != "ssh" or not _USER.fullmatch(_user(parts))):
        yield "a user or a password stands in it"
    if not (host == "" if parts.scheme == "file" else _HOST.fullmatch(host)) or parts.port == 0:
        yield f"{parts.netloc.rpartition('@')[2]!r} is no host for {parts.scheme}"
    if not _PATH.fullmatch(parts.path) or parts.query or parts.fragment:
        yield "it does not end with the path of a repository"
    if not _ADDRESS.fullmatch(url):
        yield "it has letters that no address has"


def _user(parts: SplitResult) -> str:
    """Give all that stands before the host, a password too."""
    return parts.netloc.rpartition("@")[0]


def masked(url: str) -> str:
    """Hide what may be a password or a token."""
    return re.sub(r"//.*@", "//…@", url)
