"""Node bootstrap as rendered: kubeadm's configuration, its unit, and what the kubelet reads."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Project

FOLDER = "out/k8s-node/kubeadm"
UNIT = f"{FOLDER}/gogen-node-join.service"
TOKEN = """\
kubeadm:
  discovery:
    file: null
    token:
      endpoint: "cp.example.net:6443"
      ca_cert_hashes: ["sha256:PIN"]
      credential: /etc/gogen/credentials/join-token
  kubelet_args: [{name: v, value: "2"}]
""".replace("PIN", "0a" * 32)


def _read(text: bytes) -> Any:
    return YAML(typ="safe").load(text)


@pytest.fixture
def joined(shipped: Callable[[], Project]) -> Callable[[str], Mapping[str, bytes]]:
    """Render a profile that extends k8s-node with a section of its own, and lint it."""

    def render(section: str) -> Mapping[str, bytes]:
        project = shipped()
        text = f"extends: [k8s-node]\ntargets: [kubeadm]\n{section}"
        project.write({"profiles/joined/profile.yaml": text})
        outcome = project.run("render", "joined")
        assert outcome.code == 0, outcome.text
        require("systemd-analyze")
        linted = project.run("lint", "joined")
        assert linted.code == 0, linted.text
        return outcome.tree

    return render


def test_a_node_registers_as_its_profile_says(rendered: Mapping[str, bytes]) -> None:
    config = _read(rendered[f"{FOLDER}/join.yaml"])
    kubelet = _read(rendered["out/k8s-node/systemd/kubelet.conf.d/20-gogen.conf"])
    taint = {"key": "gogen.dev/build", "value": "true", "effect": "NoSchedule"}
    node = config["nodeRegistration"]
    # kubeadm's flag wins over the kubelet's drop-in: both say the same.
    assert node["taints"] == kubelet["registerWithTaints"] == [taint]
    assert node["kubeletExtraArgs"] == [{"name": "node-labels", "value": "gogen.dev/pool=build"}]
    assert b"--node-labels=gogen.dev/pool=build" in rendered["out/k8s-node/systemd/kubelet.env"]


def test_no_secret_is_rendered(rendered: Mapping[str, bytes]) -> None:
    text = b"".join(content for path, content in rendered.items() if path.startswith(FOLDER))
    assert text
    assert not re.search(rb"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", text)


def test_what_is_filled_in_is_named_and_refused_as_it_is(
    rendered: Mapping[str, bytes], tmp_path: Path
) -> None:
    text = rendered[f"{FOLDER}/join.yaml"]
    assert set(re.findall(rb'"(@\w+@)"', text)) == {b"@KUBECONFIG@", b"@NODE_NAME@"}
    file = tmp_path / "join.yaml"
    file.write_bytes(text)
    argv = [str(require("kubeadm")), "config", "validate", "--config", str(file)]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.returncode != 0
    assert b"@KUBECONFIG@" in done.stderr


def test_a_token_is_given_by_systemd_alone(
    joined: Callable[[str], Mapping[str, bytes]],
) -> None:
    tree = joined(TOKEN)
    unit = tree["out/joined/kubeadm/gogen-node-join.service"].decode()
    assert "\nLoadCredential=join-token:/etc/gogen/credentials/join-token\n" in unit
    assert "Environment" not in unit
    config = _read(tree["out/joined/kubeadm/join.yaml"])
    assert config["discovery"] == {
        "bootstrapToken": {
            "apiServerEndpoint": "cp.example.net:6443",
            "token": "@TOKEN@",
            "caCertHashes": [f"sha256:{'0a' * 32}"],
        }
    }
    assert config["nodeRegistration"]["kubeletExtraArgs"][1] == {"name": "v", "value": "2"}


@pytest.mark.parametrize(
    ("section", "name"), [("kubeadm:\n", "join-kubeconfig"), (TOKEN, "join-token")]
)
def test_a_credential_may_be_encrypted(
    joined: Callable[[str], Mapping[str, bytes]], section: str, name: str
) -> None:
    unit = joined(f"{section}  encrypted: true\n")["out/joined/kubeadm/gogen-node-join.service"]
    lines = [line for line in unit.decode().splitlines() if line.startswith("LoadCred")]
    assert lines == [f"LoadCredentialEncrypted={name}:/etc/gogen/credentials/{name}"]


def test_the_unit_runs_until_the_node_has_joined(rendered: Mapping[str, bytes]) -> None:
    unit = rendered[UNIT].decode()
    script = rendered[f"{FOLDER}/node-bootstrap.sh"].decode()
    settings = dict(line.split("=", 1) for line in unit.splitlines() if re.match(r"\w+=", line))
    assert settings["ConditionPathExists"] == "!/etc/kubernetes/kubelet.conf"
    assert (settings["Type"], settings["Restart"]) == ("oneshot", "on-failure")
    assert "kubelet.service" not in unit
    # What the script says no second try helps, the unit does not try again.
    final = re.findall(r"(?m)^# +(\d+) .*(?:no second try helps|look, then --reset)$", script)
    assert settings["RestartPreventExitStatus"].split() == final == ["2", "5", "6", "8"]
    codes = set(re.findall(r"\bfail (\d+) ", script))
    assert codes <= set(re.findall(r"(?m)^# +(\d+)  ", script))


def test_the_unit_is_closed_to_what_kubeadm_does_not_need(
    rendered: Mapping[str, bytes], tmp_path: Path
) -> None:
    file = tmp_path / "gogen-node-join.service"
    file.write_bytes(rendered[UNIT])
    program = str(require("systemd-analyze"))
    argv = [program, "security", "--offline=yes", "--no-pager", "--json=short", str(file)]
    done = subprocess.run(argv, capture_output=True, check=True)
    found = {one["json_field"]: one["set"] for one in json.loads(done.stdout)}
    assert found["NoNewPrivileges"]
    assert found["ProtectKernelTunables"]
    assert (
        found["ProtectKernelModules"] is False
    )  # it would close /lib/modules, which kubeadm reads


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("kubeadm: {discovery: {token: {credential: /x}}}", "GG15"),
        ("kubeadm: {discovery: {file: null}}", "GG15"),
        ("kubeadm: {metadata: {ec2: {endpoint: 'http://evil.example', name: hostname}}}", "GG15"),
        ("kubeadm: {kubelet_args: [{name: v, value: '2 --x'}]}", "GG15"),
        ("kubeadm: {config: /etc/a b}", "GG15"),
        ("kubeadm: {require_go: true}\nhost: {verify: null}", "GG063"),
    ],
)
def test_what_cannot_be_is_refused(shipped: Callable[[], Project], section: str, says: str) -> None:
    project = shipped()
    text = f"extends: [k8s-node]\ntargets: [kubeadm]\n{section}\n"
    project.write({"profiles/joined/profile.yaml": text})
    outcome = project.run("render", "joined")
    assert outcome.code == 2
    assert f"[{says}" in outcome.text
