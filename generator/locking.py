"""Fill `gogen.lock` with what the profiles ask for, or say how it falls short."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from generator.disk.meanwhile import prepared
from generator.disk.paths import Tree, disk_errors
from generator.disk.runlock import silent
from generator.disk.transaction import Transaction
from generator.layers.following import Following
from generator.layers.keeping import Step, steps, strays
from generator.lock.model import EMPTY, Lock
from generator.lock.reading import parse_lock, read_lock
from generator.lock.resolve import needed
from generator.lock.stale import stale
from generator.lock.wanted import WantedPins, wanted
from generator.lock.writing import write_lock
from generator.model import plain
from generator.pipeline import Compiler
from generator.problems import Problem, Rejected
from generator.sources import Sources
from generator.supply.network import Network
from generator.supply.proofs import KEPT
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from generator.disk.runlock import Waiting
    from generator.layers.remote import Access
    from generator.supply.audit import Row
    from generator.supply.lookup import Lookup


@dataclass(frozen=True, slots=True)
class Locked:
    """What `gogen lock` did."""

    changed: bool
    pins: int
    warnings: tuple[Problem, ...] = ()


class Ask(Protocol):
    """How sources are asked: opened for what the profiles say of the network."""

    @property
    def downloads(self) -> bool:
        """Whether the archives are fetched, and their bytes held against the lock."""

    @property
    def cache(self) -> Path | None:
        """Where what is fetched may be kept."""

    def looking(self, network: Network) -> AbstractContextManager[Lookup]:
        """Open the sources."""

    def advance(self, done: int, total: int) -> None:
        """Hear how many pins are done."""

    def advance_bytes(self, done: int, total: int) -> None:
        """Hear how many bytes are done."""


def update_lock(
    compiler: Compiler,
    access: Callable[[], Access],
    ask: Ask | None = None,
    *,
    waiting: Waiting = silent,
) -> Locked:
    """Write the lock that the workspace needs, and vendor the layers of other repositories.

    `access` is called where a repository must be asked, `waiting` once if another run holds the
    workspace; without `ask` the pins come from the shipped data alone. Nobody is kept out while
    others are asked. Raises Rejected with every pin nobody knows; nothing is written then.
    """
    root = compiler.sources.workspace.root
    with prepared(root, lambda: _due(compiler, access, ask), waiting=waiting) as due:
        if due.changes:
            _apply(root, due.changes)
    return Locked(bool(due.changes), _count(due.lock), due.warnings)


class _Due(NamedTuple):
    """The lock that is due, what changes for it on disk, and who could not be asked."""

    lock: Lock
    changes: tuple[Step, ...]
    warnings: tuple[Problem, ...]


def _due(compiler: Compiler, access: Callable[[], Access], ask: Ask | None) -> _Due:
    """Find out what the workspace needs, as it is now."""
    workspace = compiler.sources.workspace
    before = lock_text(compiler)
    with Following(workspace.root, lambda: _read(before).layers, access) as layers:
        profiles = Compiler(Sources(workspace, compiler.sources.cache, layers))
        wants = wanted_pins(profiles)
    locked = _read(before)._replace(layers=layers.pins)
    found = _asked(ask, profiles, wants, locked) if ask else Found(needed(wants, locked))
    after = write_lock(found.lock)
    changes = (
        *steps(workspace.root, found.lock.layers, layers.fresh),
        *kept_beside(workspace.root, found.kept, found.lock),
    )
    if after != before:
        changes = (Step(LOCK, before.encode() or None, after.encode()), *changes)
    return _Due(found.lock, changes, found.warnings)


class Audited(NamedTuple):
    """What became of the proofs of every pin, and what is wrong with them."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


class Found(NamedTuple):
    """The lock to write, what is kept beside it, by path below gogen.lock.d, and warnings."""

    lock: Lock
    kept: Mapping[str, bytes] = MappingProxyType({})
    warnings: tuple[Problem, ...] = ()


def _asked(ask: Ask, profiles: Compiler, wants: WantedPins, locked: Lock) -> Found:
    """Look pins up in the workspace's sources, and hold them to its policy."""
    network = network_of(profiles)._replace(platforms=wants.platforms)
    with ask.looking(network) as lookup:
        gathered = lookup.gather(wants, locked, ask.advance)
        lock = needed(wants, gathered.lock, asked=lookup.names)
        if ask.downloads:
            lock = lookup.download(lock, ask.cache, ask.advance_bytes)
        lookup.require(lock)
        return Found(lock, lookup.kept(), gathered.warnings)


def network_of(compiler: Compiler) -> Network:
    """Give the mirrors that the profiles name, those of the first one first."""
    archives: dict[str, None] = {}
    proxies: dict[str, None] = {}
    registries: dict[str, str] = {}
    for name in compiler.sources.select(()):
        tree = plain(compiler.profile(name).tree)
        network, env = tree.get("network", {}), tree.get("go", {}).get("env", {})
        archives |= dict.fromkeys(network.get("go_archives", ()))
        stated = env.get("GOPROXY", "") if isinstance(env.get("GOPROXY", ""), str) else ""
        proxies |= dict.fromkeys(u for u in re.split("[,|]", stated) if u.startswith("https://"))
        registries = {**network.get("registries", {}), **registries}
    return Network(tuple(archives), tuple(proxies), registries)


def kept_beside(root: Path, kept: Mapping[str, bytes], lock: Lock) -> Iterator[Step]:
    """Give what changes in gogen.lock.d: what is new there, and proofs that nobody needs."""
    new: dict[str, bytes | None] = dict(kept)
    if (root / KEPT / "sumdb").is_dir():
        from generator.supply.bundles import unneeded  # noqa: PLC0415  (most locks keep none)

        new |= dict.fromkeys(unneeded(root / KEPT, lock))
    for name, content in sorted(new.items()):
        path = f"{KEPT}/{name}"
        file = root / path
        with disk_errors(path):
            old = file.read_bytes() if file.exists() else None
        if old != content:
            yield Step(path, old, content)


def _read(text: str) -> Lock:
    return parse_lock(text) if text else EMPTY


def _apply(root: Path, changes: Iterable[Step]) -> None:
    """Change the lock and what is vendored at once, or nothing."""
    with disk_errors(LOCK, writing=True), Tree(root) as tree, Transaction(tree) as transaction:
        for step in changes:
            if step.new is None:
                transaction.remove(step.path, step.old or b"")
            else:
                transaction.put(step.path, step.old, step.new)
        transaction.commit()


def audit_lock(compiler: Compiler, *, strict: bool = False) -> Audited:
    """Try again, offline, what the lock says that its pins passed.

    The problems are GG341 where a proof does not hold, GG343 where the newest tree seen does not,
    GG340 where the policy asks for more, and with `strict` GG342 for what is the lock's word alone.
    """
    from generator.policy import read_policy, unmet  # noqa: PLC0415  (late: few ask for it)
    from generator.supply.audit import audit, failures, unproved  # noqa: PLC0415  (late)
    from generator.supply.bundles import unsound  # noqa: PLC0415  (late)

    workspace = compiler.sources.workspace
    lock, text = read_lock(workspace.lock_file), lock_text(compiler)
    policy = read_policy(workspace) if workspace.policy else None
    rows = audit(lock, workspace.root / KEPT)
    problems = (
        *failures(rows, text),
        *unsound(lock, workspace.root / KEPT),
        *(unmet(policy, lock) if policy else ()),
        *(unproved(rows, policy, text) if strict else ()),
    )
    return Audited(rows, problems)


def check_lock(compiler: Compiler) -> tuple[Problem, ...]:
    """Say how the lock differs from the one the workspace needs."""
    wants = wanted_pins(compiler)
    lock, root = compiler.sources.lock, compiler.sources.workspace.root
    return (*stale(lock, wants, lock_text(compiler)), *strays(root, lock.layers))


def wanted_pins(compiler: Compiler) -> WantedPins:
    """Gather what all profiles ask for. Raises Rejected with every profile's problems."""
    sources = compiler.sources
    wants = WantedPins()
    problems: list[Problem] = []
    for name in sources.select(()):
        try:
            profile = compiler.profile(name)
            wants |= wanted(profile, sources.targets_of(profile), sources.schema.view)
        except Rejected as rejected:
            problems += rejected.problems
    if problems:
        raise Rejected(problems)
    return wants


def lock_text(compiler: Compiler) -> str:
    """Give the lock's text, "" where there is none yet."""
    file = compiler.sources.workspace.lock_file
    with disk_errors(LOCK):
        return file.read_bytes().decode(errors="replace") if file.exists() else ""


def _count(lock: Lock) -> int:
    archives = sum(len(release.platforms) for release in lock.go.values())
    return archives + len(lock.images) + len(lock.actions) + len(lock.layers)
