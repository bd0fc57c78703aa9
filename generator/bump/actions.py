"""Which actions of GitHub a bump moves: their tags stand in the lock alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.bump.model import Asked
from generator.problems import Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from generator.lock.catalogue import Catalogue
    from generator.lock.model import ActionPin
    from generator.lock.wanted import WantedPins
    from generator.pipeline import Compiler


def ask(compiler: Compiler, name: str, tag: str, wants: WantedPins, known: Catalogue) -> Asked:
    """Give what moves: the action `name` to `tag`, "" for the newest, "" for all actions.

    Raises Rejected: GG585 an action that nothing uses, GG591 a tag whose commit nobody knows.
    """
    if name and name not in wants.actions:
        hint = did_you_mean(name, wants.actions) or "gogen outdated lists them"
        raise Rejected([Problem("GG585", f"nothing uses the action {name}", hint=hint)])
    there = known.pins.actions
    if tag and (name not in there or there[name].tag != tag):
        raise Rejected([_unknown(name, tag, known)])
    locked = compiler.sources.lock.actions
    fresh = [
        one
        for one in ([name] if name else sorted(wants.actions))
        if newer(locked.get(one), there.get(one))
    ]
    what = f"action {name} to {there[name].tag}" if name in there else f"{len(fresh)} actions"
    return Asked(f"Bump {what}", fresh=frozenset(fresh))


def newer(have: ActionPin | None, there: ActionPin | None) -> bool:
    """Tell whether a pin is of a later tag than the one there is."""
    return there is not None and (have is None or _order(there.tag) > _order(have.tag))


def _order(tag: str) -> tuple[int, ...]:
    return tuple(int(part) for part in tag.removeprefix("v").split("."))


def _unknown(name: str, tag: str, known: Catalogue) -> Problem:
    pin = known.pins.actions.get(name)
    return Problem(
        "GG591",
        f"the commit of {name} {tag} is not known",
        expected=f"{pin.tag}" if pin else "",
        hint="a newer gogen knows newer tags" if pin else "",
    )
