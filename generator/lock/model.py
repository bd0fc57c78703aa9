"""What the lock holds, as frozen values.

`gogen.lock` is the only place a version, checksum, digest or commit of an output comes from. It
is JSON, sorted, one pin a line, so that a diff of it is a diff of pins and two branches that each
add a pin merge. `reading` and `writing` turn it to these values and back; schemas/lock.schema.json
describes it to editors.

Pins are named tuples and not dataclasses: a read makes one for each of a thousand, and a tuple
costs a third.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Archive(NamedTuple):
    """The archive of one Go release for one platform, and the toolchain it holds.

    `sha256` is of the archive `file`, `size` in bytes. `h1` is the Go checksum database's hash of
    the module golang.org/toolchain for this release and platform ("h1:" and base64), `h1_hex` the
    same hash in hex. `sentinels` are SHA-256 of files of the toolchain, by path below GOROOT.
    `proofs` names the proofs this pin has passed (the catalogue lists them).
    """

    file: str
    sha256: str
    size: int | None = None
    h1: str | None = None
    h1_hex: str | None = None
    sentinels: Mapping[str, str] = MappingProxyType({})
    proofs: tuple[str, ...] = ()


class GoRelease(NamedTuple):
    """One Go release: its archives by platform, GOOS/GOARCH ("linux/arm").

    `eol` is the day its line ended ("YYYY-MM-DD"), None while it is supported; `ports` are the
    pairs GOOS/GOARCH it can build for, sorted, () where that is not known.
    """

    platforms: Mapping[str, Archive]
    eol: str | None = None
    ports: tuple[str, ...] = ()


class ImagePin(NamedTuple):
    """A container image: the index digest its tag had at `as_of` ("YYYY", "YYYY-MM" or a day)."""

    digest: str
    as_of: str | None = None
    proofs: tuple[str, ...] = ()


class ActionPin(NamedTuple):
    """A GitHub action: the tag readers see and the commit that runs."""

    tag: str
    commit: str
    proofs: tuple[str, ...] = ()


class LayerPin(NamedTuple):
    """A layer of another repository: the commit its ref had, and what its folder holds there.

    `tree` is git's id of the folder; `ref` the ref's full name ("refs/tags/v1"), "" where the
    address names a commit. `files` are the git ids of all in the folder by name, a folder's name
    with a slash behind it: `tree` is the hash of them.
    """

    commit: str
    tree: str
    ref: str = ""
    files: Mapping[str, str] = MappingProxyType({})
    proofs: tuple[str, ...] = ()


Pin = Archive | ImagePin | ActionPin | LayerPin
"""What the lock holds one of."""


class Lock(NamedTuple):
    """Every pin, by what names it.

    That is a Go version ("1.27.1"), an image reference ("debian:trixie-slim"), an action's name,
    the address of a layer in another repository.
    """

    go: Mapping[str, GoRelease] = MappingProxyType({})
    images: Mapping[str, ImagePin] = MappingProxyType({})
    actions: Mapping[str, ActionPin] = MappingProxyType({})
    layers: Mapping[str, LayerPin] = MappingProxyType({})


EMPTY = Lock()
