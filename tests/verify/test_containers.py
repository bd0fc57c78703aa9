"""Real containers, of a static BusyBox and a small stand-in for Go, asked by the engine's own exec.

What `docker://` calls is podman under that name, as Debian's package podman-docker has it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import GoRelease, Lock
from generator.lock.writing import write_lock
from tests.conftest import Project
from tests.installer.stand_in import PLATFORM
from tests.tools import SEARCH, require
from tests.verify import fleet
from tests.verify.test_rollback import release

if TYPE_CHECKING:
    from collections.abc import Iterator

PROFILE = """\
targets: [testinfra]
toolchains: {{current: "1.27.1"}}
go:
  platforms: ["{platform}"]
  env: {{GOTOOLCHAIN: local}}
  path: [/usr/local/go/bin]
"""
# A sandbox may deny an engine to raise limits, to make cgroups, or those of runc.
WAYS = (["--runtime", "runc", "run"], ["run", "--cgroups=disabled"])
LIMITS = ("--ulimit", "nofile=1000:1000", "--ulimit", "nproc=1000:1000")


def image(version: str) -> bytes:
    """Give a root folder as a tar file: BusyBox's programs, and a Go in its usual place."""
    busybox = require("busybox")
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:

        def add(name: str, content: bytes = b"", link: str = "") -> None:
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.SYMTYPE if link else tarfile.REGTYPE
            entry.linkname, entry.mode, entry.size = link, 0o755, len(content)
            tar.addfile(entry, io.BytesIO(content))

        add("bin/busybox", busybox.read_bytes())
        for name in subprocess.check_output([busybox, "--list"], text=True).split():
            if name != "busybox":
                add(f"bin/{name}", link="busybox")
        add("tmp/empty")
        for path, content in release(version).tree.items():
            add(f"usr/local/go/{path}", content)
    return raw.getvalue()


class Engine:
    """Podman with its images and containers in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        options = ("--root", folder / "root", "--runroot", folder / "run")
        storage = ("--storage-driver", "vfs", "--cgroup-manager", "cgroupfs")
        words = " ".join(map(str, (require("podman"), *options, *storage)))
        (folder / "bin").mkdir()
        for name in ("podman", "docker"):
            program = folder / "bin" / name
            program.write_text(f'#!/bin/sh\nexec {words} --events-backend file "$@"\n')
            program.chmod(0o755)
        self.path = f"{folder}/bin:{SEARCH}"

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run podman."""
        return subprocess.run(
            [self.folder / "bin/podman", *words],
            env={"PATH": self.path, "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, name: str, version: str) -> None:
        """Make an image and run it; skip the test where no container can run."""
        (self.folder / "image.tar").write_bytes(image(version))
        tag = f"localhost/{name}:1"
        path = "ENV PATH=/usr/local/go/bin:/bin"
        made = self.call("import", "-c", path, str(self.folder / "image.tar"), tag)
        assert made.returncode == 0, made.stderr
        said = ""
        for way in WAYS:
            words = (*LIMITS, "-d", "--name", name, "--network=none", tag, "/bin/sleep", "600")
            done = self.call(*way, *words)
            if done.returncode == 0:
                return
            said = done.stderr.strip()
            self.call("rm", "-f", "-t", "0", name)
        pytest.skip(f"no container runs here: {said}")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if os.geteuid():
        pytest.skip("the engine is root's here")
    # A short path: that of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="gogen-", ignore_cleanup_errors=True) as folder:
        one = Engine(Path(folder))
        try:
            one.start("right", "1.27.1")
            one.start("wrong", "1.27.2")
            one.start("ended", "1.27.1")
            one.call("kill", "ended")
            yield one
        finally:
            one.call("rm", "-f", "-a", "-t", "0")
            one.call("rmi", "-f", "-a")
            shutil.rmtree(Path(folder) / "root", ignore_errors=True)


def test_a_container_is_asked_as_it_runs(engine: Engine, tmp_path: Path) -> None:
    one = release("1.27.1")
    lock = Lock(go={"1.27.1": GoRelease({PLATFORM: one.pin})})
    profile = PROFILE.format(platform=PLATFORM)
    project = Project(tmp_path / "workspace")
    project.write(
        {"gogen.toml": "", "profiles/it/profile.yaml": profile, "gogen.lock": write_lock(lock)}
    )
    due = {
        "podman://right": "right",
        "podman://wrong": "differs",
        "podman://ended": "unreachable",
        "docker://right": "right",
        "docker://nobody": "unreachable",
    }
    argv = ("verify", "--hosts", ",".join(due), "--format", "json")
    done = fleet.gogen(project.root, *argv, env={"PATH": engine.path})
    found = {host["host"]: host for host in json.loads(done.stdout)["hosts"]}
    assert {name: host["outcome"] for name, host in found.items()} == due
    checks = found["podman://wrong"]["checks"]
    wrong = {check["property"] for check in checks if check["outcome"] == "differs"}
    assert wrong == {"version", "goroot", "sentinels"}
    assert done.returncode == 6
