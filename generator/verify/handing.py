"""A machine's record handed to a command: what `--on-fail` starts for each that is not right."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from generator.problems import Problem, Rejected
from generator.verify.model import State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.verify.model import Host

_OPTION = "--on-fail"


def words(command: str, search: str) -> tuple[str, ...]:
    """Split a command as a POSIX shell splits words: quotes and backslashes, nothing else.

    No shell sees it: $, *, | and ; mean nothing. Raises Rejected (GG624) where it cannot be split
    or its program is not found on `search`, before any machine is asked.
    """
    try:
        split = shlex.split(command)
    except ValueError as error:
        raise Rejected([Problem("GG624", f"{_OPTION}: {str(error).lower()}")]) from None
    program = shutil.which(split[0], path=search) if split else None
    if program is None:
        message = f"{_OPTION}: there is no program {split[0] if split else ''!r}"
        raise Rejected([Problem("GG624", message, hint="name one on PATH, or its whole path")])
    return (program, *split[1:])


def hand_over(
    command: tuple[str, ...], profile: str, hosts: Iterable[Host], seconds: float
) -> Iterator[Problem]:
    """Start the command once for each machine that is not right, one after the other.

    Its standard input is the record as one line of JSON, of its properties those that differ; what
    it prints goes to standard error. Gives a problem (GG613) where it fails or takes too long.
    """
    for host in hosts:
        if host.state is State.RIGHT:
            continue
        record = {"profile": profile, **host.data()}
        record["checks"] = [c for c in record["checks"] if c["outcome"] == Verdict.DIFFERS]
        fault = _run(command, json.dumps(record) + "\n", seconds)
        if fault:
            message = f"{host.name}: {_OPTION} {shlex.join(command)}: {fault}"
            yield Problem("GG613", message, hint="the machine is as it was found, or half mended")


def _run(command: tuple[str, ...], record: str, seconds: float) -> str:
    """Run the command; give why it did not do its work, "" where it did."""
    try:
        done = subprocess.run(  # noqa: S603  (the user's own command, its words given)
            command, input=record, text=True, stdout=sys.__stderr__, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end after {seconds:.0f} seconds"
    except OSError as error:
        return error.strerror or str(error)
    return f"exits {done.returncode}" if done.returncode else ""
