"""How a run comes by layers of other repositories: vendored, or fetched to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from generator.model import LayerFiles
    from generator.problems import Place


class Shared(Protocol):
    """The layers of other repositories: those vendored, or those fetched to be."""

    def files(self, url: str, place: Place, /) -> LayerFiles:
        """Give a layer's files with their bytes; `place` is where it is extended."""
