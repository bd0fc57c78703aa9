"""Real git repositories, and a real `git daemon` that serves them on loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# A fixture of a whole module runs before a test's clean environment is there.
_PERSON = ("-c", "user.name=A Tester", "-c", "user.email=tester@example.com")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository in a folder, bare or not."""

    folder: Path

    @property
    def url(self) -> str:
        """Its address on this disk."""
        return f"file://{self.folder}"

    def git(self, *argv: str) -> str:
        """Run git in it; give what it printed."""
        command = [str(require("git")), "-C", str(self.folder), *_PERSON, *argv]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, files: Mapping[str, str | bytes], message: str = "change") -> str:
        """Write files, commit all there is, give the commit."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


def repository(folder: Path) -> Repository:
    """Make an empty repository whose branch is main."""
    folder.mkdir(parents=True)
    made = Repository(folder)
    made.git("init", "-q", "-b", "main")
    return made


@contextmanager
def daemon(base: Path) -> Iterator[str]:
    """Serve the repositories below a folder by git's own protocol; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [str(require("git")), "daemon", "--reuseaddr", "--export-all", f"--base-path={base}"]
    with subprocess.Popen([*argv, "--listen=127.0.0.1", f"--port={port}", str(base)]) as process:
        try:
            _await(port)
            yield f"git://127.0.0.1:{port}"
        finally:
            process.terminate()


def _await(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    msg = f"nothing listens on port {port}"
    raise AssertionError(msg)
