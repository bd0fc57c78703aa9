"""systemd: the node's kubelet gets what it needs and no more, the user's session finds its Go."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.tools import lacks

if TYPE_CHECKING:
    from collections.abc import Mapping

DROP_IN = "out/k8s-node/systemd/kubelet.service.d/20-gogen.conf"
UNIT = "out/dev-laptop/systemd/user/gogen-verify.service"
SESSION = "out/dev-laptop/systemd/environment.d/50-gogen.conf"
GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")


def _settings(text: bytes) -> dict[str, str]:
    lines = (line for line in text.decode().splitlines() if line and line[0] not in "#[")
    return dict(line.split("=", 1) for line in lines)


def test_the_drop_in_only_adds_an_environment(rendered: Mapping[str, bytes]) -> None:
    assert _settings(rendered[DROP_IN]) == {"EnvironmentFile": "/etc/gogen/kubelet.env"}


def test_the_drop_in_is_read_after_the_packages_own() -> None:
    assert Path(DROP_IN).name > "10-kubeadm.conf"


def test_a_laptop_manages_no_kubelet(rendered: Mapping[str, bytes]) -> None:
    assert not [path for path in rendered if re.match(r"out/dev-laptop/.*kubelet", path)]
    assert [path for path in rendered if re.match(r"out/k8s-node/.*kubelet", path)]


def test_the_login_check_runs_where_users_units_run(rendered: Mapping[str, bytes]) -> None:
    settings = _settings(rendered[UNIT])
    assert settings["WantedBy"] == "default.target"
    assert settings["Type"] == "oneshot"
    assert settings["ExecStart"] == '/bin/sh "%h/.local/libexec/gogen/verify" --deep'


def test_a_session_gets_the_environment(rendered: Mapping[str, bytes], tmp_path: Path) -> None:
    if not GENERATOR.is_file():
        lacks("systemd's environment generator is not installed: apt install systemd")
    home = tmp_path / "a home"
    folder = home / ".config" / "environment.d"
    folder.mkdir(parents=True)
    (folder / Path(SESSION).name).write_bytes(rendered[SESSION])
    done = subprocess.run(
        [GENERATOR],
        env={"HOME": str(home), "XDG_CONFIG_HOME": f"{home}/.config", "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )
    found = dict(line.split("=", 1) for line in shlex.split(done.stdout))
    assert found["GOENV"] == f"{home}/.config/go/env"
    assert found["GOPATH"] == f"{home}/go"
    assert found["PATH"] == f"{home}/go/bin:{home}/.local/share/gogen/current/bin:/usr/bin:/bin"
    assert "GOROOT" not in found
