"""Ask the sources, in their order, for the pins that lack something, many at a time.

The data shipped with gogen answers first: it is free. What the lock has stays unless that data
knows better: a source that has lost a release, or whose tag of an image moved, moves no pin. Beyond
these a source is asked for a pin nobody knew so far, or for one without a proof that the policy
asks for. Whatever two of them say must agree.

One that cannot be asked is passed over, with a warning, if those after it give all that is due: the
policy says what that is, so who keeps a source from answering takes no proof away that counts. One
that answers what cannot be right ends the run.
"""

from __future__ import annotations

from concurrent.futures import as_completed
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from generator.lock import shape
from generator.lock.catalogue import embedded
from generator.lock.joining import contradictions, joined, same
from generator.lock.model import ActionPin, Archive, GoRelease, ImagePin, Lock
from generator.lock.resolve import known_action, known_image
from generator.problems import Problem, Rejected
from generator.supply.base import Silent, Unreached
from generator.supply.heard import Fault, Heard, refusals, warnings
from generator.supply.pooling import pool
from generator.supply.proofs import DOWNLOADED, Named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from generator.lock.model import Pin
    from generator.lock.wanted import WantedPins
    from generator.policy import Policy
    from generator.supply.base import Source

AT_ONCE = 8
"""Pins that are asked for at a time."""

LOCK = "gogen.lock"
SHIPPED = "embedded"


class Said(NamedTuple):
    """What one place says of a pin; `who` names the place."""

    who: str
    pin: Pin


class Disagreement(Rejected):
    """What two places say of one pin cannot both be right."""


class Gathered(NamedTuple):
    """A lock with what the sources say, and warnings of those that could not be asked."""

    lock: Lock
    warnings: tuple[Problem, ...] = ()


class Gatherer:
    """Asks the sources for the pins of one lock."""

    def __init__(self, sources: Sequence[Source], policy: Policy | None, locked: Lock) -> None:
        """Ask `sources` in this order for what `locked` and the shipped data have not."""
        self._sources = sources
        self._policy = policy
        self._locked = locked
        self._silent: dict[str, tuple[Problem, ...]] = {}

    def gather(self, wants: WantedPins, advance: Callable[[int, int], None]) -> Gathered:
        """Give the lock with what the sources say of wanted pins put into it.

        A pin that nobody knows is left out. Raises Rejected: GG520 where two sources disagree,
        GG522 where several were asked in vain, what a source raises, each as often as it differs.
        """
        asks = [at for at in _asked(wants) if self._lacks(at)]
        heard: list[Heard] = []
        failed = Event()  # a task that is cancelled is never done for who waits (as_completed)
        with pool(AT_ONCE, "gogen asks") as threads:
            tasks = [threads.submit(self._ask_unless, failed, at) for at in asks]
            for done, task in enumerate(as_completed(tasks), 1):
                heard.append(task.result())
                if heard[-1].ends:
                    failed.set()  # what is being asked goes on
                advance(done, len(asks))
        heard.sort(key=lambda one: one.at)
        if problems := tuple(refusals(heard, wants)):
            raise Rejected(problems)
        found = {one.at: one.pin for one in heard if one.pin}
        return Gathered(_with(self._locked, found), tuple(warnings(heard, wants)))

    def _ask_unless(self, failed: Event, at: tuple[str, ...]) -> Heard:
        """Ask for a pin, if none has failed."""
        return Heard(at) if failed.is_set() else self._ask(at)

    def _lacks(self, at: tuple[str, ...]) -> bool:
        """Tell whether a pin is not known, or not proved as the policy asks."""
        said = self._known(at)
        return not said or self._is_short(at, _together(said))

    def _is_short(
        self, at: tuple[str, ...], pin: Pin, without: frozenset[str] = frozenset()
    ) -> bool:
        """Tell whether something is not known, not proved, or cannot be proved again offline.

        The proofs `without` are left aside.
        """
        whole = not isinstance(pin, Archive) or bool(pin.sha256)
        asked = self._policy.lacking(Named(at, pin)) if self._policy else ()
        lacking = bool({*asked} - without)
        return not whole or lacking or not all(source.shows(at, pin) for source in self._sources)

    def _known(self, at: tuple[str, ...]) -> list[Said]:
        """Give what the shipped data and the lock say of a pin; the first wins over the second."""
        match at:
            case ("go", version, platform):
                pair = [lock.go.get(version) for lock in (embedded().pins, self._locked)]
                pins: list[Pin | None] = [r.platforms.get(platform) if r else None for r in pair]
            case ("images", ref):
                pins = [None, known_image(ref, embedded(), self._locked)]
            case (_, name):
                pins = [None, known_action(name, embedded(), self._locked)]
            case _:
                pins = []
        said = [Said(w, p) for w, p in zip((SHIPPED, LOCK), pins, strict=True) if p]
        return said if len(said) < 2 or same(said[0].pin, said[1].pin) else said[:1]  # noqa: PLR2004  (both)

    def _ask(self, at: tuple[str, ...]) -> Heard:
        """Ask one source after the other until the pin lacks nothing."""
        said = self._known(at)
        faults: list[Fault] = []
        asked: list[str] = []
        for source in self._sources:
            if said and not self._is_short(at, _together(said)):
                break
            asked.append(source.name)
            try:
                pin = self._answer(source, at, said[0].pin if said else None)
                if pin:
                    said.append(Said(source.name, pin))
                    _require_agreement(at, said)
            except Unreached as unreached:
                faults += (Fault(source.name, problem) for problem in unreached.problems)
            except Rejected as rejected:
                who = "" if isinstance(rejected, Disagreement) else source.name
                return Heard(at, faults=tuple(Fault(who, each) for each in rejected.problems))
        whole = _together(said) if said else None
        if faults and (whole is None or self._is_short(at, whole, DOWNLOADED)):
            return Heard(at, faults=(*faults,), asked=(*asked,), said=(*(one.who for one in said),))
        if isinstance(whole, Archive) and not whole.sha256:
            whole = None
        return Heard(at, whole, (*faults,))

    def _answer(self, source: Source, at: tuple[str, ...], known: Pin | None) -> Pin | None:
        """Ask a source; raises what it raises, again where nobody answered for an archive before.

        A registry and git are many places, each with its own.
        """
        if at[0] != "go":
            return _answer(source, at, known)
        if silent := self._silent.get(source.name):
            raise Silent(silent)
        try:
            return _answer(source, at, known)
        except Silent as nobody:
            self._silent[source.name] = nobody.problems
            raise


def _asked(wants: WantedPins) -> Iterator[tuple[str, ...]]:
    """Give what a source can be asked for: names that can be one."""
    for version, platform in sorted(wants.go):
        if shape.VERSION.fullmatch(version) and shape.PLATFORM.fullmatch(platform):
            yield "go", version, platform
    yield from (("images", ref) for ref in sorted(wants.images) if shape.IMAGE.fullmatch(ref))
    yield from (("actions", n) for n in sorted(wants.actions) if shape.ACTION.fullmatch(n))


def _answer(source: Source, at: tuple[str, ...], known: Pin | None) -> Pin | None:
    """Ask a source for a pin; of an image or action that is known, whether that is right."""
    match at, known:
        case ("go", version, platform), _:
            return source.archive(version, platform)
        case ("images", ref), ImagePin():
            return source.confirm_image(ref, known)
        case ("images", ref), _:
            return source.image(ref)
        case (_, name), ActionPin():
            return source.confirm_action(name, known)
        case (_, name), _:
            return source.action(name)
        case _:
            return None


def _together(said: Sequence[Said]) -> Pin:
    """Give what all say together; they agree."""
    whole = said[0].pin
    for _, pin in said[1:]:
        match whole, pin:
            case Archive(), Archive():
                whole = joined(whole, pin)
            case ImagePin(), ImagePin():
                whole = joined(whole, pin)
            case ActionPin(), ActionPin():
                whole = joined(whole, pin)
            case _:  # of one name are pins of one kind
                pass
    return whole


def _require_agreement(at: tuple[str, ...], said: Sequence[Said]) -> None:
    """Raise Disagreement (GG520) where the last to speak contradicts one before."""
    *before, last = said
    for one in before:
        facts = contradictions(one.pin, last.pin)
        if facts:
            named = Named(at, last.pin)
            raise Disagreement(_disagree(named, one, last, fact) for fact in facts)


def _disagree(named: Named, one: Said, other: Said, fact: str) -> Problem:
    return Problem(
        "GG520",
        f"{named}: {one.who} and {other.who} disagree about {fact}: "
        f"{_fact(one.pin, fact)} there, {_fact(other.pin, fact)} here",
        expected="one answer: what was released never changes",
        hint=f"believe neither before you know which is wrong; {LOCK} is as it was",
    )


def _fact(pin: Pin, fact: str) -> object:
    return pin.sentinels[fact] if isinstance(pin, Archive) and "/" in fact else getattr(pin, fact)


def _with(locked: Lock, found: dict[tuple[str, ...], Pin]) -> Lock:
    """Put pins into a lock."""
    go = {version: (dict(r.platforms), r) for version, r in locked.go.items()}
    images, actions = dict(locked.images), dict(locked.actions)
    for at, pin in found.items():
        match at, pin:
            case (_, version, platform), Archive():
                go.setdefault(version, ({}, _release(version)))[0][platform] = pin
            case (_, ref), ImagePin():
                images[ref] = pin
            case (_, name), ActionPin():
                actions[name] = pin
            case _:
                pass
    releases = {v: r._replace(platforms=p) for v, (p, r) in go.items()}
    return locked._replace(go=releases, images=images, actions=actions)


def _release(version: str) -> GoRelease:
    """Give a release the shipped data may not have, with the end of its line if that is known."""
    line = embedded().lines.get(shape.line_of(version))
    return GoRelease({}, line.eol if line else None)
