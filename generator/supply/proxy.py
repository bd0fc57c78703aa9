"""A module proxy (https://go.dev/ref/mod#goproxy-protocol), and the checksum database behind it.

The proxy is not trusted: the h1 of the module golang.org/toolchain comes from the database's signed
tree, which most proxies pass on below /sumdb/; the database itself is asked where one does not. A
proof that is kept beside the lock needs no asking at all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from generator.lock.model import Archive
from generator.lock.shape import hex_of_h1
from generator.problems import Problem, Rejected
from generator.sumdb.client import Database
from generator.sumdb.refused import shown, told_of
from generator.supply.archive_h1 import require, unreadable
from generator.supply.asks import shown as shown_address
from generator.supply.base import Source
from generator.supply.bundles import LATEST, PROOF, proof_name, proved
from generator.supply.toolchain import (
    LARGEST_ZIP,
    MODULE,
    NotATree,
    is_module_of_archive,
    module_version,
    of_module,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from generator.lock.model import Pin
    from generator.sumdb.note import Verifier
    from generator.supply.asks import Asks
    from generator.supply.bundles import Shelf
    from generator.supply.toolchain import Toolchain

_LIMIT = 1 << 20  # bytes: notes, records and tiles have a few thousand, lists of releases some more
_GONE = frozenset({404, 410})
_OK = 200
_VERSION = re.compile(r"v0\.0\.1-go(1\.[0-9]+(?:\.[0-9]+)?)\.([a-z0-9]+)-([a-z0-9]+)")


class Proxy(Source):
    """A module proxy at `address`; the database's signer is `key`.

    It knows no archives: an h1 joins what other sources know.
    """

    def __init__(self, address: str, client: Asks, key: Verifier, shelf: Shelf) -> None:
        """Ask through `client`."""
        self.name = f"proxy {shown_address(address)}"
        self._base = address.rstrip("/")
        self._client = client
        self._key = key
        self._shelf = shelf
        self._lock = Lock()

    def archive(self, version: str, platform: str) -> Archive | None:
        """Give the h1 of a release's toolchain, proved; None where the database has none.

        Of releases before 1.21 the module is another tree than the archive.
        """
        if not is_module_of_archive(version):
            return None
        h1 = self._kept(version, platform) or self._proved(version, platform)
        if h1 is None:
            return None
        return Archive("", "", h1=h1, h1_hex=hex_of_h1(h1), proofs=(PROOF,))

    def releases(self) -> Mapping[str, frozenset[str]]:
        """Give the toolchains that the proxy lists: those that somebody asked it for."""
        url = f"{self._base}/{MODULE}/@v/list"
        found: dict[str, set[str]] = defaultdict(set)
        for line in (_get(self._client, url) or b"").splitlines():
            module = _VERSION.fullmatch(line.decode(errors="replace"))
            if not module and not line.startswith(b"v0.0.1-go"):  # as a beta's does
                message = f"{shown_address(url)}: this is no list of versions: {shown(line)}"
                raise Rejected([_unlikely(message)])
            if module and is_module_of_archive(module[1]):
                found[module[1]].add(f"{module[2]}/{module[3]}")
        return {version: frozenset(platforms) for version, platforms in found.items()}

    def shows(self, at: tuple[str, ...], pin: Pin) -> bool:
        """Tell whether the database's proof of a toolchain is kept, if the pin lists it."""
        if not isinstance(pin, Archive) or PROOF not in pin.proofs:
            return True
        _, version, platform = at
        return self._shelf.has(proof_name(version, platform))

    def kept(self) -> Mapping[str, bytes]:
        """Give the proofs that were new, and the newest tree seen."""
        if "_database" in self.__dict__:
            self._shelf.keep(LATEST, self._database.newest)
        return dict(self._shelf.new)

    def toolchain(
        self,
        version: str,
        platform: str,
        h1: str,
        file: BinaryIO,
        advance: Callable[[int, int], None] = lambda _done, _due: None,
    ) -> Toolchain | None:
        """Download the module's zip to an empty file and read it: it has this h1, or is refused.

        None where the proxy does not have it. Raises Rejected (GG543, GG50x).
        """
        base = f"{self._base}/{MODULE}/@v/{module_version(version, platform)}"
        if _get(self._client, f"{base}.mod") is None:
            return None
        url = f"{base}.zip"
        self._client.save(url, file, limit=LARGEST_ZIP, advance=advance)
        file.seek(0)
        try:
            tree = of_module(file, version, platform)
        except NotATree as reason:
            raise unreadable(shown_address(url), reason) from reason
        require(shown_address(url), tree, h1)
        return tree

    def _kept(self, version: str, platform: str) -> str | None:
        """Give the h1 that a kept proof proves. Raises Rejected for one that does not hold."""
        name = proof_name(version, platform)
        data = self._shelf.read(name)
        with told_of(place=self._shelf.place(name)):
            return proved(data, self._key, version, platform) if data else None

    def _proved(self, version: str, platform: str) -> str | None:
        """Ask the database, and keep its proof."""
        with self._lock:
            database = self._database
        found = database.prove(MODULE, module_version(version, platform))
        if found is None:
            return None
        self._shelf.keep(proof_name(version, platform), found.bundle)
        return found.proved.h1

    @cached_property
    def _database(self) -> Database:
        """The database through the proxy, or itself where the proxy does not pass it on."""
        through = f"{self._base}/sumdb/{self._key.name}"
        passes_on = _get(self._client, f"{through}/supported") is not None
        base = through if passes_on else f"https://{self._key.name}"

        def fetch(path: str) -> bytes | None:
            return _get(self._client, f"{base}/{path}")

        with told_of(place=self._shelf.place(LATEST)):
            return Database(self._key, fetch, shown_address(base), self._shelf.read(LATEST))


def _get(client: Asks, url: str) -> bytes | None:
    """Give what is at an address; None where the proxy says that there is nothing."""
    answer = client.get(url, limit=_LIMIT)
    if answer.status in _GONE:
        return None
    if answer.status != _OK:
        message = f"{shown_address(url)}: HTTP status {answer.status}"
        raise Rejected([_unlikely(message)])
    return answer.body


def _unlikely(message: str) -> Problem:
    return Problem(
        "GG544",
        message,
        expected="what the GOPROXY protocol says, or 404",
        hint="look who answers there; ~/.netrc may hold a password for it",
    )
