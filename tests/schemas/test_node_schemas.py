"""The schemas of node configuration say what kubeadm and the kubelet say: cases found by walking.

A bad case that the real program takes says so in its first line, and why it is wrong all the same.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.validators import File, inspect
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from generator.problems import Problem

HERE = Path(__file__).parent
PROGRAMS = {"kubeadm.v1beta4": "kubeadm", "kubelet.v1beta1": "kubelet-config"}
TAKEN = "takes it: "


def cases(kind: str) -> list[Any]:
    found = sorted(path for name in PROGRAMS for path in HERE.glob(f"{name}/{kind}/*.yaml"))
    return [pytest.param(path, id=str(path.relative_to(HERE))) for path in found]


@cache
def schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / f"schemas/{name}.schema.json").read_bytes())
    return document


def told(text: bytes, name: str) -> tuple[Problem, ...]:
    file = File("x.yaml", text, "yaml", schema=schema(name))
    return tuple(inspect([file], search="").problems)


def taken(text: bytes, name: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Ask the real program."""
    argv = [str(require(PROGRAMS[name]))]
    if name.startswith("kubeadm"):
        file = folder / "config.yaml"
        file.write_bytes(text)
        argv += ["config", "validate", "--config", str(file)]
    return subprocess.run(argv, input=text, capture_output=True, check=False)


@pytest.mark.parametrize("path", cases("ok"))
def test_what_is_right_is_taken_by_both(path: Path, tmp_path: Path) -> None:
    text, name = path.read_bytes(), path.parts[-3]
    assert not told(text, name)
    done = taken(text, name, tmp_path)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("path", cases("bad"))
def test_what_is_wrong_is_refused_by_both(path: Path, tmp_path: Path) -> None:
    text, name = path.read_bytes(), path.parts[-3]
    assert told(text, name)
    done = taken(text, name, tmp_path)
    stricter = TAKEN in text.decode().partition("\n")[0]
    assert (done.returncode == 0) == stricter, done.stderr.decode()


@pytest.mark.parametrize("kind", ["init", "join", "reset", "upgrade"])
def test_what_kubeadm_prints_itself_is_taken(kind: str) -> None:
    argv = [str(require("kubeadm")), "config", "print", f"{kind}-defaults"]
    text = subprocess.run(argv, capture_output=True, check=True).stdout
    unsafe = b"    unsafeSkipCAVerification: true\n"
    assert (unsafe in text) == (kind == "join")
    pinned = b'    caCertHashes: ["sha256:' + b"0" * 64 + b'"]\n'
    assert not told(text.replace(unsafe, pinned), "kubeadm.v1beta4")


def test_a_problem_names_the_key() -> None:
    text = (HERE / "kubeadm.v1beta4/bad/arguments-as-map.yaml").read_bytes()
    (problem,) = told(text, "kubeadm.v1beta4")
    assert "nodeRegistration.kubeletExtraArgs" in problem.message


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_object_is_closed(name: str) -> None:
    parts = [schema(name), *schema(name)["$defs"].values()]
    kinds = [part for part in parts if "properties" in part and "allOf" not in part]
    assert len(kinds) > 10
    assert all(part["additionalProperties"] is False for part in kinds)
