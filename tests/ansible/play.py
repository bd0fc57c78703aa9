"""A workspace with the role, and Ansible run on it for real: locally and over sshd processes."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.lock.model import GoRelease, Lock
from generator.lock.writing import write_lock
from tests.conftest import Project
from tests.installer.stand_in import PLATFORM, stand_in
from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_COUNT = re.compile(r"(\w+)=(\d+)")
_FATAL = re.compile(r"^(?:fatal|failed): \[([^]]+)\].*? => (.*)$", re.MULTILINE)
CURRENT, NEXT = stand_in("1.27.1"), stand_in("1.27.2")
PROFILE = """\
targets: [ansible, go, installer]
toolchains: {{current: "1.27.1", next: "1.27.2"}}
go:
  platforms: ["{platform}"]
  env: {{GOTOOLCHAIN: local}}
  path: ["{below}/sdk/current/bin"]
  goenv: "{below}/etc/go.env"
installer: {{root: "{below}/sdk", script: "{below}/libexec/setup-go.sh"}}
network: {{go_archives: ["{mirror}/"]}}
"""


def render(root: Path, *, mirror: str, below: str = "~", change: str = "") -> Path:
    """Render a profile whose files lie below a folder; give its folder of out/."""
    project = Project(root)
    lock = Lock(go={one.version: GoRelease({PLATFORM: one.pin}) for one in (CURRENT, NEXT)})
    profile = PROFILE.format(platform=PLATFORM, mirror=mirror, below=below) + change
    project.write(
        {"gogen.toml": "", "profiles/it/profile.yaml": profile, "gogen.lock": write_lock(lock)}
    )
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    return root / "out" / "it"


@dataclass(frozen=True)
class Played:
    """What a run of a playbook did: its exit code and what it printed."""

    code: int
    text: str

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """What the recap counts, by host."""
        recap = self.text.partition("PLAY RECAP")[2]
        lines = (line.partition(":") for line in recap.splitlines() if "ok=" in line)
        return {
            host.strip(): {name: int(count) for name, count in _COUNT.findall(rest)}
            for host, _, rest in lines
        }

    @property
    def changed(self) -> dict[str, int]:
        """How many tasks changed something, by host."""
        return {host: counts["changed"] for host, counts in self.counts.items()}

    @property
    def failed(self) -> dict[str, str]:
        """What is said of the failed task, by host."""
        return dict(_FATAL.findall(self.text))


@dataclass(frozen=True)
class Controller:
    """Where Ansible runs: a folder of its own with an inventory.

    `sockets` is a folder of a short path: a socket's has at most 107 bytes.
    """

    folder: Path
    inventory: str
    sockets: Path

    def play(
        self, playbook: Path, *args: str, variables: Mapping[str, object] | None = None
    ) -> Played:
        """Run a playbook, with extra variables."""
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        hosts = self.folder / "hosts.ini"
        hosts.write_text(self.inventory, encoding="utf-8")
        extra = ("--extra-vars", json.dumps(variables or {}))
        done = subprocess.run(
            (require("ansible-playbook"), "-i", hosts, *extra, playbook, *args),
            env={
                "HOME": str(home),
                "PATH": SEARCH,
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_PIPELINING": "1",
                "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=10s",
                "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.sockets),
            },
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return Played(done.returncode, done.stdout + done.stderr)
