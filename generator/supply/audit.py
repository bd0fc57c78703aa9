"""Try again, offline, what a lock says that its pins passed (`gogen lock --audit`).

A proof is proved again from what is kept beside the lock, or from the data shipped with gogen; that
one of the others was ever passed is the lock's word, and the table says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from generator.lock import where
from generator.lock.joining import same
from generator.problems import Problem
from generator.supply.embedded import shipped
from generator.supply.proofs import State, Verdict, pins, reproved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from generator.lock.model import Lock
    from generator.policy import Policy
    from generator.supply.proofs import Named


class Row(NamedTuple):
    """A pin, and what became of each of its proofs."""

    named: Named
    verdicts: Mapping[str, Verdict]

    @property
    def is_proved(self) -> bool:
        """Tell whether anything but the lock's word speaks for this pin."""
        return any(v.state in {State.PROVED, State.SHIPPED} for v in self.verdicts.values())

    def state(self, proof: str) -> State | None:
        """Give what became of a proof, None where the pin does not list it."""
        return self.verdicts[proof].state if proof in self.verdicts else None


def audit(lock: Lock, kept: Path) -> tuple[Row, ...]:
    """Try every proof of every pin again; `kept` is the folder gogen.lock.d."""
    return tuple(
        Row(named, {proof: _tried(proof, named, kept) for proof in named.pin.proofs})
        for named in pins(lock)
    )


def _tried(proof: str, named: Named, kept: Path) -> Verdict:
    verdict = reproved(proof, named, kept)
    if verdict.state is not State.WORD:
        return verdict
    known = shipped(named)
    if known and proof in known.proofs and same(known, named.pin):
        return Verdict(State.SHIPPED)
    return verdict


def failures(rows: Sequence[Row], text: str) -> Iterator[Problem]:
    """Give GG341 for each proof that failed, at the pin's line of the lock, whose text is given."""
    for row in rows:
        for proof, verdict in row.verdicts.items():
            if verdict.state is State.FAILED:
                yield Problem(
                    "GG341",
                    f"{row.named}: the proof {proof} does not hold: {verdict.why}",
                    where.locate(text, _pointer(row.named)),
                    hint="find out who changed the pin, or what is kept of its proof",
                )


def unproved(rows: Sequence[Row], policy: Policy | None, text: str) -> Iterator[Problem]:
    """Give GG342 for each pin of which something that counts is the lock's word, at its line.

    What counts are the proofs that the policy asks for, and that there is any that can be tried.
    """
    for row in rows:
        asked = policy.of(row.named.section) if policy else ()
        words = [name for name in asked if row.state(name) is State.WORD]
        if words:
            what = f"{', '.join(words)}, which the policy asks for,"
        elif row.is_proved or any(v.state is State.FAILED for v in row.verdicts.values()):
            continue
        else:
            what = ", ".join(row.verdicts) or "that it is right"
        yield Problem(
            "GG342",
            f"{row.named}: {what} is the lock's word alone",
            where.locate(text, _pointer(row.named)),
            expected="what can be tried again offline: the shipped data has the pin, or "
            "gogen.lock.d keeps a proof of sumdb, of a layer its commit",
            hint="a source proxy in sources.order gives such a proof of Go; without --strict the "
            "lock's word counts",
        )


def _pointer(named: Named) -> tuple[str, ...]:
    at = named.at
    return ("go", at[1], "platforms", at[2]) if named.section == "go" else at


def as_text(rows: Sequence[Row]) -> str:
    """Give the table for people: a line for each pin, and one that counts."""
    width = max((len(str(row.named)) for row in rows), default=0)
    lines = [f"{row.named!s:{width}}  {_proofs(row)}" for row in rows]
    word = sum(not row.is_proved for row in rows)
    count = f"{len(rows)} pin{'s' * (len(rows) != 1)}"
    rest = (
        f"{word} rest{'s' * (word == 1)} on the lock's word alone"
        if word
        else "none rests on the lock's word alone"
    )
    return "".join(f"{line}\n" for line in (*lines, f"{count}, {rest}"))


def _proofs(row: Row) -> str:
    parts = [
        f"{state}: {', '.join(sorted(p for p, v in row.verdicts.items() if v.state is state))}"
        for state in State
        if any(verdict.state is state for verdict in row.verdicts.values())
    ]
    return "; ".join(parts) or "no proof"


def as_data(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Give the table for programs."""
    return [
        {
            "pin": list(row.named.at),
            "proved": row.is_proved,
            "proofs": {
                proof: {"state": verdict.state.name.lower()}
                | ({"why": verdict.why} if verdict.why else {})
                for proof, verdict in row.verdicts.items()
            },
        }
        for row in rows
    ]
