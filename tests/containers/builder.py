"""buildah without an engine or a registry: storage in a folder, images made from busybox.

Chroot isolation needs root, and nothing else of the kernel. A base image is a stand-in: busybox
under the name and the digest that the lock then has, with a package manager that installs nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools import SEARCH, require

_MODERN = (1, 34)
"""Before this release buildah knows neither ADD --checksum (containers/buildah#5135) nor
TARGETARCH in FROM; Debian 12 has 1.28."""
_APK = '#!/bin/sh\ntest "$1" = add || exit 1\n'
# Alpine's busybox has this applet, Debian's has not: -d -o USER -g GROUP FOLDER…
_INSTALL = '#!/bin/sh\nset -e\nowner=$3:$5\nshift 5\nmkdir -p "$@"\nchown "$owner" "$@"\n'
_PROGRAMS = {"apk": _APK, "install": _INSTALL, "update-ca-certificates": "#!/bin/sh\n"}


@dataclass(frozen=True)
class Builder:
    """buildah with its storage below `folder`."""

    folder: Path
    program: Path

    @classmethod
    def make(cls, folder: Path) -> Builder:
        """Give a builder; skip the test where none can run."""
        program = require("buildah")
        if os.geteuid() != 0:
            pytest.skip("buildah's chroot isolation needs root")
        folder.mkdir()
        made = cls(folder, program)
        (folder / "tmp").mkdir()
        conf = '[storage]\ndriver = "vfs"\nrunroot = "{0}/run"\ngraphroot = "{0}/store"\n'
        (folder / "storage.conf").write_text(conf.format(folder), encoding="utf-8")
        (folder / "registries.conf").write_text("unqualified-search-registries = []\n")
        (folder / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        return made

    def run(self, *words: str | Path) -> str:
        """Run a command of buildah and give what it printed; fail with all it said."""
        env = {
            "PATH": SEARCH,
            "HOME": str(self.folder),
            "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
            "BUILDAH_ISOLATION": "chroot",
            # Cache mounts lie there, from one build to the next.
            "TMPDIR": str(self.folder / "tmp"),
        }
        done = subprocess.run(
            [self.program, *words],
            env=env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"buildah {words}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def base(self, name: str) -> str:
        """Make the stand-in for a base image and give its digest."""
        root = self.folder / "base"
        if not root.exists():
            _busybox(root)
        container = self.run("from", "scratch")
        self.run("copy", container, root, "/")
        return self._committed(container, name)

    def empty(self, name: str) -> str:
        """Make the stand-in for an image without a shell and give its digest."""
        return self._committed(self.run("from", "scratch"), name)

    def _committed(self, container: str, name: str) -> str:
        self.run("commit", "--rm", container, name)
        image = json.loads(self.run("inspect", "--type", "image", name))
        return str(image["FromImageDigest"])

    def build(self, dockerfile: Path, context: Path, arch: str, target: str) -> str:
        """Build a stage of a Dockerfile, nothing pulled, and give the image's id."""
        ready = self.folder / dockerfile.name
        ready.write_text(
            self._known(dockerfile.read_text(encoding="utf-8"), arch), encoding="utf-8"
        )
        words = (
            "build",
            "--pull-never",
            "--platform",
            f"linux/{arch}",
            "--target",
            target,
            "--file",
            ready,
        )
        return self.run(*words, "--quiet", context).split("\n")[-1]

    def _known(self, text: str, arch: str) -> str:
        """Write out of a Dockerfile what old releases cannot read: a flag, an argument in FROM."""
        said = re.search(r"(\d+)\.(\d+)", self.run("--version"))
        assert said
        if (int(said[1]), int(said[2])) >= _MODERN:
            return text
        text = re.sub(r"^ADD --checksum=\S+ ", "ADD ", text, flags=re.MULTILINE)
        platform = text.replace("${TARGETARCH}", arch)
        return platform.replace("FROM --platform=$BUILDPLATFORM ", "FROM ")

    def start(self, image: str, command: str, copy: Path) -> str:
        """Run a program of an image as a container does, give what it printed, and copy it out."""
        container = self.run("from", "--pull-never", image)
        said = self.run("run", container, "--", command)
        root = Path(self.run("mount", container))
        shutil.copyfile(root / command.lstrip("/"), copy)
        self.run("rm", container)
        return said

    def inside(self, image: str, script: Path, *words: str) -> str:
        """Run a script of ours in a container of an image and give what it printed."""
        container = self.run("from", "--pull-never", image)
        self.run("copy", "--chmod", "0755", container, script, "/tmp/script")  # noqa: S108  (its own)
        said = self.run("run", container, "--", "/bin/sh", "/tmp/script", *words)  # noqa: S108
        self.run("rm", container)
        return said


def _busybox(root: Path) -> None:
    """Make a root file system of busybox, what it is linked with, and a package manager."""
    program = require("busybox")
    for folder in ("bin", "etc/ssl/certs", "tmp", "usr/local", "var/tmp"):
        (root / folder).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    shutil.copy2(program, root / "bin/busybox")
    for name in subprocess.check_output([program, "--list"], text=True).split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for library in re.findall(r"(/\S+) \(0x", linked):
        copy = root / library.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(library).resolve(), copy)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n", encoding="utf-8")
    (root / "etc/ssl/certs/ca-certificates.crt").write_text("# none\n", encoding="utf-8")
    for name, script in _PROGRAMS.items():
        (root / "bin" / name).unlink(missing_ok=True)
        (root / "bin" / name).write_text(script, encoding="utf-8")
        (root / "bin" / name).chmod(0o755)
