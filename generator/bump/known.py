"""What a pin could move to, by the data shipped with gogen and by what sources say now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.lock.catalogue import embedded
from generator.problems import Rejected
from generator.supply.base import Unreached

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.lock.catalogue import Catalogue
    from generator.lock.model import ActionPin, ImagePin
    from generator.problems import Problem
    from generator.supply.base import Source


class Known(NamedTuple):
    """Releases with the platforms each has, and sources to ask for images and actions.

    What a source says is of now, so it counts before the `catalogue`, which is of the day gogen
    was made. `unasked` says why sources gave no list of releases; `lists` whether Go can move all
    the same, as another source gave one; `lied` whether one gave what cannot be right.
    """

    catalogue: Catalogue
    releases: Mapping[str, frozenset[str]]
    sources: Sequence[Source] = ()
    unasked: tuple[Problem, ...] = ()
    lists: bool = True
    lied: bool = False

    def image(self, ref: str) -> ImagePin | None:
        """Give the newest digest of an image's tag. Raises Rejected where a source fails."""
        said = (source.image(ref) for source in self.sources)
        return next(filter(None, said), self.catalogue.pins.images.get(ref))

    def image_tags(self, name: str) -> frozenset[str]:
        """Give the tags that sources know of an image's repository; raises as `image` does."""
        return frozenset(tag for source in self.sources for tag in source.image_tags(name))

    def action(self, name: str, tag: str = "") -> ActionPin | None:
        """Give an action's tag, "" the newest, with its commit; raises as `image` does."""
        said = (source.action(name, tag) for source in self.sources)
        shipped = self.catalogue.pins.actions.get(name)
        own = shipped if shipped and tag in {"", shipped.tag} else None
        return next(filter(None, said), own)

    def having(self, version: str, platforms: frozenset[str]) -> Known:
        """Give the same, with what else was found of a release."""
        both = self.releases.get(version, frozenset()) | platforms
        return self._replace(releases={**self.releases, version: both}) if both else self


def known(sources: Sequence[Source] = ()) -> Known:
    """Ask the sources which releases they have, and join that with the shipped data."""
    catalogue = embedded()
    releases = {v: frozenset(release.platforms) for v, release in catalogue.pins.go.items()}
    failed: list[Rejected] = []
    some = False
    for source in sources:
        try:
            there = source.releases()
        except Rejected as rejected:
            failed.append(rejected)
            continue
        some = some or bool(there)
        for version, platforms in there.items():
            releases[version] = releases.get(version, frozenset()) | platforms
    unasked = tuple(problem for one in failed for problem in one.problems)
    lied = any(not isinstance(one, Unreached) for one in failed)
    return Known(catalogue, releases, sources, unasked, some or not failed, lied)
