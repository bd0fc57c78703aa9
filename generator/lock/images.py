"""Names of container images: how a reference is written in full, with its mirror and digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HUB = "docker.io"


def pinned_name(ref: str, digest: str, registries: Mapping[str, str]) -> str:
    """Give `host/path:tag@digest`, the host replaced by its mirror where it has one.

    The name is written in full ("docker.io/library/debian:trixie-slim@sha256:…"), as every
    reader then means the same registry: containerd and Podman have settings that complete a short
    name otherwise than Docker does. The tag stays, for people; beside a digest it decides nothing.
    """
    host, path = split_host(ref)
    return f"{registries.get(host, host)}/{path}@{digest}"


def split_tag(name: str) -> tuple[str, str]:
    """Give the repository and the tag of a name, "" where it has none; a digest is left out."""
    name = name.partition("@")[0]
    path, colon, tag = name.rpartition(":")
    return (path, tag) if colon and "/" not in tag else (name, "")


def split_host(ref: str) -> tuple[str, str]:
    """Give the registry's host and the rest of a reference, as Docker completes a short one.

    The first part is a host if it has a dot or a port or is localhost; else the image is on
    Docker Hub, and below library/ if it has one part only.
    """
    first, slash, rest = ref.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return HUB, ref if slash else f"library/{ref}"
