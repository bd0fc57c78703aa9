"""Which actions of GitHub a bump moves: their tags stand in the lock alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.bump.model import Asked
from generator.lock.shape import version_key
from generator.problems import Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from generator.bump.known import Known
    from generator.lock.model import ActionPin
    from generator.lock.wanted import WantedPins
    from generator.pipeline import Compiler


class Wish(NamedTuple):
    """What the user says: an action, "" for all, and the tag to move to, "" for the newest."""

    name: str = ""
    tag: str = ""
    downgrade: bool = False


def ask(compiler: Compiler, wish: Wish, wants: WantedPins, known: Known) -> Asked:
    """Give what moves.

    Raises Rejected: GG585 an action that nothing uses, GG587 a tag that is older than the one there
    is, GG591 one whose commit nobody knows.
    """
    name, tag, downgrade = wish
    if name and name not in wants.actions:
        hint = did_you_mean(name, wants.actions) or "gogen outdated lists them"
        raise Rejected([Problem("GG585", f"nothing uses the action {name}", hint=hint)])
    there = {one: known.action(one, tag) for one in ([name] if name else sorted(wants.actions))}
    if tag and not there[name]:
        raise Rejected([_unknown(name, tag, known)])
    locked = compiler.sources.lock.actions
    if tag and not downgrade and name in locked and order(tag) < order(locked[name].tag):
        raise Rejected([_downgrade(name, locked[name].tag, tag)])
    fresh = {one: pin for one, pin in there.items() if pin and (tag or newer(locked.get(one), pin))}
    named = fresh.get(name)
    what = f"action {name} to {named.tag}" if named else f"{len(fresh)} actions"
    return Asked(f"Bump {what}", actions=fresh)


def newer(have: ActionPin | None, there: ActionPin | None) -> bool:
    """Tell whether a pin is of a later tag than the one there is."""
    return there is not None and (have is None or order(there.tag) > order(have.tag))


def order(tag: str) -> tuple[int, ...]:
    """Order tags of releases as numbers: v4 before v4.0 before v4.1 before v10."""
    return version_key(tag.removeprefix("v"))


def _downgrade(name: str, old: str, new: str) -> Problem:
    hint = "--allow-downgrade, if that is meant"
    return Problem("GG587", f"action {name} would go back from {old} to {new}", hint=hint)


def _unknown(name: str, tag: str, known: Known) -> Problem:
    pin = known.action(name)
    return Problem(
        "GG591",
        f"the commit of {name} {tag} is not known",
        expected=f"{pin.tag}" if pin else "",
        hint="a newer gogen knows newer tags" if pin else "",
    )
