"""Verbs one after another, at random, against what three variables say."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.installer.conftest import CURRENT, NEXT
from tests.installer.machine import SHELLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.installer.machine import Machine

OLD, NEW = CURRENT.version, NEXT.version
VERBS = (
    *(("install",), ("install", NEW), ("install", "--no-use"), ("install", NEW, "--no-use")),
    *(("use", OLD), ("use", NEW), ("rollback",), ("rollback",), ("gc",), ("gc", "--keep", "0")),
    *(("gc", "--keep", "1"), ("uninstall", OLD), ("uninstall", NEW), ("uninstall",), ("verify",)),
)
STEPS = 40


@dataclass
class Model:
    """What is installed, and what the two links name; each verb gives its exit code."""

    releases: set[str] = field(default_factory=set)
    current: str = ""
    previous: str = ""

    def install(self, release: str = OLD, option: str = "") -> int:
        """Install it, and make it current."""
        if release.startswith("--"):
            release, option = OLD, release
        self.releases.add(release)
        return 0 if option else self.use(release)

    def use(self, release: str) -> int:
        """Make it current; what was is previous."""
        if release not in self.releases:
            return 8
        if release != self.current:
            self.current, self.previous = release, self.current
        return 0

    def rollback(self) -> int:
        """Let the two change places."""
        if not self.previous:
            return 8
        self.current, self.previous = self.previous, self.current
        return 0

    def gc(self, _option: str = "", keep: str = "2") -> int:
        """Keep the newest, and those that links name."""
        newest = sorted(self.releases, reverse=True)[: int(keep)]
        self.releases &= {*newest, self.current, self.previous}
        return 0

    def uninstall(self, release: str = "") -> int:
        """Remove one, or all."""
        if not release:
            self.releases, self.current, self.previous = set(), "", ""
        elif release == self.current:
            return 2
        else:
            self.releases.discard(release)
            self.previous = "" if release == self.previous else self.previous
        return 0

    def verify(self) -> int:
        """Tell whether the profile's own is current."""
        return 0 if self.current == OLD else 8


def seen(machine: Machine) -> Model:
    """Give what is on disk, in the model's words."""

    def named(link: str) -> str:
        path = machine.root / link
        return versions[path.readlink().name] if path.is_symlink() else ""

    versions = {release.name: release.version for release in (CURRENT, NEXT)}
    trees = (path.name for path in (machine.root / "go").glob("*") if path.is_dir())
    return Model({versions[name] for name in trees}, named("current"), named("previous"))


@pytest.mark.parametrize("seed", [1, 2])
def test_verbs_at_random(machine: Callable[..., Machine], seed: int) -> None:
    one, model, chance = machine(), Model(), Random(seed)  # noqa: S311 - the same each time
    done: list[tuple[str, ...]] = []
    for _ in range(STEPS):
        one.shell = chance.choice(list(SHELLS))
        verb, *args = chance.choice(VERBS)
        done.append((verb, *args))
        code = getattr(model, verb)(*args)
        ran = one.run(verb, *args)
        assert (ran.code, seen(one)) == (code, model), f"{ran.text}{done}"
