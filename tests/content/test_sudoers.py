"""sudoers: nothing by default; on request one command, allowed by sudo itself, and no other."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Project

FILE = "out/k8s-node/sudoers/sudoers.d/50-gogen"
WORKSPACE = """\
targets: [sudoers]
toolchains: {current: "1.27.1"}
go:
  toolchain: current
  platforms: [linux/amd64]
"""
GRANTS = """\
sudoers:
  sudo_flavour: sudo
  grants:
    - {name: A, why: w, path: /usr/local/sbin/a, args: [], users: [one, two], groups: [three],
       run_as: app, password: false, sha256: "%s"}
"""


def test_nothing_by_default(project: Callable[[Mapping[str, str | bytes]], Project]) -> None:
    made = project({"profiles/x/profile.yaml": WORKSPACE})
    assert made.run("lock").code == 0
    outcome = made.run("render")
    assert outcome.code == 0, outcome.text
    assert not [path for path in outcome.tree if path.startswith("out/x/sudoers/")]


def test_everything_a_grant_can_say(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    digest = "0" * 64
    made = project({"profiles/x/profile.yaml": WORKSPACE + GRANTS % digest})
    assert made.run("lock").code == 0
    outcome = made.run("render")
    assert outcome.code == 0, outcome.text
    text = outcome.tree["out/x/sudoers/sudoers.d/50-gogen"].decode()
    assert [line for line in text.split("\n") if line and line[0] != "#"] == [
        f'Cmnd_Alias GOGEN_A = sha256:{digest} /usr/local/sbin/a ""',
        "Defaults!GOGEN_A use_pty",
        "one ALL = (app) NOSETENV: NOPASSWD: GOGEN_A",
        "two ALL = (app) NOSETENV: NOPASSWD: GOGEN_A",
        "%three ALL = (app) NOSETENV: NOPASSWD: GOGEN_A",
    ]


@pytest.fixture
def allowed(rendered: Mapping[str, bytes], tmp_path: Path) -> Callable[[str, str], bool]:
    """Tell what sudo says of a user and a command, with the rendered file as its only sudoers."""
    require("visudo")
    if os.geteuid() != 0:
        pytest.skip("only root may put another sudoers file before sudo")
    (tmp_path / "sudoers").write_bytes(rendered[FILE])
    (tmp_path / "group").write_text("root:x:0:\ngogen-operators:x:4242:nobody\n", encoding="utf-8")
    mounts = [f"mount --bind {tmp_path / name} /etc/{name}" for name in ("sudoers", "group")]
    for name in ("sudoers", "group"):
        (tmp_path / name).chmod(0o440 if name == "sudoers" else 0o644)
    if _apart([*mounts, "true"]):
        pytest.skip("no mount namespace here (unshare --mount)")
    return lambda user, command: not _apart([*mounts, f"sudo -l -U {user} {command}"])


def _apart(commands: list[str]) -> int:
    script = " && ".join(commands)
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, check=False, timeout=300
    ).returncode


@pytest.mark.parametrize(
    ("user", "command", "answer"),
    [
        ("nobody", "/usr/bin/systemctl restart kubelet.service", "yes"),
        ("nobody", "/usr/bin/systemctl restart gogen-node-join.service", "yes"),
        ("nobody", "/usr/bin/systemctl restart ssh.service", "no"),
        ("nobody", "/usr/bin/systemctl restart kubelet.service ssh.service", "no"),
        ("nobody", "/usr/bin/systemctl", "no"),
        ("nobody", "/bin/sh", "no"),
        ("daemon", "/usr/bin/systemctl restart kubelet.service", "no"),
    ],
)
def test_sudo_allows_that_command_and_no_other(
    allowed: Callable[[str, str], bool], user: str, command: str, answer: str
) -> None:
    assert allowed(user, command) is (answer == "yes")
