"""The index of releases that go.dev publishes: JSON, unsigned, every archive with its SHA-256.

Its shape is that of golang.org/x/website/internal/dl (type Release and type File). What is asked
for is held against it strictly; of the oldest releases, which have no SHA-256, nothing is due.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from generator.lock.model import Archive
from generator.lock.shape import ARCHIVE, VERSION
from generator.problems import Problem, Rejected
from generator.supply.archives import file_name
from generator.supply.asks import shown
from generator.supply.base import Source
from generator.supply.once import Once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.supply.asks import Asks

PROOF = "go-dev"
"""Proof: go.dev's index has the archive with this checksum."""

GO_DEV = "https://go.dev/dl/"
_ARCHIVES = "https://dl.google.com/go/"
_ALL = "?mode=json&include=all"
_LIMIT = 64 << 20  # bytes; the index of 2026 has under four million
_HEX64 = re.compile(r"[0-9a-f]{64}")
_SIZE = ARCHIVE.fields["size"]

Index = dict[str, list[dict[str, Any]]]


class GoDev(Source):
    """go.dev, or what answers in its place."""

    def __init__(self, client: Asks, address: str = "") -> None:
        """Ask through `client`; `address` is the folder of downloads, go.dev's own by default."""
        self._client = client
        base = f"{(address or GO_DEV).rstrip('/')}/"
        self._url = f"{base}{_ALL}"
        self.archives = base if address else _ARCHIVES
        self.name = f"go.dev {shown(address)}".rstrip()
        self._read = Once(self._index)

    def archive(self, version: str, platform: str) -> Archive | None:
        """Give the archive the index has. Raises Rejected (GG511) where that cannot be right."""
        name = file_name(version, platform)
        found = [file for file in self._read().get(version, ()) if file.get("filename") == name]
        if not found:
            return None
        (file, *more) = found
        sha256, size = file.get("sha256"), file.get("size") or None
        clear = not more and _platform(file) == platform
        self._require(clear, f"what it says of {name} contradicts itself")
        self._require(_is_sha256(sha256), f"it has no SHA-256 of {name}")
        self._require(size is None or _SIZE.holds(size), f"the size of {name} is none")
        return Archive(name, str(sha256), size, proofs=(PROOF,))

    def releases(self) -> Mapping[str, frozenset[str]]:
        """Give every stable release of the index with the platforms it has archives for."""
        return {
            version: frozenset(filter(None, map(_platform, files)))
            for version, files in self._read().items()
        }

    def _index(self) -> Index:
        """Ask for the index, once; give the files of each stable release."""
        answer = self._client.get(self._url, limit=_LIMIT)
        self._require(answer.status == 200, f"HTTP status {answer.status}")  # noqa: PLR2004  (OK)
        self._require(not answer.is_html, "this is a page for people")
        said = self._decoded(answer.body)
        sound = isinstance(said, list) and said and all(map(_is_release, said))
        self._require(sound, "this is no list of releases with their files")
        index: Index = {}
        for release in said:
            version = release["version"].removeprefix("go")
            if release["stable"] and VERSION.fullmatch(version):
                self._require(version not in index, f"go {version} stands in it twice")
                index[version] = release["files"]
        return index

    def _decoded(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            self._require(False, f"this is no JSON, or a part of it: {error}")  # noqa: FBT003  (never)

    def _require(self, holds: object, why: str) -> None:
        """Raise Rejected (GG511) where something does not hold of the index."""
        if not holds:
            problem = Problem(
                "GG511",
                f"{shown(self._url)}: {why}",
                expected="the index of Go releases, as go.dev publishes it",
                hint="look who answers there; another source may know (sources.order)",
            )
            raise Rejected([problem])


def _is_release(release: Any) -> bool:
    return (
        isinstance(release, dict)
        and isinstance(release.get("version"), str)
        and isinstance(release.get("stable"), bool)
        and isinstance(release.get("files"), list)
        and all(isinstance(file, dict) for file in release["files"])
    )


def _platform(file: Mapping[str, Any]) -> str:
    """Give the platform of an archive of the index, "" for another file."""
    if file.get("kind") != "archive":
        return ""
    arch = str(file.get("arch"))
    return f"{file.get('os')}/{'arm' if arch == 'armv6l' else arch}"


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and bool(_HEX64.fullmatch(value))
