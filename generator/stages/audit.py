"""Stage audit: read the rendered bytes of every file and hold each pin found against the lock.

Not by construction, but by looking: a template that writes a version of its own, a filter that
swaps two checksums, a digest from anywhere else is found here, whatever made it. What is due comes
from the lock, from the toolchains the file is meant to have, and, for checksums that are not pins
of gogen's, from the profile's own literal text.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from generator.audit import actions, checksums, images, versions
from generator.audit.found import opened
from generator.lock.images import split_host
from generator.lock.shape import line_of
from generator.model import Leaf, walk
from generator.problems import Place, Problem, position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.audit.found import Found
    from generator.lock.model import Archive, Lock
    from generator.model import Artifact, Desired, Pinned, Profile

HINT = "take it from the lock: toolchain, images and actions hold what it pins"
_EXTRACTORS = (versions.find, checksums.find, images.find, actions.find)


def audit(desired: Desired, pinned: Pinned, lock: Lock) -> tuple[Problem, ...]:
    """Give every pin of a profile's files that is not what it must be, each with its place.

    GG261 a Go version, GG262 a checksum, GG263 a checksum that is another file's, GG264 an image
    without digest, GG265 an image's digest, GG266 an action not by commit, GG267 an action's
    commit, GG268 the version in an action's comment.
    """
    literal = _literal_checksums(pinned.profile)
    languages = _languages(pinned.profile)
    by_toolchains: dict[tuple[str, ...], _Due] = {}
    problems: list[Problem] = []
    for artifact in desired.artifacts:
        toolchains = artifact.toolchains or (pinned.toolchain,)
        due = by_toolchains.get(toolchains)
        if due is None:
            due = by_toolchains[toolchains] = _Due(lock, toolchains, languages, literal)
        problems += _audited(artifact, due, f"out/{desired.slug}/{artifact.path}")
    return tuple(problems)


def _audited(artifact: Artifact, due: _Due, file: str) -> Iterator[Problem]:
    written = artifact.content.decode(errors="replace")
    text = opened(written)
    name = artifact.path.rpartition("/")[2]
    seen: set[tuple[str, int]] = set()
    for find in _EXTRACTORS:
        for found in find(text, name):
            verdict = _JUDGES[found.kind](found, due)
            if verdict and (found.kind, found.offset) not in seen:
                seen.add((found.kind, found.offset))
                code, message, expected = verdict
                place = Place(file, *position(written, found.offset))
                yield Problem(code, message, place, expected, HINT)


def _literal_checksums(profile: Profile) -> frozenset[str]:
    """Give the SHA-256 in hex that the profile itself says, as of a requirement to install."""
    values = (n.value for _, n in walk(profile.tree) if isinstance(n, Leaf))
    texts = (v for v in values if isinstance(v, str) and len(v) >= checksums.SHORTEST)
    return frozenset(found.value for text in texts for found in checksums.find(text, ""))


def _languages(profile: Profile) -> frozenset[str]:
    """Give the go lines of the profile's modules: language versions, not what builds."""
    modules = profile.tree.items.get("modules")
    return frozenset(
        str(leaf.value)
        for pointer, leaf in (walk(modules) if modules else ())
        if isinstance(leaf, Leaf) and pointer[-1:] == ("go",)
    )


class _Due:
    """What files meant for some toolchains may name."""

    def __init__(
        self,
        lock: Lock,
        toolchains: tuple[str, ...],
        languages: frozenset[str],
        literal: frozenset[str],
    ) -> None:
        self.lock = lock
        self.toolchains = toolchains
        self.languages = languages
        self.literal = literal

    @cached_property
    def versions(self) -> frozenset[str]:
        """The releases, their language versions, and the go lines of modules."""
        return self.languages.union(self.toolchains, map(line_of, self.toolchains))

    @cached_property
    def by_name(self) -> dict[str, set[str]]:
        """The checksums that may stand beside a name: archives, toolchain modules, and files."""
        names: dict[str, set[str]] = {}
        for version in self.toolchains:
            for platform, archive in self._archives([version]):
                trees = {one for one in (archive.h1, archive.h1_hex) if one}
                names[archive.file] = {archive.sha256, *trees}
                module = f"v0.0.1-go{version}.{platform.replace('/', '-')}"
                names[module] = trees
                for path, sentinel in archive.sentinels.items():
                    names.setdefault(path, set()).add(sentinel)
        return names

    @cached_property
    def checksums(self) -> frozenset[str]:
        """Every checksum that may stand anywhere."""
        return self.literal.union(self.digests, *self.by_name.values())

    @cached_property
    def digests(self) -> dict[str, list[str]]:
        """The images of the lock by the hex of their digest."""
        found: dict[str, list[str]] = {}
        for ref, image in self.lock.images.items():
            found.setdefault(image.digest.removeprefix("sha256:"), []).append(ref)
        return found

    def owner(self, checksum: str) -> str:
        """Say which archive of the whole lock a checksum is of, "" where of none."""
        owners = (
            archive.file
            for _, archive in self._archives(self.lock.go)
            if checksum in {archive.sha256, archive.h1, archive.h1_hex, *archive.sentinels.values()}
        )
        return next(owners, "")

    def _archives(self, versions: Iterable[str]) -> Iterator[tuple[str, Archive]]:
        for version in versions:
            if version in self.lock.go:
                yield from self.lock.go[version].platforms.items()


Verdict = tuple[str, str, str]
"""Code, message, expected."""


def _version(found: Found, due: _Due) -> Verdict | None:
    if found.value in due.versions:
        return None
    return "GG261", f"go {found.value} in a file of go {_listed(due)}", _listed(due)


def _checksum(found: Found, due: _Due) -> Verdict | None:
    value = found.value if found.value.startswith("h1:") else found.value.lower()
    named = [name for name in _paths(found.beside) if name in due.by_name]
    if named and value not in due.literal:
        sums = set().union(*(due.by_name[name] for name in named))
        if value in sums:
            return None
        message = f"a checksum beside {named[0]} that is not its own: {_short(value)}"
        return "GG263", message, " or ".join(sorted(sums))
    if value in due.checksums:
        return None
    owner = due.owner(value)
    if owner:
        message = f"the checksum of {owner} in a file of go {_listed(due)}: {_short(value)}"
        return "GG263", message, "a checksum of its own toolchain"
    return "GG262", f"a checksum that the lock does not have: {_short(value)}", ""


def _image(found: Found, due: _Due) -> Verdict | None:
    name, at, digest = found.value.partition("@")
    locked = [ref for ref in due.lock.images if _names(name, ref)]
    expected = " or ".join(due.lock.images[ref].digest for ref in locked)
    if not at:
        return "GG264", f"image {name} has no digest", expected
    if set(due.digests.get(digest.removeprefix("sha256:"), ())) & set(locked):
        return None
    if locked:
        return "GG265", f"image {name} has a digest that is not the lock's: {digest}", expected
    return "GG265", f"image {name} is not in the lock", ""


def _action(found: Found, due: _Due) -> Verdict | None:
    path, _, commit = found.value.partition("@")
    name = "/".join(path.split("/")[:2])
    pin = due.lock.actions.get(name)
    if not re.fullmatch(_COMMIT, commit):
        what = f"by {commit}, not by commit" if commit else "without a commit"
        return "GG266", f"action {name} is used {what}", pin.commit if pin else "40 hex digits"
    if not pin:
        return "GG267", f"action {name} is not in the lock", ""
    if commit != pin.commit:
        return "GG267", f"action {name} is at {commit}", f"{pin.commit}, {pin.tag}"
    if re.match(_VERSION_WORD, found.beside) and found.beside != pin.tag:
        return "GG268", f"the comment of action {name} says {found.beside}", pin.tag
    return None


_JUDGES: dict[str, Callable[[Found, _Due], Verdict | None]] = {
    versions.KIND: _version,
    checksums.KIND: _checksum,
    images.KIND: _image,
    actions.KIND: _action,
}

_WORD = re.compile(r"[A-Za-z0-9_./-]+")
_COMMIT = r"[0-9a-f]{40}"
_VERSION_WORD = r"v?[0-9]"


def _listed(due: _Due) -> str:
    return " and ".join(due.toolchains)


def _short(checksum: str) -> str:
    return f"{checksum[:16]}…"


def _paths(line: str) -> Iterator[str]:
    """Give every word of a line, and of a path or URL each of its ends: a/b/c, b/c, c."""
    for word in _WORD.findall(line):
        yield word
        slash = word.find("/")
        while slash >= 0:
            yield word[slash + 1 :]
            slash = word.find("/", slash + 1)


def _ends(word: str, name: str) -> bool:
    return word == name or word.endswith(f"/{name}")


def _names(name: str, ref: str) -> bool:
    """Whether an image's name in a text, maybe behind a mirror or without tag, is `ref`'s."""
    path = split_host(ref)[1]
    untagged = path.rpartition(":")[0]
    return name == ref or any(_ends(name, each) for each in (path, untagged))
