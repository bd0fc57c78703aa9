"""The installer where all is done already: what a login or a node's boot pays each time.

The release is a small stand-in, installed from a folder: a second run reads its VERSION, its
receipt, and size and time of its programs, of which no byte is read.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Run
from report import Budget, Row, rows

if TYPE_CHECKING:
    from setting import Setting

_RELEASE = "1.27.1"
_GO = f'#!/bin/sh\necho "go version go{_RELEASE} of nobody"\n'
_PROFILE = """\
targets: [installer]
toolchains: {{current: "{release}"}}
go: {{platforms: ["{platform}"], env: {{GOPROXY: "off", GOTOOLCHAIN: local}}}}
network: {{go_archives: ["https://archives.invalid/"]}}
"""
_BARE, _SECOND = "dash -c :", "setup-go.sh, nothing to do"


def installer(setting: Setting) -> list[Row]:
    """Run the installer again, in the shell that Debian's scripts have."""
    # Not below the setting's folder: a tmpfs often runs no programs.
    with tempfile.TemporaryDirectory(prefix="gogen-bench-") as folder:
        place = Path(folder)
        script = _installed(setting, place)
        root = {"GOGEN_ROOT": f"{place}/root"}
        runs = [
            Run(_BARE, ("dash", "-c", ":"), place),
            Run(_SECOND, ("dash", script, "install"), place, settings=root),
        ]
        return rows("installer", setting.measure(runs), [Budget(_SECOND, _BARE, seconds=0.05)])


def _installed(setting: Setting, place: Path) -> Path:
    """Render an installer, run it once from a folder, and give its path."""
    uname = os.uname()
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(uname.machine, uname.machine)
    system = uname.sysname.lower()
    tools = [f"pkg/tool/{system}_{arch}/{name}" for name in ("asm", "compile", "link")]
    programs = dict.fromkeys(["bin/gofmt", *tools], b"\0" * 1000) | {"bin/go": _GO.encode()}
    file = f"go{_RELEASE}.{system}-{arch}.tar.gz"
    archive = _archive({**programs, "VERSION": f"go{_RELEASE}\n".encode()})
    pin = {
        "file": file,
        "sha256": hashlib.sha256(archive).hexdigest(),
        "size": len(archive),
        "sentinels": {name: hashlib.sha256(data).hexdigest() for name, data in programs.items()},
    }
    platform = f"{system}/{arch}"
    lock = {"actions": {}, "go": {_RELEASE: {"platforms": {platform: pin}}}, "images": {}}
    files = {
        "gogen.toml": b"",
        "gogen.lock": json.dumps(lock).encode(),
        "profiles/it/go.yaml": _PROFILE.format(release=_RELEASE, platform=platform).encode(),
        f"mirror/{file}": archive,
    }
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    script = place / "out/it/installer/setup-go.sh"
    install = ("dash", script, "install", "--offline", "--mirror", place / "mirror")
    for command in (setting.gogen("render"), install):
        environment = {**setting.environment, "GOGEN_ROOT": f"{place}/root"}
        subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
    return script


def _archive(files: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"go/{name}")
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return raw.getvalue()
