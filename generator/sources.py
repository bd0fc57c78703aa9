"""What a run reads, each thing once and only when a stage asks: layers, schema, targets, lock.

Reads only; nothing here is written, printed or taken from the environment.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from generator.cache.proofs import ProofFolder
from generator.cache.targets import all_targets
from generator.layers.chain import check_length, is_address
from generator.lock.reading import read_lock
from generator.model import Leaf, Map, Seq
from generator.problems import Place, Problem, Rejected
from generator.profile.schema import Schema, read_schema
from generator.stages.discover import discover
from generator.stages.load import load
from generator.templating.codecache import CodeCache
from generator.templating.engine import Engine
from generator.wording import did_you_mean
from generator.workspace import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from generator.layers.chain import Chain
    from generator.layers.shared import Shared
    from generator.lock.model import Lock
    from generator.model import Layer, LayerFiles, Profile, Target
    from generator.workspace import Workspace


class Sources:
    """The inputs of a workspace; every member may raise Rejected with what is wrong in them."""

    def __init__(
        self, workspace: Workspace, cache: Path | None = None, shared: Shared | None = None
    ) -> None:
        """Read below the workspace's root; `cache` is a folder outside the repository, or None.

        Layers of other repositories are those of `shared`; without it the vendored ones.
        """
        self.workspace = workspace
        self.cache = cache
        self._shared = shared
        self._layers: dict[str, Layer] = {}
        self._output_schemas: dict[str, Mapping[str, Any]] = {}

    @cached_property
    def layer_files(self) -> Mapping[str, LayerFiles]:
        """Every layer's files by the layer's name."""
        return {files.name: files for files in discover(self.workspace.root)}

    def select(self, names: Iterable[str]) -> tuple[str, ...]:
        """Give the named profiles, all of the workspace where none is named, without repeats.

        Raises Rejected (GG123) with every name that is no profile.
        """
        wanted = tuple(dict.fromkeys(names)) or tuple(self.layer_files)
        problems = [
            Problem(
                "GG123",
                f"there is no profile {name}",
                hint=did_you_mean(name, self.layer_files) or "gogen profiles lists them",
            )
            for name in wanted
            if name not in self.layer_files
        ]
        if problems:
            raise Rejected(problems)
        return wanted

    def layers(self, name: str) -> Mapping[str, Layer]:
        """Give the layers that the profile `name` is made of, and others read for their parents.

        An unknown parent is left to the merge, which knows the line that names it. Only parents
        are kept, so memory does not grow with the profiles that nothing extends.
        """
        problems: list[Problem] = []
        own: dict[str, Layer] = {}
        waiting: list[tuple[str, Place, Chain]] = [(name, Place(PROFILES), ())]
        seen: set[str] = set()
        while waiting:
            here, place, chain = waiting.pop()
            if here in seen or not (here in self.layer_files or is_address(here)):
                continue
            seen.add(here)
            try:
                check_length(chain, here, place)
                layer = self._layer(here, place, own if here == name else self._layers)
            except Rejected as rejected:
                problems.extend(rejected.problems)
            else:
                chain = (*chain, here) if is_address(here) else ()
                waiting.extend((parent, at, chain) for parent, at in layer.extends)
        if problems:
            raise Rejected(problems)
        return {**self._layers, **own}

    def _layer(self, name: str, place: Place, kept: dict[str, Layer]) -> Layer:
        """Give a layer already read, or read it and keep it there; `place` is what extends it."""
        layer = self._layers.get(name)
        if layer is None:
            layer = load(self.workspace.root, self.files_of(name, place))
            kept[name] = layer = _in_full(layer) if is_address(name) else layer
        return layer

    def files_of(self, name: str, place: Place) -> LayerFiles:
        """Give the files of a layer of the workspace, or of another repository by its address."""
        return self.shared.files(name, place) if is_address(name) else self.layer_files[name]

    @cached_property
    def shared(self) -> Shared:
        """The layers of other repositories."""
        if self._shared:
            return self._shared
        # Imported late: few workspaces follow another.
        from generator.layers.vendored import Vendored  # noqa: PLC0415

        return Vendored(self.workspace.root, self.lock.layers)

    @cached_property
    def targets(self) -> Mapping[str, Target]:
        """Every target at hand, built in or the workspace's own, by name."""
        return all_targets(self.workspace.root, self.workspace.builtin, self.compiled)

    def targets_of(self, profile: Profile) -> tuple[Target, ...]:
        """Give the targets that a profile lists. Raises Rejected for a name that is none."""
        listed = _listed(profile)
        unknown = {name: leaf for name, leaf in listed.items() if name not in self.targets}
        if unknown:
            from generator.targets import load_targets  # noqa: PLC0415  (only for the problem)

            load_targets(
                self.workspace.root,
                self.workspace.builtin,
                unknown,
                {name: leaf.trail[0] for name, leaf in unknown.items()},
            )
        return tuple(self.targets[name] for name in listed)

    @cached_property
    def schema(self) -> Schema:
        """The schema of profiles, the sections of all targets in it."""
        return read_schema(self.workspace.builtin / "schemas", self.targets.values())

    @cached_property
    def lock(self) -> Lock:
        """The workspace's lock, whose pins have the proofs that the workspace's policy asks for."""
        lock = read_lock(self.workspace.lock_file, self.proofs)
        if self.workspace.policy:
            from generator.policy import require  # noqa: PLC0415  (few workspaces have one)

            require(self.workspace, lock)
        return lock

    @cached_property
    def compiled(self) -> CodeCache:
        """What former runs compiled, of templates and of manifests."""
        return CodeCache(self.cache and self.cache / "templates")

    @cached_property
    def engine(self) -> Engine:
        """The template engine, its compiled templates kept in the cache."""
        return Engine(self.cache and self.cache / "templates", targets=self.targets)

    @cached_property
    def proofs(self) -> ProofFolder | None:
        """What former runs proved valid."""
        return ProofFolder(self.cache / "valid") if self.cache else None

    def output_schema(self, name: str) -> Mapping[str, Any]:
        """Give the JSON Schema that a manifest names for an output."""
        if name not in self._output_schemas:
            from generator.targets import output_schema  # noqa: PLC0415  (few commands look)

            root, builtin = self.workspace.root, self.workspace.builtin
            self._output_schemas[name] = output_schema(root, builtin, name)
        return self._output_schemas[name]

    def schema_document(self, subject: str) -> Any:
        """Give the JSON Schema of "profile", "lock" or "manifest"."""
        if subject == "profile":
            return self.schema.document
        file = self.workspace.builtin / "schemas" / f"{subject}.schema.json"
        return json.loads(file.read_bytes())


def _in_full(layer: Layer) -> Layer:
    """Give a layer of another repository with its parents by their addresses."""
    # Imported late: few workspaces follow another.
    from generator.layers.address import extended  # noqa: PLC0415

    parents = tuple((extended(parent, layer.name, at), at) for parent, at in layer.extends)
    return layer._replace(extends=parents)


def _listed(profile: Profile) -> dict[str, Leaf]:
    """Give the names in a profile's `targets` with their leaves, sorted."""
    match profile.tree:
        case Map(items={"targets": Seq(items=items)}):
            leaves = {str(i.value): i for i in items if isinstance(i, Leaf)}
            return dict(sorted(leaves.items()))
        case _:
            return {}
