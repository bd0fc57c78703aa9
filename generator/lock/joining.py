"""What two sources say of one pin: where they contradict each other, and what they say together.

What has been released never changes: an archive has one checksum, a module one h1, the tag of an
action's release one commit. The tag of an image moves, so two digests of it are no contradiction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from generator.lock.model import ActionPin, Archive, ImagePin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.lock.model import Pin

P = TypeVar("P", Archive, ImagePin, ActionPin)

_FIXED = ("file", "sha256", "size", "h1")


def contradictions(one: Pin, other: Pin) -> tuple[str, ...]:
    """Name the facts that both pins have and that differ; sentinels by their path."""
    match one, other:
        case Archive(), Archive():
            return tuple(_of_archives(one, other))
        case ActionPin(), ActionPin() if one.tag == other.tag and one.commit != other.commit:
            return ("commit",)
        case _:
            return ()


def _of_archives(one: Archive, other: Archive) -> Iterator[str]:
    for name in _FIXED:
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours and theirs and ours != theirs:
            yield name
    for path in sorted(one.sentinels.keys() & other.sentinels.keys()):
        if one.sentinels[path] != other.sentinels[path]:
            yield path


def same(one: Pin, other: Pin) -> bool:
    """Tell whether two pins are of one thing, so that the proofs of both count for it."""
    match one, other:
        case ImagePin(), ImagePin():
            return one.digest == other.digest
        case ActionPin(), ActionPin():
            return (one.tag, one.commit) == (other.tag, other.commit)
        case Archive(), Archive():
            return not contradictions(one, other)
        case _:
            return False


def joined(one: P, other: P) -> P:
    """Give what two pins of one thing say together, the first's where both say it."""
    values = {name: value or getattr(other, name) for name, value in one._asdict().items()}
    if isinstance(one, Archive):
        values["sentinels"] = {**other.sentinels, **one.sentinels}
    values["proofs"] = tuple(sorted({*one.proofs, *other.proofs}))
    return one._replace(**values)
