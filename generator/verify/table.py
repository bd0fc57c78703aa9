"""What is known of machines for people: of one every property, of many a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.verify.model import State, Verdict, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.verify.model import Host

_COLOURS = {
    "right": "32",
    "differs": "31",
    "skipped": "2",
    "unreachable": "33",
    "timed-out": "33",
    "broken": "33",
}
_WIDTH = 60  # a longer value is cut: the problem that follows has it whole


def as_text(profile: str, hosts: Sequence[Host], *, colour: bool) -> str:
    """Give the table, and one line that counts."""
    lines = (
        _properties(hosts[0], colour=colour) if len(hosts) == 1 else _hosts(hosts, colour=colour)
    )
    return "".join(f"{line}\n" for line in (*lines, _count(profile, hosts)))


def _properties(host: Host, *, colour: bool) -> list[str]:
    rows = [
        (str(check.verdict), printable(check.name), _short(check.found or "nothing"))
        for check in host.checks
    ]
    return _aligned(rows, colour=colour)


def _hosts(hosts: Sequence[Host], *, colour: bool) -> list[str]:
    rows = [(str(host.state), printable(host.name), _summary(host)) for host in hosts]
    return _aligned(rows, colour=colour)


def _summary(host: Host) -> str:
    if not host.state.known:
        return _short(host.reason)
    count = sum(check.verdict is not Verdict.SKIPPED for check in host.checks)
    wrong = ", ".join(check.name for check in host.wrong)
    right = f"{count - len(host.wrong)} of {count} right"
    return f"{right}; wrong: {_short(wrong)}" if wrong else right


def _aligned(rows: Sequence[tuple[str, str, str]], *, colour: bool) -> list[str]:
    first, second = (max((len(row[n]) for row in rows), default=0) for n in (0, 1))
    return [
        f"{_paint(state, first, colour=colour)}  {name:{second}}  {told}".rstrip()
        for state, name, told in rows
    ]


def _paint(state: str, width: int, *, colour: bool) -> str:
    padded = f"{state:{width}}"
    return f"\x1b[{_COLOURS[state]}m{padded}\x1b[0m" if colour else padded


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _WIDTH else f"{shown[: _WIDTH - 1]}…"


def _count(profile: str, hosts: Sequence[Host]) -> str:
    counts = [(state, sum(host.state is state for host in hosts)) for state in State]
    told = ", ".join(f"{number} {state}" for state, number in counts if number)
    return f"{profile}: {len(hosts)} host{'s' * (len(hosts) != 1)}: {told}"
