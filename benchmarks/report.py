"""The table: what each command took, and its ratio to what it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from measure import Sample


@dataclass(frozen=True)
class Budget:
    """A promise of the design: `of` takes at most `times` what `against` takes.

    Without `times` the two are only compared.
    """

    of: str
    against: str
    times: float | None = None


@dataclass(frozen=True)
class Row:
    """A line of the table; without `against` it is a measurement and no comparison."""

    part: str
    name: str
    sample: Sample
    against: str = ""
    ratios: tuple[float, float] | None = None
    budget: float | None = None

    @property
    def verdict(self) -> str:
        """Say whether the budget is met, by wall clock and by processor time."""
        if self.budget is None or self.ratios is None:
            return ""
        wall, cpu = (ratio <= self.budget for ratio in self.ratios)
        if wall and cpu:
            return "met"
        return "met by CPU only" if cpu else "met by wall only" if wall else "NOT MET"


def rows(part: str, samples: Mapping[str, Sample], budgets: Sequence[Budget] = ()) -> list[Row]:
    """Give a row for each sample, and one more for each further thing it is held against."""
    found = []
    for name, sample in samples.items():
        held = [b for b in budgets if b.of == name and b.against in samples]
        for budget in held:
            other = samples[budget.against]
            ratios = (sample.wall / other.wall, sample.cpu / other.cpu)
            found.append(Row(part, name, sample, budget.against, ratios, budget.times))
        if not held:
            found.append(Row(part, name, sample))
    return found


_HEADS = (
    *("workload", "command", "wall ms", "CPU ms", "peak MiB"),
    *("against", "wall ratio", "CPU ratio", "budget", ""),
)


def table(all_rows: Sequence[Row]) -> str:
    """Write the rows as Markdown."""
    lines = [f"| {' | '.join(_HEADS)} |", "|---|---|--:|--:|--:|---|--:|--:|--:|---|"]
    for row in all_rows:
        sample = row.sample
        wall, cpu = (f"{ratio:.2f}" for ratio in row.ratios) if row.ratios else ("", "")
        budget = f"≤ {row.budget:g}" if row.budget is not None else ""
        memory = f"{sample.memory:.0f}" if sample.memory else ""
        lines.append(
            f"| {row.part} | {row.name} | {sample.wall * 1000:,.0f} | {sample.cpu * 1000:,.0f} "
            f"| {memory} | {row.against} | {wall} | {cpu} | {budget} | {row.verdict} |"
        )
    return "".join(f"{line}\n" for line in lines)
