"""The environment is one, wherever it is read: each surface by its real reader, and compared."""

from __future__ import annotations

import json
import os
import plistlib
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.tools import lacks, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

BASE_PATH = "/usr/bin:/bin"
SHELLS = {"dash": [], "busybox": ["sh"], "bash": ["--posix"], "zsh": ["-f"], "fish": ["-N"]}
GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")
SURFACES = [*SHELLS, "systemd", "launchd", "mise", "devcontainer"]
# What an older login may have left; environment.d and a container have no way to take it out.
STALE = {"GOROOT": "/old", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "auto"}
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")

# A company's laptop: all that a profile can say of the environment, in values that need quotes.
COMPANY = """\
targets: [environment, go, systemd]
toolchains: {current: "1.27.1"}
go:
  platforms: [linux/amd64]
  env:
    GOTOOLCHAIN: "go<{ toolchains.current }>"
    GOPROXY: "https://proxy.example,direct"
    GOPRIVATE: "*.example,git.example/a&b'<c>"
    GOPATH: ~/my go
    GOBIN: ~/my go/bin
    GOCACHE: ~/a 'cache'
  flags: [-trimpath, "-ldflags=-s -w"]
  path: [~/my go/bin, /opt/the company/bin, ~/.local/share/gogen/current/bin]
  goenv: ~/.config/go/env
host:
  verify: ~/.local/libexec/verify
  login: {unit: verify, timeout_seconds: 60}
network:
  host_ca_bundle: /etc/ssl/company ca.pem
  proxy:
    http: "http://proxy.example:3128"
    https: "http://proxy.example:3128"
    no_proxy: [.svc, .cluster.local]
environment:
  launchd: {label: com.example.go}
  mise: {place: mise.toml}
  asdf: {place: .tool-versions}
  devcontainer:
    image: "golang:<{ toolchains.current }>-trixie"
    user: vscode
    place: .devcontainer/devcontainer.json
"""
PLACES = 'places = ["mise.toml", ".tool-versions", ".devcontainer/*"]\n'
_COMPANY: list[Mapping[str, bytes]] = []


class Machine:
    """A home folder, and what a profile renders for it."""

    def __init__(self, tree: Mapping[str, bytes], profile: str, home: Path) -> None:
        root = f"out/{profile}/"
        self.files = {p.removeprefix(root): c for p, c in tree.items() if p.startswith(root)}
        self.home = home
        home.mkdir()

    def path(self, suffix: str) -> str:
        """Give the one rendered file whose path ends so."""
        (found,) = [path for path in self.files if path.endswith(suffix)]
        return found

    def text(self, suffix: str) -> str:
        return self.files[self.path(suffix)].decode()

    def put(self, suffix: str, name: str) -> Path:
        """Write a rendered file below the home folder."""
        target = self.home / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.files[self.path(suffix)])
        return target

    def run(self, *command: str | Path, **env: str) -> str:
        done = subprocess.run(
            command,
            env={"HOME": str(self.home), "PATH": BASE_PATH, **env},
            cwd=self.home,
            check=True,
            capture_output=True,
            text=True,
        )
        assert not done.stderr
        return done.stdout

    def environment(self, surface: str) -> dict[str, str]:
        """Give the environment of what is started from a surface."""
        if surface in SHELLS:
            return self._shell(surface)
        return {
            "systemd": self._systemd,
            "launchd": self._launchd,
            "mise": self._mise,
            "devcontainer": self._devcontainer,
        }[surface]()

    def _shell(self, shell: str) -> dict[str, str]:
        name = "env.fish" if shell == "fish" else "env.sh"
        script = shlex.quote(str(self.put(f"go/{name}", name)))
        source = f"{'source' if shell == 'fish' else '.'} {script}"
        line = f"{source}; {source}; env -0"
        told = self.run(require(shell), *SHELLS[shell], "-c", line, **STALE)
        return dict(pair.split("=", 1) for pair in told.split("\0") if pair)

    def _systemd(self) -> dict[str, str]:
        if not GENERATOR.is_file():
            lacks("systemd's environment generator is not installed: apt install systemd")
        self.put("50-gogen.conf", ".config/environment.d/50-gogen.conf")
        told = self.run(GENERATOR, XDG_CONFIG_HOME=f"{self.home}/.config")
        return dict(line.split("=", 1) for line in shlex.split(told))

    def _launchd(self) -> dict[str, str]:
        job = plistlib.loads(self.files[self.path(".plist")])
        assert set(job) == {"Label", "ProgramArguments", "RunAtLoad"}
        assert job["RunAtLoad"] is True
        assert self.path(".plist") == f"environment/{job['Label']}.plist"
        tools = self.home / "tools"
        tools.mkdir()
        launchctl = tools / "launchctl"
        launchctl.write_text('#!/bin/sh\nprintf "%s\\0" "$#" "$@" >>"$HOME/told"\n', "utf-8")
        launchctl.chmod(0o755)
        session = {"PATH": BASE_PATH, **STALE}
        for _login in range(2):
            path = f"{session['PATH']}:{tools}"
            self.run(*job["ProgramArguments"], **{**session, "PATH": path})
            words = iter((self.home / "told").read_text("utf-8").split("\0")[:-1])
            for count in words:
                verb, name, *value = [next(words) for _ in range(int(count))]
                session.pop(name, None)
                if verb == "setenv":
                    session[name] = value[0]
            session["PATH"] = session["PATH"].replace(f":{tools}", "")
            (self.home / "told").unlink()
        return session

    def _mise(self) -> dict[str, str]:
        project = self.put("environment/mise.toml", "project/mise.toml").parent
        tool = self.home / ".local/share/mise/installs/go/1.27.1/bin"
        tool.mkdir(parents=True)
        told = self.run(
            *(require("mise"), "--cd", project, "exec", "--", "env", "-0"),
            MISE_OFFLINE="1",
            MISE_TRUSTED_CONFIG_PATHS=str(project),
            **STALE,
        )
        found = dict(pair.split("=", 1) for pair in told.split("\0") if pair)
        # The Go that mise installed comes after all folders of the profile.
        assert found["PATH"].endswith(f":{tool}:{BASE_PATH}")
        return {**found, "PATH": found["PATH"].replace(f":{tool}:", ":")}

    def _devcontainer(self) -> dict[str, str]:
        self.put("environment/devcontainer.json", "project/.devcontainer/devcontainer.json")
        done = subprocess.run(
            # No container engine: `true` says that there is no container yet.
            [
                *(require("devcontainer"), "read-configuration"),
                *("--workspace-folder", self.home / "project", "--docker-path", "/bin/true"),
            ],
            env={"HOME": str(self.home), "PATH": os.environ["PATH"]},  # noqa: TID251  (node's place)
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(done.stdout)["configuration"]["remoteEnv"]
        container = {"HOME": str(self.home), "PATH": BASE_PATH}
        return {
            name: re.sub(r"\$\{containerEnv:(\w+)\}", lambda m: container[m[1]], value)
            for name, value in found.items()
        }

    def settings(self, env: Mapping[str, str]) -> dict[str, str]:
        """Give what go goes by: the environment's variables, then the go env file that it names."""
        lines = self.text("go/go.env").splitlines()
        file = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        named = env.get("GOENV") == f"{self.home}/.config/go/env"
        found = {**(file if named else {}), **{k: v for k, v in env.items() if v}}
        return {
            name: v
            for name, v in found.items()
            if name.startswith(("GO", "CGO")) and name != "GOENV"
        }


@pytest.fixture(params=["dev-laptop", "company"])
def machine(
    request: pytest.FixtureRequest,
    rendered: Mapping[str, bytes],
    project: Callable[[Mapping[str, str | bytes]], Project],
    tmp_path: Path,
) -> Machine:
    """Give a machine of the shipped laptop profile, or of a company's."""
    tree = _company(project) if request.param == "company" else rendered
    return Machine(tree, request.param, tmp_path / "a home")


def _company(project: Callable[[Mapping[str, str | bytes]], Project]) -> Mapping[str, bytes]:
    if not _COMPANY:
        made = project({"profiles/company/profile.yaml": COMPANY, "gogen.toml": PLACES})
        assert made.run("lock").code == 0
        outcome = made.run("render")
        assert outcome.code == 0, outcome.text
        _COMPANY.append(outcome.tree)
    return _COMPANY[0]


def _due(machine: Machine) -> dict[str, str]:
    """Give what mise.toml says, read as plain TOML: every variable stands there in full."""
    said: dict[str, Any] = tomllib.loads(machine.text("environment/mise.toml"))["env"]
    home = re.compile(r"\{\{.*?\}\}")
    texts = {k: v for k, v in said.items() if isinstance(v, str)}
    found = {k: home.sub(str(machine.home), v) for k, v in texts.items()}
    folders = [home.sub(str(machine.home), folder) for folder in said["_"]["path"]]
    return {**found, "PATH": ":".join([*folders, BASE_PATH])}


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_gives_one_environment(machine: Machine, surface: str) -> None:
    due, found = _due(machine), machine.environment(surface)
    assert found["PATH"] == due["PATH"]
    assert "GOROOT" not in found
    assert machine.settings(found) == machine.settings(due)
    assert len(machine.settings(due)) >= 7
    assert {n: found.get(n) for n in PROXIES} == {n: due.get(n) for n in PROXIES}
    if surface != "devcontainer":  # whose system store is the image's own
        assert found.get("SSL_CERT_FILE") == due.get("SSL_CERT_FILE")


def test_a_windows_user_gets_it_from_the_go_env_file(machine: Machine) -> None:
    r"""What lies in `%AppData%\go\env` is read as ~/.config/go/env is, os.UserConfigDir's here."""
    machine.put("go/go.env", ".config/go/env")
    due = machine.settings(_due(machine))
    folders = {name for name in due if due[name].startswith(str(machine.home))}
    names = sorted(set(due) - folders - {"GOTOOLCHAIN"})
    told = machine.run(require("go"), "env", "-json", *names, GOTOOLCHAIN="local")
    assert json.loads(told) == {name: due[name] for name in names}
    assert b"\r" not in machine.files["go/go.env"]


def test_version_managers_take_the_profiles_release(machine: Machine) -> None:
    lines = machine.text(".tool-versions").splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["golang 1.27.1"]
    for suffix in (".tool-versions", "environment/mise.toml"):
        folder = f"read {Path(suffix).name}"
        project = machine.put(suffix, f"{folder}/{Path(suffix).name}").parent
        told = machine.run(
            *(require("mise"), "--cd", project, "ls", "--json"),
            MISE_OFFLINE="1",
            MISE_TRUSTED_CONFIG_PATHS=str(project),
        )
        ((tool, (release,)),) = json.loads(told).items()
        assert (tool, release["version"]) == ("go", "1.27.1")


def test_mise_sets_neither_goroot_nor_gobin_of_its_own(machine: Machine) -> None:
    project = machine.put("environment/mise.toml", "project/mise.toml")
    ours = re.compile(r"(?m)^(GOROOT|GOBIN) = .*\n")
    project.write_text(ours.sub("", project.read_text("utf-8")), "utf-8")
    (machine.home / ".local/share/mise/installs/go/1.27.1/bin").mkdir(parents=True)
    told = machine.run(
        *(require("mise"), "--cd", project.parent, "env", "--json"),
        MISE_OFFLINE="1",
        MISE_TRUSTED_CONFIG_PATHS=str(project.parent),
    )
    assert not {"GOROOT", "GOBIN"} & set(json.loads(told))
    assert "GOPATH" in json.loads(told)


def test_a_dev_container_is_one_by_digest(machine: Machine) -> None:
    text = machine.text("devcontainer.json")
    assert re.search(
        r'"image": "docker.io/library/golang:1\.27\.1-trixie@sha256:[0-9a-f]{64}"', text
    )


def test_files_stand_where_their_tools_look(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    tree = _company(project)
    for place in ("mise.toml", ".tool-versions", ".devcontainer/devcontainer.json"):
        assert tree[place] == tree[f"out/company/environment/{Path(place).name}"]
