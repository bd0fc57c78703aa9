"""The role, run by Ansible itself: over sshd processes, on this machine, on hostile values."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ansible.play import CURRENT, NEXT, Controller, render
from tests.installer.mirror import Mirror, serving
from tests.tools import ROOT, require
from tests.verify.fleet import Machines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.verify.fleet import Machine

LOCAL = f"here ansible_connection=local ansible_python_interpreter={sys.executable}\n"
HOSTS = ("node1", "node2")
LATER = """\
---
- name: Play the rendered one
  ansible.builtin.import_playbook: "{playbook}"
- name: Use what it found
  hosts: all
  gather_facts: false
  tasks:
    - name: Tell
      ansible.builtin.debug:
        msg: "found {{{{ gogen_go.bin }}}} of {{{{ gogen_go.release }}}}"
      tags: [always]
      when: gogen_go is defined
"""


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    one = Mirror()
    one.files = {release.file: release.archive for release in (CURRENT, NEXT)}
    with serving(one):
        yield one


@pytest.fixture
def sockets() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gogen-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def local(tmp_path: Path, sockets: Path) -> Controller:
    return Controller(tmp_path / "controller", LOCAL, sockets)


def state(machine: Machine) -> dict[str, tuple[int, int]]:
    """Give what a write would change of what the role may write."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode)
        for folder in ("etc", "libexec", "sdk")
        for path in sorted((machine.home / folder).rglob("*"))
    }


def current(machine: Machine) -> str:
    """Give the release that is current, as the machine itself says it."""
    go = machine.home / "sdk/current/bin/go"
    done = subprocess.run([go, "version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[2]


def spoil(machine: Machine, path: str) -> None:
    file = machine.home / path
    file.write_bytes(file.read_bytes() + b"#\n")


def test_a_site_from_nothing_to_a_rollback(tmp_path: Path, sockets: Path, mirror: Mirror) -> None:
    # One test of seven runs: each rests on what the one before left on the machines.
    out = render(tmp_path / "workspace", mirror=mirror.url("good"))
    (tmp_path / "machines").mkdir()
    machines = Machines.start(tmp_path / "machines", out)
    try:
        made = [machines.bare(name) for name in HOSTS]
        config = machines.config()
        controller = Controller(
            tmp_path / "controller",
            "".join(f"{name}\n" for name in HOSTS)
            + f"[all:vars]\nansible_ssh_common_args=-F {config}\n"
            f"ansible_python_interpreter={sys.executable}\n",
            sockets,
        )
        site = tmp_path / "site.yml"
        site.write_text(LATER.format(playbook=out / "ansible/playbook.yml"), encoding="utf-8")
        _install(controller, site, made)
        _roll_back(controller, site, made)
        _verify(controller, site, made)
    finally:
        machines.stop()


def _install(controller: Controller, site: Path, made: list[Machine]) -> None:
    foreseen = controller.play(site, "--check", "--diff")
    assert foreseen.code == 0, foreseen.text
    assert foreseen.changed == dict.fromkeys(HOSTS, 3)
    assert "+GOTOOLCHAIN=local" in foreseen.text
    assert foreseen.text.count("would install go 1.27.1") >= len(HOSTS)
    assert [state(machine) for machine in made] == [{}, {}]

    first = controller.play(site)
    assert first.code == 0, first.text
    assert first.changed == dict.fromkeys(HOSTS, 3)
    assert {current(machine) for machine in made} == {"go1.27.1"}
    for machine in made:
        assert os.access(machine.home / "libexec/setup-go.sh", os.X_OK)
        assert f"found {machine.home}/sdk/current/bin of 1.27.1" in first.text

    before = [state(machine) for machine in made]
    second = controller.play(site)
    assert (second.code, second.changed) == (0, dict.fromkeys(HOSTS, 0)), second.text
    assert [state(machine) for machine in made] == before


def _roll_back(controller: Controller, site: Path, made: list[Machine]) -> None:
    for machine in made:
        script = machine.home / "libexec/setup-go.sh"
        environment = {"HOME": str(machine.home), "PATH": "/usr/bin:/bin"}
        subprocess.run([script, "install", "1.27.2"], env=environment, check=True)
    rolled = controller.play(site, "--tags", "rollback", "--check")
    assert (rolled.code, rolled.changed) == (0, dict.fromkeys(HOSTS, 1)), rolled.text
    assert {current(machine) for machine in made} == {"go1.27.2"}
    rolled = controller.play(site, "--tags", "rollback")
    assert (rolled.code, rolled.changed) == (0, dict.fromkeys(HOSTS, 1)), rolled.text
    assert {current(machine) for machine in made} == {"go1.27.1"}


def _verify(controller: Controller, site: Path, made: list[Machine]) -> None:
    spoil(made[0], "etc/go.env")
    spoil(made[1], "sdk/current/bin/gofmt")
    before = [state(machine) for machine in made]
    verified = controller.play(site, "--tags", "verify")
    assert verified.code != 0
    assert set(verified.failed) == {"node1", "node2"}
    assert "etc/go.env" in verified.text
    assert "bin/gofmt is not the one of this release" in verified.failed["node2"]
    assert [state(machine) for machine in made] == before


def test_a_value_is_never_evaluated(tmp_path: Path, local: Controller, mirror: Mirror) -> None:
    require("sudo")
    ran = tmp_path / "ran"
    below = tmp_path / "{{ lookup('pipe', 'touch ran') }}"
    out = render(tmp_path / "workspace", mirror=mirror.url("good"), below=str(below))
    assert "!unsafe" in (out / "ansible/roles/gogen/vars/main.yml").read_text(encoding="utf-8")
    # As another user: these are not below a home. Root needs no password for that.
    variables = {"gogen_become": os.geteuid() == 0}
    played = local.play(out / "ansible/playbook.yml", variables=variables)
    assert played.code == 0, played.text
    assert (below / "etc/go.env").is_file()
    assert (below / "sdk/current/bin/go").is_file()
    assert not ran.exists()
    assert not (local.folder / "ran").exists()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"gogen_deep": "perhaps"}, "argument 'gogen_deep' is of type"),
        ({"gogen_mirrors": {"a": 1}}, "argument 'gogen_mirrors' is of type"),
        ({"gogen_platform": "linux/vax"}, "no Go is pinned for linux/vax"),
    ],
)
def test_refuses(
    tmp_path: Path, local: Controller, variables: dict[str, object], said: str
) -> None:
    out = render(tmp_path / "workspace", mirror="http://127.0.0.1:1")
    played = local.play(out / "ansible/playbook.yml", variables=variables)
    assert played.code != 0
    assert said in played.text
    assert not (local.folder / "home/sdk").exists()


def test_sudo_is_never_given_a_file_that_it_cannot_read(tmp_path: Path, local: Controller) -> None:
    require("visudo")
    out = render(tmp_path / "workspace", mirror="http://127.0.0.1:1")
    (out / "bad").write_text("nobody ALL=(root\n", encoding="utf-8")
    dest = tmp_path / "sudoers.d" / "50-bad"
    files = out / "ansible/roles/gogen/vars/main.yml"
    entry = f'gogen_files:\n  - {{src: bad, dest: "{dest}", mode: "0440"}}\n'
    files.write_text(files.read_text(encoding="utf-8").replace("gogen_files:\n", entry))
    variables = {"gogen_become": os.geteuid() == 0}
    played = local.play(out / "ansible/playbook.yml", variables=variables)
    assert played.code != 0
    assert "failed to validate" in played.text
    assert dest.parent.is_dir()
    assert not dest.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="a user's sudo may ask for a password")
def test_go_of_a_home_is_the_user_s_where_other_files_are_another_s(
    tmp_path: Path, local: Controller, mirror: Mirror
) -> None:
    """A sudoers file, say: who becomes another user has another home."""
    require("sudo")
    out = render(tmp_path / "workspace", mirror=mirror.url("good"))
    dest = tmp_path / "etc/other"
    (out / "other").write_text("all users'\n", encoding="utf-8")
    files = out / "ansible/roles/gogen/vars/main.yml"
    entry = f'gogen_files:\n  - {{src: other, dest: "{dest}", mode: "0644"}}\n'
    files.write_text(files.read_text(encoding="utf-8").replace("gogen_files:\n", entry))
    played = local.play(out / "ansible/playbook.yml")
    assert played.code == 0, played.text
    assert dest.is_file()
    assert (local.folder / "home/sdk/current/bin/go").is_file()


@pytest.mark.parametrize("profile", ["dev-laptop", "k8s-node"])
def test_the_shipped_playbooks_are_read(local: Controller, profile: str) -> None:
    played = local.play(ROOT / "out" / profile / "ansible/playbook.yml", "--syntax-check")
    assert played.code == 0, played.text
