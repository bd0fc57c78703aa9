"""What gogen knows without the network: the facts of generator/data as pins.

The catalogue is itself a `Lock`, of everything known, so that locking is choosing from it. The
index of Go releases is read as it came (797 kB of JSON, 6 ms); only `gogen lock` and the rules
about support load it, a render never does. generator/data/SOURCES.md says where the facts are from.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.lock.model import ActionPin, Archive, GoRelease, ImagePin, Lock
from generator.lock.shape import hex_of_h1, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).parent.parent / "data"

EMBEDDED = "embedded-index"
"""Proof of every pin of the catalogue: it stands in the data shipped with gogen."""
SUMDB = "sumdb"
"""Proof: h1 and sentinels are of a module whose hash the Go checksum database confirmed."""
REBUILT = "rebuilt"
"""Proof: the archive was rebuilt, byte for byte, from source signed by Google's key."""
TAG_READ = "tag-read"
"""Proof: the tag was read in the action's own repository, not only in files that pin it."""

_CLAUSE = re.compile(r"[.;] ")


@dataclass(frozen=True, slots=True)
class Line:
    """A Go release line ("1.27"): the days of its first release and of its end (None: goes on)."""

    first: str
    eol: str | None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything known.

    `pins` has every release, image and action; of an image that moved, the newest digest, and
    `digests` all that were seen. `lines` are by line, `security` the releases ("1.26.6") that
    fixed a security problem, of those that are `told`: of others that is not known. `unpinned` are
    the releases known to exist without a public checksum, by version, each with where it was seen.
    """

    pins: Lock
    digests: Mapping[str, frozenset[str]]
    lines: Mapping[str, Line]
    security: frozenset[str]
    told: frozenset[str]
    unpinned: Mapping[str, str]


@cache
def embedded() -> Catalogue:
    """Give the catalogue shipped with gogen."""
    support = _data("go-support.json")
    lines = {name: Line(line["first"], line["eol"]) for name, line in support["lines"].items()}
    images = _data("images.json")["images"]
    releases = {_version(name): facts for name, facts in support["releases"].items()}
    go = _releases(lines)
    later = {_version(name): seen["source"] for name, seen in support["newer_than_source"].items()}
    return Catalogue(
        pins=Lock(go, _newest(images), _actions()),
        digests=_digests(images),
        lines=lines,
        security=frozenset(v for v, facts in releases.items() if facts["security"]),
        told=frozenset(releases),
        unpinned={v: _CLAUSE.split(seen)[0] for v, seen in later.items() if v not in go},
    )


def _data(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def _version(name: str) -> str:
    return name.removeprefix("go")


def _releases(lines: Mapping[str, Line]) -> dict[str, GoRelease]:
    """Give every release of the index with its archives, and the ports where they are known."""
    toolchains = _toolchains()
    built = _data("rebuilt.json")["rebuilt"]
    ports = {v: tuple(r["ports"]) for v, r in _data("toolchains.json")["toolchains"].items()}
    releases = {}
    for release in _data("go-releases.json"):
        version = _version(release["version"])
        archives = {
            platform: _archive(file, toolchains.get((version, platform), {}))
            for file in release["files"]
            if file["kind"] == "archive"
            for platform in [f"{file['os']}/{file['arch'].replace('armv6l', 'arm')}"]
        }
        for platform in built.get(version, ()):
            archives[platform] = _proved(archives[platform], REBUILT)
        line = lines.get(line_of(version))
        eol = line.eol if line else None
        releases[version] = GoRelease(archives, eol, ports.get(version, ()))
    return releases


def _archive(file: Mapping[str, Any], toolchain: Mapping[str, Any]) -> Archive:
    h1 = toolchain.get("h1")
    archive = Archive(
        file["filename"],
        file["sha256"],
        file.get("size"),
        h1,
        h1 and hex_of_h1(h1),
        toolchain.get("sentinels", {}),
        (EMBEDDED,),
    )
    return _proved(archive, SUMDB) if "sentinels" in toolchain else archive


def _proved(archive: Archive, proof: str) -> Archive:
    return archive._replace(proofs=tuple(sorted({*archive.proofs, proof})))


def _toolchains() -> dict[tuple[str, str], Mapping[str, Any]]:
    """Give h1, and sentinels where proved, by version and platform.

    Two files speak: hashes gathered from public places, and those this repository proved.
    """
    gathered = {
        (module[1], f"{module[2]}/{module[3]}"): facts
        for name, facts in _data("toolchain-h1.json")["toolchain"].items()
        for module in [re.fullmatch(r"v0\.0\.1-go([0-9.]+)\.([a-z0-9]+)-([a-z0-9]+)", name)]
        if module
    }
    proved = {
        (version, platform): facts
        for version, release in _data("toolchains.json")["toolchains"].items()
        for platform, facts in release["platforms"].items()
    }
    return gathered | proved


def _newest(images: list[dict[str, Any]]) -> dict[str, ImagePin]:
    """Give each tag's newest index digest.

    A tag moves, and the notes say when it was seen in words: "2026-08-04", "2026-09/10 (newest
    seen)", "2026-05-25 image, still pinned 2026-10", or no date at all. What counts is the last
    moment a note names, a month or a year by its end: a digest seen "in 2026-10" is taken for
    newer than one of 2026-10-02, and one without a date for the oldest. A digest of one
    platform is never taken.
    """
    newest: dict[str, ImagePin] = {}
    for image in images:
        pin = ImagePin(image["digest"], last_seen(image["as_of"]), (EMBEDDED,))
        known = newest.get(image["image"])
        if image["kind"].startswith("index") and (
            not known or last_day(pin.as_of) > last_day(known.as_of)
        ):
            newest[image["image"]] = pin
    return newest


def last_day(as_of: str | None) -> str:
    """Order dates by the last day they can mean; none is before all."""
    return (as_of or "").ljust(len("YYYY-MM-DD"), "~" if as_of else " ")


def last_seen(note: str) -> str | None:
    """Give the latest date a note names, as YYYY, YYYY-MM or YYYY-MM-DD; "2026-09/10" is 2026-10.

    Digits that only look like a date ("tag epoch 1790754119") are none.
    """
    dates = re.findall(r"\b(20\d\d)(?:-(\d\d)(?:/(\d\d)|-(\d\d))?)?\b", note)
    found = [
        "-".join(part for part in (year, later or month, day) if part)
        for year, month, later, day in dates
    ]
    return max(found, key=last_day, default=None)


def _digests(images: list[dict[str, Any]]) -> dict[str, frozenset[str]]:
    digests: dict[str, set[str]] = defaultdict(set)
    for image in images:
        digests[image["image"]].add(image["digest"])
    return {ref: frozenset(found) for ref, found in digests.items()}


def _actions() -> dict[str, ActionPin]:
    return {
        name: ActionPin(
            facts["version"],
            facts["sha"],
            (EMBEDDED, TAG_READ) if facts["tag_read_in_repository"] else (EMBEDDED,),
        )
        for name, facts in _data("actions.json").items()
    }
