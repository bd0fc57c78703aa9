"""Fill the lock: choose from the catalogue what profiles and manifests ask for; nothing else.

A Go archive never changes, so the catalogue's facts about it are taken anew each time. A tag of an
image moves, and no run of gogen follows it: a pin that the lock has stays as long as the catalogue
knows that digest for that tag, or another source proved it. Whoever wants the newest takes the pin
out of the lock, and locks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.lock import shape
from generator.lock.catalogue import EMBEDDED, Catalogue, embedded
from generator.lock.joining import joined, same
from generator.lock.model import EMPTY, ActionPin, GoRelease, ImagePin, Lock
from generator.lock.shape import line_of, version_key
from generator.problems import Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from generator.lock.wanted import Ask, WantedPins


def needed(
    wants: WantedPins,
    locked: Lock = EMPTY,
    known: Catalogue | None = None,
    asked: Sequence[str] = (),
) -> Lock:
    """Give the lock of exactly the wanted pins; `locked` is the one there is.

    What other sources found is part of `locked`; `asked` names them, for messages.

    A layer's pin is the one there is: `generator.layers` brings it up to what its repository has.
    Raises Rejected with every pin that neither the catalogue nor the lock has: GG003 for a version
    that is no exact release, GG310 an unknown release, GG311 a platform a release lacks, GG312
    an unknown image, GG313 an unknown action.
    """
    known = known or embedded()
    versions = sorted({version for version, _ in wants.go})
    go = {version: _release(version, known, locked) for version in versions}
    images = {ref: known_image(ref, known, locked) for ref in sorted(wants.images)}
    actions = {name: known_action(name, known, locked) for name in sorted(wants.actions)}
    problems = [
        *_lacking_archives(wants, go, known),
        *(_no_image(ref, wants.images[ref], known) for ref, pin in images.items() if not pin),
        *(_no_action(n, wants.actions[n], known) for n, pin in actions.items() if not pin),
    ]
    if problems:
        raise Rejected(_with_asked(problem, asked) for problem in problems)
    return Lock(
        {version: _with_platforms(go[version], version, wants) for version in versions},
        {ref: pin for ref, pin in images.items() if pin},
        {name: pin for name, pin in actions.items() if pin},
        {url: pin for url, pin in sorted(locked.layers.items()) if url in wants.layers},
    )


def _with_asked(problem: Problem, asked: Sequence[str]) -> Problem:
    """Say who was asked besides the catalogue, and does not know either."""
    if not asked or problem.code == "GG003":
        return problem
    return problem._replace(message=f"{problem.message}; nor does {' or '.join(asked)} know it")


def _release(version: str, known: Catalogue, locked: Lock) -> GoRelease:
    """Give all archives known of a release, none for one that is not known."""
    ours = known.pins.go.get(version, GoRelease({}))
    theirs = locked.go.get(version, GoRelease({}))
    archives = {**theirs.platforms, **ours.platforms}
    for platform in theirs.platforms.keys() & ours.platforms.keys():
        # Of a different archive nothing is kept, nor of what others are said to have proved of it.
        if same(ours.platforms[platform], theirs.platforms[platform]):
            archives[platform] = joined(ours.platforms[platform], theirs.platforms[platform])
    return GoRelease(archives, ours.eol or theirs.eol, ours.ports or theirs.ports)


def _with_platforms(release: GoRelease, version: str, wants: WantedPins) -> GoRelease:
    """Give the release with the wanted platforms only."""
    platforms = sorted(platform for wanted, platform in wants.go if wanted == version)
    chosen = {platform: release.platforms[platform] for platform in platforms}
    return GoRelease(chosen, release.eol, release.ports)


def known_image(ref: str, known: Catalogue, locked: Lock) -> ImagePin | None:
    """Give the pin the lock has if it can be right, else the catalogue's."""
    pin = locked.images.get(ref)
    seen = known.digests.get(ref, frozenset())
    if pin and (EMBEDDED not in pin.proofs or pin.digest in seen):
        return pin
    return known.pins.images.get(ref)


def known_action(name: str, known: Catalogue, locked: Lock) -> ActionPin | None:
    """Give the pin the lock has if another source proved it, else the catalogue's."""
    pin, ours = locked.actions.get(name), known.pins.actions.get(name)
    if pin and ours and same(pin, ours):
        return joined(ours, pin)
    return pin if pin and EMBEDDED not in pin.proofs else ours


def _lacking_archives(
    wants: WantedPins, go: Mapping[str, GoRelease], known: Catalogue
) -> Iterator[Problem]:
    """Say which releases are not known (once each), which platforms a known one lacks."""
    strangers = {version for version, release in go.items() if not release.platforms}
    for (version, platform), ask in sorted(wants.go.items()):
        if version in strangers:
            strangers.discard(version)
            go = {v: r for v, r in go.items() if v != version}
            yield _no_release(version, ask, known)
        elif version in go and platform not in go[version].platforms:
            yield _no_platform(version, platform, ask, known)


def _no_release(version: str, ask: Ask, known: Catalogue) -> Problem:
    bare = version.removeprefix("go")
    line = line_of(bare)
    newest = max((v for v in known.pins.go if line_of(v) == line), key=version_key, default="")
    if bare != version or not shape.VERSION.fullmatch(bare) or (bare == line and newest):
        return Problem(
            "GG003",
            f'"{version}" is not an exact Go release',
            ask.place,
            expected='a release as go.dev names it, without the prefix go: "1.27.1"',
            hint=f'write "{bare if bare in known.pins.go else newest}"' if newest else "",
        )
    if version in known.unpinned:
        seen = known.unpinned[version]
        message = f"go {version} exists ({seen}), but gogen knows no checksum of its archives"
    else:
        message = f"go {version} is not in the release index"
    hint = f"the newest of {line} there is {newest}" if newest else _lines(known)
    return Problem("GG310", message, ask.place, expected="a release of the index", hint=hint)


def _lines(known: Catalogue) -> str:
    lines = sorted({line_of(version) for version in known.pins.go}, key=version_key)
    return f"this gogen knows releases of {lines[0]} to {lines[-1]}; a newer gogen knows newer ones"


def _no_platform(version: str, platform: str, ask: Ask, known: Catalogue) -> Problem:
    line = line_of(version)
    have = [
        v
        for v in sorted(known.pins.go, key=version_key)
        if line_of(v) == line and platform in known.pins.go[v].platforms
    ]
    platforms = {p for v in known.pins.go if line_of(v) == line for p in known.pins.go[v].platforms}
    hint = (
        f"releases of {line} that have it: {', '.join(have)}"
        if have
        else did_you_mean(platform, platforms)
    )
    return Problem(
        "GG311",
        f"go {version} has no archive for {platform}",
        ask.place,
        expected="a release with an archive for each of go.platforms",
        hint=hint,
        related=(("asked for here", ask.platform),) if ask.platform else (),
    )


def _no_image(ref: str, ask: Ask, known: Catalogue) -> Problem:
    name = ref.rpartition(":")[0]
    tags = sorted(r.removeprefix(f"{name}:") for r in known.pins.images if r.startswith(f"{name}:"))
    if "@" in ref:
        hint = "write the tag alone: the lock holds the digest"
    elif tags:
        hint = f"tags of {name} there: {', '.join(tags)}"
    else:
        hint = did_you_mean(ref, known.pins.images)
    return Problem(
        "GG312",
        f"image {ref} is not in the catalogue",
        ask.place,
        expected="name:tag with a known index digest",
        hint=hint,
    )


def _no_action(name: str, ask: Ask, known: Catalogue) -> Problem:
    return Problem(
        "GG313",
        f"action {name} is not in the catalogue",
        ask.place,
        expected="one of " + ", ".join(sorted(known.pins.actions)),
        hint=did_you_mean(name, known.pins.actions),
    )
