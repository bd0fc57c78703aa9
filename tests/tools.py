"""The real programs that tests read outputs with, each found where `make tools` put it first.

A program that is nowhere skips the test with the line that installs it; GOGEN_REQUIRE_TOOLS=1, as
`.ci/run` sets it, makes that a failure.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent

_MAKE = "make tools"
INSTALL = {
    "actionlint": _MAKE,
    "bake-reader": _MAKE,
    "buildah": "apt install buildah",
    "cvtsudoers": "apt install sudo",
    "admission-reader": _MAKE,
    "devcontainer": f"{_MAKE} (needs npm)",
    "docker-registry": "apt install docker-registry",
    "dockerfile-llb": _MAKE,
    "dockerfile-reader": _MAKE,
    "gitops-reader": _MAKE,
    "go": _MAKE,
    "hadolint": _MAKE,
    "ansible-inventory": _MAKE,
    "ansible-lint": _MAKE,
    "ansible-playbook": _MAKE,
    "helm": f"{_MAKE} (Linux on x86-64; elsewhere put helm on PATH)",
    "kind": _MAKE,
    "kubeadm": _MAKE,
    "kubectl": f"{_MAKE} (Linux on x86-64; elsewhere put kubectl on PATH)",
    "kubelet-config": _MAKE,
    "kubernetes-validate": _MAKE,
    "mise": f"{_MAKE} (needs npm; Linux on x86-64, elsewhere put mise on PATH)",
    "prometheus-reader": _MAKE,
    "shellcheck": _MAKE,
    "shfmt": _MAKE,
    "sumdb-reader": _MAKE,
    "yamllint": _MAKE,
    "zizmor": _MAKE,
    "bash": "apt install bash",
    "busybox": "apt install busybox",
    "curl": "apt install curl",
    "dash": "apt install dash",
    "fish": "apt install fish",
    "git": "apt install git",
    "gpg": "apt install gnupg",
    "gpgconf": "apt install gnupg",
    "make": "apt install make",
    "jq": "apt install jq",
    "openssl": "apt install openssl",
    "podman": "apt install podman runc",
    "perl": "apt install perl-base",
    "ps": "apt install procps",
    "sh": "apt install dash",
    "sha256sum": "apt install coreutils",
    "ssh": "apt install openssh-client",
    "ssh-keygen": "apt install openssh-client",
    "sudo": "apt install sudo",
    "sshd": "apt install openssh-server",
    "systemd-analyze": "apt install systemd",
    "unzip": "apt install unzip",
    "visudo": "apt install sudo",
    "wget": "apt install wget",
    "zsh": "apt install zsh",
}
"""Every program a test may ask for, and how it is installed."""

# Read once: the fixtures of conftest.py clean the environment of each test.
_REQUIRED = os.environ.get("GOGEN_REQUIRE_TOOLS") == "1"  # noqa: TID251  (the switch of .ci/run)
_PATH = os.environ.get("PATH", os.defpath)  # noqa: TID251  (where the system's programs are)

# The `go` among the scripts is a Python program that starts this one.
_GO = Path(sysconfig.get_path("purelib")) / "go" / "bin"
_PLACES = (ROOT / ".tools" / "bin", _GO, Path(sys.executable).parent)
SEARCH = os.pathsep.join([*map(str, _PLACES), _PATH, "/usr/sbin", "/sbin"])
"""Where programs are looked for, as a PATH: the pinned ones first."""


@cache
def find(name: str) -> Path | None:
    """Give the program of that name, one that is pinned first, or None; KeyError if unknown."""
    if name not in INSTALL:
        raise KeyError(name)
    found = shutil.which(name, path=SEARCH)
    return Path(found).absolute() if found else None


def require(name: str) -> Path:
    """Give the program of that name; skip the test, or fail where tools are required."""
    found = find(name)
    if found is None:
        lacks(f"{name} is not installed: {INSTALL[name]}")
    return found


def lacks(reason: str) -> NoReturn:
    """Skip the test for what this machine lacks, or fail it where tools are required."""
    if _REQUIRED:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
