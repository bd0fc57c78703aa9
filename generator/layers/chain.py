"""How a layer of another repository is told from a profile, and how long a chain of them may grow.

All that a workspace without such layers loads of this room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Problem, Rejected

if TYPE_CHECKING:
    from generator.problems import Place

Chain = tuple[str, ...]
"""Addresses of layers that each extend the next."""

_LONGEST = 16


def is_address(name: str) -> bool:
    """Tell whether a name in `extends` is meant as an address; no name of a profile has a colon."""
    return ":" in name


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
