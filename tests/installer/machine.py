"""A machine to install on: a home folder, an environment, a PATH and a shell."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = {"dash": [], "busybox": ["sh"], "bash": ["--posix"]}
# What the installer calls besides a program to fetch with.
NEEDED = (
    *("cat", "chmod", "cp", "cut", "dd", "df", "env", "find", "flock", "grep", "gzip", "id", "ln"),
    *("ls", "mkdir", "mv", "readlink", "rm", "rmdir", "sed", "sh", "sha256sum", "sleep", "sort"),
    *("stat", "sync", "tar", "tr", "uname", "wc"),
)
PATIENCE = 300
"""Seconds after which a run hangs; the machine may be busy."""
SYSTEM = "/usr/bin:/bin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Done:
    """What a run left: exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything printed."""
        return self.out + self.err

    @property
    def json(self) -> dict[str, Any]:
        """The result of a run with --json."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@dataclass
class Machine:
    """A machine; `script` is its setup-go.sh, `root` where releases go."""

    folder: Path
    script: Path
    shell: str = "dash"
    path: str = SYSTEM
    env: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The user's home folder."""
        return self.folder / "home"

    @property
    def root(self) -> Path:
        """R, where the profile says it is."""
        return self.home / ".local/share/gogen"

    def start(self, *args: str, **env: str) -> subprocess.Popen[str]:
        """Start the script."""
        self.home.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [require(self.shell), *SHELLS[self.shell], self.script, *args],
            env={"HOME": str(self.home), "PATH": self.path, **self.env, **env},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """End what a failed test has left running: its pipes would make another test fail."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def run(self, *args: str, **env: str) -> Done:
        """Run the script to its end."""
        process = self.start(*args, **env)
        out, err = process.communicate(timeout=PATIENCE)
        return Done(process.returncode, out, err)

    def right(self, *args: str, **env: str) -> Done:
        """Run the script, which has to succeed."""
        done = self.run(*args, **env)
        assert done.code == 0, done.text
        return done

    def only(self, *programs: str) -> None:
        """Leave only these programs on PATH."""
        bin_ = self.folder / "bin"
        bin_.mkdir(exist_ok=True)
        for name in programs:
            found = shutil.which(name, path=SYSTEM)
            assert found, name
            (bin_ / name).symlink_to(os.path.realpath(found))
        self.path = str(bin_)


def snapshot(root: Path) -> dict[str, tuple[int, int, int]]:
    """Give what a write would change, of everything below a folder."""
    return {
        str(path.relative_to(root)): (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        for path in [root, *root.rglob("*")]
        for stat in [path.lstat()]
    }
