"""The readers of node configuration that other tests trust say what kubeadm and a kubelet say."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

JOIN = f"""\
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken:
    apiServerEndpoint: "[2001:db8::1]:6443"
    token: "abcdef.0123456789abcdef"
    caCertHashes: ["sha256:{"0" * 64}"]
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
"""
KUBELET = """\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
maxPods: 40
"""


def _validate(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "join.yaml"
    file.write_text(text, encoding="utf-8")
    argv = [str(require("kubeadm")), "config", "validate", "--config", str(file)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_kubeadm_takes_what_is_right(tmp_path: Path) -> None:
    done = _validate(JOIN, tmp_path)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("v1beta4", "v1beta3", "old API spec"),
        ("criSocket:", "criSock:", 'unknown field "nodeRegistration.criSock"'),
        ("    caCertHashes", "    # ", "without caCertHashes can be unsafe"),
        ("[2001:db8::1]", "2001:db8::1", "too many colons in address"),
    ],
)
def test_kubeadm_refuses_what_is_wrong(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert old in JOIN
    done = _validate(JOIN.replace(old, new), tmp_path)
    assert done.returncode != 0
    assert says in done.stderr


def _kubelet(text: str) -> subprocess.CompletedProcess[str]:
    program = require("kubelet-config")
    return subprocess.run([program], input=text, capture_output=True, text=True, check=False)


def test_a_kubelets_configuration_is_read() -> None:
    done = _kubelet(KUBELET)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["maxPods"] == 40


@pytest.mark.parametrize("line", ["maxPod: 40", 'maxPods: "40"', "maxPods: 41"])
def test_a_kubelets_configuration_is_read_strictly(line: str) -> None:
    done = _kubelet(f"{KUBELET}{line}\n")
    assert done.returncode == 1
    assert done.stderr.strip()
