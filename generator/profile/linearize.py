"""The order of a profile's layers: C3, as Python orders base classes.

In `extends: [a, b]` b wins over a, so the order of p is p, then b and what only b needs, then a,
the base last. Every layer stands before all that it extends, in every profile's order.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from generator.problems import Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from generator.model import Layer

Order = tuple[str, ...]


def linearize(
    name: str,
    layers: Mapping[str, Layer],
    known: dict[str, Order],
    names: Collection[str] = (),
) -> Order:
    """Give the order of the profile `name`: itself first, base last.

    `known` keeps the orders found on the way, so that many profiles share their parents' work;
    `names` are profiles besides `layers` that a misspelt parent may have meant.
    Raises Rejected: GG120 an unknown parent, GG121 a cycle, GG122 no consistent order.
    """
    problems: list[Problem] = []
    for each in _parents_first(name, layers, problems, names):
        if not problems and each not in known:
            known[each] = _order(layers[each], known, problems)
            if problems:
                del known[each]
    if problems:
        raise Rejected(problems)
    return known[name]


def _parents_first(
    name: str, layers: Mapping[str, Layer], problems: list[Problem], names: Collection[str]
) -> list[str]:
    """Give all that `name` builds on, parents before children; a loop, for chains of any length."""
    done: dict[str, None] = {}
    path: dict[str, None] = {name: None}
    waiting = [iter(layers[name].extends)]
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
            done[path.popitem()[0]] = None
            continue
        parent = entry[0]
        if parent in path:
            problems.append(_cycle([*path], parent, layers))
        elif parent not in layers:
            problems.append(_unknown(layers[[*path][-1]], parent, {*layers, *names}))
        elif parent not in done:
            path[parent] = None
            waiting.append(iter(layers[parent].extends))
    return [*done]


def _unknown(child: Layer, parent: str, names: Collection[str]) -> Problem:
    hint = did_you_mean(parent, names) or f"make profiles/{parent}/profile.yaml"
    message = f"{child.name} extends {parent}, which is no profile"
    return Problem("GG120", message, dict(child.extends)[parent], hint=hint)


def _cycle(path: Sequence[str], again: str, layers: Mapping[str, Layer]) -> Problem:
    """Tell a cycle in the same words from wherever it is entered: the smallest name first."""
    ring = [*path[path.index(again) :]]
    least = ring.index(min(ring))
    ring = [*ring[least:], *ring[:least]]
    links = [
        (f"{child} extends {parent}", dict(layers[child].extends)[parent])
        for child, parent in zip(ring, [*ring[1:], ring[0]], strict=True)
    ]
    return Problem(
        "GG121",
        "profiles extend one another in a circle: " + " → ".join([*ring, ring[0]]),
        links[0][1],
        hint="take one of them out of extends",
        related=tuple(links[1:]),
    )


def _order(layer: Layer, known: Mapping[str, Order], problems: list[Problem]) -> Order:
    """Join the orders of a layer's parents, the strongest (last written) first."""
    parents = [parent for parent, _place in reversed(layer.extends)]
    if len(parents) <= 1:
        return (layer.name, *(known[parents[0]] if parents else ()))
    lists = [[*reversed(known[parent])] for parent in parents]
    lists.append([*reversed(parents)])
    # How many lists still hold a name behind their first: such a name must wait.
    behind = Counter(name for names in lists for name in names[:-1])
    order = [layer.name]
    while lists := [names for names in lists if names]:
        head = next((names[-1] for names in lists if not behind[names[-1]]), None)
        if head is None:
            problems.append(_inconsistent(layer, parents, {names[-1] for names in lists}, known))
            break
        order.append(head)
        for names in lists:
            if names[-1] == head:
                names.pop()
                if names:
                    behind[names[-1]] -= 1
    return tuple(order)


def _inconsistent(
    layer: Layer, parents: Sequence[str], stuck: set[str], known: Mapping[str, Order]
) -> Problem:
    """Tell which layers have no place in the order, and who wants what."""
    places = dict(layer.extends)
    wishes = tuple(
        (f"{parent} has the order {' → '.join(known[parent])}", places[parent])
        for parent in parents
        if len(stuck.intersection(known[parent])) > 1
    )
    own = " → ".join(name for name in parents if name in stuck)
    names = " and ".join(sorted(stuck))
    return Problem(
        "GG122",
        f"{layer.name} extends profiles that disagree on the order of {names}",
        places[parents[0]],
        expected=f"an order in which each wins over all it extends; extends asks for {own}"
        if own
        else "one order of them in all profiles",
        hint="change the order of names in extends (the last wins), or leave out a name that "
        "another one extends",
        related=wishes,
    )
