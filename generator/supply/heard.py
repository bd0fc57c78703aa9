"""What came of asking sources for pins, told: once for a fault of a source, not for each pin."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from generator.policy import listed
from generator.problems import Problem, Severity
from generator.supply.proofs import title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.lock.model import Pin
    from generator.lock.wanted import WantedPins


class Fault(NamedTuple):
    """A problem with what a source says; `who` names it, "" where it is not of one source alone."""

    who: str
    problem: Problem


class Heard(NamedTuple):
    """What came of asking for a pin, None where there is none, or not as it is due.

    `faults` are of sources that could not be asked, or of one that answers what cannot be right;
    `asked` are all that were asked where such faults left the pin lacking, and `said` those that
    told something of it.
    """

    at: tuple[str, ...]
    pin: Pin | None = None
    faults: tuple[Fault, ...] = ()
    asked: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def is_wrong(self) -> bool:
        """Whether a source answers what cannot be right."""
        return bool(self.faults) and not self.pin and not self.asked

    @property
    def ends(self) -> bool:
        """Whether to ask for other pins is no use: of images that could take long, each a place."""
        return self.is_wrong or (bool(self.asked) and self.at[0] != "go")


def refusals(heard: Sequence[Heard], wants: WantedPins) -> Iterator[Problem]:
    """Give what ends the run: faults without which there would be a pin."""
    failed = [one for one in heard if one.asked]
    for problem, _number in _once([one for one in heard if one.is_wrong], wants):
        yield problem  # how many more it would be was not asked
    yield from (_counted(*told) for told in _once(failed, wants))
    vain: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in failed:
        if len(one.asked) > 1:
            vain[tuple(_words(one))].append(title(one.at))
    yield from (_in_vain(names, words) for words, names in vain.items())


def warnings(heard: Sequence[Heard], wants: WantedPins) -> Iterator[Problem]:
    """Give the faults of sources that others stood in for."""
    for told in _once([one for one in heard if one.pin], wants):
        yield _counted(*told)._replace(
            severity=Severity.WARNING,
            hint="others in sources.order gave what is due; a proof that must never be missing "
            "belongs in [policy]",
        )


def _once(heard: Sequence[Heard], wants: WantedPins) -> Iterator[tuple[Problem, int]]:
    """Give faults with their number: of a source that fails alike for many archives the first.

    Images and actions have each the line that asks for them.
    """
    alike: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for one in heard:
        ask = {"images": wants.images, "actions": wants.actions}.get(one.at[0], {}).get(one.at[1])
        for who, problem in one.faults:
            if ask or problem.place or not who:
                yield problem._replace(place=problem.place or (ask and ask.place)), 1
            else:
                alike[who, problem.code].append(problem)
    yield from ((problems[0], len(problems)) for problems in alike.values())


def _counted(problem: Problem, number: int) -> Problem:
    more = number - 1
    told = f" (and so for {more} more pin{'s' * (more != 1)})" if more else ""
    return problem._replace(message=f"{problem.message}{told}")


def _words(heard: Heard) -> Iterator[str]:
    """Say what each of those that were asked said."""
    failed = {who for who, _ in heard.faults}
    for who in heard.asked:
        if who in failed:
            yield f"{who} could not be asked"
        elif who in heard.said:
            yield f"{who} knows it, and proves not all that the policy asks for"
        else:
            yield f"{who} does not know it"


def _in_vain(names: Sequence[str], words: Sequence[str]) -> Problem:
    return Problem(
        "GG522",
        f"no source gives what is due of {listed(names)}: {', '.join(words)}",
        expected="one source that can be asked and knows it",
        hint="wait until it can be asked, or name another in sources.order of gogen.toml",
    )
