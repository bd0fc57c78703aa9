"""Layers of other repositories as they lie in `gogen.lock.d/layers/`, held against the lock.

A commit has a folder of its own there, and in it each layer stands where it stands in its
repository: `gogen.lock.d/layers/platform-0a1b2c3d4e5f/profiles/base/go.yaml`. The lock has git's
ids of its files and of its folder, so a byte that changed is seen without git and the network.
Only the YAML files of a layer are vendored: nothing else in its folder is ever read.
"""

from __future__ import annotations

import re
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.disk.paths import Tree, disk_errors
from generator.layers.address import parse
from generator.layers.proof import fault
from generator.model import LayerFiles
from generator.problems import Place, Problem, Rejected
from generator.supply.gittree import FILE, FOLDER, blob_id, folder_id
from generator.workspace import LOCK, LOCK_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from generator.layers.address import Address
    from generator.lock.model import LayerPin

LAYERS = f"{LOCK_FOLDER}/layers"
"""The folder of all vendored layers, workspace-relative; what is in it is gogen's."""

ATTRIBUTES = f"{LAYERS}/.gitattributes"
"""Keeps git from changing line ends of what is compared byte for byte."""

_READ = re.compile(r"[^.].*\.ya?ml")
_SHORT = 12  # digits of a commit in a folder's name
_AGAIN = "run gogen lock: it fetches the layer again"


def home(address: Address, pin: LayerPin) -> str:
    """Give the folder that a layer is vendored in, workspace-relative."""
    name = address.repository.rpartition("/")[2].removesuffix(".git").lower()
    readable = re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "repository"
    return f"{LAYERS}/{readable}-{pin.commit[:_SHORT]}/{address.folder}"


def proof_of(address: Address, pin: LayerPin) -> str:
    """Give the file with the proof that a vendored layer is of its commit."""
    return f"{home(address, pin)}.json"


def vendors(name: str) -> bool:
    """Tell whether a file of a layer's folder is one that the layer is made of."""
    return bool(_READ.fullmatch(name))


def paths(address: Address, pin: LayerPin) -> dict[str, str]:
    """Give the files that a layer is made of: git's ids by workspace-relative path."""
    folder = home(address, pin)
    return {f"{folder}/{name}": pin.files[name] for name in sorted(pin.files) if vendors(name)}


def tree_of(pin: LayerPin) -> str:
    """Give git's id of a folder that holds what a pin says."""
    modes = {name: FOLDER if name.endswith("/") else FILE for name in pin.files}
    return folder_id({n.rstrip("/"): (mode, pin.files[n]) for n, mode in modes.items()})


def told(folder: str, pins: Mapping[str, LayerPin]) -> str:
    """Say which layer at which commit is vendored in a folder; "" of any other folder."""
    for url, pin in pins.items():
        if home(parse(url, Place(LOCK)), pin) == folder:
            return f"{url} at commit {pin.commit}"
    return ""


class Vendored:
    """The vendored layers of a workspace."""

    def __init__(self, root: Path, pins: Mapping[str, LayerPin]) -> None:
        """Read below the workspace's root what the lock's pins name."""
        self.root = root
        self.pins = pins

    def files(self, url: str, place: Place) -> LayerFiles:
        """Give the files of a layer with their bytes; `place` is where it is extended.

        Raises Rejected: GG575 no address, GG577 not in the lock, GG578 not vendored, GG579 edited.
        """
        address = parse(url, place)
        pin = self.pins.get(url)
        if pin is None:
            raise Rejected([_unlocked(address, place)])
        if len(commits := self._commits[address.source]) > 1:
            raise Rejected([_torn(address, commits, place)])
        if tree_of(pin) != pin.tree:
            raise Rejected([_forged(url, pin)])
        proof = proof_of(address, pin)
        found = self._contents((proof, *paths(address, pin)))
        problems = [*_differences(address, pin, found, place)]
        if not problems and (why := fault(found[proof] or b"", pin, address.folder)):
            problems = [_unproved(address, pin, why)]
        if problems:
            raise Rejected(problems)
        contents = {path: found[path] for path in found if path != proof}
        held = {path: content for path, content in contents.items() if content is not None}
        return LayerFiles(url, (*held,), MappingProxyType(held))

    @cached_property
    def _commits(self) -> Mapping[tuple[str, str], set[str]]:
        """The commits of each repository and ref in the lock: one, or the lock is torn."""
        found: dict[tuple[str, str], set[str]] = {}
        for url, pin in self.pins.items():
            found.setdefault(parse(url, Place(LOCK)).source, set()).add(pin.commit)
        return found

    def _contents(self, files: Iterable[str]) -> dict[str, bytes | None]:
        """Read files, through no link; None where there is no regular file."""
        with disk_errors(LAYERS), Tree(self.root) as tree:
            return {path: found[0] if (found := tree.read(path)) else None for path in files}


def _unlocked(address: Address, place: Place) -> Problem:
    return Problem(
        "GG577",
        f"the lock has no pin for the layer {address.url}",
        place,
        hint="run gogen lock",
    )


def _torn(address: Address, commits: set[str], place: Place) -> Problem:
    repository, ref = address.source
    several = ", ".join(sorted(commits))
    return Problem(
        "GG577",
        f"the lock has several commits of {repository} at {ref or 'HEAD'}: {several}",
        place,
        expected="one for all layers of a repository and ref",
        hint="run gogen lock: it asks the repository",
    )


def _forged(url: str, pin: LayerPin) -> Problem:
    return Problem(
        "GG579",
        f"the lock's files of {url} are not those of git tree {pin.tree}",
        Place(LOCK),
        expected=f"files whose tree is {pin.tree}; theirs is {tree_of(pin)}",
        hint=f"{_AGAIN}; find out who changed the lock",
    )


def _unproved(address: Address, pin: LayerPin, why: str) -> Problem:
    return Problem(
        "GG579",
        f"this does not prove that {address.url} is of commit {pin.commit}: {why}",
        Place(proof_of(address, pin)),
        expected=f"the commit, and trees that lead to {pin.tree}",
        hint=f"{_AGAIN}; find out who changed the lock or this file",
    )


def _differences(
    address: Address, pin: LayerPin, contents: Mapping[str, bytes | None], place: Place
) -> Iterator[Problem]:
    """Say which vendored files are not what the lock says."""
    lacking = [path for path, content in contents.items() if content is None]
    if lacking:
        yield Problem(
            "GG578",
            f"the layer {address.url} is not vendored whole: no file {', '.join(lacking)}",
            place,
            hint=f"{_AGAIN}; commit {LAYERS}",
        )
    for path, due in paths(address, pin).items():
        content = contents[path]
        if content is None or blob_id(content) == due:
            continue
        if blob_id(content.replace(b"\r\n", b"\n")) == due:
            message, hint = "has CRLF line ends", f"let git keep them: {LOCK_FOLDER}/** -text"
        else:
            message = "was edited"
            hint = "change the layer in its own repository, or its values in a profile that "
            hint += "extends it; gogen lock fetches it again"
        yield Problem(
            "GG579",
            f"{message}: it is not the file of {address.url} at commit {pin.commit}",
            Place(path),
            expected=f"git object {due}; it is {blob_id(content)}",
            hint=hint,
        )
