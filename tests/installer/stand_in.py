"""Go releases small enough to install a hundred times: the files that the installer looks at.

`bin/go` is a shell script that answers `go version`; all else is a line of text. Archives,
modules and checksums are made here, independently of what the installer does.
"""

from __future__ import annotations

import base64
import gzip
import io
import platform
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from generator.lock.model import Archive

if TYPE_CHECKING:
    from collections.abc import Mapping

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OS = sys.platform
PLATFORM = f"{OS}/{ARCH}"
PROGRAMS = (
    "bin/go",
    "bin/gofmt",
    *(f"pkg/tool/{OS}_{ARCH}/{n}" for n in ("asm", "compile", "link")),
)
NOT_IN_THE_MODULE = ("api/", "doc/", "misc/", "test/")


@dataclass(frozen=True)
class Release:
    """A release as the lock and mirrors have it; `tree` is its files by path below GOROOT."""

    version: str
    tree: Mapping[str, bytes]
    programs: tuple[str, ...] = PROGRAMS

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{self.version}.{OS}-{ARCH}"

    @property
    def file(self) -> str:
        """What its archive is called."""
        return f"go{self.name}.tar.gz"

    @property
    def module(self) -> str:
        """The toolchain module's name and version."""
        return f"golang.org/toolchain@v0.0.1-go{self.version}.{OS}-{ARCH}"

    @cached_property
    def archive(self) -> bytes:
        """The .tar.gz, its files owned by somebody else."""
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            for path, content in self.tree.items():
                entry = tarfile.TarInfo(f"go/{path}")
                entry.size, entry.mtime, entry.uid, entry.gid = (
                    len(content),
                    1_700_000_000,
                    4242,
                    4242,
                )
                entry.mode = 0o755 if path.startswith(("bin/", "pkg/tool/")) else 0o644
                tar.addfile(entry, io.BytesIO(content))
        return gzip.compress(raw.getvalue(), compresslevel=0, mtime=0)

    @cached_property
    def zip(self) -> bytes:
        """The toolchain module: without four folders, without modes, _go.mod for go.mod."""
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w") as zipped:
            for path, content in self._module_files.items():
                zipped.writestr(zipfile.ZipInfo(f"{self.module}/{path}"), content)
        return raw.getvalue()

    @cached_property
    def _module_files(self) -> dict[str, bytes]:
        return {
            path.removesuffix("go.mod") + "_go.mod" if path.endswith("/go.mod") else path: content
            for path, content in self.tree.items()
            if not path.startswith(NOT_IN_THE_MODULE)
        }

    @cached_property
    def h1(self) -> bytes:
        """Go's dirhash Hash1 of the module."""
        lines = sorted(
            (f"{self.module}/{path}", sha256(content).hexdigest())
            for path, content in self._module_files.items()
        )
        return sha256("".join(f"{due}  {name}\n" for name, due in lines).encode()).digest()

    @cached_property
    def pin(self) -> Archive:
        """What the lock says of it."""
        return Archive(
            file=self.file,
            sha256=sha256(self.archive).hexdigest(),
            size=len(self.archive),
            h1="h1:" + base64.b64encode(self.h1).decode(),
            h1_hex=self.h1.hex(),
            sentinels={path: sha256(self.tree[path]).hexdigest() for path in self.programs},
        )


def stand_in(version: str) -> Release:
    """Make a release of that version."""
    go = f'#!/bin/sh\n[ "$1" != version ] || echo "go version go{version} {PLATFORM}"\n'
    noise = Random(version)  # noqa: S311 - bytes that do not compress, the same each time
    tree = {path: noise.randbytes(20_000) for path in PROGRAMS}
    texts = (
        "api/go1.txt",
        "doc/x.html",
        "misc/m",
        "test/t.go",
        "src/fmt/print.go",
        "lib/time/zone",
    )
    tree |= {path: f"{path} of {version}\n".encode() for path in texts}
    tree |= {
        "VERSION": f"go{version}\ntime 2026-01-01T00:00:00Z\n".encode(),
        "bin/go": go.encode(),
        "src/go.mod": b"module std\n",
        "src/cmd/go.mod": b"module cmd\n",
    }
    return Release(version, dict(sorted(tree.items())))
