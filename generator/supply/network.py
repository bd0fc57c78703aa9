"""What profiles say of the network, as far as sources of pins want to know it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Network(NamedTuple):
    """The mirrors that all profiles together name, and what they build images for.

    `archives` are folders of Go's archives and `proxies` module proxies, in order; `registries`
    mirrors by host; `platforms` what an image is built upon for, by its reference.
    """

    archives: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    registries: Mapping[str, str] = MappingProxyType({})
    platforms: Mapping[str, frozenset[str]] = MappingProxyType({})
