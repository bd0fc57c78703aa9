"""What sources ask servers through: the one HTTP client, made when the first of them asks.

Most runs ask nobody, as what they need is shipped with gogen or kept beside the lock: they load no
library of the network, and need none.
"""

from __future__ import annotations

from ipaddress import ip_address
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from generator.supply.http import Answer, Client

NONE: Mapping[str, str] = MappingProxyType({})


def shown(url: str) -> str:
    """Write an address without the password in it; of what is no address, what stands after it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"…@{host}" if host != parts.netloc else host))


def is_here(host: str | None) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


class Asks(Protocol):
    """A client of `generator.supply.http`, or what stands for one."""

    def get(self, url: str, *, limit: int, headers: Mapping[str, str] = NONE) -> Answer:
        """Give the answer to GET, as `Client.get` does."""

    def save(
        self,
        url: str,
        file: BinaryIO,
        *,
        limit: int,
        advance: Callable[[int, int], None],
        headers: Mapping[str, str] = NONE,
    ) -> str:
        """Write what is at `url` to a file, as `Client.save` does."""


class Late:
    """A client that is made by `make` when it is first asked; its threads share the one made."""

    def __init__(self, make: Callable[[], Client]) -> None:
        """Make nothing yet."""
        self._make = make
        self._made: Client | None = None
        self._lock = Lock()

    @property
    def client(self) -> Client:
        """The client itself. Raises Rejected as `make` does."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def get(self, url: str, *, limit: int, headers: Mapping[str, str] = NONE) -> Answer:
        """Ask the client."""
        return self.client.get(url, limit=limit, headers=headers)

    def save(
        self,
        url: str,
        file: BinaryIO,
        *,
        limit: int,
        advance: Callable[[int, int], None],
        headers: Mapping[str, str] = NONE,
    ) -> str:
        """Ask the client."""
        return self.client.save(url, file, limit=limit, advance=advance, headers=headers)
