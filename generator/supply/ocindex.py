"""Read what a registry says an image is: the index of its platforms, and nothing else will do.

An index (OCI image-spec v1.1, image-index.md; Docker calls it a manifest list) names one manifest
for each platform. Its digest is what an output may hold: with a platform's own digest every other
machine would get nothing, or the wrong thing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from generator.problems import Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.supply.http import Answer

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+"

DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")

# Keys that only a manifest has: a document with these and `manifests` is read as either, by whom it
# pleases (CVE-2021-41190).
_OF_A_MANIFEST = frozenset({"config", "layers", "fsLayers", "history", "signatures"})

_SHOWN = 200  # characters of a stranger's text in a message


class _Twice(ValueError):
    """An object has a key twice, of which each reader takes another."""


def platforms_of(name: str, answer: Answer, due: Iterable[str] = ()) -> frozenset[str]:
    """Give the platforms of the index that a registry answered, "linux/amd64", "linux/arm/v7".

    `name` is the image as messages name it, `due` the platforms (GOOS/GOARCH) it must have. Raises
    Rejected: GG558 for what is no manifest, GG559 for one that is no index, GG560 for an index
    without a platform that is due.
    """
    document = _document(name, answer)
    kind = _kind(name, answer, document)
    if kind not in INDEX_TYPES:
        raise _no_index(name, kind)
    have = frozenset(_platform(name, entry) for entry in _entries(name, document)) - {""}
    _require(name, have, frozenset(due))
    return have


def _document(name: str, answer: Answer) -> Mapping[str, Any]:
    """Give the JSON object of an answer."""
    if answer.is_html:
        hint = "a portal or a proxy answers in its place: look at it with a browser"
        raise _no_manifest(name, "a page for people came", hint)
    try:
        document = json.loads(answer.body, object_pairs_hook=_object)
    except ValueError as error:
        raise _no_manifest(name, f"what came is not JSON: {error}") from None
    except RecursionError:
        raise _no_manifest(name, "what came is JSON nested without end") from None
    if not isinstance(document, dict):
        raise _no_manifest(name, "what came is no JSON object")
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a key stands twice"
        raise _Twice(msg)
    return found


def _kind(name: str, answer: Answer, document: Mapping[str, Any]) -> str:
    """Give the media type, on which header and document must agree."""
    sent = answer.headers.get("content-type", "").partition(";")[0].strip()
    told = document.get("mediaType", sent)
    if document.get("schemaVersion") == 1:
        return f"{_SCHEMA1}json"
    if told != (sent or told):
        said = f"the header says {sent[:_SHOWN]!r}, the document {str(told)[:_SHOWN]!r}"
        raise _no_manifest(name, said)
    if "manifests" in document and not _OF_A_MANIFEST.isdisjoint(document):
        raise _no_manifest(name, "what came is an index and a manifest in one")
    return str(told)


def _entries(name: str, document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the entries of an index."""
    entries = document.get("manifests")
    right = (
        document.get("schemaVersion") == 2  # noqa: PLR2004  (the specification's number)
        and isinstance(entries, list)
        and all(isinstance(entry, dict) for entry in entries)
    )
    if not right:
        raise _no_manifest(name, "what came is called an index, and has no list of manifests")
    return list(entries or ())


def _platform(name: str, entry: Mapping[str, Any]) -> str:
    """Give the platform of an entry, "" where it is of none (a signature, an attestation)."""
    if not DIGEST.fullmatch(str(entry.get("digest"))):
        raise _no_manifest(name, "an entry of the index has no digest")
    platform = entry.get("platform")
    if not isinstance(platform, dict):
        return ""
    parts = [platform.get(key) for key in ("os", "architecture", "variant")]
    text = "/".join(part for part in parts if isinstance(part, str))
    return "" if "unknown" in parts or not re.fullmatch(r"[a-z0-9./-]+", text) else text


def _require(name: str, have: frozenset[str], due: frozenset[str]) -> None:
    """Refuse an index that lacks what is due, or that has no platform."""
    families = {"/".join(platform.split("/")[:2]) for platform in have}
    lacking = sorted(due - have - families) or ([] if have else ["any platform"])
    if lacking:
        raise Rejected(
            [
                Problem(
                    "GG560",
                    f"{name} has nothing for {', '.join(lacking)}",
                    expected="an index with each of go.platforms that images are built for",
                    hint=f"it has {', '.join(sorted(have)) or 'none'}: take another image or tag, "
                    "or take the platform out of go.platforms",
                )
            ]
        )


def _no_index(name: str, kind: str) -> Rejected:
    if kind.startswith(_SCHEMA1):
        message = "is an image of Docker's first schema, which proves nothing of its layers"
    elif kind in MANIFEST_TYPES:
        message = "is the image of one platform, not an index of all"
    else:
        message = f"is no image, but {kind[:_SHOWN]!r}"
    return Rejected(
        [
            Problem(
                "GG559",
                f"{name} {message}",
                expected="an OCI index or a Docker manifest list",
                hint="name a tag that was pushed for several platforms (docker buildx build "
                "--platform …, or docker buildx imagetools create --tag NEW OLD)",
            )
        ]
    )


def _no_manifest(name: str, why: str, hint: str = "") -> Rejected:
    hint = hint or "this registry is broken, or no registry: look who answers there"
    expected = "an OCI index or a Docker manifest list"
    return Rejected([Problem("GG558", f"{name}: {why}", expected=expected, hint=hint)])
