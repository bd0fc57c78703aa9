"""How old each pin in use is: what it could move to, what it misses, and what keeps it.

Why a pin should move is told apart: it misses a security release, its line has ended, or something
newer is there. What is only heard of, or lacks a platform in use, is no reason: it is named beside.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from generator.bump import actions, images, layers
from generator.bump.releases import lines, newest, platforms
from generator.lock.images import split_tag
from generator.lock.shape import line_of
from generator.locking import wanted_pins
from generator.problems import Place, Rejected
from generator.rules.toolchains import exact, order
from generator.supply.pooling import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from generator.bump.known import Known
    from generator.layers.remote import Access
    from generator.lock.model import Lock
    from generator.lock.wanted import Ask, WantedPins
    from generator.pipeline import Compiler
    from generator.problems import Problem

T = TypeVar("T")

_AT_ONCE = 8  # images and actions that are asked for at a time


class Standing(StrEnum):
    """How a pin stands, the most urgent first."""

    SECURITY = "security"
    ENDED = "ended"
    OLDER = "older"
    UNKNOWN = "unknown"
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
    `newest_line` the newest release of a newer line. Of an image `newest_tag` is the newest tag of
    the same form, "" where that is its own. `unasked` says what could not be asked, and
    why: of this nobody knows whether it has something newer.
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
    newest_tag: str = ""
    blocked: tuple[Blocked, ...] = ()
    unasked: tuple[Problem, ...] = ()

    @property
    def outdated(self) -> bool:
        """Whether something should be done."""
        return self.standing not in {Standing.UNKNOWN, Standing.CURRENT}


def ages(
    compiler: Compiler, known: Known, today: str, access: Callable[[], Access]
) -> tuple[Age, ...]:
    """Give every pin in use, and every release that a layer names, with its age on a day.

    `today` is that day, "YYYY-MM-DD"; with `access` repositories of followed layers are asked.
    What does not answer keeps no other from being told of (`Age.unasked`). Raises Rejected where
    the lock cannot be read.
    """
    lock, wants = compiler.sources.lock, wanted_pins(compiler)
    return (
        *_go(compiler, wants, known, today),
        *_images(lock, wants, known),
        *_actions(lock, wants, known),
        *_layers(compiler, access),
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
    standing = _standing(best != version, known.unasked)
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
        unasked=known.unasked,
    )


def _blocked(version: str, needed: frozenset[str], known: Known) -> Blocked:
    return Blocked(version, tuple(sorted(needed - known.releases.get(version, needed))))


def _standing(is_older: object, unasked: tuple[Problem, ...]) -> Standing:
    if is_older:
        return Standing.OLDER
    return Standing.UNKNOWN if unasked else Standing.CURRENT


def _images(lock: Lock, wants: WantedPins, known: Known) -> Iterator[Age]:
    shipped = known.catalogue.pins.images
    every = _said(known.image, wants.images, shipped)
    tags = _tags(wants, known, [ref for ref, said in every.items() if not said.unasked])
    for ref, said in every.items():
        have, there = lock.images.get(ref), said.found
        older = images.newer(have, there)
        digest = have.digest if have else ""
        found = (digest, there.digest if older and there else digest)
        name, tag = split_tag(ref)
        listed = tags.get(name, _Said(None))
        newest_tag = images.newest_tag(tag, listed.found or ())
        age = _age("image", ref, wants.images[ref].place, found, (*said.unasked, *listed.unasked))
        yield age._replace(newest_tag=newest_tag if newest_tag != tag else "")


def _tags(
    wants: WantedPins, known: Known, refs: Iterable[str]
) -> Mapping[str, _Said[frozenset[str]]]:
    """Give the tags of the images' repositories, by name.

    A tag with a Go release in it moves with that.
    """
    versions = {version for version, _ in wants.go}
    free = [ref for ref in refs if not images.names_release(split_tag(ref)[1], versions)]
    repositories = {split_tag(ref)[0]: wants.images[ref] for ref in reversed(free)}
    return _said(known.image_tags, repositories, {})


def _actions(lock: Lock, wants: WantedPins, known: Known) -> Iterator[Age]:
    shipped = known.catalogue.pins.actions
    for name, said in _said(known.action, wants.actions, shipped).items():
        have, there = lock.actions.get(name), said.found
        older = actions.newer(have, there)
        tag = have.tag if have else ""
        found = (tag, there.tag if older and there else tag)
        yield _age("action", name, wants.actions[name].place, found, said.unasked)


def _layers(compiler: Compiler, access: Callable[[], Access]) -> Iterator[Age]:
    for one in layers.aged(compiler, access):
        yield _age("layer", one.url, one.place, (one.current, one.newest), one.unasked)


def _age(
    kind: str, name: str, place: Place, pins: tuple[str, str], unasked: tuple[Problem, ...]
) -> Age:
    current, there = pins
    standing = _standing(current != there, unasked)
    return Age(kind, name, place, standing, current, there, unasked=unasked)


class _Said(NamedTuple, Generic[T]):
    """What sources say of an image or action; where one fails, what was shipped."""

    found: T | None
    unasked: tuple[Problem, ...] = ()


def _said(
    ask: Callable[[str], T | None], wants: Mapping[str, Ask], shipped: Mapping[str, T]
) -> dict[str, _Said[T]]:
    """Ask for all that is wanted, many at a time; give what was said of each, sorted by name."""
    with pool(_AT_ONCE, "gogen asks") as threads:
        tasks = {name: threads.submit(ask, name) for name in sorted(wants)}
    return {n: _heard(task, wants[n].place, shipped.get(n)) for n, task in tasks.items()}


def _heard(task: Future[T | None], place: Place, shipped: T | None) -> _Said[T]:
    try:
        return _Said(task.result())
    except Rejected as rejected:
        return _Said(shipped, tuple(p._replace(place=p.place or place) for p in rejected.problems))
