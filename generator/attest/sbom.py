"""Write the lock as a bill of materials: CycloneDX 1.6 (ECMA-424), JSON.

It holds what the lock pins and nothing that changes from run to run: no time, no host, and a serial
number that is made from the content, so that equal locks have equal bills. The lock itself is the
component that all others belong to.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from generator import __version__
from generator.layers.address import parse
from generator.lock.images import split_host, split_tag
from generator.problems import Place
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.lock.model import ActionPin, Archive, ImagePin, LayerPin, Lock

Component = dict[str, Any]

_DOWNLOADS = "https://dl.google.com/go/"
_SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"


def bill(lock: Lock, sha256: str) -> dict[str, Any]:
    """Give the bill of a lock whose file has that SHA-256 (64 hex digits)."""
    components = sorted(_components(lock), key=lambda component: component["bom-ref"])
    whole = {"type": "file", "bom-ref": LOCK, "name": LOCK, "hashes": _hashes(sha256)}
    content = {
        "version": 1,
        "metadata": {
            "tools": {
                "components": [{"type": "application", "name": "gogen", "version": __version__}]
            },
            "component": whole,
        },
        "components": components,
        "dependencies": [
            {"ref": LOCK, "dependsOn": [component["bom-ref"] for component in components]}
        ],
    }
    serial = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True))
    head = {"$schema": _SCHEMA, "bomFormat": "CycloneDX", "specVersion": "1.6"}
    return {**head, "serialNumber": serial.urn, **content}


def _components(lock: Lock) -> Iterator[Component]:
    for version, release in lock.go.items():
        for platform, archive in release.platforms.items():
            yield _archive(version, platform, archive)
    for ref, image in lock.images.items():
        yield _image(ref, image)
    for name, action in lock.actions.items():
        yield _action(name, action)
    for url, layer in lock.layers.items():
        yield _layer(url, layer)


def _archive(version: str, platform: str, archive: Archive) -> Component:
    """Describe a Go archive; scanners know Go by its CPE."""
    url = _DOWNLOADS + archive.file
    purl = (
        f"pkg:generic/go@{version}?checksum=sha256:{archive.sha256}"
        f"&download_url={quote(url, safe=':/')}"
    )
    facts = {"platform": platform, "h1": archive.h1 or ""}
    return {
        "type": "platform",
        "bom-ref": purl,
        "name": "go",
        "version": version,
        "licenses": [{"license": {"id": "BSD-3-Clause"}}],
        "hashes": _hashes(archive.sha256),
        "cpe": f"cpe:2.3:a:golang:go:{version}:*:*:*:*:*:*:*",
        "purl": purl,
        "externalReferences": [
            {"type": "distribution", "url": url, "hashes": _hashes(archive.sha256)}
        ],
        "properties": _properties(facts, archive.proofs),
    }


def _image(ref: str, pin: ImagePin) -> Component:
    """Describe a container image by the digest of its index."""
    name, tag = split_tag(ref)
    host, path = split_host(name)
    digest = pin.digest.removeprefix("sha256:")
    qualifiers = f"?repository_url={host}/{path}" + (f"&tag={tag}" if tag else "")
    purl = f"pkg:oci/{path.rpartition('/')[2].lower()}@sha256%3A{digest}{qualifiers}"
    return {
        "type": "container",
        "bom-ref": purl,
        "name": name,
        "version": tag or pin.digest,
        "hashes": _hashes(digest),
        "purl": purl,
        "properties": _properties({"as_of": pin.as_of or ""}, pin.proofs),
    }


def _action(name: str, pin: ActionPin) -> Component:
    """Describe a GitHub action by its commit; one in a folder has the folder as subpath."""
    owner, repository, *folder = name.split("/")
    subpath = "#" + "/".join(folder) if folder else ""
    purl = f"pkg:github/{owner.lower()}/{repository.lower()}@{pin.commit}{subpath}"
    return {
        "type": "application",
        "bom-ref": purl,
        "name": name,
        "version": pin.tag,
        "purl": purl,
        "swhid": [f"swh:1:rev:{pin.commit}"],
        "externalReferences": [{"type": "vcs", "url": f"https://github.com/{owner}/{repository}"}],
        "properties": _properties({"commit": pin.commit}, pin.proofs),
    }


def _layer(url: str, pin: LayerPin) -> Component:
    """Describe a layer of another repository by its commit and its folder's id."""
    address = parse(url, Place(LOCK))
    source = quote(f"git+{address.repository}@{pin.commit}", safe=":/")
    folder = quote(address.folder)
    purl = f"pkg:generic/{quote(address.name, safe='')}@{pin.commit}?vcs_url={source}#{folder}"
    return {
        "type": "data",
        "bom-ref": purl,
        "name": url,
        "version": address.ref or pin.commit,
        "purl": purl,
        "swhid": [f"swh:1:rev:{pin.commit}", f"swh:1:dir:{pin.tree}"],
        "properties": _properties({"commit": pin.commit, "tree": pin.tree}, pin.proofs),
    }


def _hashes(sha256: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": sha256}]


def _properties(facts: dict[str, str], proofs: tuple[str, ...]) -> list[dict[str, str]]:
    """Give what CycloneDX has no field for, a proof a line."""
    pairs = [(name, value) for name, value in facts.items() if value]
    pairs += [("proof", proof) for proof in proofs]
    return [{"name": f"gogen:{name}", "value": value} for name, value in pairs]
