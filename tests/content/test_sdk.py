"""How a builder pod gets its Go: every method is valid, and run with a real Go it ends in one.

The Go is the one that tests are installed with, pinned in a workspace of the tests' own: as the
files of an image, and as an archive on loopback.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from generator.lock.model import Archive, GoRelease, ImagePin, Lock
from generator.lock.writing import write_lock
from tests.content.pods import Pod, may_mount
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.conftest import Project

PROFILE = """\
targets: [kustomize]
toolchains: {{current: "{go.version}"}}
go:
  platforms: ["{go.platform}"]
  env:
    CGO_ENABLED: "0"
    GOTOOLCHAIN: local
    GOPROXY: "off"
    GOPATH: {folder}/gopath
  flags: [-trimpath]
network: {{go_archives: ["{url}/"]}}
kubernetes:
  version: "{version}"
  namespace: builds
  pod_security: restricted
  labels: {{}}
  service_account: builder
  builder:
    name: builder
    image: "alpine:3.24.1"
    sdk: {sdk}
    workspace: {{path: {folder}/workspace, size: "1Gi"}}
    command: [sleep, infinity]
    replicas: 1
    requests: {{cpu: "1"}}
    limits: {{cpu: "1"}}
    caches:
      - {{name: gopath, path: {folder}/gopath, env: GOPATH, size: "1Gi"}}
      - {{name: gocache, path: {folder}/gocache, env: GOCACHE, size: "1Gi"}}
      - {{name: gotmp, path: {folder}/gotmp, env: GOTMPDIR, size: "1Gi"}}
      - {{name: home, path: {folder}/home, env: HOME, size: "1Gi"}}
"""
METHODS = {
    "image-volume": '{{method: image-volume, image: "golang:{0}-trixie"}}',
    "copy": '{{method: copy, image: "golang:{0}-trixie"}}',
    "download": "{{method: download}}",
}
FIRST = {"image-volume": 33, "copy": 31, "download": 31}
VERSIONS = range(31, 38)
MAIN = 'package main\n\nfunc main() { println("built") }\n'


class Go(NamedTuple):
    """A real Go: its files below usr/local/go of `image`, its archive in `mirror`."""

    version: str
    platform: str
    image: Path
    mirror: Path
    pin: Archive

    @property
    def tree(self) -> Path:
        return self.image / "usr/local/go"


def _sum(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """Give a folder that every user may enter, whatever other runs of pytest do to theirs."""
    with tempfile.TemporaryDirectory() as name:
        ground = Path(name)
        ground.chmod(0o755)
        yield ground


@pytest.fixture
def folder(ground: Path) -> Path:
    """Give a folder of the test's own there."""
    name = ground / f"pod{len(list(ground.iterdir()))}"
    name.mkdir()
    return name


@pytest.fixture(scope="module")
def go(ground: Path) -> Go:
    """Copy what `go build` of a small program needs, and make an archive of it."""
    names = ("GOROOT", "GOVERSION", "GOHOSTOS", "GOHOSTARCH")
    done = subprocess.run(
        [require("go"), "env", *names], check=True, capture_output=True, text=True, cwd="/"
    )
    root, version, os, arch = done.stdout.split()
    folder = ground / "go"
    tree = folder / "image/usr/local/go"
    programs = ["bin/go", *(f"pkg/tool/{os}_{arch}/{n}" for n in ("asm", "compile", "link"))]
    for path in (*programs, "VERSION", "go.env"):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"{root}/{path}", tree / path)
    for path in ("internal", "math", "runtime", "unsafe"):
        ignored = shutil.ignore_patterns("testdata", "*_test.go")
        shutil.copytree(f"{root}/src/{path}", tree / "src" / path, ignore=ignored)
    shutil.copytree(f"{root}/pkg/include", tree / "pkg/include")
    shutil.copy(f"{root}/src/go.mod", tree / "src/go.mod")
    archive = folder / "mirror" / f"{version}.{os}-{arch}.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(tree, "go")
    sums = {path: _sum(tree / path) for path in programs}
    pin = Archive(archive.name, _sum(archive), archive.stat().st_size, sentinels=sums)
    return Go(version.removeprefix("go"), f"{os}/{arch}", folder / "image", archive.parent, pin)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url(go: Go) -> Iterator[str]:
    """Serve the archive on loopback."""
    handler = partial(_Quiet, directory=str(go.mirror))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def rendered_pod(
    project: Callable[..., Project], go: Go, url: str, folder: Path
) -> Callable[..., Mapping[str, bytes]]:
    """Give the files of a builder that gets Go in one way, for a Kubernetes version."""

    def render(method: str, version: str = "1.37", mirror: str = "") -> Mapping[str, bytes]:
        sdk = METHODS[method].format(go.version)
        text = PROFILE.format(go=go, folder=folder, url=mirror or url, sdk=sdk, version=version)
        images = ("alpine:3.24.1", f"golang:{go.version}-trixie")
        lock = Lock(
            go={go.version: GoRelease({go.platform: go.pin})},
            images={ref: ImagePin(f"sha256:{sha256(ref.encode()).hexdigest()}") for ref in images},
        )
        one = project({"profiles/pod/profile.yaml": text, "gogen.lock": write_lock(lock)})
        outcome = one.run("render")
        assert outcome.code == 0, outcome.text
        return outcome.tree

    return render


@pytest.fixture
def pod(
    rendered_pod: Callable[..., Mapping[str, bytes]], go: Go, folder: Path
) -> Callable[..., Pod]:
    """Make a pod of a method, whose containers run in a shell."""

    def make(method: str, shell: str, mirror: str = "", image: Path | None = None) -> Pod:
        tree = rendered_pod(method, mirror=mirror)
        objects = [
            YAML(typ="safe").load(io.BytesIO(content))
            for path, content in tree.items()
            if path.startswith("out/pod/kustomize/") and "kustomization" not in path
        ]
        ref = f"docker.io/library/golang:{go.version}-trixie"
        digest = sha256(ref.removeprefix("docker.io/library/").encode()).hexdigest()
        return Pod(folder, objects, {f"{ref}@sha256:{digest}": image or go.image}, shell)

    return make


def started(pod: Pod) -> None:
    """Start a pod, which has to succeed."""
    for name, done in pod.start():
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("shell", ["dash", "busybox"])
@pytest.mark.parametrize("method", METHODS)
def test_a_pod_has_its_go(pod: Callable[..., Pod], go: Go, method: str, shell: str) -> None:
    one = pod(method, shell)
    started(one)
    assert one.builder("go", "version").stdout == f"go version go{go.version} {go.platform}\n"
    # The kubelet runs them again where the pod's sandbox is made anew.
    started(one)


def test_a_pod_builds_in_its_workspace(pod: Callable[..., Pod]) -> None:
    one = pod("image-volume", "busybox")
    (one.volumes["workspace"] / "main.go").write_text(MAIN, encoding="utf-8")
    (one.volumes["workspace"] / "go.mod").write_text("module m\n\ngo 1.27.0\n", encoding="utf-8")
    built = one.builder("go", "build", "-o", "program")
    assert built.returncode == 0, built.stderr
    assert one.builder("./program").stderr == "built\n"


def test_nothing_but_volumes_can_be_written(pod: Callable[..., Pod]) -> None:
    """The pods above would not tell otherwise."""
    if not may_mount():
        pytest.skip("only root with CAP_SYS_ADMIN may make a root file system read-only")
    one = pod("copy", "dash")
    started(one)
    for path in ("/usr/local/go/x", f"{one.folder}/x"):
        assert one.builder("touch", path).returncode, path
    assert one.builder("touch", "x").returncode == 0


@pytest.mark.parametrize("method", ["image-volume", "copy"])
def test_a_tampered_tree_is_refused(
    pod: Callable[..., Pod], go: Go, folder: Path, method: str
) -> None:
    image = folder / "tampered"
    shutil.copytree(go.image, image)
    program = next(path for path in go.pin.sentinels if path.endswith("/link"))
    with (image / "usr/local/go" / program).open("ab") as file:
        file.write(b"\0")
    *_, (name, done) = pod(method, "busybox", image=image).start()
    assert (name, done.returncode) == ("verify", 1)
    assert f"{program} is not the one of this release" in done.stderr


def test_an_image_volume_of_the_whole_image_is_refused(
    pod: Callable[..., Pod], folder: Path, go: Go
) -> None:
    """As containerd before 2.2 mounts it, which does not know subPath."""
    image = folder / "whole"
    shutil.copytree(go.image, image / "usr/local/go")
    one = pod("image-volume", "busybox", image=image)
    *_, (name, done) = one.start()
    assert (name, done.returncode) == ("verify", 1)
    assert done.stderr == "gogen: no go on PATH\n"


def test_another_archive_is_refused(pod: Callable[..., Pod], go: Go, tmp_path: Path) -> None:
    other = tmp_path / "mirror" / go.pin.file
    other.parent.mkdir()
    content = (go.mirror / go.pin.file).read_bytes()
    other.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    handler = partial(_Quiet, directory=str(other.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        one = pod("download", "busybox", mirror=f"http://127.0.0.1:{server.server_port}")
        *_, (name, done) = one.start()
        server.shutdown()
    assert (name, done.returncode) == ("sdk", 5)
    assert "another checksum" in done.stderr
    assert not (one.volumes["sdk"] / "go").exists()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("GOFLAGS", "-mod=mod", "GOFLAGS is -mod=mod, not -trimpath"),
        ("GOROOT", "/old", "GOROOT is set (/old)"),
        ("GOPATH", "/go", "GOPATH is /go, not "),
    ],
)
def test_a_variable_that_overrides_the_profile_is_refused(
    pod: Callable[..., Pod], name: str, value: str, says: str
) -> None:
    one = pod("image-volume", "busybox")
    one.env[name] = value
    ((_, done),) = one.start()
    assert done.returncode == 1
    assert says in done.stderr


@pytest.mark.parametrize("page", ["README.md", "docs/kubernetes.md"])
def test_the_profile_that_is_told_of_renders(shipped: Callable[[], Project], page: str) -> None:
    path, text = next(
        (match[1], match[2])
        for match in re.finditer(
            r"```yaml\n# (profiles/api-builds/\S+)\n(.*?)```", (ROOT / page).read_text(), re.DOTALL
        )
    )
    one = shipped()
    one.write({path: text})
    outcome = one.run("render", "api-builds")
    assert outcome.code == 0, outcome.text
    out = one.root / "out"
    builder = _builder([require("kubectl"), "kustomize", out / "api-builds/kustomize"])
    assert builder["metadata"]["namespace"] == "api-builds"
    first = builder["spec"]["template"]["spec"]["initContainers"][0]
    assert first["command"] == ["cp", "-a", "/usr/local/go", "/sdk/"]
    if "helm" in text:
        values: list[str | Path] = ["-f", out / "api-builds/helm/values.yaml"]
        chart = out / "k8s-node/helm/chart"
        assert _builder([require("helm"), "template", "api-builds", chart, *values]) == builder


def _builder(command: Sequence[str | Path]) -> dict[str, Any]:
    """Give the one Deployment among the objects that a command prints."""
    built = subprocess.run(command, check=True, capture_output=True, text=True)
    objects = YAML(typ="safe").load_all(built.stdout)
    (builder,) = (each for each in objects if each["kind"] == "Deployment")
    return dict(builder)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_objects_are_those_of_each_kubernetes(
    rendered_pod: Callable[..., Mapping[str, bytes]], tmp_path: Path, version: int
) -> None:
    kubectl, validate = require("kubectl"), require("kubernetes-validate")
    files = []
    for method in (name for name, first in FIRST.items() if version >= first):
        folder = tmp_path / method
        for path, content in rendered_pod(method, f"1.{version}").items():
            if path.startswith("out/pod/kustomize/"):
                folder.mkdir(exist_ok=True)
                (folder / path.rpartition("/")[2]).write_bytes(content)
        built = subprocess.run([kubectl, "kustomize", folder], check=True, capture_output=True)
        assert not built.stderr
        files.append(tmp_path / f"{method}.yaml")
        files[-1].write_bytes(built.stdout)
    done = subprocess.run(
        [validate, "--strict", "-k", f"1.{version}", *files],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARN" not in done.stdout + done.stderr


def _pod_spec(tree: Mapping[str, bytes]) -> Any:
    builder = YAML(typ="safe").load(io.BytesIO(tree["out/pod/kustomize/builder.yaml"]))
    return builder["spec"]["template"]["spec"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_ends_at_one_read_only_path(
    rendered_pod: Callable[..., Mapping[str, bytes]], method: str
) -> None:
    spec = _pod_spec(rendered_pod(method))
    (builder,) = spec["containers"]
    for container in (builder, spec["initContainers"][-1]):
        (mount,) = (m for m in container["volumeMounts"] if m["name"] == "sdk")
        assert (mount["mountPath"], mount["readOnly"]) == ("/usr/local/go", True)
        (path,) = (e["value"] for e in container["env"] if e["name"] == "PATH")
        assert "/usr/local/go/bin" in path.split(":")
    for volume in spec["volumes"]:
        assert volume.get("emptyDir", {"sizeLimit": "1"})["sizeLimit"]


def test_the_download_goes_the_networks_way_as_any_user(shipped: Callable[[], Project]) -> None:
    one = shipped()
    text = """
extends: [laptop-pod]
targets: [kustomize]
network:
  go_archives: ["https://mirror.example:8443/go/"]
  proxy: {https: "http://proxy.example:3128", no_proxy: [.svc]}
  pod_ca_bundle: {config_map: authorities, key: ca.pem}
kubernetes:
  builder: {user: null}
  egress: {cidrs: [{name: internet, ports: {$append: [3128]}}]}
"""
    one.write({"profiles/pod/profile.yaml": text})
    outcome = one.run("render", "pod")
    assert outcome.code == 0, outcome.text
    folder = str(one.root / "out/pod/kustomize")
    command = [str(require("kubectl")), "kustomize", folder]
    built = subprocess.run(command, check=True, capture_output=True, text=True)
    objects = list(YAML(typ="safe").load_all(built.stdout))
    (spec,) = (o["spec"]["template"]["spec"] for o in objects if o["kind"] == "Deployment")
    sdk = spec["initContainers"][0]
    assert {e["name"]: e["value"] for e in sdk["env"]} == {
        "https_proxy": "http://proxy.example:3128",
        "no_proxy": ".svc",
        "SSL_CERT_FILE": "/etc/gogen-certificates/ca.pem",
    }
    assert "certificates" in {mount["name"] for mount in sdk["volumeMounts"]}
    (script,) = (o["data"]["setup-go.sh"] for o in objects if "setup-go.sh" in o.get("data", {}))
    assert "https://mirror.example:8443/go/go1.27.1.linux-amd64.tar.gz" in script
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
