"""A company's tree, written by one who only read the documents: what it renders to is right."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import pytest
from ruamel.yaml import YAML

from generator.pipeline import Compiler
from generator.sources import Sources
from generator.stages.render import render
from generator.workspace import open_workspace
from tests.conftest import Outcome, Project
from tests.tools import ROOT, SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CURRENT: Final = "1.27.1"
NEXT: Final = "1.27.2"
OVERLAYS = ("company/cluster", "laptop/linux", "team/api", "team/builder", "team/ledger")
_MADE: list[tuple[Project, Outcome]] = []


@pytest.fixture
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Outcome]:
    """Give the workspace rendered, once for all tests; none of them changes it."""
    if not _MADE:
        root = tmp_path_factory.mktemp("made") / "acme"
        shutil.copytree(ROOT / "tests/content/acme-workspace", root)
        project = Project(root)
        locked = project.run("lock")
        assert locked.code == 0, locked.text
        _MADE.append((project, project.run("render")))
    return _MADE[0]


@pytest.fixture
def acme(made: tuple[Project, Outcome]) -> Project:
    project, outcome = made
    assert outcome.code == 0, outcome.text
    return project


@pytest.fixture
def text(acme: Project) -> Callable[[str], str]:
    """Read an output."""
    return lambda path: (acme.root / path).read_text(encoding="utf-8")


def expect_clean(outcome: Outcome) -> None:
    """Expect that all is told is what the shipped data lacks of the next release (GG082)."""
    assert outcome.code == 0
    told = [line for line in outcome.err.splitlines() if not line.startswith(" ")]
    assert {line.split("]")[0] for line in told[:-1]} == {"warning[GG082"}, outcome.err
    lacks = re.findall(r"the lock has no sentinels of go (\S+)", outcome.err)
    assert set(lacks) == {NEXT}
    assert told[-1] == f"{len(lacks)} warnings"


def test_it_renders_without_an_error_or_a_warning(made: tuple[Project, Outcome]) -> None:
    _, outcome = made
    expect_clean(outcome)


def test_a_check_finds_it_clean(acme: Project) -> None:
    outcome = acme.run("check")
    expect_clean(outcome)
    assert outcome.out.startswith("clean: ")


def test_every_validator_passes_every_output(
    acme: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in ("kubectl", "hadolint", "actionlint", "zizmor", "shellcheck", "shfmt", "go"):
        require(tool)
    monkeypatch.setenv("PATH", SEARCH)
    outcome = acme.run("lint")
    expect_clean(outcome)


def _objects(documents: Iterable[Any]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in documents if each)


@pytest.mark.parametrize("profile", OVERLAYS)
def test_an_overlay_builds_the_flat_objects(acme: Project, profile: str) -> None:
    compiler = Compiler(Sources(open_workspace(acme.root)))
    flat = render(compiler.pinned(profile), compiler.sources.engine)
    yaml = YAML(typ="safe")
    due = [
        each
        for artifact in flat.artifacts
        if artifact.target == "kustomize"
        for each in yaml.load_all(io.BytesIO(artifact.content))
    ]
    built = subprocess.run(
        [require("kubectl"), "kustomize", f"out/{profile.replace('/', '.')}/kustomize"],
        cwd=acme.root,
        capture_output=True,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, b"")
    assert _objects(yaml.load_all(io.BytesIO(built.stdout))) == _objects(due)


def test_overlays_stand_three_deep(text: Callable[[str], str]) -> None:
    assert "- ../../company.cluster/kustomize\n" in text(
        "out/team.builder/kustomize/kustomization.yaml"
    )
    assert "- ../../team.builder/kustomize\n" in text("out/team.api/kustomize/kustomization.yaml")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        # The mirror of archives.
        ("team.api/docker/debian.Dockerfile", "https://mirror.acme.example/golang/go1.27.1.linux-"),
        (
            "ci.github/github-actions/workflow.yml",
            "go-download-base-url: https://mirror.acme.example/golang\n",
        ),
        # The mirrors of registries: base images, the frontend, the image of a pod.
        ("team.api/docker/debian.Dockerfile", "FROM registry.acme.example/hub/library/debian:"),
        ("team.api/docker/debian.Dockerfile", "# syntax=registry.acme.example/hub/docker/"),
        ("team.api/docker/debian.Dockerfile", "FROM registry.acme.example/gcr/distroless/"),
        ("team.api/docker/rhel.Dockerfile", "FROM registry.acme.example/redhat/ubi9/"),
        ("team.builder/kustomize/builder.yaml", "registry.acme.example/hub/library/golang:1.27.1-"),
        # The proxy of modules.
        ("team.api/docker/debian.Dockerfile", 'GOPROXY="https://goproxy.acme.example/go,'),
        ("company.cluster/kustomize/go-env.yaml", "GOPROXY=https://goproxy.acme.example/go,"),
        ("company.base/go/go.env", "GOPROXY=https://goproxy.acme.example/go,"),
        # The proxy of all traffic.
        ("team.api/docker/debian.Dockerfile", "HTTPS_PROXY=http://proxy.acme.example:3128\n"),
        ("team.builder/kustomize/builder.yaml", "value: http://proxy.acme.example:3128\n"),
        ("company.cluster/systemd/kubelet.env", "HTTPS_PROXY=http://proxy.acme.example:3128\n"),
        ("ci.github/github-actions/workflow.yml", "HTTPS_PROXY: http://proxy.acme.example:3128\n"),
    ],
)
def test_the_network_reaches_every_surface(
    text: Callable[[str], str], path: str, words: str
) -> None:
    assert words in text(f"out/{path}")


def test_no_output_goes_round_the_mirrors(acme: Project) -> None:
    aside = [
        path
        for path, content in acme.tree().items()
        if path.startswith("out/") and not path.startswith("out/mirror.edge/")
        if b"dl.google.com" in content or b"docker.io" in content
    ]
    assert aside == []


def test_only_what_is_excepted_is_on_the_next_release(acme: Project) -> None:
    on_next = {
        path.split("/")[1]
        for path, content in acme.tree().items()
        if path.startswith("out/") and NEXT.encode() in content and "/modules/ledger/" not in path
    }
    assert on_next == {"team.ledger", "mirror.edge"}


def test_each_module_has_its_own_release_at_its_own_place(text: Callable[[str], str]) -> None:
    assert text("services/billing/.go-version") == f"{CURRENT}\n"
    assert text("services/ledger/.go-version") == f"{NEXT}\n"


def test_operators_and_keyed_lists_make_the_images(acme: Project) -> None:
    images = sorted(path.name for path in (acme.root / "out/team.api/docker").glob("*.Dockerfile"))
    assert images == ["alpine.Dockerfile", "debian.Dockerfile", "rhel.Dockerfile"]
    debian = (acme.root / "out/team.api/docker/debian.Dockerfile").read_text(encoding="utf-8")
    assert 'ARG PACKAGES="ca-certificates make"\n' in debian
    assert "ENV GOFLAGS=\"-trimpath -buildvcs=false '-ldflags=-s -w'\"\n" in debian


def test_one_file_of_a_built_in_target_is_replaced(text: Callable[[str], str]) -> None:
    debian = text("out/team.api/docker/debian.Dockerfile")
    assert "# The images of Acme's mirror hold its certificates already" in debian
    assert "acme-root.pem" not in debian


def test_what_null_removes_is_gone(text: Callable[[str], str]) -> None:
    ledger = text("out/team.ledger/kustomize/kustomization.yaml")
    assert "delete-resourcequota-builds.yaml" in ledger
    assert "delete-networkpolicy-allow-proxy.yaml" in ledger
    assert "GOCACHE" not in text("out/laptop.linux/go/env.sh")


def test_a_home_path_is_written_for_its_reader(text: Callable[[str], str]) -> None:
    assert 'export GOPATH="$HOME"/go\n' in text("out/laptop.mac/go/env.sh")
    assert "GOPATH" not in text("out/laptop.mac/go/go.env")


def test_a_line_of_a_patch_is_led_back_to_its_profile(acme: Project) -> None:
    path = "out/team.ledger/kustomize/patch-deployment-builder.yaml"
    lines = (acme.root / path).read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if f"golang:{NEXT}-trixie@sha256" in line)
    outcome = acme.run("explain", f"{path}:{number}")
    assert outcome.code == 0, outcome.text
    assert "written by  builtin:kustomize/builder.yaml.j2:" in outcome.out
    assert "profiles/team/ledger/profile.yaml:13:12  kubernetes.builder.image\n" in outcome.out


def test_the_secret_of_the_mirror_is_a_name(acme: Project) -> None:
    conf = (acme.root / "out/mirror.edge/edge/mirror.conf").read_text(encoding="utf-8")
    assert 'include "/run/credentials/nginx.service/mirror-token";\n' in conf


def test_alerts_keep_the_words_of_prometheus(acme: Project) -> None:
    rules = YAML(typ="safe").load(
        (acme.root / "out/mirror.edge/edge/rules.yaml").read_text(encoding="utf-8")
    )
    (alert,) = rules["groups"][0]["rules"]
    assert alert["expr"] == (
        f'count by (instance, version) (go_info{{version!~"go({CURRENT}|{NEXT})"}}) > 0'
    )
    assert alert["annotations"]["summary"] == (
        f"{{{{ $labels.instance }}}} runs {{{{ $labels.version }}}}, not {CURRENT}"
    )


@pytest.mark.parametrize("host", ["a; include /etc/passwd", "a b", "a\nb", "$host"])
def test_a_host_name_that_nginx_would_read_otherwise_is_refused(
    acme: Project, tmp_path: Any, host: str
) -> None:
    root = tmp_path / "acme"
    shutil.copytree(acme.root, root)
    project = Project(root)
    layer = f"extends: [mirror/edge]\ntargets: [edge]\nedge: {{server_name: {json.dumps(host)}}}\n"
    project.write({"profiles/hostile/profile.yaml": layer})
    outcome = project.run("render", "hostile")
    assert outcome.code == 2
    assert "error[GG154] profiles/hostile/profile.yaml:3:" in outcome.err
