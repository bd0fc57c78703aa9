"""The table: what each command took, and its ratio to what it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from measure import Sample


@dataclass(frozen=True)
class Budget:
    """A promise of the design: `of` takes at most `times` what `against` takes, or `seconds`.

    Without either the two are only compared.
    """

    of: str
    against: str
    times: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Row:
    """A line of the table; without `against` it is a measurement and no comparison."""

    part: str
    name: str
    sample: Sample
    against: str = ""
    ratios: tuple[float, float] | None = None
    budget: float | None = None
    seconds: float | None = None

    @property
    def verdict(self) -> str:
        """Say whether the budget is met, by wall clock and by processor time."""
        if self.seconds is not None:
            wall, cpu = (took <= self.seconds for took in (self.sample.wall, self.sample.cpu))
        elif self.budget is not None and self.ratios is not None:
            wall, cpu = (ratio <= self.budget for ratio in self.ratios)
        else:
            return ""
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
            bounds = (budget.times, budget.seconds)
            found.append(Row(part, name, sample, budget.against, ratios, *bounds))
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
        budget = f"≤ {row.seconds * 1000:g} ms" if row.seconds is not None else budget
        memory = f"{sample.memory:.0f}" if sample.memory else ""
        lines.append(
            f"| {row.part} | {row.name} | {sample.wall * 1000:,.0f} | {sample.cpu * 1000:,.0f} "
            f"| {memory} | {row.against} | {wall} | {cpu} | {budget} | {row.verdict} |"
        )
    return "".join(f"{line}\n" for line in lines)
