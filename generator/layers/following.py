"""Layers of other repositories for `gogen lock`: what is vendored stays, the rest is fetched.

All layers of one repository and ref are of one commit. A ref that is locked keeps its commit,
whatever its branch did since; only a bump moves it, and a tag that moved is refused, for whoever
moved it changed what others had reviewed. Nothing is written here: `pins` and `fresh` are what the
lock and the vendored files are to become.
"""

from __future__ import annotations

import tempfile
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from generator.layers.address import parse
from generator.layers.remote import Remote
from generator.layers.vendored import Vendored, home, proof_of
from generator.model import LayerFiles
from generator.problems import Place, Rejected
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.layers.address import Address
    from generator.layers.remote import Access
    from generator.lock.model import LayerPin

Source = tuple[str, str]
"""A repository and a ref in it, as an address has them."""


class Following:
    """The layers of other repositories that a workspace extends; a context manager.

    `pins` are those of all layers that were asked for, `fresh` the bytes of files that were
    fetched, by workspace-relative path.
    """

    def __init__(
        self,
        root: Path,
        locked: Callable[[], Mapping[str, LayerPin]],
        access: Callable[[], Access],
        moving: frozenset[Source] = frozenset(),
    ) -> None:
        """Follow what the workspace at `root` extends; `moving` are to get the newest commit."""
        self._root = root
        self._locked = locked
        self._access = access
        self._moving = moving
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.pins: dict[str, LayerPin] = {}
        self.fresh: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove what was fetched."""
        if self._folder:
            self._folder.cleanup()

    def files(self, url: str, place: Place) -> LayerFiles:
        """Give a layer's files with their bytes; `place` is where it is extended.

        Raises Rejected: GG565 to GG569 (git), GG575, GG581 to GG584.
        """
        address = parse(url, place)
        pin = self._stays.get(url)
        if pin:
            try:
                files = self._vendored.files(url, place)
            except Rejected:
                pass  # fetched again, from the commit that is locked
            else:
                self.pins[url] = pin
                return files
        return self._fetched(address, place)

    def _fetched(self, address: Address, place: Place) -> LayerFiles:
        source = address.source
        known = self._commits.get(source)
        if source in self._moving or known is None:
            found = self._remote.newest(address, self._before.get(source), place)
        else:
            found = self._remote.again(address, known, place)
        pin, files, proof = self._remote.layer(address, found, place)
        contents = {f"{home(address, pin)}/{name}": files[name] for name in sorted(files)}
        self.pins[address.url] = pin
        self.fresh |= contents
        self.fresh[proof_of(address, pin)] = proof
        return LayerFiles(address.url, (*contents,), MappingProxyType(contents))

    @cached_property
    def _remote(self) -> Remote:
        self._folder = tempfile.TemporaryDirectory(prefix="gogen-layers-")
        return Remote(self._access(), Path(self._folder.name))

    @cached_property
    def _vendored(self) -> Vendored:
        return Vendored(self._root, self._stays)

    @cached_property
    def _before(self) -> Mapping[Source, LayerPin]:
        """A pin of each repository and ref that the lock has."""
        return {parse(url, Place(LOCK)).source: pin for url, pin in self._locked().items()}

    @cached_property
    def _commits(self) -> Mapping[Source, LayerPin]:
        """A pin of each repository and ref for which the lock names one commit."""
        torn = {
            source
            for url, pin in self._locked().items()
            for source in [parse(url, Place(LOCK)).source]
            if pin.commit != self._before[source].commit
        }
        return {source: pin for source, pin in self._before.items() if source not in torn}

    @cached_property
    def _stays(self) -> Mapping[str, LayerPin]:
        """The pins that are kept where their vendored files are right."""
        kept = self._commits.keys() - self._moving
        pins = self._locked().items()
        return {url: pin for url, pin in pins if parse(url, Place(LOCK)).source in kept}
