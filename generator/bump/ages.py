"""How old each pin in use is: what it could move to, what it misses, and what keeps it.

Why a pin should move is told apart: it misses a security release, its line has ended, or something
newer is there. What is only heard of, or lacks a platform in use, is no reason: it is named beside.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from generator.bump import actions, images, layers
from generator.bump.releases import lines, newest, platforms
from generator.lock.shape import line_of
from generator.locking import wanted_pins
from generator.problems import Place
from generator.rules.toolchains import exact, order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.bump.known import Known
    from generator.layers.remote import Access
    from generator.lock.model import Lock
    from generator.lock.wanted import WantedPins
    from generator.pipeline import Compiler


class Standing(StrEnum):
    """How a pin stands, the most urgent first."""

    SECURITY = "security"
    ENDED = "ended"
    OLDER = "older"
    CURRENT = "current"


class Blocked(NamedTuple):
    """A newer release that cannot be had: `lacks` are the platforms in use it has no archive for.

    Without any it is only heard of: nobody tells the checksums of its archives.
    """

    version: str
    lacks: tuple[str, ...]


class Age(NamedTuple):
    """A pin in use, and what it could move to.

    `name` is the release, image, action or layer, `current` what it is pinned to and `newest` what
    it can move to, the same where there is nothing newer. Of a release `used_as` are the names of
    toolchains that say it, `line` its line and `eol` the day that ended or will, `misses` the
    security releases of its line that are newer, `untold` newer ones of which that is not known,
    `newest_line` the newest release of a newer line.
    """

    kind: str
    name: str
    place: Place
    standing: Standing
    current: str
    newest: str
    used_as: tuple[str, ...] = ()
    line: str = ""
    eol: str = ""
    misses: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    newest_line: str = ""
    blocked: tuple[Blocked, ...] = ()

    @property
    def outdated(self) -> bool:
        """Whether something should be done."""
        return self.standing is not Standing.CURRENT


def ages(
    compiler: Compiler, known: Known, today: str, access: Callable[[], Access]
) -> tuple[Age, ...]:
    """Give every pin in use, and every release that a layer names, with its age on a day.

    `today` is that day, "YYYY-MM-DD"; with `access` repositories of followed layers are asked.
    Raises Rejected where the lock cannot be read or a repository does not answer.
    """
    lock, wants = compiler.sources.lock, wanted_pins(compiler)
    return (
        *_go(compiler, wants, known, today),
        *_images(lock, wants, known),
        *_actions(lock, wants, known),
        *(_age("layer", one.url, one.place, one[2:]) for one in layers.aged(compiler, access)),
    )


def missed(version: str, security: frozenset[str]) -> tuple[str, ...]:
    """Give the security releases of a release's line that are newer than it, oldest first."""
    return _later(version, security)


def _later(version: str, versions: Iterable[str]) -> tuple[str, ...]:
    own = (v for v in versions if line_of(v) == line_of(version) and order(v) > order(version))
    return tuple(sorted(own, key=order))


def _go(compiler: Compiler, wants: WantedPins, known: Known, today: str) -> Iterator[Age]:
    named = [line for line in lines(compiler.sources) if exact(line.version)]
    places = {line.version: line.place for line in reversed(named)}
    places |= {version: ask.place for (version, _), ask in wants.go.items()}
    every = frozenset(platform for _, platform in wants.go)
    for version in sorted(places, key=order, reverse=True):
        used_as = tuple(sorted({line.name for line in named if line.version == version}))
        needed = platforms(wants, version) or every
        yield _release(version, needed, known, today)._replace(
            place=places[version], used_as=used_as
        )


def _release(version: str, needed: frozenset[str], known: Known, today: str) -> Age:
    line = line_of(version)
    support = known.catalogue.lines.get(line)
    eol = (support and support.eol) or ""
    best = newest(version, needed, known)
    misses = missed(version, known.catalogue.security)
    heard = {*known.releases, *known.catalogue.unpinned}
    later = _later(best, heard)
    standing = Standing.OLDER if best != version else Standing.CURRENT
    if eol and eol <= today:
        standing = Standing.ENDED
    if misses:
        standing = Standing.SECURITY
    whole = [v for v, there in known.releases.items() if exact(v) and needed <= there]
    newest_line = max(whole, key=order, default="")
    return Age(
        "go",
        version,
        Place(""),
        standing,
        version,
        best,
        line=line,
        eol=eol,
        misses=misses,
        untold=_later(version, heard - known.catalogue.told),
        newest_line=newest_line if order(newest_line) > order(best) else "",
        blocked=tuple(_blocked(v, needed, known) for v in later),
    )


def _blocked(version: str, needed: frozenset[str], known: Known) -> Blocked:
    return Blocked(version, tuple(sorted(needed - known.releases.get(version, needed))))


def _images(lock: Lock, wants: WantedPins, known: Known) -> Iterator[Age]:
    for ref, ask in sorted(wants.images.items()):
        have, there = lock.images.get(ref), known.image(ref)
        older = images.newer(have, there)
        digest = have.digest if have else ""
        yield _age("image", ref, ask.place, (digest, there.digest if older and there else digest))


def _actions(lock: Lock, wants: WantedPins, known: Known) -> Iterator[Age]:
    for name, ask in sorted(wants.actions.items()):
        have, there = lock.actions.get(name), known.action(name)
        older = actions.newer(have, there)
        tag = have.tag if have else ""
        yield _age("action", name, ask.place, (tag, there.tag if older and there else tag))


def _age(kind: str, name: str, place: Place, pins: tuple[str, str]) -> Age:
    current, there = pins
    standing = Standing.CURRENT if current == there else Standing.OLDER
    return Age(kind, name, place, standing, current, there)
