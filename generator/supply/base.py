"""What a source of pins is: the one interface behind which each place lies that gogen can ask.

A source gives pins that carry the proofs they passed (`Archive.proofs` …); what it cannot prove it
does not give. It may be asked from several threads at once.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.problems import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.lock.model import ActionPin, Archive, ImagePin, Pin


class Unreached(Rejected):
    """A place could not be asked: it fails, is busy, or its answer did not come whole.

    What it would say is not known, so another place may be asked in its stead. That it answers what
    cannot be right is plain Rejected: nobody is asked instead.
    """


class Silent(Unreached):
    """Nobody answers there at all: to ask once more in this run would only take time."""


NOTHING: Mapping[str, frozenset[str]] = MappingProxyType({})
NO_FILES: Mapping[str, bytes] = MappingProxyType({})


class Source:
    """A place that pins come from; this one knows nothing, each source overrides what it has.

    `name` is the word that `gogen.toml` names it with, and its address if it has one, for messages.
    `archives` is where the archives of Go lie there: an address or a folder that ends with "/", ""
    where it has none. None, or nothing, means that the place answered and does not know. A place
    that answers what cannot be right raises Rejected, one that fails Unreached (GG5xx, exit 5).
    """

    name = ""
    archives = ""

    def archive(self, version: str, platform: str) -> Archive | None:  # noqa: ARG002  (interface)
        """Give the archive of a Go release ("1.27.1") for a platform ("linux/amd64").

        A place that knows the module golang.org/toolchain alone leaves `sha256` empty ("", as
        `file`): its h1 and sentinels join what another source knows of the archive.
        """
        return None

    def image(self, ref: str) -> ImagePin | None:  # noqa: ARG002  (interface)
        """Give the index digest that an image reference ("debian:trixie-slim") has now."""
        return None

    def action(self, name: str, tag: str = "") -> ActionPin | None:  # noqa: ARG002  (interface)
        """Give the commit of an action's tag, of its newest release where no tag is named."""
        return None

    def confirm_image(self, ref: str, pin: ImagePin) -> ImagePin | None:  # noqa: ARG002  (interface)
        """Give a pin of the lock with the proof that this digest is still an index of the image's.

        Where its tag leads now is not asked. Raises Rejected where the digest is there no more.
        """
        return None

    def confirm_action(self, name: str, pin: ActionPin) -> ActionPin | None:  # noqa: ARG002  (interface)
        """Give a pin of the lock with the proof that its tag still is its commit.

        Raises Rejected where the tag is another commit now, or is there no more.
        """
        return None

    def releases(self) -> Mapping[str, frozenset[str]]:
        """Give the Go releases this place has, each with its platforms."""
        return NOTHING

    def image_tags(self, name: str) -> tuple[str, ...]:  # noqa: ARG002  (interface)
        """Give the tags of an image's repository ("debian")."""
        return ()

    def action_tags(self, name: str) -> tuple[str, ...]:  # noqa: ARG002  (interface)
        """Give the tags of an action's releases ("v7.0.1")."""
        return ()

    def shows(self, at: tuple[str, ...], pin: Pin) -> bool:  # noqa: ARG002  (interface)
        """Tell whether what it gave for a pin of the lock is kept, to be proved again offline.

        `at` is ("go", version, platform) and the like. False asks it again; True where it keeps
        nothing, or never proved the pin.
        """
        return True

    def kept(self) -> Mapping[str, bytes]:
        """Give what is to be kept so that its answers can be proved again offline.

        Contents by path below `gogen.lock.d/` ("sumdb/…"), asked for once, after all questions;
        they are written together with the lock or not at all.
        """
        return NO_FILES
