"""Stage render: every file of a profile's targets as bytes, each read back by its own dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.dialects.base import Unreadable
from generator.model import Artifact, Desired
from generator.problems import Place, Problem, Rejected
from generator.templating.jobs import jobs

if TYPE_CHECKING:
    from generator.model import Pinned
    from generator.templating.engine import Engine
    from generator.templating.jobs import Job

_EXECUTABLE = "0755"


def render(pinned: Pinned, engine: Engine) -> Desired:
    """Give all files of a profile, sorted by path.

    Raises Rejected with the problems of all files: templates that do not compile (GG20x), values
    that cannot be written (GG22x), paths (GG24x), texts that are not of their language (GG250).
    """
    problems: list[Problem] = []
    artifacts: list[Artifact] = []
    for job in jobs(pinned):
        try:
            artifacts.append(_artifact(pinned, engine, job))
        except Rejected as rejected:
            problems.extend(rejected.problems)
    if problems:
        raise Rejected(dict.fromkeys(problems))
    return Desired(pinned.profile.name, pinned.profile.slug, tuple(artifacts))


def _artifact(pinned: Pinned, engine: Engine, job: Job) -> Artifact:
    text = ended(engine.render(pinned, job))
    dialect = job.dialect or engine.dialect_of(job.spec.template)
    try:
        engine.read_back(dialect, text, shared=job.spec.shared)
    except Unreadable as unreadable:
        raise Rejected([_unreadable(pinned, job, unreadable)]) from None
    return Artifact(
        path=job.path,
        content=text.encode(),
        target=job.target.name,
        template=job.spec.template,
        executable=job.spec.mode == _EXECUTABLE,
        install=job.install,
        place=job.place,
        toolchains=job.toolchains,
        dialect=dialect,
        schema=job.spec.schema,
        shared=job.spec.shared,
        at=job.manifest,
    )


def ended(text: str) -> str:
    """Give a text that ends with one newline; nothing stays nothing."""
    bare = text.rstrip("\n")
    return f"{bare}\n" if bare else ""


def _unreadable(pinned: Pinned, job: Job, found: Unreadable) -> Problem:
    return Problem(
        "GG250",
        f"the rendered file cannot be read back: {found.reason}",
        Place(f"out/{pinned.profile.slug}/{job.path}", found.line, found.column),
        hint="change what the template writes there, or give the file another dialect",
    )
