"""A small tree of a Go release, as an archive and as the module golang.org/toolchain."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PLATFORM = "linux/amd64"
VERSION = "1.27.1"
MODULE = "golang.org/toolchain"

ZOSARCH = b"""
package platform
var distInfo = map[OSArch]osArchInfo{
	{"linux", "amd64"}:   {CgoSupported: true},
	{"linux", "sparc64"}: {Broken: true},
	{"aix", "ppc64"}:     {CgoSupported: true},
}
"""

TREE: Mapping[str, bytes] = {
    "VERSION": b"go1.27.1\ntime 2026-09-01T00:00:00Z\n",
    **{f"bin/{tool}": tool.encode() * 1000 for tool in ("go", "gofmt")},
    **{
        f"pkg/tool/linux_amd64/{tool}": tool.encode() * 1000
        for tool in ("asm", "cgo", "compile", "cover", "link", "vet")
    },
    "src/internal/platform/zosarch.go": ZOSARCH,
    "src/go.mod": b"module std\n",
    "src/cmd/go.mod": b"module cmd\n",
    "src/cmd/go/testdata/mod/x.txt": b"-- go.mod --\n",
    "src/api/a.go": b"package api\n",
    "api/go1.txt": b"pkg a\n",
    "doc/go_spec.html": b"<html>\n",
    "misc/x": b"x\n",
    "test/a.go": b"package a\n",
}
"""What lies below go/ in the archive."""

LEFT_OUT = ("api/", "doc/", "misc/", "test/")


def module_version(version: str = VERSION, platform: str = PLATFORM) -> str:
    return f"v0.0.1-go{version}.{platform.replace('/', '-')}"


def module_files(tree: Mapping[str, bytes] = TREE) -> dict[str, bytes]:
    """Give the module's files as cmd/distpack makes them of a tree."""
    return {
        path.replace("go.mod", "_go.mod") if path.endswith("/go.mod") else path: data
        for path, data in tree.items()
        if not path.startswith(LEFT_OUT)
    }


def zipped(files: Mapping[str, bytes], prefix: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(f"{prefix}{path}", data)
    return file.getvalue()


def tarred(files: Mapping[str, bytes], prefix: str = "go/") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        folder = tarfile.TarInfo(prefix + "bin")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for path, data in files.items():
            info = tarfile.TarInfo(prefix + path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def module_zip(version: str = VERSION, platform: str = PLATFORM) -> bytes:
    return zipped(module_files(), f"{MODULE}@{module_version(version, platform)}/")


def publish(folder: Path, version: str = VERSION, platform: str = PLATFORM) -> None:
    """Put the module where a file server makes a module proxy of it."""
    name = module_version(version, platform)
    at = folder / MODULE / "@v"
    at.mkdir(parents=True, exist_ok=True)
    info = {"Version": name, "Time": "2026-09-01T00:00:00Z"}
    (at / f"{name}.info").write_text(json.dumps(info), encoding="utf-8")
    (at / f"{name}.mod").write_text(f"module {MODULE}\n", encoding="utf-8")
    (at / f"{name}.zip").write_bytes(module_zip(version, platform))
    with (at / "list").open("a", encoding="utf-8") as listed:
        listed.write(f"{name}\n")
