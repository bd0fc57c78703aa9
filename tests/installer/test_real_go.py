"""A real Go: its archive from a mirror, and the toolchain module of the public proxy."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from generator.lock.reading import read_lock
from tests.installer.conftest import render
from tests.installer.machine import Machine
from tests.installer.stand_in import ARCH, OS, PLATFORM, PROGRAMS, Release, stand_in
from tests.tools import ROOT, lacks, require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.installer.mirror import Mirror

# What building a program needs; PyPI's tree has more, and compressing all of it takes long.
KEPT = ("VERSION", "go.env", "bin/", "pkg/include/", "pkg/tool/", "src/")
LEFT_OUT = ("src/cmd/", "src/crypto/", "src/net/", "src/vendor/", "src/go/", "src/encoding/")
HELLO = 'package main\n\nfunc main() { println("hello") }\n'
# Read once: the fixtures of conftest.py clean the environment of each test.
_PROXIES = os.environ.get("GOPROXY") or "https://proxy.golang.org"  # noqa: TID251  (this machine's)
PROXY = _PROXIES.replace("|", ",").split(",")[0].rstrip("/")


def real_go() -> Release:
    """Give the Go that PyPI has, as an archive with a lock entry of its own."""
    root = require("go").parent.parent
    tree = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.relative_to(root).as_posix().startswith(KEPT)
    }
    tree = {
        path: content
        for path, content in tree.items()
        if not path.startswith(LEFT_OUT) and "/testdata/" not in path and "_test.go" not in path
    }
    version = tree["VERSION"].decode().split()[0].removeprefix("go")
    return Release(version, tree, tuple(path for path in PROGRAMS if path in tree))


@pytest.fixture(scope="module")
def repacked() -> Release:
    return real_go()


def build(go: Path, folder: Path, env: Mapping[str, str]) -> str:
    """Build a program and give what it says."""
    folder.mkdir(exist_ok=True)
    (folder / "go.mod").write_text("module hello\n\ngo 1.27.0\n", encoding="utf-8")
    (folder / "hello.go").write_text(HELLO, encoding="utf-8")
    settings = {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath -buildvcs=false", "GOTOOLCHAIN": "local"}
    subprocess.run(
        [go, "build", "-o", "hello", "."],
        env={"PATH": "/usr/bin:/bin", **settings, **env},
        cwd=folder,
        check=True,
        capture_output=True,
    )
    done = subprocess.run([folder / "hello"], check=True, capture_output=True, text=True)
    return done.stderr


def test_a_real_archive_is_installed_and_builds(
    tmp_path: Path, mirror: Mirror, repacked: Release
) -> None:
    mirror.files[repacked.file] = repacked.archive
    script = tmp_path / "setup-go.sh"
    pins = {repacked.version: repacked.pin, "1.27.9": stand_in("1.27.9").pin}
    script.write_bytes(render(tmp_path / "workspace", pins, mirror.url("good")))
    one = Machine(tmp_path / "machine", script)
    # The user's own go, and what an older one left, change nothing.
    one.env |= {"GOROOT": "/nowhere", "GOFLAGS": "-nonsense", "GOTOOLCHAIN": "bogus"}
    one.right()
    one.right("verify", "--deep")
    assert one.right("--json").json["changed"] is False
    into = tmp_path / "elsewhere/go"
    one.right("install", "--into", str(into))
    one.right("verify", "--into", str(into), "--deep")
    env = {"HOME": str(one.home), "GOCACHE": str(tmp_path / "cache")}
    go = one.root / "current/bin/go"
    said = subprocess.check_output([go, "env", "GOVERSION", "GOROOT"], env=env, text=True)
    assert said.split() == [f"go{repacked.version}", str(one.root / "go" / repacked.name)]
    assert build(go, tmp_path / "hello", env) == "hello\n"


def test_the_public_toolchain_module_is_installed(tmp_path: Path) -> None:
    lock = read_lock(ROOT / "gogen.lock")
    version = min(lock.go)
    pin = lock.go[version].platforms.get(PLATFORM)
    if pin is None or not pin.h1_hex:
        pytest.skip(f"the lock has no h1 of go {version} on {PLATFORM}")
    pins = {version: pin, "1.27.9": stand_in("1.27.9").pin}
    script = tmp_path / "setup-go.sh"
    script.write_bytes(render(tmp_path / "workspace", pins, "http://127.0.0.1:9", PROXY))
    one = Machine(tmp_path / "machine", script)
    done = one.run("install", "--json")
    if done.code == 4:
        lacks(f"{PROXY} does not answer")
    assert done.code == 0, done.text
    assert done.json["source"] == (
        f"{PROXY}/golang.org/toolchain/@v/v0.0.1-go{version}.{OS}-{ARCH}.zip"
    )
    one.right("verify", "--deep")
