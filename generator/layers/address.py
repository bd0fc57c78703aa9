"""Addresses of layers in other repositories: `git+https://host/repository//profiles/base?ref=v1`.

The form is pip's and kustomize's: `//` parts the repository from a folder in it, `ref` names a tag,
a branch, or a commit; without one it is the repository's HEAD. The address as it is written is the
layer's name, so one address is one layer for all who extend it. The other repository is a workspace
too: what its layer extends by a plain name stands beside it, below the same `profiles/`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from generator.layers.chain import is_address
from generator.problems import Problem, Rejected
from generator.supply.gitnames import masked
from generator.wording import did_you_mean
from generator.workspace import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Place

FORM = "git+https://host/repository//profiles/name?ref=v1.2.0"

COMMIT = re.compile(r"[0-9a-f]{40}")
"""The id of a commit; git's repositories of SHA-256 have longer ones, and cannot be followed."""

_PROTOCOLS = ("https", "ssh", "file")
_OPEN = ("http", "git")  # not encrypted: to this machine only
_LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+)(:[0-9]+)?")
_URL = re.compile(r"git\+(?P<protocol>[a-z0-9]+)://(?P<host>[^/?#]*)(?P<rest>/.*)?")
_HOST = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?")
_PATH = re.compile(r"(/[A-Za-z0-9._~+@][A-Za-z0-9._~+@-]*)+")
_LAYER = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")
# Of git-check-ref-format(1) the names that need no quoting anywhere; none begins with -.
_REF = re.compile(r"(?!.*(\.\.|//|/\.|\.lock(/|$)|[./]$))[A-Za-z0-9_][A-Za-z0-9._/+@-]*")


class Address(NamedTuple):
    """An address taken apart.

    `repository` is what git is asked, "https://host/repository"; `root` the folder of layers there,
    "profiles" or one that ends so; `name` the layer below it; `ref` is "" for HEAD.
    """

    url: str
    repository: str
    root: str
    name: str
    ref: str = ""

    @property
    def folder(self) -> str:
        """The layer's folder in its repository."""
        return f"{self.root}/{self.name}"

    @property
    def source(self) -> tuple[str, str]:
        """What has one commit for all layers that come from it: repository and ref."""
        return self.repository, self.ref

    def sibling(self, name: str) -> str:
        """Give the address of the layer `name` beside this one, at the same ref."""
        return _written(self.repository, f"{self.root}/{name}", self.ref)

    def at(self, ref: str) -> str:
        """Give the address of this layer at another ref."""
        return _written(self.repository, self.folder, ref)


def _written(repository: str, folder: str, ref: str) -> str:
    return f"git+{repository}//{folder}" + (f"?ref={ref}" if ref else "")


def extended(name: str, by: str, place: Place) -> str:
    """Give the full name of what a layer of another repository, by its address, extends as `name`.

    An address stays, a plain name means the layer beside it there. Raises Rejected (GG575) where it
    names what can be no layer.
    """
    if is_address(name):
        return name
    if not _LAYER.fullmatch(name):
        message = f"{name!r} is no name of a layer"
        hint = "who keeps that repository can correct it"
        raise Rejected([Problem("GG575", message, place, expected=FORM, hint=hint)])
    return parse(by, place).sibling(name)


def parse(url: str, place: Place) -> Address:
    """Take an address apart. Raises Rejected (GG575) at the place that names it."""
    fault = next(_faults(url), None)
    if fault:
        message = f"{masked(url)} is no address of a layer: {fault[0]}"
        raise Rejected([Problem("GG575", message, place, expected=FORM, hint=fault[1])])
    where, _question, query = url.partition("?")
    repository, _slashes, folder = where.removeprefix("git+").rpartition("//")
    root, name = _split(folder)
    return Address(url, repository, root, name, query.removeprefix("ref="))


def _split(folder: str) -> tuple[str, str]:
    """Part a folder behind its last `profiles`; the name is "" where there is none."""
    before, found, name = f"/{folder}".rpartition(f"/{PROFILES}/")
    return (f"{before}/{PROFILES}".removeprefix("/"), name) if found else (folder, "")


def _faults(url: str) -> Iterator[tuple[str, str]]:
    """Give what is wrong with an address, each with a way out."""
    form = _URL.fullmatch(url)
    if form is None:
        yield "it does not begin with git+ and a protocol", _near(url)
        return
    yield from _host_faults(form["protocol"], form["host"])
    where, question, query = (form["rest"] or "").partition("?")
    path, slashes, folder = where.rpartition("//")
    if not slashes:
        yield "no // parts the repository from the folder in it", ""
    elif not _PATH.fullmatch(path) or ".." in path.split("/"):
        yield f"{path!r} is no path of a repository", ""
    elif not _PATH.fullmatch(f"/{folder}") or not _LAYER.fullmatch(_split(folder)[1]):
        yield f"{folder!r} is no folder of a layer", f"a layer lies below a folder {PROFILES}/"
    if question:
        yield from _query_faults(query)


def _near(url: str) -> str:
    """Give the way out for an address that has no protocol, or none of git."""
    if url.startswith(("https://", "ssh://", "file://")):
        return f"write git+{masked(url)}"
    if "@" in url:
        return "write git@host:repository as git+ssh://git@host/repository"
    return ""


def _host_faults(protocol: str, host: str) -> Iterator[tuple[str, str]]:
    user, at, _host = host.rpartition("@")
    if protocol not in (*_PROTOCOLS, *_OPEN):
        expected = ", ".join(f"git+{known}" for known in _PROTOCOLS)
        near = did_you_mean(protocol, _PROTOCOLS)
        yield f"git+{protocol} is none of {expected}", near
    elif ":" in user or (at and protocol != "ssh"):
        hint = "it would be committed: let ~/.netrc hold it, or use git+ssh with a key"
        yield "a user or a password stands in it", hint
    elif protocol in _OPEN and not _LOOPBACK.fullmatch(host):
        yield f"git+{protocol} is not encrypted", "write git+https"
    elif bool(host) is (protocol == "file") or (host and not _HOST.fullmatch(host)):
        yield f"it has no right host for git+{protocol}", ""


def _query_faults(query: str) -> Iterator[tuple[str, str]]:
    key, _equals, ref = query.partition("=")
    if key != "ref" or "&" in query:
        yield f"?{query} is not ?ref= and the name of a tag or branch", ""
    elif not _REF.fullmatch(ref):
        hint = "name a tag, a branch, or a commit with all of its 40 digits"
        yield f"{ref!r} is no name of a ref", hint
