"""The policy of a workspace: which proofs each pin must list before anything is rendered from it.

A workspace without `[policy]` in gogen.toml never loads this module: a render costs what it did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.problems import Problem, Rejected
from generator.supply.proofs import PROOFS, pins
from generator.tables import Key, table
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from generator.lock.model import Lock
    from generator.supply.proofs import Named
    from generator.tables import Table
    from generator.workspace import Workspace

SECTIONS = ("actions", "go", "images", "layers")
_SHOWN = 5  # pins that a message names


class Policy(NamedTuple):
    """The proofs that every pin of a section must list, sorted; `table` is where that stands."""

    required: dict[str, tuple[str, ...]]
    table: Table

    def of(self, section: str) -> tuple[str, ...]:
        """Give the proofs that are due of a section's pins."""
        return self.required.get(section, ())

    def lacking(self, named: Named) -> tuple[str, ...]:
        """Give the proofs that are due of a pin and that it does not list."""
        return tuple(p for p in self.of(named.section) if p not in named.pin.proofs)


def read_policy(workspace: Workspace) -> Policy:
    """Read `[policy]` of a workspace. Raises Rejected (GG162, GG163) with all that is wrong."""
    stated = table(workspace, "policy", workspace.policy)
    stated.require({section: Key(_are_names, _expected(section)) for section in SECTIONS})
    problems = [
        stated.problem(
            section,
            _expected(section),
            f"{proof} is no proof of {_OF[section]}",
            did_you_mean(proof, _proofs(section)),
        )._replace(place=stated.place(section, f"{proof}"))
        for section, proofs in stated.values.items()
        for proof in proofs
        if proof not in _proofs(section)
    ]
    if problems:
        raise Rejected(problems)
    required = {section: tuple(sorted(set(names))) for section, names in stated.values.items()}
    return Policy(required, stated)


_OF = {"actions": "an action", "go": "an archive of Go", "images": "an image", "layers": "a layer"}


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _proofs(section: str) -> list[str]:
    return sorted(name for name, kind in PROOFS.items() if section in kind.sections)


def _expected(section: str) -> str:
    return "a list of proofs: " + ", ".join(_proofs(section))


def require(workspace: Workspace, lock: Lock) -> None:
    """Raise Rejected (GG340) where pins of the lock lack proofs that the workspace asks for."""
    problems = list(unmet(read_policy(workspace), lock))
    if problems:
        raise Rejected(problems)


def unmet(policy: Policy, lock: Lock) -> Iterator[Problem]:
    """Say which proofs pins of the lock do not list (GG340), once for each proof and section.

    What the lock lists is believed here: `gogen lock --audit` tries it again.
    """
    lacking = [(named, policy.lacking(named)) for named in pins(lock)]
    for section, proofs in policy.required.items():
        for proof in proofs:
            bare = [
                str(named)
                for named, lacks in lacking
                if proof in lacks and named.section == section
            ]
            if bare:
                yield _unmet(policy, section, proof, bare)


def _unmet(policy: Policy, section: str, proof: str, bare: list[str]) -> Problem:
    return Problem(
        "GG340",
        f"without the proof {proof}: {listed(bare)}",
        policy.table.place(section, proof),
        expected=f"{proof} in the proofs of each pin in {section} of gogen.lock",
        hint=f"gogen lock tries to prove them; what gives it: {PROOFS[proof].given_by}",
    )


def listed(names: Iterable[str]) -> str:
    """Name some pins, and how many more there are."""
    names = [*names]
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
