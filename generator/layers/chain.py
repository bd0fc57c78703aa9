"""How a run comes by layers of other repositories, and how long a chain of them may grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from generator.problems import Problem, Rejected

if TYPE_CHECKING:
    from generator.model import LayerFiles
    from generator.problems import Place

Chain = tuple[str, ...]
"""Addresses of layers that each extend the next."""

_LONGEST = 16


class Shared(Protocol):
    """The layers of other repositories: those vendored, or those fetched to be."""

    def files(self, url: str, place: Place, /) -> LayerFiles:
        """Give a layer's files with their bytes; `place` is where it is extended."""


def check_length(chain: Chain, url: str, place: Place) -> None:
    """Refuse to follow without end: each layer may name one that was made for it.

    Raises Rejected (GG576) with the chain.
    """
    if len(chain) < _LONGEST:
        return
    message = f"more than {_LONGEST} layers of other repositories extend one another: "
    raise Rejected(
        [
            Problem(
                "GG576",
                message + " → ".join((*chain, url)),
                place,
                hint="extend one of the last of them directly",
            )
        ]
    )
