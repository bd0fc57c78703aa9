"""The proofs that a pin can list: what each says, who tries it, and who tries it again.

A proof that is tried on a downloaded archive names a module with a function `tried`, one that can
be tried again without the network a module with a function `reproved`; both are asked through here,
so that nobody else knows which module proves what.
"""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from generator.lock.model import Archive, Lock, Pin

KEPT = "gogen.lock.d"
"""The folder beside the lock with what proofs are tried again from; it is committed."""

SHA256 = "sha256"
"""Proof: the archive was downloaded, and its bytes have the SHA-256 that the pin says."""


class Kind(NamedTuple):
    """What a proof is: the sections of the lock whose pins can list it, and what gives it."""

    sections: frozenset[str]
    given_by: str


_GO, _IMAGES, _ACTIONS = frozenset({"go"}), frozenset({"images"}), frozenset({"actions"})
_LAYERS = frozenset({"layers"})
_SOURCE = 'a source {} in sources.order of gogen.toml, as in order = ["embedded", "{}"]'
_DOWNLOAD = "gogen lock --download"
_SHIPPED = "the data shipped with gogen: nothing that can be run here"

PROOFS: Mapping[str, Kind] = MappingProxyType(
    {
        "archive-h1": Kind(_GO, _DOWNLOAD),
        "embedded-index": Kind(
            _GO | _IMAGES | _ACTIONS, 'the source embedded: sources.order = ["embedded"]'
        ),
        "git": Kind(
            _ACTIONS | _LAYERS, f"{_SOURCE.format('git', 'git')}; each layer that is fetched has it"
        ),
        "go-dev": Kind(_GO, _SOURCE.format("go.dev", "go.dev")),
        "gpg": Kind(_GO, f"{_DOWNLOAD}, of .tar.gz: a .zip has no signature"),
        "mirror": Kind(_GO, _SOURCE.format("mirror", "mirror https://mirror.example/go/")),
        "rebuilt": Kind(_GO, _SHIPPED),
        "registry": Kind(_IMAGES, _SOURCE.format("registry", "registry")),
        SHA256: Kind(_GO, _DOWNLOAD),
        "sumdb": Kind(_GO, _SOURCE.format("proxy", "proxy")),
        "tag-read": Kind(_ACTIONS, _SHIPPED),
    }
)
"""Every proof by its name in the lock; docs/supply-chain.md says what was done for each."""


class Named(NamedTuple):
    """A pin with its name: ("go", version, platform), ("images", ref), or of another section."""

    at: tuple[str, ...]
    pin: Pin

    @property
    def section(self) -> str:
        """The section of the lock it stands in."""
        return self.at[0]

    def __str__(self) -> str:
        """Name it for people: "go 1.27.1 linux/amd64", "image debian:trixie-slim"."""
        return title(self.at)


def title(at: tuple[str, ...]) -> str:
    """Name a pin for people, as `Named` does."""
    return " ".join((_ONE[at[0]], *at[1:]))


_ONE = {"go": "go", "images": "image", "actions": "action", "layers": "layer"}


def pins(lock: Lock) -> Iterator[Named]:
    """Give every pin of a lock, sorted."""
    for name, action in sorted(lock.actions.items()):
        yield Named(("actions", name), action)
    for version, release in sorted(lock.go.items()):
        for platform, archive in sorted(release.platforms.items()):
            yield Named(("go", version, platform), archive)
    for ref, image in sorted(lock.images.items()):
        yield Named(("images", ref), image)
    for url, layer in sorted(lock.layers.items()):
        yield Named(("layers", url), layer)


class Download(Protocol):
    """An archive at hand whose bytes have the SHA-256 of its pin."""

    @property
    def archive(self) -> Archive:
        """Its pin, with what the sources know of it."""

    @property
    def path(self) -> Path:
        """The file; it is read, never changed."""

    def beside(self, suffix: str, limit: int) -> bytes | None:
        """Give what lies beside it where it came from, its address with a suffix; None: nothing.

        Raises Rejected (GG5xx) where that has more bytes than `limit`, or the place fails.
        """


TRIED: Mapping[str, str] = MappingProxyType(
    {"archive-h1": "generator.supply.archive_h1", "gpg": "generator.supply.openpgp"}
)
"""Proofs that are tried on a downloaded archive, each with its module.

It has `tried(download: Download) -> bool`: True where the archive passed, False where the proof is
not for such an archive. Raises Rejected where the archive should pass and does not.
"""


DOWNLOADED = frozenset({SHA256, *TRIED})
"""Proofs that no source gives: they are of bytes that were downloaded."""


class State(StrEnum):
    """What became of a proof that was tried again."""

    PROVED = "proved again"
    SHIPPED = "shipped with gogen"
    WORD = "the lock's word"
    FAILED = "failed"


class Verdict(NamedTuple):
    """What became of one proof of one pin, and where it failed the reason."""

    state: State
    why: str = ""


WORD = Verdict(State.WORD)

REPROVED: Mapping[str, str] = MappingProxyType(
    {
        "embedded-index": "generator.supply.embedded",
        "git": "generator.layers.proof",
        "sumdb": "generator.supply.bundles",
    }
)
"""Proofs that can be tried again offline, each with its module.

It has `reproved(named: Named, kept: Path) -> Verdict`; `kept` is the folder `gogen.lock.d` of the
workspace, which need not be there. WORD where nothing is kept that the proof could be tried with.
"""


def tried(proof: str, download: Download) -> bool:
    """Try a proof on a downloaded archive."""
    passed: bool = import_module(TRIED[proof]).tried(download)
    return passed


def reproved(proof: str, named: Named, kept: Path) -> Verdict:
    """Try a proof again, offline."""
    if proof not in REPROVED:
        return WORD
    verdict: Verdict = import_module(REPROVED[proof]).reproved(named, kept)
    return verdict
