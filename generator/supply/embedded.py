"""The source that is always there: the index and the catalogue shipped with gogen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.lock.catalogue import embedded
from generator.lock.joining import same
from generator.lock.model import ActionPin, ImagePin
from generator.supply.base import Source
from generator.supply.proofs import WORD, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.lock.model import Archive, Pin
    from generator.supply.proofs import Named


class Embedded(Source):
    """Answers from `generator/data`, without the network."""

    name = "embedded"

    def archive(self, version: str, platform: str) -> Archive | None:
        """Give the archive the index has, with the h1 and sentinels known of it."""
        release = embedded().pins.go.get(version)
        return release.platforms.get(platform) if release else None

    def image(self, ref: str) -> ImagePin | None:
        """Give the newest digest the catalogue has."""
        return embedded().pins.images.get(ref)

    def action(self, name: str, tag: str = "") -> ActionPin | None:
        """Give the release the catalogue has: it knows one of each action."""
        pin = embedded().pins.actions.get(name)
        return pin if pin and tag in {"", pin.tag} else None

    def releases(self) -> Mapping[str, frozenset[str]]:
        """Give the releases of the index."""
        return {v: frozenset(release.platforms) for v, release in embedded().pins.go.items()}

    def image_tags(self, name: str) -> tuple[str, ...]:
        """Give the tags the catalogue has of an image."""
        refs = (ref.rpartition(":") for ref in embedded().pins.images)
        return tuple(sorted(tag for repository, _, tag in refs if repository == name))

    def action_tags(self, name: str) -> tuple[str, ...]:
        """Give the one tag the catalogue has of an action."""
        pin = embedded().pins.actions.get(name)
        return (pin.tag,) if pin else ()


def shipped(named: Named) -> Pin | None:
    """Give what the data shipped with gogen has for a pin: for an older digest of an image, that.

    None where it has nothing, or another release of the action: another gogen knew that.
    """
    match named.at, named.pin:
        case ("go", version, platform), _:
            return Embedded().archive(version, platform)
        case ("images", ref), ImagePin() as pin:
            known = Embedded().image(ref)
            return pin if known and pin.digest in embedded().digests[ref] else known
        case (_, name), ActionPin() as pin:
            return Embedded().action(name, pin.tag)
        case _:
            return None


def reproved(named: Named, kept: Path) -> Verdict:  # noqa: ARG001  (all it needs is shipped)
    """Look a pin up in the data shipped with gogen; what another release knew is not known here."""
    known = shipped(named)
    if known is None:
        return WORD
    if same(named.pin, known):
        return Verdict(State.PROVED)
    return Verdict(State.FAILED, "the data shipped with gogen has another")
