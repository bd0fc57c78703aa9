"""SHA256SUMS: what gogen last wrote for a profile, as `sha256sum -c` reads it.

One line a file, sorted by path, no header, so that git merges it line by line:
`<64 hex>  <path>`, the path relative to the file's own folder `out/<slug>/`. A placed file is
listed as `../../<workspace-relative path>`. Paths never need escapes (`paths.fault` refuses what
would). Reading is lenient, for a file torn by a merge still tells what either side wrote: a path
may have several digests, and a line that is none is only counted.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from generator.disk.paths import fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "SHA256SUMS"
OUT = "out"

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_UP = "../../"  # from out/<slug>/ to the workspace


class Sums(NamedTuple):
    """A SHA256SUMS read: digests by workspace-relative path, and the numbers of unread lines."""

    digests: Mapping[str, frozenset[str]]
    unread: tuple[int, ...] = ()


def digest(content: bytes) -> str:
    """Give the SHA-256 of some bytes in 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def write(digests: Mapping[str, Iterable[str]], slug: str) -> bytes:
    """Give the bytes of `out/<slug>/SHA256SUMS` for digests by workspace-relative path."""
    base = f"{OUT}/{slug}/"
    lines = sorted(
        (path.removeprefix(base) if path.startswith(base) else _UP + path, value)
        for path, values in digests.items()
        for value in values
    )
    return "".join(f"{value}  {path}\n" for path, value in lines).encode()


def read(data: bytes, slug: str) -> Sums:
    """Read the bytes of `out/<slug>/SHA256SUMS`; CRLF ends and repeated paths are taken."""
    found: dict[str, set[str]] = {}
    unread = []
    for number, line in enumerate(data.decode(errors="surrogateescape").split("\n"), 1):
        if not (text := line.removesuffix("\r")):
            continue
        match = _LINE.fullmatch(text)
        path = _from_root(match[2], slug) if match else ""
        if match and path:
            found.setdefault(path, set()).add(match[1])
        else:
            unread.append(number)
    return Sums({path: frozenset(values) for path, values in found.items()}, tuple(unread))


def _from_root(path: str, slug: str) -> str:
    """Give the workspace-relative form of a listed path, or "" for one gogen never lists."""
    placed = path.startswith(_UP)
    path = path.removeprefix(_UP)
    if fault(path) or (placed and path.split("/")[0] == OUT):
        return ""
    return path if placed else f"{OUT}/{slug}/{path}"
