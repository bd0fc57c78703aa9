"""What a repository of layers says: which commit a ref has, what a folder holds there.

Each repository is asked once for its refs, each commit fetched once. What is in a folder is judged
before it is taken: a layer is a few small YAML files, and no link leads out of it.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from generator.disk.paths import shown
from generator.layers.address import COMMIT
from generator.layers.proof import Proof, written
from generator.layers.vendored import tree_of, vendors
from generator.lock.model import LayerPin
from generator.problems import Problem, Rejected
from generator.supply.gittree import EXECUTABLE, FILE, FOLDER, LINK, SUBMODULE, blob_id
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from generator.layers.address import Address
    from generator.problems import Place
    from generator.supply.gitprogram import Git
    from generator.supply.gittree import Entry

GIT = "git"
"""Proof: the ref was read from its repository, peeled, and the commit's bytes were fetched."""

TAGS = "refs/tags/"
_BRANCHES = "refs/heads/"
_MIRRORED = ("https", "ssh")
_MOST = 100  # names in a layer's folder
_LARGEST = 1 << 20  # bytes of a layer's files together
_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._ +@~-]*")
_KINDS = {LINK: "a link", SUBMODULE: "a submodule", EXECUTABLE: "executable"}


class Access(NamedTuple):
    """The git program, and mirrors of repositories by host, as gogen.toml names them."""

    git: Git
    mirrors: Mapping[str, str] = MappingProxyType({})

    def url(self, repository: str) -> str:
        """Give where a repository is asked for: at its host, or below the mirror of that."""
        protocol, _, rest = repository.partition("://")
        place, slash, path = rest.partition("/")
        mirror = self.mirrors.get(place.rpartition("@")[2]) if protocol in _MIRRORED else None
        return f"{mirror.rstrip('/')}{slash}{path}" if mirror else repository


class Found(NamedTuple):
    """A commit, and the full name of the ref that had it ("" where an address names a commit)."""

    commit: str
    ref: str


class Fetched(NamedTuple):
    """A layer as it was fetched: its pin, the bytes of its files by name, a written proof."""

    pin: LayerPin
    files: Mapping[str, bytes]
    proof: bytes


class Remote:
    """The repositories that one run asks, with what they answered."""

    def __init__(self, access: Access, folder: Path) -> None:
        """Fetch into a folder of this run."""
        self._access = access
        self._git = access.git
        self._folder = folder
        self._refs: dict[str, Mapping[str, str]] = {}
        self._fetched: dict[tuple[str, str], tuple[Path, str]] = {}

    def newest(self, address: Address, before: LayerPin | None, place: Place) -> Found:
        """Give the commit that the ref of an address has now; `before` is what is locked of it.

        Raises Rejected: GG581 no such ref, GG582 a tag that moved.
        """
        if COMMIT.fullmatch(address.ref):
            return Found(address.ref, "")
        ref = self._full(address, place)
        commit = self._commit_of(address, ref, place)
        if before and before.ref == ref and ref.startswith(TAGS) and before.commit != commit:
            raise Rejected([_moved(address, before, commit, place)])
        return Found(commit, ref)

    def again(self, address: Address, pin: LayerPin, place: Place) -> Found:
        """Give the locked commit of the ref of an address, after a look at its tag.

        Raises Rejected: GG582 a tag that moved or is gone.
        """
        if pin.ref.startswith(TAGS):
            commit = self._commit_of(address, pin.ref, place)
            if commit != pin.commit:
                raise Rejected([_moved(address, pin, commit, place)])
        return Found(pin.commit, pin.ref)

    def refs(self, repository: str, place: Place) -> Mapping[str, str]:
        """Give a repository's branches and tags: object ids by full name, tags peeled too."""
        if repository not in self._refs:
            with _placed(place):
                self._refs[repository] = self._git.ls_remote(self._access.url(repository))
        return self._refs[repository]

    def layer(self, address: Address, found: Found, place: Place) -> Fetched:
        """Give a layer's pin, the bytes of its files by name, and the proof that they are of it.

        Raises Rejected: GG584 a folder that is no layer, GG583 a commit that is gone.
        """
        at, commit = self._fetch(address, found, place)
        try:
            tree = self._git.tree(at, commit, address.folder)
            entries = self._git.entries(at, tree)
        except Rejected as rejected:
            raise Rejected([_no_folder(address, commit, place)]) from rejected
        if problems := [*_faults(address, entries, place)]:
            raise Rejected(problems)
        files = {name: entry for name, entry in entries.items() if "/" not in name}
        ids = {name: blob_id(entry.content) for name, entry in files.items()}
        names = self._git.names(at, tree)
        ids |= {f"{name}/": one for name, (mode, one) in names.items() if mode == FOLDER}
        pin = LayerPin(commit, tree, found.ref, {name: ids[name] for name in sorted(ids)}, (GIT,))
        if tree_of(pin) != tree:
            raise Rejected([_no_folder(address, commit, place)])
        contents = {name: entry.content for name, entry in files.items() if vendors(name)}
        return Fetched(pin, contents, self._proof(at, commit, address.folder))

    def _proof(self, at: Path, commit: str, folder: str) -> bytes:
        """Give the proof that a folder is of a commit."""
        parts = folder.split("/")
        above = ("/".join(parts[:depth]) for depth in range(len(parts)))
        trees = (self._git.names(at, self._git.tree(at, commit, path)) for path in above)
        return written(Proof(self._git.commit(at, commit), tuple(trees)))

    def _fetch(self, address: Address, found: Found, place: Place) -> tuple[Path, str]:
        """Give where a commit is fetched to, and its id."""
        key = (address.repository, found.commit)
        if key not in self._fetched:
            self.refs(address.repository, place)  # who does not answer at all fails here
            at, url = self._folder / f"{len(self._fetched)}", self._access.url(address.repository)
            try:
                self._fetched[key] = at, self._git.fetch(url, found.commit, at)
            except Rejected as rejected:
                raise Rejected([_gone(address, found, rejected, place)]) from rejected
        return self._fetched[key]

    def _full(self, address: Address, place: Place) -> str:
        """Give the full name of an address' ref."""
        if not address.ref:
            with _placed(place):
                head = self._git.head(self._access.url(address.repository))
            return head or _reject(_no_ref(address, "HEAD is no branch", "", place))
        refs = self.refs(address.repository, place)
        names = (address.ref, f"{TAGS}{address.ref}", f"{_BRANCHES}{address.ref}")
        found = [name for name in names if name in refs]
        if len(found) > 1:
            hint = f"write ?ref={found[0]}, or ?ref={found[1]}"
            return _reject(_no_ref(address, "it is a tag and a branch", hint, place))
        if not found:
            known = [name.removeprefix(TAGS).removeprefix(_BRANCHES) for name in refs]
            near = did_you_mean(address.ref, known) or "it has " + (", ".join(known[-9:]) or "none")
            return _reject(_no_ref(address, "there is none", near, place))
        return found[0]

    def _commit_of(self, address: Address, ref: str, place: Place) -> str:
        """Give the commit of a ref, an annotated tag peeled; "" where the ref is gone."""
        refs = self.refs(address.repository, place)
        return refs.get(f"{ref}^{{}}") or refs.get(ref, "")


@contextmanager
def _placed(place: Place) -> Iterator[None]:
    """Let problems of git stand where the layer is extended."""
    try:
        yield
    except Rejected as rejected:
        raise Rejected(p._replace(place=p.place or place) for p in rejected.problems) from rejected


def _reject(problem: Problem) -> NoReturn:
    raise Rejected([problem])


def _no_ref(address: Address, why: str, hint: str, place: Place) -> Problem:
    message = f"{address.repository} has no one ref {address.ref or 'HEAD'}: {why}"
    expected = "the name of a tag or branch, or a commit with all of its 40 digits"
    return Problem("GG581", message, place, expected=expected, hint=hint)


def _moved(address: Address, pin: LayerPin, commit: str, place: Place) -> Problem:
    what = f"moved to {commit}" if commit else "is gone"
    return Problem(
        "GG582",
        f"{pin.ref} of {address.repository} {what}; it is locked as {pin.commit}",
        place,
        expected="a tag that stays",
        hint="ask who keeps the repository why; a tag of another name, or its commit, can be "
        "extended instead",
    )


def _gone(address: Address, found: Found, rejected: Rejected, place: Place) -> Problem:
    return Problem(
        "GG583",
        f"{address.repository} gives commit {found.commit} no more: {rejected.problems[0].message}",
        place,
        expected="a repository that keeps what was once followed",
        hint="its history was rewritten, or the commit is of no branch or tag; "
        "gogen bump layer takes what is there now",
    )


def _no_folder(address: Address, commit: str, place: Place) -> Problem:
    return Problem(
        "GG584",
        f"{address.repository} has no folder {address.folder} at commit {commit}",
        place,
        hint="look at the repository; // parts it from the folder",
    )


def _faults(address: Address, entries: Mapping[str, Entry], place: Place) -> Iterator[Problem]:
    """Say what keeps a folder from being a layer; what lies in folders below is not looked at."""
    files = {name: entry for name, entry in entries.items() if "/" not in name}
    found = [f"{shown(name)} is {_KINDS[e.mode]}" for name, e in files.items() if e.mode != FILE]
    names = {path.partition("/")[0] for path in entries}
    found += [f"{shown(name)!r} is no name" for name in names if not _NAME.fullmatch(name)]
    read = [name for name in files if vendors(name)]
    if len({name.lower() for name in read}) < len(read):
        found.append("two names differ in capitals only")
    if not read:
        found.append("there is no YAML file in it")
    if len(names) > _MOST:
        found.append(f"{len(names)} names are in it, and {_MOST} may be")
    size = sum(len(files[name].content) for name in read)
    if size > _LARGEST:
        found.append(f"its files have {size} bytes, and {_LARGEST} may be")
    for what in sorted(found):
        message = f"{address.folder} of {address.repository} is no layer: {what}"
        hint = "who keeps that repository can correct it"
        yield Problem("GG584", message, place, expected="a folder with YAML files", hint=hint)
