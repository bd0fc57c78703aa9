"""The compiler on one screen: `Compiler.compile` names the stages in order.

discover → load → merge → validate → pin → render → audit, then plan → write for what is to stand
on disk (`generator.update`). Any stage may be the last: `gogen show` asks for a profile or pins.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from generator import overlays, rules
from generator.layers.chain import is_address
from generator.problems import Rejected, Severity
from generator.rules.base import Others
from generator.sharing import without_shared
from generator.stages.audit import audit
from generator.stages.merge import Memo, merge
from generator.stages.pin import pin
from generator.stages.render import render
from generator.stages.validate import validate
from generator.templating.blame import with_templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model import Artifact, Desired, Pinned, Profile
    from generator.problems import Problem
    from generator.sources import Sources


class Compiled(NamedTuple):
    """A profile compiled: what its templates saw, its files, and what rules and audit found."""

    pinned: Pinned
    desired: Desired
    findings: tuple[Problem, ...]

    @property
    def sound(self) -> bool:
        """Tell whether its files may be written: no finding is an error."""
        return all(problem.severity is not Severity.ERROR for problem in self.findings)


class Compiler:
    """Compiles the profiles of one workspace and shares the work on their parents."""

    def __init__(self, sources: Sources) -> None:
        """Compile from these sources; they are read once for all profiles."""
        self.sources = sources
        self._shared: Memo | None = None
        self._profiles: dict[str, Profile] = {}
        self._parents: dict[str, Desired] = {}

    def compile(self, name: str) -> Compiled:
        """Compile a profile. Raises Rejected with what keeps a stage from giving its value."""
        pinned = self.pinned(name)
        engine = self.sources.engine
        try:
            desired = self._unshared(pinned, self._derived(pinned, self._flat(pinned)))
        except Rejected as rejected:
            told = with_templates(rejected.problems, (pinned,), engine)
            raise Rejected((*rules.check(pinned, others=self._others), *told)) from None
        findings = (
            *rules.check(pinned, desired, engine.raw_uses(), self._others),
            *audit(desired, pinned, self.sources.lock),
        )
        return Compiled(pinned, desired, with_templates(findings, (pinned,), engine))

    def profile(self, name: str) -> Profile:
        """Read, merge and validate a profile."""
        sources = self.sources
        layers = sources.layers(name)
        if self._shared is None:
            self._shared = Memo(names=(*sources.layer_files,))
        merged = merge(name, layers, sources.schema.merge_keys, self._shared)
        return validate(merged, sources.schema, sources.proofs)

    def pinned(self, name: str) -> Pinned:
        """Look up every pin of a profile."""
        sources = self.sources
        profile = self._profiles.get(name) or self.profile(name)
        rules.require(profile)
        targets = sources.targets_of(profile)
        return pin(profile, targets, sources.lock, sources.schema.view)

    def with_parents(self, names: Iterable[str]) -> tuple[str, ...]:
        """Give the profiles and those whose files theirs build on, parents first.

        A profile that cannot be read keeps its place: compiling it tells why.
        """
        ordered: dict[str, None] = {}
        for name in names:
            for each in reversed(self._ancestry(name)):
                ordered.setdefault(each)
        return tuple(ordered)

    def _ancestry(self, name: str) -> list[str]:
        chain = [name]
        for each in chain:
            try:
                profile = self._kept(each)
                targets = self.sources.targets_of(profile)
            except Rejected:
                continue
            builds = (t for t in targets if t.derive or t.shares)
            parents = (self.parent(profile.name, t.name) for t in builds)
            chain += [parent for parent in parents if parent and parent not in chain]
        return chain

    @cached_property
    def _others(self) -> Others:
        return Others(self.sources.layer_files, self._named, self.top)

    def _named(self, name: str) -> Profile | None:
        """Give a profile that another one names, or None where it cannot be read."""
        try:
            return self._profiles.get(name) or self.profile(name)
        except Rejected:
            return None

    def _kept(self, name: str) -> Profile:
        """Give a profile that others build on; kept, for it is asked for again."""
        if name not in self._profiles:
            self._profiles[name] = self.profile(name)
        return self._profiles[name]

    def parent(self, name: str, target: str) -> str | None:
        """Give the last of a profile's parents that has the target (design §7).

        A layer of another repository is no profile of this workspace: nothing is rendered for it.
        """
        for each in reversed(self._kept(name).extends):
            if not is_address(each) and any(
                t.name == target for t in self.sources.targets_of(self._kept(each))
            ):
                return each
        return None

    def top(self, name: str, target: str) -> str:
        """Give the profile that writes a target's shared files: the parents' last, or itself."""
        while parent := self.parent(name, target):
            name = parent
        return name

    def _unshared(self, pinned: Pinned, desired: Desired) -> Desired:
        """Take out the files that a profile shares and another one writes."""
        for target in pinned.targets:
            if target.shares:
                top = self.top(pinned.profile.name, target.name)
                if top != pinned.profile.name:
                    desired = without_shared(desired, self._parent_flat(top), target.name)
        return desired

    def _derived(self, pinned: Pinned, flat: Desired) -> Desired:
        """Replace the files of targets that derive theirs from a parent's."""
        files: list[Artifact] = list(flat.artifacts)
        for target in pinned.targets:
            if not target.derive:
                continue
            parent = self.parent(pinned.profile.name, target.name)
            base = self._parent_flat(parent) if parent else None
            own = [f for f in files if f.target != target.name]
            files = [*own, *overlays.derive(target.derive, target.name, flat, base)]
        return flat._replace(artifacts=tuple(sorted(files, key=lambda file: file.path)))

    def _parent_flat(self, name: str) -> Desired:
        return self._parents.get(name) or self._flat(self.pinned(name))

    def _flat(self, pinned: Pinned) -> Desired:
        """Render a profile's files as if it had no parent; kept of those others may build on."""
        name = pinned.profile.name
        flat = self._parents.get(name) or render(pinned, self.sources.engine)
        if name in self._profiles:
            self._parents[name] = flat
        return flat
