"""Mirrors of Go's archives, as dl.google.com has them: each file with its `.sha256` beside it.

A digest that lies beside its file proves no more than that the mirror has it so: whoever can change
one can change the other. Only the bytes prove that it is the file's (`gogen lock --download`).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from generator.lock.model import Archive
from generator.problems import Problem, Rejected
from generator.supply.archives import digest_in, file_name
from generator.supply.asks import shown
from generator.supply.base import Source

if TYPE_CHECKING:
    from pathlib import Path

    from generator.supply.asks import Asks

PROOF = "mirror"
"""Proof: a mirror has the archive with this checksum."""

_SUFFIX = ".sha256"
_LIMIT = 1 << 16  # bytes of an answer where 64 digits are due: what is no digest is told as such


class Mirror(Source):
    """A mirror that is asked over the network."""

    def __init__(self, client: Asks, address: str) -> None:
        """Ask through `client` below an address."""
        self._client = client
        self.archives = f"{address.rstrip('/')}/"
        self.name = f"mirror {shown(address)}"

    def archive(self, version: str, platform: str) -> Archive | None:
        """Give the archive with the digest the mirror states. Raises Rejected (GG512)."""
        file = file_name(version, platform)
        url = f"{self.archives}{file}{_SUFFIX}"
        answer = self._client.get(url, limit=_LIMIT)
        if answer.status != 200:  # noqa: PLR2004  (OK)
            return None
        digest = digest_in(answer.body, file)
        if not digest:
            found = "a page for people" if answer.is_html else f"{len(answer.body)} bytes"
            raise _no_digest(shown(url), found)
        return Archive(file, digest, proofs=(PROOF,))


class Folder(Source):
    """A mirror that is a folder of this machine."""

    def __init__(self, folder: Path, address: str) -> None:
        """Read in `folder`; `address` is what gogen.toml calls it."""
        self._folder = folder
        self.archives = f"{folder}/"
        self.name = f"mirror {address}"

    def archive(self, version: str, platform: str) -> Archive | None:
        """Give the archive with the digest beside it, or its own where none lies there.

        Raises Rejected (GG512, GG516).
        """
        file = file_name(version, platform)
        path, beside = self._folder / file, self._folder / f"{file}{_SUFFIX}"
        try:
            if beside.is_file():
                text = beside.read_bytes()
            elif path.is_file():
                with path.open("rb") as archive:
                    text = hashlib.file_digest(archive, "sha256").hexdigest().encode()
            else:
                return None
        except OSError as error:
            message = f"{error.filename}: it cannot be read: {error.strerror}"
            problem = Problem("GG516", message, hint="give this user the right to read the mirror")
            raise Rejected([problem]) from None
        digest = digest_in(text, file)
        if not digest:
            raise _no_digest(str(beside), f"{len(text)} bytes")
        return Archive(file, digest, proofs=(PROOF,))


def _no_digest(where: str, found: str) -> Rejected:
    problem = Problem(
        "GG512",
        f"{where}: this is no digest: {found}",
        expected="64 lower-case hex digits, alone or as sha256sum writes them",
        hint="the mirror must have go.dev's layout: FILE and FILE.sha256, as dl.google.com/go/ has",
    )
    return Rejected([problem])
