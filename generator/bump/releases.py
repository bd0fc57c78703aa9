"""Which lines of which profiles a bump of Go moves, and whether the new release can be had.

Only values of `toolchains.NAME` count, each where a layer writes it; a value that is a reference
follows what it names. Where layers are on different releases, the ones on the new release's line
move; where that leaves it open, the user says from which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.bump.editing import Edit
from generator.bump.model import Asked
from generator.lock.shape import line_of
from generator.model import Leaf, Map, find
from generator.problems import Problem, Rejected
from generator.rules.toolchains import exact, order
from generator.wording import did_you_mean
from generator.workspace import LOCK_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.bump.known import Known
    from generator.lock.wanted import WantedPins
    from generator.pipeline import Compiler
    from generator.problems import Place
    from generator.sources import Sources


class Wish(NamedTuple):
    """What the user says of a release: `version` "" is the newest patch that can be had.

    `name` is that of the toolchain, `start` the release to move from, "" where the layers tell;
    `today`, "YYYY-MM-DD", tells which lines have ended.
    """

    version: str = ""
    name: str = "current"
    start: str = ""
    downgrade: bool = False
    today: str = ""


class _Line(NamedTuple):
    """A value of `toolchains` in a layer."""

    name: str
    version: str
    place: Place


def ask(compiler: Compiler, wish: Wish, wants: WantedPins, known: Known) -> Asked:
    """Give what moves.

    Raises Rejected with what keeps it from moving: GG585 to GG587, GG589, and what kept sources
    from giving a list of releases, if none gave one.
    """
    if not known.lists:
        raise Rejected(known.unasked)
    if wish.version and not exact(wish.version):
        raise Rejected([_no_release(wish.version)])
    every = list(lines(compiler.sources))
    named = [line for line in every if line.name == wish.name]
    if not named and (place := _followed(compiler, wish.name)):
        raise Rejected([_of_others(wish.name, place)])
    moves = {
        old: wish.version or newest(old, platforms(wants, old), known)
        for old in _from(named, wish, every)
    }
    moves = {old: new for old, new in moves.items() if old != new}
    moving = [line for line in named if line.version in moves]
    if not wish.downgrade:
        back = [line for line in moving if order(moves[line.version]) < order(line.version)]
        if back:
            raise Rejected(_downgrade(line, moves[line.version], every) for line in back)
    return Asked(
        title="Bump Go " + ", ".join(f"{old} to {new}" for old, new in moves.items()),
        edits=tuple(
            Edit(line.place, f"toolchains.{line.name}", line.version, moves[line.version])
            for line in moving
        ),
        go=moves,
        remarks=(*_support(moves, wish.today, known), *_remarks(moves, wish.name, every)),
    )


def platforms(wants: WantedPins, version: str) -> frozenset[str]:
    """Give the platforms that a release is wanted on."""
    return frozenset(platform for release, platform in wants.go if release == version)


def newest(version: str, needed: frozenset[str], known: Known) -> str:
    """Give the newest release of a version's line that has the needed platforms, or the version."""
    later = (
        other
        for other, there in known.releases.items()
        if line_of(other) == line_of(version) and order(other) > order(version) and needed <= there
    )
    return max(later, key=order, default=version)


def available(moves: Mapping[str, str], wants: WantedPins, known: Known) -> Iterator[Problem]:
    """Say which platforms in use a new release has no archive for (GG590).

    A release that nobody knows is left to the lock, which says what is near.
    """
    for version in dict.fromkeys(moves.values()):
        needed = platforms(wants, version)
        lacking = sorted(needed - known.releases.get(version, needed))
        if not lacking:
            continue
        line = line_of(version)
        whole = [
            other
            for other in sorted(known.releases, key=order)
            if line_of(other) == line and needed <= known.releases[other]
        ]
        asks = [wants.go[version, platform] for platform in lacking]
        yield Problem(
            "GG590",
            f"go {version} has no archive for {', '.join(lacking)}; nothing was changed",
            asks[0].place,
            expected=f"an archive for each of the {len(needed)} platforms in use",
            hint=f"releases of {line} that have them all: {', '.join(whole) or 'none'}",
            related=tuple(("asked for here", ask.platform) for ask in asks if ask.platform),
        )


def lines(sources: Sources) -> Iterator[_Line]:
    """Give every release that a layer writes in `toolchains`."""
    for name in sources.layer_files:
        toolchains = find(sources.layers(name)[name].tree, ("toolchains",))
        for key, leaf in toolchains.items.items() if isinstance(toolchains, Map) else ():
            if isinstance(leaf, Leaf) and isinstance(leaf.value, str) and "<{" not in leaf.value:
                yield _Line(key, leaf.value, leaf.trail[0])


def _from(named: list[_Line], wish: Wish, every: list[_Line]) -> list[str]:
    """Give the releases to move from; raises Rejected for none, or where the choice is open."""
    versions = sorted({line.version for line in named}, key=order)
    if not versions or (wish.start and wish.start not in versions):
        raise Rejected([_nothing(wish, versions, sorted({line.name for line in every}))])
    if wish.start:
        return [wish.start]
    if not wish.version:
        return versions
    others = [version for version in versions if version != wish.version]
    if len(others) <= 1:
        return others
    near = [version for version in others if line_of(version) == line_of(wish.version)]
    if len(near) == 1:
        return near
    raise Rejected([_open(wish, others, named)])


def _followed(compiler: Compiler, name: str) -> Place | None:
    """Give where a layer of another repository says a toolchain of a profile, None if none does."""
    for profile in compiler.sources.layer_files:
        leaf = find(compiler.profile(profile).tree, ("toolchains", name))
        if leaf and leaf.trail and leaf.trail[0].file.startswith(f"{LOCK_FOLDER}/"):
            return leaf.trail[0]
    return None


def _of_others(name: str, place: Place) -> Problem:
    return Problem(
        "GG585",
        f"toolchains.{name} is said by a layer of another repository, and by no profile here",
        place,
        hint=f"gogen bump layer follows it there; toolchains.{name} in a profile goes its own way",
    )


def _no_release(version: str) -> Problem:
    bare = version.removeprefix("go").removeprefix("v")
    return Problem(
        "GG589",
        f'"{version}" is not an exact Go release',
        expected="a release as go.dev names it, without the prefix go: 1.27.1",
        hint=f"gogen bump go {bare}" if exact(bare) else "gogen outdated lists what could move",
    )


def _nothing(wish: Wish, versions: list[str], names: list[str]) -> Problem:
    said = f"toolchains.{wish.name}: {wish.start}" if wish.start else f"toolchains.{wish.name}"
    if versions:
        hint = f"it is {' and '.join(versions)}"
    else:
        hint = did_you_mean(wish.name, names) or f"there are: {', '.join(names) or 'none'}"
    return Problem("GG585", f"no profile writes {said}", hint=hint)


def _open(wish: Wish, versions: list[str], named: list[_Line]) -> Problem:
    return Problem(
        "GG586",
        f"profiles are on several releases: {', '.join(versions)}",
        named[0].place,
        hint=f"say which of them moves: gogen bump go {wish.version} --from {versions[-1]}",
        related=tuple((f"{line.version} is set here", line.place) for line in named),
    )


def _downgrade(line: _Line, new: str, every: list[_Line]) -> Problem:
    other = next(
        (o.name for o in every if o.name != line.name and line_of(o.version) == line_of(new)), ""
    )
    hint = "--allow-downgrade, if that is meant"
    return Problem(
        "GG587",
        f"toolchains.{line.name} would go back from {line.version} to {new}",
        line.place,
        hint=f"--toolchain {other} moves the one of this line; {hint}" if other else hint,
    )


def _support(moves: Mapping[str, str], today: str, known: Known) -> Iterator[str]:
    """Say which security releases are caught up with, and which lines get no more of them."""
    for old, new in moves.items():
        ends = {line_of(old), line_of(new)}
        fixed = [
            version
            for version in sorted(known.catalogue.security, key=order)
            if line_of(version) in ends and order(old) < order(version) <= order(new)
        ]
        if fixed:
            yield f"brings the security fixes of {', '.join(fixed)}"
        for line in sorted(ends, key=order):
            eol = known.catalogue.lines[line].eol if line in known.catalogue.lines else None
            if eol and eol <= today:
                yield f"line {line} ended on {eol} and gets no more fixes"


def _remarks(moves: Mapping[str, str], name: str, every: list[_Line]) -> Iterator[str]:
    """Say what a migration should know: a line that changes, names that now say the same."""
    for old, new in moves.items():
        if line_of(old) != line_of(new):
            yield f"Go moves from line {line_of(old)} to {line_of(new)}: read its release notes"
        same = sorted({line.name for line in every if line.name != name and line.version == new})
        for other in same:
            yield (
                f"toolchains.{other} and toolchains.{name} are both {new} now: where that ends a "
                f"migration, remove the one, and the exceptions to GG004 that it needed"
            )
    passed = sorted(
        {
            f"toolchains.{line.name} ({line.version}) is older than toolchains.{name} now"
            for line in every
            for new in moves.values()
            if (line.name, name) == ("next", "current") and order(line.version) < order(new)
        }
    )
    yield from passed
