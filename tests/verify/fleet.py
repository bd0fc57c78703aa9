"""Machines for `gogen verify`: each a home folder with a go of its own behind a real sshd.

The workspace renders what a machine should have; `Machines.make` sets one up with exactly that, and
a test spoils what it wants found.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.e2e.command import MAIN
from tests.tools import ROOT, SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TOOLS = ("bin/go", "bin/gofmt", "pkg/tool/{os}_{arch}/asm")
PROFILE = """\
targets: [go, testinfra, units]
toolchains: {{current: "{version}"}}
go:
  platforms: ["{platform}"]
  env:
    GOPROXY: "{proxy}"
    GOSUMDB: "sum.golang.org"
    GOTOOLCHAIN: local
    GOPATH: ~/go
    GOBIN: ~/go/bin
    CGO_ENABLED: "0"
  flags: [-trimpath]
  path: [~/go/bin, ~/sdk/bin]
  goenv: ~/.config/go/env
host: {{verify: ~/.local/libexec/verify}}
network: {{proxy: {{https: "http://proxy.example:3128", no_proxy: [127.0.0.1]}}}}
"""
TEMPLATES = {
    "templates/units/target.yaml": """\
description: "a user's service and an addition to it"
files:
  - {template: a.service.j2, path: units/a.service, install: ~/.config/systemd/user/a.service,
     dialect: systemd-unit}
  - {template: a.conf.j2, path: units/a.conf, dialect: systemd-unit,
     install: ~/.config/systemd/user/a.service.d/20-gogen.conf}
""",
    "templates/units/a.service.j2": "# <{ header }>\n[Service]\nExecStart=/bin/true\n",
    "templates/units/a.conf.j2": "# <{ header }>\n[Service]\nEnvironmentFile=/etc/a.env\n",
    "templates/units/section.schema.json": '{"description": "Units.", "type": "object"}\n',
}
# What systemd would say of the two units above, with the machine's home in it.
SHOWN = """\
LoadState=loaded
FragmentPath={home}/.config/systemd/user/a.service
DropInPaths={home}/.config/systemd/user/a.service.d/20-gogen.conf
EnvironmentFiles=/etc/a.env (ignore_errors=no)
NeedDaemonReload=no
"""
SYSTEMCTL = """\
#!/bin/sh
# Stands in for systemd, which is not PID 1 where tests run; it records what it is asked.
printf '%s\\n' "$*" >>"$HOME/stand-in/asked"
case $* in
*Version*) echo Version=257 ;;
*) cat "$HOME/stand-in/shown" ;;
esac
"""
LOGIN = """\
. "$HOME/env.sh"
PATH="$HOME/stand-in:$PATH"
"""


def released() -> tuple[str, str, Path]:
    """Give the version and the platform of the go that tests have, and its tree."""
    go = require("go")
    asked = subprocess.run(
        [go, "env", "GOVERSION", "GOHOSTOS", "GOHOSTARCH", "GOROOT"],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": "/", "PATH": os.defpath, "GOCACHE": "/nowhere", "GOTOOLCHAIN": "local"},
    )
    version, system, machine, root = asked.stdout.split()
    return version.removeprefix("go"), f"{system}/{machine}", Path(root)


def workspace(root: Path, proxy: str = "https://proxy.golang.org,direct") -> Path:
    """Write a workspace whose profile `host` the machines should have, and render it."""
    version, platform, tree = released()
    system, machine = platform.split("/")
    tools = [tool.format(os=system, arch=machine) for tool in TOOLS]
    sums = {tool: hashlib.sha256((tree / tool).read_bytes()).hexdigest() for tool in tools}
    pin = {"file": f"go{version}.{system}-{machine}.tar.gz", "sha256": "1" * 64, "sentinels": sums}
    lock = {"actions": {}, "go": {version: {"platforms": {platform: pin}}}, "images": {}}
    profile = PROFILE.format(version=version, platform=platform, proxy=proxy)
    files = {
        "gogen.toml": "",
        "gogen.lock": json.dumps(lock),
        "profiles/host/profile.yaml": profile,
        **TEMPLATES,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    rendered = gogen(root, "render")
    assert rendered.returncode == 0, rendered.stderr
    return root


def gogen(
    root: Path, *argv: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command on a workspace, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, "--workspace", root, *argv],
        env={"PATH": SEARCH, "HOME": str(root.parent), "PYTHONPATH": str(ROOT), **(env or {})},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


@dataclass(frozen=True)
class Machine:
    """One machine: its name in the ssh configuration, its home."""

    name: str
    home: Path

    @property
    def words(self) -> str:
        """What `--hosts` calls it."""
        return f"ssh://{self.name}"

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a text of it."""
        file = self.home / path
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def login(self, line: str) -> None:
        """Let every login run a line more."""
        with (self.home / ".profile").open("a") as file:
            file.write(f"{line}\n")


class _Serving(NamedTuple):
    """A machine's sshd: where it should listen, and what it says."""

    machine: Machine
    port: int
    daemon: subprocess.Popen[bytes]
    log: Path

    @property
    def listens(self) -> bool:
        """Tell whether it has the port: that somebody answers there is not enough."""
        return b"Server listening on" in self.log.read_bytes()

    def settled(self) -> bool:
        """Tell whether it listens, or never will."""
        return self.listens or self.daemon.poll() is not None


@dataclass
class Machines:
    """Machines on loopback, each with an sshd that ends with the test."""

    root: Path
    rendered: Path
    sshd: Path
    _made: list[_Serving] = field(default_factory=list)

    @classmethod
    def start(cls, root: Path, rendered: Path) -> Machines:
        """Make the keys and the tree that all share; `rendered` is a folder of out/."""
        require("ssh")
        machines = cls(root, rendered, require("sshd"))
        for key in ("host-key", "user-key"):
            keygen = require("ssh-keygen")
            subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", root / key], check=True)
        version, platform, tree = released()
        assert version
        for name in (*TOOLS, "VERSION", "go.env"):
            file = name.format(os=platform.split("/")[0], arch=platform.split("/")[1])
            (root / "sdk" / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tree / file, root / "sdk" / file)
        if not os.geteuid():  # where root's sshd separates its privileges, as its package has it
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        return machines

    def make(self, name: str, rendered: Path | None = None) -> Machine:
        """Set up one that has all that was rendered, and start its sshd."""
        rendered = rendered or self.rendered
        home = self.root / f"home of {name}"  # a space, as some have
        shutil.copytree(self.root / "sdk", home / "sdk", copy_function=os.link)
        installs = {
            "go/go.env": ".config/go/env",
            "go/verify.sh": ".local/libexec/verify",
            "go/env.sh": "env.sh",
            "units/a.service": ".config/systemd/user/a.service",
            "units/a.conf": ".config/systemd/user/a.service.d/20-gogen.conf",
        }
        for source, to in installs.items():
            (home / to).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(rendered / source, home / to)
        (home / "stand-in").mkdir()
        (home / "stand-in" / "shown").write_text(SHOWN.format(home=home))
        (home / "stand-in" / "systemctl").write_text(SYSTEMCTL)
        (home / "stand-in" / "systemctl").chmod(0o755)
        (home / ".profile").write_text(LOGIN)
        return self._started(name, home)

    def bare(self, name: str) -> Machine:
        """Set up one that has nothing, and start its sshd."""
        home = self.root / name
        home.mkdir()
        return self._started(name, home)

    def _started(self, name: str, home: Path) -> Machine:
        machine = Machine(name, home)
        self._made.append(self._served(machine))
        return machine

    def _served(self, machine: Machine) -> _Serving:
        port = free_port()
        config = machine.home / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1:{port}\nHostKey {self.root}/host-key\n"
            f"AuthorizedKeysFile {self.root}/user-key.pub\nPidFile none\nStrictModes no\n"
            "UsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
            f'SetEnv "HOME={machine.home}"\nMaxStartups 100\n'
        )
        log = machine.home / "sshd.log"
        with log.open("wb") as file:
            daemon = subprocess.Popen([self.sshd, "-D", "-e", "-f", config], stderr=file)
        return _Serving(machine, port, daemon, log)

    def _listening(self, serving: _Serving) -> _Serving:
        """Wait until a machine's sshd listens; on another port, where somebody was quicker."""
        for _ in range(5):
            until(serving.settled)
            if serving.listens:
                return serving
            serving = self._served(serving.machine)
        raise AssertionError(serving.log.read_text())

    def config(self) -> Path:
        """Give the ssh configuration that knows every machine, once each listens.

        A machine that is called nowhere has no sshd.
        """
        self._made = [self._listening(one) for one in self._made]
        known = (self.root / "host-key.pub").read_text().rsplit(" ", 1)[0]
        hosts = [f"Host {one.machine.name}\n  Port {one.port}\n" for one in self._made]
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout
        (self.root / "known_hosts").write_text(
            "".join(f"[127.0.0.1]:{one.port} {known}\n" for one in self._made)
        )
        config = self.root / "ssh_config"
        config.write_text(
            "".join(hosts) + "Host nowhere\n  Port 1\n"
            f"Host *\n  HostName 127.0.0.1\n  User {user.strip()}\n"
            f"  IdentityFile {self.root}/user-key\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.root}/known_hosts\n  StrictHostKeyChecking yes\n"
        )
        return config

    def stop(self) -> None:
        """End every sshd."""
        for one in self._made:
            one.daemon.kill()
            one.daemon.wait()


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds, at most five minutes."""
    end = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """Give the processes that come from one, all generations."""
    listed = subprocess.run(
        [require("ps"), "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.split()
    parents = dict(zip(map(int, listed[::2]), map(int, listed[1::2]), strict=True))
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def runs(pid: int) -> bool:
    """Tell whether a process still runs."""
    shown = [str(require("ps")), "-o", "stat=", "-p", str(pid)]
    state = subprocess.run(shown, capture_output=True, text=True, check=False).stdout.strip()
    return bool(state) and not state.startswith("Z")


def free_port() -> int:
    """Give a port that nobody listens on, for now."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def serving(root: Path, rendered: Path) -> Iterator[Machines]:
    """Give machines, and end them."""
    machines = Machines.start(root, rendered)
    try:
        yield machines
    finally:
        machines.stop()
