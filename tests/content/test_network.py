"""The one `network` section: every mirror, proxy and certificate reaches every surface."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest
from ruamel.yaml import YAML

from tests.conftest import Outcome, Project
from tests.tools import ROOT, SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PLAIN: Final = "http://plain.proxy.example:3128"
SECURE: Final = "http://secure.proxy.example:3128"
ASIDE: Final = ".mirror.example,.svc"
PROXY: Final = {
    name: value
    for upper, value in {"HTTP_PROXY": PLAIN, "HTTPS_PROXY": SECURE, "NO_PROXY": ASIDE}.items()
    for name in (upper, upper.lower())
}
WORKFLOW: Final = "github-actions/workflow.yml"
FORMS: Final = ["docker", "docker/portable"]
FAMILIES: Final = ["alpine", "debian", "rhel"]
_MADE: list[tuple[Project, Outcome]] = []


@pytest.fixture
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Outcome]:
    """Give the workspace rendered, once for all tests; none of them changes it."""
    if not _MADE:
        root = tmp_path_factory.mktemp("made") / "network"
        shutil.copytree(ROOT / "tests/content/network-workspace", root)
        project = Project(root)
        locked = project.run("lock")
        assert locked.code == 0, locked.text
        _MADE.append((project, project.run("render")))
    return _MADE[0]


@pytest.fixture
def outputs(made: tuple[Project, Outcome]) -> Mapping[str, str]:
    """Give the texts of the profile with a network, by path below its folder."""
    return _below(made[1], "out/all/")


def _below(outcome: Outcome, folder: str) -> dict[str, str]:
    assert outcome.code == 0, outcome.text
    return {
        path.removeprefix(folder): content.decode()
        for path, content in outcome.tree.items()
        if path.startswith(folder)
    }


def test_nothing_is_fetched_past_the_mirrors(outputs: Mapping[str, str]) -> None:
    targets = {path.partition("/")[0] for path in outputs}
    assert targets == {"SHA256SUMS", "docker", "github-actions", "go", "kustomize", "systemd"}
    public = re.compile(
        r"dl\.google\.com|go\.dev/dl|docker\.io|gcr\.io|registry\.access|proxy\.golang|sum\.golang\.org/"
    )
    assert {
        path: public.findall(text) for path, text in outputs.items() if public.search(text)
    } == {}
    hosts = re.compile(r"https?://([a-z0-9.-]+)(?!.*/doc/)")
    for path, text in outputs.items():
        for host in hosts.findall(text):
            assert host.endswith((".mirror.example", ".proxy.example")), path


def test_every_image_comes_from_the_registrys_mirror(outputs: Mapping[str, str]) -> None:
    pinned = [
        found
        for text in outputs.values()
        for found in re.findall(r"[^\s\"=]+@sha256:[0-9a-f]{64}", text)
    ]
    names = {name.partition("@")[0].removeprefix("registry.mirror.example/") for name in pinned}
    assert names == {
        "gcr/distroless/static-debian12:nonroot",
        "hub/docker/dockerfile:1.26",
        "hub/library/alpine:3.24.1",
        "hub/library/debian:trixie-slim",
        "hub/library/golang:1.27.1-trixie",
        "redhat/ubi9/ubi-minimal:9.8-1790754119",
    }


def test_a_profile_without_a_network_writes_nothing_of_it(made: tuple[Project, Outcome]) -> None:
    words = re.compile(
        r"proxy\.example|_proxy|_PROXY|mirror\.example/(?!go\b|sumdb)|SSL_CERT|FROM scratch AS cert"
        r"|certificates\.pem|--build-context|go-download|containerd",
    )
    texts = _below(made[1], "out/unset/")
    assert texts
    assert {path: words.findall(text) for path, text in texts.items() if words.search(text)} == {}


def test_every_validator_passes_every_output(
    made: tuple[Project, Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in ("kubectl", "hadolint", "actionlint", "zizmor", "shellcheck", "shfmt"):
        require(tool)
    monkeypatch.setenv("PATH", SEARCH)
    outcome = made[0].run("lint")
    assert (outcome.code, outcome.err) == (0, "")


def _environment(shell: str, script: Path, home: Path) -> dict[str, str]:
    """Source a script in an empty environment and give the variables it leaves."""
    source = "source" if shell == "fish" else "."
    done = subprocess.run(
        [require(shell), "-c", f"{source} {script}; env"],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert not done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


@pytest.mark.parametrize(("shell", "name"), [("dash", "env.sh"), ("fish", "env.fish")])
def test_a_shell_has_proxy_and_certificates(
    outputs: Mapping[str, str], tmp_path: Path, shell: str, name: str
) -> None:
    script = tmp_path / name
    script.write_text(outputs[f"go/{name}"], encoding="utf-8")
    found = _environment(shell, script, tmp_path)
    assert {key: found.get(key) for key in PROXY} == PROXY
    assert found["SSL_CERT_FILE"] == f"{tmp_path}/.config/certificates.pem"


def test_a_session_has_proxy_and_certificates(outputs: Mapping[str, str]) -> None:
    lines = outputs["systemd/environment.d/50-gogen.conf"].splitlines()
    for name, value in PROXY.items():
        assert f"{name}={value}" in lines
    assert 'SSL_CERT_FILE="${HOME}/.config/certificates.pem"' in lines


def test_a_node_fetches_images_through_the_proxy(outputs: Mapping[str, str]) -> None:
    runtime = outputs["systemd/containerd.service.d/20-gogen.conf"].splitlines()
    kubelet = outputs["systemd/kubelet.env"].splitlines()
    for name, value in PROXY.items():
        if name.isupper():
            assert f'Environment="{name}={value}"' in runtime
            assert f"{name}={value}" in kubelet


def _builder(outputs: Mapping[str, str]) -> Any:
    deployment = YAML(typ="safe").load(io.StringIO(outputs["kustomize/builder.yaml"]))
    return deployment["spec"]["template"]["spec"]


def test_a_builder_has_the_proxy_in_both_cases(outputs: Mapping[str, str]) -> None:
    (container,) = _builder(outputs)["containers"]
    found = {one["name"]: one["value"] for one in container["env"]}
    assert {key: found.get(key) for key in PROXY} == PROXY


def test_a_builder_trusts_what_its_cluster_provides(outputs: Mapping[str, str]) -> None:
    pod = _builder(outputs)
    (container,) = pod["containers"]
    found = {one["name"]: one["value"] for one in container["env"]}
    folder, _, key = found["SSL_CERT_FILE"].rpartition("/")
    (mount,) = (one for one in container["volumeMounts"] if one["mountPath"] == folder)
    (volume,) = (one for one in pod["volumes"] if one["name"] == mount["name"])
    assert (volume["configMap"]["name"], key) == ("example-certificates", "bundle.pem")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_image_takes_certificates_from_a_context_of_their_own(
    outputs: Mapping[str, str], form: str, family: str
) -> None:
    text = outputs[f"{form}/{family}.Dockerfile"]
    stages = re.findall(r"^FROM (?:--\S+ )?(\S+) AS (\S+)$", text, re.MULTILINE)
    # The stage is empty: without the context no registry is asked for an image of its name.
    assert ("scratch", "certificates") in stages
    copies = re.findall(r"^COPY (?:--from=(\S+) )?(\S*\.pem) ", text, re.MULTILINE)
    assert copies == [("certificates", "root.pem")]


def test_a_proxy_stays_out_of_the_images_environment(outputs: Mapping[str, str]) -> None:
    for form in FORMS:
        for family in FAMILIES:
            text = outputs[f"{form}/{family}.Dockerfile"]
            for name, value in PROXY.items():
                assert re.search(rf'^ARG {name}="?{re.escape(value)}"?$', text, re.MULTILINE)
            assert not re.search(r"^ENV \S*_proxy=", text, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("key", ["http", "https"])
def test_a_proxys_password_is_refused(
    made: tuple[Project, Outcome], tmp_path: Path, key: str
) -> None:
    shutil.copytree(made[0].root, tmp_path / "copy")
    project = Project(tmp_path / "copy")
    layer = f"extends: [all]\nnetwork: {{proxy: {{{key}: 'http://me:secret@proxy.example'}}}}\n"
    project.write({"profiles/leak/profile.yaml": layer})
    outcome = project.run("render", "leak")
    assert outcome.code == 2
    assert "error[GG154] profiles/leak/profile.yaml:2:" in outcome.err
    assert "expected: An http or https URL without user name, password or spaces" in outcome.err


def test_a_workflow_has_the_proxy_and_one_mirror(outputs: Mapping[str, str]) -> None:
    workflow = YAML(typ="safe").load(io.StringIO(outputs[WORKFLOW]))
    # A runner takes names of either case for one.
    assert workflow["env"] == {name: value for name, value in PROXY.items() if name.isupper()}
    (step,) = (
        step
        for step in workflow["jobs"]["module"]["steps"]
        if step.get("uses", "").startswith("actions/setup-go@")
    )
    assert step["with"]["go-download-base-url"] == "https://archives.mirror.example/go"


@pytest.mark.parametrize("job", ["module", "make"])
def test_a_job_trusts_the_certificates_from_its_second_step_on(
    outputs: Mapping[str, str], tmp_path: Path, job: str
) -> None:
    step = YAML(typ="safe").load(io.StringIO(outputs[WORKFLOW]))["jobs"][job]["steps"][1]
    (tmp_path / "certificates").mkdir()
    (tmp_path / step["env"]["BUNDLE"]).write_text("OURS\n", encoding="utf-8")
    variables = tmp_path / "variables"
    subprocess.run(
        [require("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={
            "PATH": SEARCH,
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_ENV": str(variables),
            **step["env"],
        },
        check=True,
    )
    found = dict(line.split("=", 1) for line in variables.read_text(encoding="utf-8").splitlines())
    assert {"SSL_CERT_FILE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"} <= found.keys()
    assert set(found.values()) == {str(tmp_path / "certificates.pem")}
    trusted = (tmp_path / "certificates.pem").read_text(encoding="utf-8")
    assert trusted.endswith("\nOURS\n")


def test_a_workflow_gives_the_image_its_certificates(
    outputs: Mapping[str, str], tmp_path: Path
) -> None:
    (step,) = (
        step
        for step in YAML(typ="safe").load(io.StringIO(outputs[WORKFLOW]))["jobs"]["image"]["steps"]
        if step["name"] == "Build"
    )
    for name, body in {"docker": 'printf "%s\\n" "$@"', "git": "echo 1"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [require("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **step["env"]},
        check=True,
        capture_output=True,
        text=True,
    )
    words = done.stdout.splitlines()
    assert words[words.index("--build-context") + 1] == "certificates=./certificates"
    assert words[-1] == "hello"


def _blemishes(text: str) -> list[str]:
    """Name what a template leaves when a value is absent: blanks, gaps, comments on nothing."""
    lines = text.splitlines()
    threes = zip(lines[3:], lines[4:], lines[5:], strict=False)
    return [
        *(line for line in lines if line != line.rstrip()),
        *(["a gap"] if "\n\n\n" in text or text.startswith("\n") or text.endswith("\n\n") else []),
        *(
            one
            for before, one, after in threes
            if re.match(r"\s*# \w", one) and not after and not before.lstrip().startswith("#")
        ),
    ]


def test_no_output_says_anything_of_what_is_absent(
    made: tuple[Project, Outcome], rendered: Mapping[str, bytes]
) -> None:
    texts = {**_below(made[1], "out/"), **_below(Outcome(0, "", "", rendered), "out/")}
    assert len(texts) > len(FAMILIES)
    # Python parts its functions by two blank lines.
    seen = {path: _blemishes(text) for path, text in texts.items() if not path.endswith(".py")}
    assert {path: said for path, said in seen.items() if said} == {}
