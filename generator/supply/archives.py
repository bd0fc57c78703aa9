"""The names of Go's archives, and the digests that are published beside them."""

from __future__ import annotations

import re

_DIGEST = re.compile(r"([0-9a-f]{64})(?:[ \t]+\*?(\S+))?\s*")


def file_name(version: str, platform: str) -> str:
    """Give the name of an archive: go.dev says armv6l for linux/arm, and Windows gets a zip."""
    os, _, arch = platform.partition("/")
    arch = "armv6l" if platform == "linux/arm" else arch
    return f"go{version}.{os}-{arch}.{'zip' if os == 'windows' else 'tar.gz'}"


def digest_in(text: bytes, file: str) -> str:
    """Give the SHA-256 that a `.sha256` holds, alone or as sha256sum writes it; "" if it has none.

    A page for people is none, nor is the digest of another file.
    """
    found = _DIGEST.fullmatch(text.decode("ascii", errors="replace"))
    return found[1] if found and found[2] in {None, file, f"./{file}"} else ""
