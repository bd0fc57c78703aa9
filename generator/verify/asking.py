"""One machine asked: pytest run on the rendered suite, its findings sent to the parent.

It runs in a child of its own, forked from a parent that has imported pytest and Testinfra already:
to import them for each machine would take longer than to ask it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
import testinfra.plugin

from generator.verify.model import Check, Verdict

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

_UNFIT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
_QUIET = ("-q", "--no-header", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:faulthandler")


class Asking(NamedTuple):
    """How machines are asked; `environment` is the suite's option of that name."""

    suite: Path
    inventory: Path | None = None
    ssh_config: Path | None = None
    network: bool = False
    environment: str = "auto"


class Fault(NamedTuple):
    """A check that neither held nor failed: it broke."""

    reason: str


class End(NamedTuple):
    """The suite's end, with pytest's exit code and what it printed last."""

    code: int
    said: str


class _Teller:
    """A plugin of pytest that sends each check as it is done."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a phase of a check; setting up and tearing down tell only when they fail."""
        if report.when == "call" or not report.passed:
            told = _told(report)
            if told is not None:
                self._pipe.send(told)


def _told(report: pytest.TestReport) -> Check | Fault | None:
    properties = dict(report.user_properties)
    name, expected, found = (str(properties.get(k, "")) for k in ("property", "expected", "found"))
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        text = str(reason).removeprefix("Skipped: ")
        return Check(name, Verdict.SKIPPED, found=text) if name else None
    if report.passed:
        return Check(name, Verdict.RIGHT, expected, found)
    if name and "expected" in properties:
        return Check(name, Verdict.DIFFERS, expected, found)
    return Fault(f"{report.nodeid}: {_last(report.longreprtext)}")


def ask(asking: Asking, host: str, pipe: Connection) -> None:
    """Ask one machine, in a process of its own; its session ends with it, ssh and all."""
    os.setsid()
    log = asking.suite.parent / f"{os.getpid()}.log"
    with log.open("wb") as out, open(os.devnull, "rb") as nothing:  # noqa: PTH123  (a device)
        os.dup2(nothing.fileno(), 0)
        for stream in (1, 2):
            os.dup2(out.fileno(), stream)
    sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))  # noqa: SIM115  (for as long as the process lives)
    for name in _UNFIT:
        os.environ.pop(name, None)  # noqa: TID251  (what the user's own tests need is not for these)
    # No terminal is left to ask at, and no window shall open.
    os.environ.update(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", SSH_ASKPASS_REQUIRE="never")  # noqa: TID251  (the same)
    code = pytest.main(_arguments(asking, host), plugins=[_Teller(pipe), testinfra.plugin])
    sys.stdout.flush()
    pipe.send(End(int(code), _last(log.read_text(encoding="utf-8", errors="replace"))))


def _arguments(asking: Asking, host: str) -> list[str]:
    given = {
        "--hosts": host if "://" in host else f"{host}://",
        "--ansible-inventory": asking.inventory,
        "--ssh-config": asking.ssh_config,
        "--environment": asking.environment,
        "-c": asking.suite / "pytest.ini",
        "--rootdir": asking.suite,
    }
    words = [word for name, value in given.items() if value for word in (name, str(value))]
    return [*_QUIET, *words, *(["--network"] if asking.network else []), str(asking.suite)]


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
