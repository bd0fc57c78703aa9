"""What `[sources]` of gogen.toml says: which places are asked, in which order, and how.

Read by the commands that look for pins only; a render never comes here.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.problems import Rejected
from generator.sumdb.note import GO_KEY
from generator.tables import Key, table
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.problems import Problem
    from generator.tables import Table
    from generator.workspace import Workspace

EMBEDDED, MIRROR, GO_DEV, PROXY = "embedded", "mirror", "go.dev", "proxy"
REGISTRY, GIT = "registry", "git"

NAMES = (EMBEDDED, MIRROR, GO_DEV, PROXY, REGISTRY, GIT)
"""Every source that `order` can name."""

ADDRESSED = frozenset({MIRROR, GO_DEV, PROXY})
"""Those that can be followed by an address; a registry and a repository are named by the pins."""


class Entry(NamedTuple):
    """One source to ask: its name, and the address or folder stated with it, "" for the usual."""

    name: str
    address: str = ""

    def __str__(self) -> str:
        """Write it as gogen.toml does."""
        return f"{self.name} {self.address}".rstrip()


class Settings(NamedTuple):
    """How pins are looked for.

    `ca_file` is relative to the workspace's root or absolute, "" for none; `timeout` is in seconds,
    for one answer; `sumdb` is the verifier key of a checksum database; `git` are
    mirrors of repositories by host ("github.com" → "https://git.example/mirror"). `table` is where
    it stands.
    """

    order: tuple[Entry, ...]
    ca_file: str
    timeout: float
    sumdb: str
    git: Mapping[str, str]
    table: Table

    @property
    def is_offline(self) -> bool:
        """Tell whether the embedded data alone is asked."""
        return all(entry.name == EMBEDDED for entry in self.order)


def read_settings(workspace: Workspace) -> Settings:
    """Read `[sources]` of a workspace. Raises Rejected (GG162, GG163) with all that is wrong."""
    stated = table(workspace, "sources", workspace.sources)
    stated.require(_KEYS)
    words = stated.values.get("order", [EMBEDDED])
    problems = list(_wrong(words, stated))
    if problems:
        raise Rejected(problems)
    return Settings(
        order=tuple(_entry(word) for word in words),
        ca_file=stated.values.get("ca_file", ""),
        timeout=float(stated.values.get("timeout", _TIMEOUT)),
        sumdb=stated.values.get("sumdb", GO_KEY),
        git=MappingProxyType(stated.values.get("git", {})),
        table=stated,
    )


_TIMEOUT = 60
_LONGEST = 3600
_VERIFIER = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+")


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(w, str) for w in value)


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _LONGEST


def _are_mirrors(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(v, str) and v for v in value.values())


_KEYS: Mapping[str, Key] = {
    "order": Key(_are_words, f"a list of sources in the order to ask: {', '.join(NAMES)}"),
    "ca_file": Key(lambda v: isinstance(v, str) and v, "a PEM file of certificates to trust too"),
    "timeout": Key(_is_time, f"seconds that one answer may take, at most {_LONGEST}"),
    "sumdb": Key(
        lambda v: isinstance(v, str) and _VERIFIER.fullmatch(v),
        "a verifier key of a checksum database: name+hash+key",
    ),
    "git": Key(_are_mirrors, 'a table of mirrors by host: {"github.com" = "https://git.example"}'),
}


def _entry(word: str) -> Entry:
    name, _, address = word.strip().partition(" ")
    return Entry(name, address.strip())


def _wrong(words: list[str], stated: Table) -> Iterator[Problem]:
    """Say which words of the order name no source, twice the same, or have an address too many."""
    seen: set[Entry] = set()
    for word in words:
        entry = _entry(word)
        message, hint = "", ""
        if entry.name not in NAMES:
            message = f"{entry.name or 'an empty text'} is no source of pins"
            hint = did_you_mean(entry.name, NAMES)
        elif entry.address and entry.name not in ADDRESSED:
            message = f"{entry.name} takes no address"
            hint = _NO_ADDRESS[entry.name]
        elif entry in seen:
            message = f"{entry} stands twice"
        seen.add(entry)
        if message:
            problem = stated.problem("order", _KEYS["order"].expected, message, hint)
            yield problem._replace(place=stated.place("order", word))


_NO_ADDRESS = {
    EMBEDDED: "it is the data shipped with gogen",
    REGISTRY: "mirrors of registries are network.registries of the profiles",
    GIT: 'mirrors of repositories are sources.git: {"github.com" = "https://git.example"}',
}
