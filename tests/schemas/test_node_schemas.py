"""The schemas of node configuration say what kubeadm and the kubelet say: cases found by walking.

A bad case that the real program takes says so in its first line, and why it is wrong all the same.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.validators import File, inspect
from tests.tools import ROOT, lacks, require

if TYPE_CHECKING:
    from generator.problems import Problem

HERE = Path(__file__).parent
PROGRAMS = {"kubeadm.v1beta4": "kubeadm", "kubelet.v1beta1": "kubelet-config"}
TAKEN = "takes it: "
# Where no release is named kubeadm asks the world for the newest, and goes on without an answer.
ALONE = {"PATH": "/usr/bin:/bin", "HTTPS_PROXY": "http://127.0.0.1:9"}


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
    return subprocess.run(argv, input=text, capture_output=True, check=False, env=ALONE)


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


def _kubernetes() -> Path:
    """Give kubeadm's own sources, which the build of the readers fetched."""
    found = sorted(ROOT.glob(".tools/go/mod/k8s.io/kubernetes@*/cmd/kubeadm/app"))
    if not found:
        lacks("the sources of kubeadm are not there: make tools")
    return found[-1]


def test_kubeadms_own_cases_are_judged_alike(tmp_path: Path) -> None:
    found = sorted(_kubernetes().glob("util/config/strict/testdata/*.yaml"))
    seen = [path for path in found if b"kubeproxy" not in path.read_bytes()]
    assert len(seen) > 10
    for path in seen:
        text = path.read_bytes()
        kubelet = b"kubelet.config.k8s.io" in text
        name = "kubelet.v1beta1" if kubelet else "kubeadm.v1beta4"
        # A case that decodes may still be no configuration: the program decides.
        accepted = taken(text, name, tmp_path).returncode == 0
        assert (not told(text, name)) == accepted, path.name


def test_the_examples_of_kubeadms_reference_are_taken(tmp_path: Path) -> None:
    text = (_kubernetes() / "apis/kubeadm/v1beta4/doc.go").read_text(encoding="utf-8")
    examples = re.findall(r"(?m)(?:^//\t.*\n|^//\n)+", text)
    documents = [
        document
        for example in examples
        for document in re.split(r"(?m)^---\n", re.sub(r"(?m)^//\t?", "", example))
        if "kubeadm.k8s.io/v1beta4" in document
        and "..." not in document
        and "\n\n" not in document.strip()
    ]
    whole = [document.encode() for document in documents if document.count("\n") > 5]
    assert len(whole) > 1
    for document in whole:
        accepted = taken(document, "kubeadm.v1beta4", tmp_path).returncode == 0
        unsafe = b"unsafeSkipCAVerification: true" in document
        assert (not told(document, "kubeadm.v1beta4")) == (accepted and not unsafe), document


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_object_is_closed(name: str) -> None:
    parts = [schema(name), *schema(name)["$defs"].values()]
    kinds = [part for part in parts if "properties" in part and "allOf" not in part]
    assert len(kinds) > 10
    assert all(part["additionalProperties"] is False for part in kinds)
