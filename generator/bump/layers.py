"""Which layers of other repositories a bump moves: to another ref, or to what their ref has now.

All that profiles extend of one repository and ref moves together, for it is of one commit. A tag
moves to the newest of its kind, as numbers are ordered; a branch and HEAD stay, and their commit
moves. A tag never does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from generator.bump.editing import Edit
from generator.bump.model import Asked
from generator.layers.address import COMMIT, parse
from generator.layers.remote import TAGS
from generator.lock.shape import version_key
from generator.problems import Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.layers.address import Address
    from generator.layers.remote import Access
    from generator.lock.model import LayerPin
    from generator.lock.wanted import WantedPins
    from generator.pipeline import Compiler
    from generator.problems import Place

_TAG = re.compile(r"(?P<kind>.*?)(?P<numbers>[0-9]+(?:\.[0-9]+)*)")


class Wish(NamedTuple):
    """What the user says: the address of a layer, "" for all, and the ref to move to, "" newest."""

    url: str = ""
    ref: str = ""


def ask(compiler: Compiler, wish: Wish, wants: WantedPins, access: Callable[[], Access]) -> Asked:
    """Give what moves. Raises Rejected: GG575 no ref, GG585 a layer that no profile extends."""
    written = list(_written(compiler))
    addresses = {url: parse(url, place) for url, place in written}
    if wish.url and wish.url not in addresses:
        raise Rejected([_unused(wish.url, addresses, wants)])
    chosen = [addresses[wish.url]] if wish.url else [*addresses.values()]
    pins, asked = compiler.sources.lock.layers, access()
    moves = {
        one.source: wish.ref or newest(one, pins[one.url], _tags(asked, one)) for one in chosen
    }
    edits = [
        Edit(place, "extends", url, parse(addresses[url].at(ref), place).url)
        for url, place in written
        for ref in [moves.get(addresses[url].source, addresses[url].ref)]
        if ref != addresses[url].ref
    ]
    titles = [_title(repository, ref, moves[repository, ref]) for repository, ref in moves]
    return Asked(
        f"Bump layers of {', '.join(titles)}",
        edits=tuple(sorted(edits)),
        moving=frozenset(moves),
    )


def newest(address: Address, pin: LayerPin, tags: Iterable[str]) -> str:
    """Give the ref that a layer would move to: of a tag the newest of its kind, else its own.

    Tags are of one kind where all but their numbers is the same: v1.10.0 follows v1.9.0, and no
    pre-release does. `gogen outdated` asks this too.
    """
    own = _TAG.fullmatch(pin.ref.removeprefix(TAGS)) if pin.ref.startswith(TAGS) else None
    if own is None:
        return address.ref
    kind, least = own["kind"], version_key(own["numbers"])
    there = [match for match in map(_TAG.fullmatch, tags) if match and match["kind"] == kind]
    later = [match[0] for match in there if version_key(match["numbers"]) > least]
    best = max(later, key=lambda tag: version_key(tag.removeprefix(kind)), default="")
    whole = TAGS if address.ref.startswith(TAGS) else ""
    return f"{whole}{best}" if best else address.ref


class Aged(NamedTuple):
    """A layer as a profile writes it: what it is of, a tag or a commit, and what is newest.

    `unasked` says why its repository told nothing.
    """

    url: str
    place: Place
    current: str
    newest: str
    unasked: tuple[Problem, ...] = ()


def aged(compiler: Compiler, access: Callable[[], Access]) -> Iterator[Aged]:
    """Give the layers that profiles extend, each with what `gogen bump layer` would move it to.

    Repositories are asked once each, and none where no layer is followed. Raises Rejected (GG577)
    where the lock lacks a layer.
    """
    refs: dict[str, Mapping[str, str] | Rejected] = {}
    for url, place in sorted(dict(_written(compiler)).items()):
        address, pin = parse(url, place), compiler.sources.lock.layers[url]
        is_tag = pin.ref.startswith(TAGS)
        current = pin.ref.removeprefix(TAGS) if is_tag else pin.commit
        if COMMIT.fullmatch(address.ref):
            yield Aged(url, place, current, current)
            continue
        if address.repository not in refs:
            refs[address.repository] = _refs(access, address.repository)
        there = refs[address.repository]
        if isinstance(there, Rejected):
            unasked = tuple(p._replace(place=p.place or place) for p in there.problems)
            yield Aged(url, place, current, current, unasked)
        elif is_tag:
            best = newest(address, pin, _named(there)).removeprefix(TAGS)
            yield Aged(url, place, current, best)
        else:
            yield Aged(url, place, current, there.get(pin.ref, current))


def _refs(access: Callable[[], Access], repository: str) -> Mapping[str, str] | Rejected:
    """Give the refs of a repository, or why it does not give them."""
    asked = access()
    try:
        return asked.git.ls_remote(asked.url(repository))
    except Rejected as rejected:
        return rejected


def _tags(access: Access, address: Address) -> list[str]:
    """Give the tags of the repository of a layer; none is asked for where a commit is named."""
    if COMMIT.fullmatch(address.ref):
        return []
    return _named(access.git.ls_remote(access.url(address.repository)))


def _named(refs: Iterable[str]) -> list[str]:
    """Give the names of the tags among full names of refs."""
    return [ref.removeprefix(TAGS) for ref in refs if ref.startswith(TAGS) and "^" not in ref]


def _written(compiler: Compiler) -> Iterator[tuple[str, Place]]:
    """Give each address that a profile of the workspace extends, and where."""
    sources = compiler.sources
    for name in sources.layer_files:
        for parent, place in sources.layers(name)[name].extends:
            if parent not in sources.layer_files:
                yield parent, place


def _title(repository: str, old: str, new: str) -> str:
    return f"{repository.rpartition('/')[2]} to {new or 'HEAD'}" + (" as it is now" * (old == new))


def _unused(url: str, there: Mapping[str, Address], wants: WantedPins) -> Problem:
    hint = did_you_mean(url, there) or "gogen profiles lists them"
    if url in wants.layers:
        hint = f"a layer of its repository extends it: {', '.join(sorted(there))}"
    return Problem("GG585", f"no profile extends the layer {url}", hint=hint)
