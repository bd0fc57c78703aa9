"""Stage pin: look up every release, image and action a profile needs, and make what templates see.

A render never resolves: what the lock lacks is an error at the line that asks for it, and the way
out is `gogen lock`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.lock.images import pinned_name, split_tag
from generator.lock.model import GoRelease
from generator.lock.shape import line_of
from generator.lock.wanted import all_releases, releases, wanted
from generator.model import Pinned, header, plain
from generator.problems import Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.lock.model import Archive, Lock
    from generator.lock.wanted import Ask, WantedPins
    from generator.model import Profile, Target
    from generator.profile.schema import View

ARCHIVES = "https://dl.google.com/go/"
"""Where Go's archives are published."""

Data = dict[str, Any]


def pin(profile: Profile, targets: tuple[Target, ...], lock: Lock, view: View) -> Pinned:
    """Give the profile with all its pins; `view` is what the schema says of a profile's top.

    Raises Rejected with every pin the lock lacks: GG001 a checksum, GG320 an image, GG321 an
    action; GG146 a toolchain that the profile does not have.
    """
    wants = wanted(profile, targets, view)
    problems = list(_lacking(wants, lock))
    if problems:
        raise Rejected(problems)
    tree: Data = plain(profile.tree)
    network = tree.get("network", {})
    platforms: list[str] = sorted(tree.get("go", {}).get("platforms", ()))
    bases: list[str] = network.get("go_archives") or [ARCHIVES]
    versions = [str(release.value) for release in releases(profile)]
    pinned = [str(release.value) for release in all_releases(profile, targets)]
    toolchains = {v: _toolchain(v, platforms, lock, bases) for v in pinned}
    return Pinned(
        profile=profile,
        targets=targets,
        context={
            **tree,
            "profile": {
                "name": profile.name,
                "slug": profile.slug,
                "order": list(profile.order),
                "extends": list(profile.extends),
            },
            "header": header(profile.name),
            "toolchain": toolchains[versions[0]],
            "toolchains_pinned": list(toolchains.values()),
            "modules": [
                {**module, "toolchain": toolchains[version]}
                for module, version in zip(tree.get("modules", ()), versions[1:], strict=True)
            ],
            "images": _images(wants, lock, network.get("registries", {})),
            "actions": _actions(wants, lock),
        },
        toolchain=versions[0],
    )


def _lacking(wants: WantedPins, lock: Lock) -> Iterator[Problem]:
    """Say which of the wanted pins the lock does not have."""
    for (version, platform), ask in sorted(wants.go.items()):
        if version not in lock.go or platform not in lock.go[version].platforms:
            yield Problem(
                "GG001",
                f"go {version} has no checksum for {platform} in the lock",
                ask.place,
                hint="run gogen lock",
                related=(("asked for here", ask.platform),) if ask.platform else (),
            )
    for ref, ask in sorted(wants.images.items()):
        if ref not in lock.images:
            yield _missing("GG320", f"image {ref} has no digest in the lock", ref, ask, lock.images)
    for name, ask in sorted(wants.actions.items()):
        if name not in lock.actions:
            message = f"action {name} has no commit in the lock"
            yield _missing("GG321", message, name, ask, lock.actions)


def _missing(code: str, message: str, name: str, ask: Ask, known: Iterable[str]) -> Problem:
    near = did_you_mean(name, known)
    hint = f"run gogen lock; {near}" if near else "run gogen lock"
    return Problem(code, message, ask.place, hint=hint)


def _toolchain(version: str, platforms: list[str], lock: Lock, bases: list[str]) -> Data:
    """Give one Go release as templates see it, on the profile's platforms."""
    release = lock.go.get(version, GoRelease({}))
    return {
        "version": version,
        "goversion": f"go{version}",
        "language": line_of(version),
        "eol": release.eol,
        "ports": list(release.ports),
        "platforms": [_platform(p, release.platforms[p], bases) for p in platforms],
    }


def _platform(platform: str, archive: Archive, bases: list[str]) -> Data:
    """Give one archive; `archive_arch` is what its file name calls the architecture."""
    os, arch = platform.split("/")
    urls = [f"{base.rstrip('/')}/{archive.file}" for base in bases]
    return {
        "platform": platform,
        "os": os,
        "arch": arch,
        "archive_arch": archive.file.removesuffix(".tar.gz").removesuffix(".zip").split("-")[-1],
        "file": archive.file,
        "url": urls[0],
        "urls": urls,
        "sha256": archive.sha256,
        "size": archive.size,
        "h1": archive.h1,
        "h1_hex": archive.h1_hex,
        "sentinels": dict(sorted(archive.sentinels.items())),
    }


def _images(wants: WantedPins, lock: Lock, registries: Mapping[str, str]) -> Data:
    return {
        ref: {
            "ref": ref,
            "digest": image.digest,
            "pinned": pinned,
            "repository": repository,
            "tag": tag,
            "as_of": image.as_of,
        }
        for ref in sorted(wants.images)
        for image in [lock.images[ref]]
        for pinned in [pinned_name(ref, image.digest, registries)]
        for repository, tag in [split_tag(pinned)]
    }


def _actions(wants: WantedPins, lock: Lock) -> Data:
    return {
        name: {
            "name": name,
            "tag": action.tag,
            "commit": action.commit,
            "uses": f"{name}@{action.commit}",
        }
        for name in sorted(wants.actions)
        for action in [lock.actions[name]]
    }
