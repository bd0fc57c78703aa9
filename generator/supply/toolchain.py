"""Go's toolchain as a module: its hash in the checksum database, and the files a host check reads.

Go's own packaging (cmd/distpack) makes an archive and the module golang.org/toolchain of one tree.
The module lacks four folders, and its go.mod files are named _go.mod: a module may hold no other
module's. So the archive's tree, filtered and renamed the same way, has the module's h1. This holds
for releases since 1.21, from which on cmd/distpack makes both.
"""

from __future__ import annotations

import re
import tarfile
import zlib
from base64 import b64encode
from contextlib import contextmanager
from functools import partial
from gzip import BadGzipFile
from hashlib import sha256
from typing import IO, TYPE_CHECKING, NamedTuple
from zipfile import BadZipFile, ZipFile

from generator.lock.shape import version_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

MODULE = "golang.org/toolchain"
FIRST = (1, 21)
"""The first line of releases whose archive and module are of one tree."""

LARGEST = 2 << 30
"""Bytes that a tree may have, unpacked; that of 1.27.1 has a ninth of it."""

LARGEST_ZIP = 500 << 20
"""Bytes that a module's zip may have: MaxZipFile of the go command (modfetch/codehost)."""

_SENTINEL = re.compile(r"bin/(go|gofmt)(\.exe)?|pkg/tool/[a-z0-9_]+/(asm|cgo|compile|link)(\.exe)?")
_TOOLS = frozenset({"go", "gofmt", "asm", "cgo", "compile", "link"})
_NOT_IN_THE_MODULE = ("api", "doc", "misc", "test")
_PORTS = "src/internal/platform/zosarch.go"
_PAIR = re.compile(r'\{"(\w+)", "(\w+)"\}(: \{.*Broken: true)?')
_CHUNK = 1 << 20
_ZIP = b"PK\x03\x04"
_BROKEN = (
    *(BadZipFile, BadGzipFile, tarfile.TarError, EOFError, zlib.error),
    *(NotImplementedError, UnicodeDecodeError),
)

Member = tuple[str, int, "Callable[[], IO[bytes] | None]"]
"""A file of an archive: its name there, its size, what opens it (None: it is no file)."""


class Toolchain(NamedTuple):
    """What a tree is.

    `h1` is the hash of the module it makes, `sentinels` are SHA-256 by path below GOROOT, `ports`
    what `go tool dist list` prints, sorted. `lacks` names the tools that are not in it.
    """

    h1: str
    sentinels: Mapping[str, str]
    ports: tuple[str, ...]
    lacks: tuple[str, ...]


class NotATree(Exception):
    """A file that holds no toolchain, or that cannot be read to its end; the text says why."""


def is_module_of_archive(version: str) -> bool:
    """Tell whether a release's archive and its module are of one tree."""
    return version_key(version)[:2] >= FIRST


def module_version(version: str, platform: str) -> str:
    """Give the version of golang.org/toolchain for a release and a platform."""
    return f"v0.0.1-go{version}.{platform.replace('/', '-')}"


def of_module(file: BinaryIO, version: str, platform: str) -> Toolchain:
    """Read the zip of the module. Raises NotATree, OSError."""
    prefix = f"{MODULE}@{module_version(version, platform)}/"
    with _read_errors(), ZipFile(file) as archive:
        return _toolchain(_members(_zipped(archive), prefix), prefix)


def of_archive(file: BinaryIO, version: str, platform: str) -> Toolchain:
    """Read an archive of Go, .zip or .tar.gz, as the module that it makes.

    Raises NotATree, OSError.
    """
    prefix = f"{MODULE}@{module_version(version, platform)}/"
    is_zip = file.read(len(_ZIP)) == _ZIP
    file.seek(0)
    with _read_errors():
        if is_zip:
            with ZipFile(file) as archive:
                return _toolchain(_as_module(_members(_zipped(archive), "go/")), prefix)
        with tarfile.open(fileobj=file, mode="r|gz") as archive:
            return _toolchain(_as_module(_members(_tarred(archive), "go/")), prefix)


@contextmanager
def _read_errors() -> Iterator[None]:
    """Raise NotATree for whatever a broken archive makes its reader say."""
    try:
        yield
    except _BROKEN as error:
        message = f"it cannot be read to its end: {error}"
        raise NotATree(message) from error


def _zipped(archive: ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        if not info.is_dir():
            yield info.filename, info.file_size, partial(archive.open, info)


def _tarred(archive: tarfile.TarFile) -> Iterator[Member]:
    for info in archive:
        if not info.isdir():
            opened = partial(archive.extractfile, info) if info.isfile() else _nothing
            yield info.name, info.size, opened


def _nothing() -> None:
    """Open what is no ordinary file."""


def _members(found: Iterable[Member], prefix: str) -> Iterator[Member]:
    """Give the files by their path below GOROOT. Raises NotATree where that is not sound."""
    seen: set[str] = set()
    left = LARGEST
    for name, size, opened in found:
        path = name.removeprefix(prefix)
        left -= size
        if path == name or path in seen or "\n" in path:
            message = f"{name!r} in it is not a file below {prefix}, told once"
            raise NotATree(message)
        if left < 0:
            message = f"it holds more than {LARGEST:,} bytes"
            raise NotATree(message)
        seen.add(path)
        yield path, size, opened


def _as_module(members: Iterable[Member]) -> Iterator[Member]:
    """Leave out and rename what cmd/distpack leaves out of the module, and renames in it."""
    for path, size, opened in members:
        if path.split("/")[0] not in _NOT_IN_THE_MODULE:
            folder, slash, name = path.rpartition("/")
            yield f"{folder}{slash}{'_go.mod' if name == 'go.mod' else name}", size, opened


def _toolchain(members: Iterable[Member], prefix: str) -> Toolchain:
    hashes: dict[str, str] = {}
    ports: tuple[str, ...] = ()
    for path, size, opened in members:
        data = opened()
        if data is None:
            message = f"{path!r} in it is no ordinary file"
            raise NotATree(message)
        with data:
            if path == _PORTS and size < _CHUNK:
                text = data.read()
                hashes[path], ports = sha256(text).hexdigest(), _ports(text.decode())
            else:
                hashes[path] = _hash(data)
    sentinels = {path: digest for path, digest in hashes.items() if _SENTINEL.fullmatch(path)}
    have = {path.rpartition("/")[2].removesuffix(".exe") for path in sentinels}
    h1 = hash1({prefix + path: digest for path, digest in hashes.items()})
    return Toolchain(h1, sentinels, ports, tuple(sorted(_TOOLS - have)))


def _hash(data: IO[bytes]) -> str:
    digest = sha256()
    while chunk := data.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def hash1(hashes: Mapping[str, str]) -> str:
    """Give Go's "h1:" hash of a module from the SHA-256 in hex of its files by name."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))
    return "h1:" + b64encode(sha256(lines.encode()).digest()).decode()


def _ports(source: str) -> tuple[str, ...]:
    """Give what `go tool dist list` prints: the ports that are not broken."""
    pairs = [(f"{m[1]}/{m[2]}", m[3]) for m in _PAIR.finditer(source)]
    broken = {pair for pair, mark in pairs if mark}
    return tuple(sorted({pair for pair, _ in pairs} - broken))
