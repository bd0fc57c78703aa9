"""`gogen verify`: exit 1 where a running machine is not as its profile says."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from generator.cli.options import FormatOption, complete_profile
from generator.cli.progress import progress
from generator.cli.session import Outcome, Session, execute, search_path
from generator.cli.streams import shows_colour
from generator.problems import Problem, Rejected
from generator.reports import Format

if TYPE_CHECKING:
    from generator.pipeline import Compiled
    from generator.verify.model import Host

_TARGET = "testinfra"
_SOME = 2  # hosts worth a bar


class Environment(StrEnum):
    """Which environment of a host is looked at."""

    AUTO = "auto"
    LOGIN = "login"
    PROCESS = "process"


class _Wishes(NamedTuple):
    """What the command line asks for."""

    hosts: tuple[str, ...]
    inventory: Path | None
    ssh_config: Path | None
    network: bool
    environment: Environment
    jobs: int
    timeout: float
    junit: Path | None
    metrics: Path | None
    on_fail: str


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("verify", short_help="Fail where a running machine is not as its profile says.")(
        verify
    )


def verify(
    context: typer.Context,
    profile: Annotated[
        str,
        typer.Argument(
            metavar="[PROFILE]",
            help="The profile the hosts should have. Default: the only one with target testinfra.",
            autocompletion=complete_profile,
            show_default=False,
        ),
    ] = "",
    hosts: Annotated[
        list[str] | None,
        typer.Option(
            "--hosts",
            metavar="HOST,…",
            help="Where to look: a name (by ssh), ssh://a, docker://b, podman://c, "
            "kubectl://pod?namespace=x, ansible://group. Default: this machine.",
            show_default=False,
        ),
    ] = None,
    inventory: Annotated[
        Path | None,
        typer.Option(
            "--inventory",
            metavar="FILE",
            help="An Ansible inventory; all its hosts, unless --hosts names ansible://groups.",
            show_default=False,
        ),
    ] = None,
    ssh_config: Annotated[
        Path | None,
        typer.Option(
            "--ssh-config", metavar="FILE", help="Instead of ~/.ssh/config.", show_default=False
        ),
    ] = None,
    network: Annotated[
        bool, typer.Option("--network", help="Let each host ask its module proxies too.")
    ] = False,
    environment: Annotated[
        Environment,
        typer.Option(
            "--environment",
            help="Look at what a login gives, or at the process's own environment; auto: a "
            "login's by ssh and Ansible, the process's here and in containers.",
        ),
    ] = Environment.AUTO,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="How many hosts to ask at a time.")
    ] = 10,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds that each host has.")
    ] = 60,
    junit: Annotated[
        Path | None,
        typer.Option("--junit", metavar="FILE", help="Write JUnit XML too.", show_default=False),
    ] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(
            "--metrics",
            metavar="FILE",
            help="Write a Prometheus textfile too: gogen….prom, in node_exporter's folder.",
            show_default=False,
        ),
    ] = None,
    on_fail: Annotated[
        str,
        typer.Option(
            "--on-fail",
            metavar="CMD",
            help="Start this for each host that is not right, its record as JSON on standard "
            "input. Split into words as by a shell, but no shell runs it.",
            show_default=False,
        ),
    ] = "",
    format_: FormatOption = Format.TEXT,
) -> int:
    """Hold running machines against a profile: release, tools, settings, PATH, files, units.

    Changes nothing on them. Exit 1 names host, property, what is due and what was found; 6 means
    that a host was not reached or not in time, so nobody knows.
    """
    wishes = _Wishes(
        tuple(hosts or ()),
        inventory,
        ssh_config,
        network,
        environment,
        jobs,
        timeout,
        junit,
        metrics,
        on_fail,
    )
    return execute(context, "verify", format_, lambda session: _work(session, profile, wishes))


def _work(session: Session, profile: str, wishes: _Wishes) -> Outcome:
    _require()
    from generator.verify.handing import words  # noqa: PLC0415  (late)

    command = words(wishes.on_fail, search_path()) if wishes.on_fail else ()
    compiled = session.compiler.compile(_chosen(session, profile))
    if not compiled.sound:
        return Outcome(compiled.findings)
    hosts = _asked(compiled, wishes)
    return _told(compiled, hosts, wishes, command)


def _require() -> None:
    """Raise Rejected (GG620, GG621) where this machine cannot ask others."""
    if find_spec("testinfra") is None or find_spec("pytest") is None:
        hint = "pip install 'gogen[verify]' (in a clone of gogen: make test sets it up)"
        raise Rejected([Problem("GG620", "gogen verify needs pytest-testinfra", hint=hint)])
    if not hasattr(os, "fork"):
        hint = "run it where Linux or macOS is, or in WSL"
        raise Rejected([Problem("GG621", "gogen verify does not run on this system", hint=hint)])


def _chosen(session: Session, name: str) -> str:
    """Give the profile: the one named, or the only one that has the suite. Raises Rejected."""
    sources = session.sources
    names = sources.select((name,) if name else ())
    able = [
        each
        for each in names
        if any(t.name == _TARGET for t in sources.targets_of(session.compiler.profile(each)))
    ]
    if len(able) == 1:
        return able[0]
    if name:
        message, hint = f"profile {name} has no target {_TARGET}", f"add {_TARGET} to its targets"
    elif able:
        message, hint = "several profiles have checks", f"name one of {', '.join(able)}"
    else:
        message, hint = "no profile has checks", f"add {_TARGET} to a profile's targets"
    raise Rejected([Problem("GG625", message, hint=hint)])


def _asked(compiled: Compiled, wishes: _Wishes) -> tuple[Host, ...]:
    from generator.verify.asking import Asking  # noqa: PLC0415  (an extra)
    from generator.verify.files import laid_out  # noqa: PLC0415  (late)
    from generator.verify.fleet import Bounds, verify  # noqa: PLC0415  (an extra)
    from generator.verify.hosts import expand  # noqa: PLC0415  (an extra)

    inventory = wishes.inventory and wishes.inventory.absolute()
    ssh_config = wishes.ssh_config and wishes.ssh_config.absolute()
    machines = expand(wishes.hosts, inventory)
    with laid_out(compiled.desired) as suite, progress("asking hosts", _SOME) as advance:
        asking = Asking(suite, inventory, ssh_config, wishes.network, wishes.environment)
        return verify(asking, machines, Bounds(wishes.jobs, wishes.timeout), advance)


def _told(
    compiled: Compiled, hosts: tuple[Host, ...], wishes: _Wishes, command: tuple[str, ...]
) -> Outcome:
    """Write the reports asked for, hand over what is wrong, and give the outcome."""
    from generator.verify import handing, junit, metrics, table, verdicts  # noqa: PLC0415  (late)
    from generator.verify.files import replace  # noqa: PLC0415  (late)

    profile = compiled.desired.profile
    if wishes.junit:
        replace(wishes.junit, junit.as_text(profile, hosts))
    if wishes.metrics:
        replace(wishes.metrics, metrics.as_text(profile, hosts))
    problems = list(verdicts.problems(compiled.desired.slug, hosts))
    if command:
        problems += handing.hand_over(command, profile, hosts, wishes.timeout)
    text = table.as_text(profile, hosts, colour=shows_colour(sys.stdout))
    data = {"profile": profile, "hosts": [host.data() for host in hosts]}
    return Outcome((*compiled.findings, *problems), text, data)
