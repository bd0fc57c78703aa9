"""Tell two locks apart: which pins moved from what to what, and what proves the new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.bump.model import Moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.lock.model import ImagePin, LayerPin, Lock


def moved(before: Lock, after: Lock, renamed: Mapping[str, str]) -> tuple[Moved, ...]:
    """Give every pin that differs; `renamed` are new releases and references by old ones.

    Of a release that both have, archives that came or went are no move.
    """
    return (
        *_go(before, after, renamed),
        *_images(before, after, renamed),
        *_actions(before, after),
        *_layers(before, after),
    )


def _go(before: Lock, after: Lock, renamed: Mapping[str, str]) -> Iterator[Moved]:
    gone, come = before.go.keys() - after.go.keys(), after.go.keys() - before.go.keys()
    for old, new in _pairs(gone, come, renamed):
        archives = after.go[new].platforms.values() if new else ()
        yield Moved("go", old, new, _common(archive.proofs for archive in archives))


def _images(before: Lock, after: Lock, renamed: Mapping[str, str]) -> Iterator[Moved]:
    gone = before.images.keys() - after.images.keys()
    come = after.images.keys() - before.images.keys()
    pairs = [*_pairs(gone, come, _of_releases(gone, come, renamed))]
    pairs += [
        (ref, ref)
        for ref in before.images.keys() & after.images.keys()
        if before.images[ref].digest != after.images[ref].digest
    ]
    for old, new in sorted(pairs):
        proofs = after.images[new].proofs if new else ()
        yield Moved("image", _image(old, before.images), _image(new, after.images), proofs)


def _of_releases(
    gone: Iterable[str], come: Iterable[str], renamed: Mapping[str, str]
) -> dict[str, str]:
    """Give new image references by old ones, also those that follow a release."""
    fresh = set(come)
    found = dict(renamed)
    for ref in gone:
        for old, new in renamed.items():
            if (other := ref.replace(old, new)) in fresh:
                found[ref] = other
    return found


def _actions(before: Lock, after: Lock) -> Iterator[Moved]:
    for name in sorted(before.actions.keys() | after.actions.keys()):
        old, new = before.actions.get(name), after.actions.get(name)
        if not old or not new or (old.tag, old.commit) != (new.tag, new.commit):
            yield Moved(
                "action",
                f"{name} {old.tag} {old.commit}" if old else "",
                f"{name} {new.tag} {new.commit}" if new else "",
                new.proofs if new else (),
            )


def _layers(before: Lock, after: Lock) -> Iterator[Moved]:
    old, new = (
        {url.partition("?")[0]: (url, lock.layers[url]) for url in sorted(lock.layers)}
        for lock in (before, after)
    )
    for layer in sorted(old.keys() | new.keys()):
        was, now = old.get(layer), new.get(layer)
        if was != now:
            yield Moved("layer", _layer(was), _layer(now), now[1].proofs if now else ())


def _layer(found: tuple[str, LayerPin] | None) -> str:
    return f"{found[0]} {found[1].commit}" if found else ""


def _pairs(
    gone: Iterable[str], come: Iterable[str], renamed: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Pair what went with what came in its place; the rest comes or goes alone, as ""."""
    alone = set(come)
    for old in sorted(gone):
        new = renamed.get(old, "")
        yield old, new if new in alone else ""
        alone.discard(new)
    yield from (("", new) for new in sorted(alone))


def _image(ref: str, pins: Mapping[str, ImagePin]) -> str:
    return f"{ref}@{pins[ref].digest}" if ref else ""


def _common(proofs: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    sets = [frozenset(one) for one in proofs]
    return tuple(sorted(frozenset.intersection(*sets))) if sets else ()
