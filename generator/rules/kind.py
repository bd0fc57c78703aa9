"""A laptop's kind cluster: nodes of the version its objects are for, folders that are its own."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from generator.model import HomePath
from generator.problems import Severity
from generator.rules.base import Finding, Rule, Subject, shown, unrendered

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = r":v(1\.[0-9]+)\.[0-9]+$"
_HOME = r"~(/\.\.(/.*)?)?|/|/(home|Users|var|usr|opt|etc|mnt|srv|tmp)|/root|/(home|Users)/[^/]+"
"""Folders that are a home or hold homes, or everything else of a machine."""


def _node_image(subject: Subject) -> Iterator[Finding]:
    image = subject.section("kind").get("image")
    version = subject.section("kubernetes").get("version")
    found = re.search(_VERSION, image) if isinstance(image, str) else None
    if found and version and found[1] != version:
        yield Finding(
            f"the nodes are of Kubernetes {found[1]}, the objects for {version}",
            ("kind", "image"),
            expected=f"a node image of {version}",
            hint="take that version's image from the notes of your kind release",
        )


def _own_folders(subject: Subject) -> Iterator[Finding]:
    taken = {
        _path(value): name for name, value, _ in subject.settings if isinstance(value, HomePath)
    }
    for number, cache in enumerate(subject.items("kind", "caches")):
        path = _path(cache["host"])
        if re.fullmatch(_HOME, path):
            wrong = "that is the home folder, or holds it"
        else:
            names = sorted(name for own, name in taken.items() if _overlap(path, own))
            wrong = f"where the laptop's own go has its {names[0]}" if names else ""
        if wrong:
            yield Finding(
                f"the builders write to {shown(cache['host'])}, {wrong}",
                ("kind", "caches", number, "host"),
                expected="a folder of the cluster alone",
                hint="their user is not yours: name a folder such as ~/.cache/gogen/kind/gocache",
            )


def _applied(subject: Subject) -> Iterator[Finding]:
    """Look at the profile whose objects are applied: in its namespace the claims are looked for."""
    name, at = subject.section("kind").get("overlay"), ("kind", "overlay")
    if name is None or subject.others is None or "kind" not in subject.items("targets"):
        return
    if finding := unrendered(subject, name, "kustomize"):
        yield finding._replace(pointer=at)
        return
    profile = subject.others.read(name)
    theirs = Subject(profile).section("kubernetes").get("namespace") if profile else None
    own = subject.section("kubernetes").get("namespace")
    if theirs and "caches" in subject.section("kind") and theirs != own:
        yield Finding(
            f"the caches are claimed in the namespace {own}, {name} has its builders in {theirs}",
            at,
            expected=f"a profile whose kubernetes.namespace is {own}",
            hint="say the same kubernetes.namespace in both: a pod sees no claim of another",
        )


def _cluster(subject: Subject) -> Iterator[Finding]:
    yield from _node_image(subject)
    yield from _own_folders(subject)
    yield from _applied(subject)


def _path(value: str | HomePath) -> str:
    """Give a path without dots: ~, ~/…, ~/../… or absolute."""
    if isinstance(value, HomePath):
        return f"~/{posixpath.normpath(value.rest)}".removesuffix("/.")
    return posixpath.normpath(value)


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


RULES = (
    Rule(
        "GG064",
        "a kind cluster of another version, or that writes where the laptop's user does",
        Severity.ERROR,
        profile=_cluster,
    ),
)
