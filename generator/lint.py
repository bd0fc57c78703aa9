"""Lint profiles: what the rules find in them, and what real validators say of their outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator import validators
from generator.bump.ages import missed
from generator.lock.catalogue import embedded
from generator.lock.wanted import releases
from generator.model import Leaf, find, slug
from generator.modules import held
from generator.problems import Problem, Rejected, Severity
from generator.templating.blame import with_templates
from generator.validators.base import FAMILY, KUBERNETES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.model import Pinned
    from generator.pipeline import Compiled, Compiler


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found, which validators ran, and which are missing with how to install each."""

    problems: tuple[Problem, ...]
    ran: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]


def lint_profiles(
    compiler: Compiler, names: Iterable[str], search: str, advance: Callable[[int, int], None]
) -> Linted:
    """Lint profiles (all where none is named); `search` is where programs are, as PATH has it.

    Raises Rejected where the workspace itself cannot be read.
    """
    problems: list[Problem] = []
    files: list[validators.File] = []
    pinned: list[Pinned] = []
    selected = compiler.with_parents(compiler.sources.select(names))
    for number, name in enumerate(selected, 1):
        try:
            compiled = compiler.compile(name)
            files += _files(compiler, compiled)
        except Rejected as rejected:
            problems += rejected.problems
        else:
            problems += compiled.findings
            pinned.append(compiled.pinned)
        advance(number, len(selected))
    found = validators.inspect(files, search)
    missing = tuple((validator.name, validator.install) for validator in found.missing)
    told = with_templates(found.problems, pinned, compiler.sources.engine)
    problems += _missed(pinned)
    problems += held(compiler.sources.workspace.root, pinned).problems
    return Linted((*problems, *told), found.ran, missing)


def _missed(pinned: Iterable[Pinned]) -> Iterator[Problem]:
    """Tell of releases in use that miss a security release of their line (GG078)."""
    for leaf in (leaf for one in pinned for leaf in releases(one.profile)):
        if later := missed(str(leaf.value), embedded().security):
            yield Problem(
                "GG078",
                f"go {leaf.value} misses the security fixes of {', '.join(later)}",
                leaf.trail[0],
                expected=later[-1],
                hint="gogen bump go; gogen outdated tells what else is old",
                severity=Severity.WARNING,
            )


def _files(compiler: Compiler, compiled: Compiled) -> list[validators.File]:
    desired = compiled.desired
    names = {artifact.target for artifact in desired.artifacts}
    targets = [t for t in compiled.pinned.targets if t.shares and t.name in names]
    tops = {t.name: slug(compiler.top(desired.profile, t.name)) for t in targets}
    version = find(compiled.pinned.profile.tree, tuple(KUBERNETES.split(".")))
    facts = {KUBERNETES: str(version.value)} if isinstance(version, Leaf) else {}
    return [
        validators.File(
            f"out/{desired.slug}/{a.path}",
            a.content,
            a.dialect,
            {**facts, FAMILY: tops[a.target]} if a.target in tops else facts,
            compiler.sources.output_schema(a.schema) if a.schema else None,
        )
        for a in desired.artifacts
    ]
