"""The laptop's cluster: the real kind makes it, with a stand-in for the container engine alone.

kind itself reads cluster.yaml, plans the containers and writes each node's kubeadm configuration,
which the stand-in keeps and kubeadm's own reader judges. No node boots.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

HERE: Final = Path(__file__).parent / "kind"
SCHEMA: Final = json.loads((ROOT / "schemas/kind.v1alpha4.schema.json").read_text("utf-8"))
CLUSTER: Final = "out/dev-laptop/kind/cluster.yaml"
# What the shipped profile has not: caches, mirrors, images to load, another's objects.
MORE: Final = {
    "profiles/team/cluster/profile.yaml": "extends: [k8s-node]\ntargets: [kustomize]\n",
    "profiles/mine/profile.yaml": """
extends: [dev-laptop]
targets: [kind]
kind:
  overlay: team/cluster
  builders: 2
  caches:
    - {name: gocache, host: ~/.cache/gogen/go, size: 8Gi}
    - {name: gopath, host: SRV/gopath, size: 8Gi}
  load: ["localhost/app:dev"]
network:
  registries:
    docker.io: mirror.example:5000/hub/a
    ghcr.io: ghcr.mirror.example
""",
}


def _documents(text: bytes | str) -> list[Any]:
    return list(YAML(typ="safe").load_all(text))


def _read(rendered: Mapping[str, bytes], path: str) -> Any:
    return YAML(typ="safe").load(io.BytesIO(rendered[path]))


class Laptop:
    """A machine with the real kind over a stand-in engine; kubectl is a stand-in too."""

    def __init__(self, root: Path, out: Mapping[str, bytes], profile: str) -> None:
        self.root, self.state, self.home = root, root / "state", root / "a home"
        self.bin, self.scripts = root / "bin", root / f"a repository/out/{profile}/kind"
        for folder in (self.state, self.home, self.bin):
            folder.mkdir(parents=True)
        for program in ("docker", "kubectl"):
            shutil.copy(HERE / program, self.bin)
        shutil.copy(HERE / "admin.conf", self.state)
        (self.bin / "kind").symlink_to(require("kind"))
        for path, content in out.items():
            file = root / "a repository" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(0o755)

    def run(self, script: str, shell: str = "sh", **env: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the profile's from a folder that is not the repository's."""
        return subprocess.run(
            [require(shell), *(["sh"] if shell == "busybox" else []), self.scripts / script],
            cwd=self.root,
            env={
                "HOME": str(self.home),
                "PATH": f"{self.bin}:/usr/bin:/bin",
                "STATE": str(self.state),
                "KUBECTL": str(require("kubectl")),
                "KUBERNETES": "v1.37.0",
                # Both would lead kind elsewhere.
                "KIND_CLUSTER_NAME": "another",
                "CDPATH": str(self.root),
            }
            | env,
            check=False,
            capture_output=True,
            text=True,
        )

    def log(self, program: str) -> list[str]:
        """Give the calls of a stand-in."""
        return (self.state / program).read_text("utf-8").splitlines()

    def started(self, node: str) -> list[str]:
        """Give the words with which a node's container was started, one call alone."""
        (call,) = [c for c in self.log("docker") if c.startswith(f"run --name {node} ")]
        return call.split(" ")

    def kubeadm(self, node: str) -> dict[str, Any]:
        """Give the documents of the kubeadm configuration that kind wrote into a node, by kind."""
        text = (self.state / "files" / node / "kind/kubeadm.conf").read_text("utf-8")
        return {document["kind"]: document for document in _documents(text)}


@pytest.fixture
def laptop(rendered: Mapping[str, bytes], tmp_path: Path) -> Laptop:
    return Laptop(tmp_path / "machine", rendered, "dev-laptop")


@pytest.fixture
def more(shipped: Callable[[], Project], tmp_path: Path) -> Laptop:
    project = shipped()
    project.write({path: text.replace("SRV", f"{tmp_path}/srv") for path, text in MORE.items()})
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    return Laptop(tmp_path / "machine", outcome.tree, "mine")


def test_kind_starts_nodes_of_the_image_that_the_lock_holds(
    laptop: Laptop, rendered: Mapping[str, bytes]
) -> None:
    done = laptop.run("up.sh")
    assert done.returncode == 0, done.stderr
    pins = json.loads(rendered["gogen.lock"])["images"]
    digest = pins["kindest/node:v1.37.0"]["digest"]
    for node in ("gogen-control-plane", "gogen-worker"):
        assert laptop.started(node)[-1] == f"docker.io/kindest/node:v1.37.0@{digest}"


@pytest.mark.parametrize(
    ("version", "api"), [("v1.37.0", "v1beta4"), ("v1.36.0", "v1beta4"), ("v1.35.0", "v1beta3")]
)
def test_nodes_join_with_the_labels_and_taints_of_real_ones(
    laptop: Laptop, rendered: Mapping[str, bytes], version: str, api: str
) -> None:
    assert laptop.run("up.sh", KUBERNETES=version).returncode == 0
    join = laptop.kubeadm("gogen-worker")["JoinConfiguration"]
    node = join["nodeRegistration"]
    real = _read(rendered, "out/k8s-node/systemd/kubelet.conf.d/20-gogen.conf")
    arguments = rendered["out/k8s-node/systemd/kubelet.env"].decode()
    assert join["apiVersion"] == f"kubeadm.k8s.io/{api}"
    assert node["taints"] == real["registerWithTaints"]
    extra = node["kubeletExtraArgs"]
    given = extra if api == "v1beta3" else {a["name"]: a["value"] for a in extra}
    assert f"--node-labels={given['node-labels']}" in arguments
    # The patch adds to what kind says itself, it does not replace it.
    assert given["provider-id"] == "kind://docker/gogen/gogen-worker"


@pytest.mark.parametrize("node", ["gogen-control-plane", "gogen-worker"])
def test_kubeadm_takes_what_kind_makes_of_it(laptop: Laptop, node: str) -> None:
    assert laptop.run("up.sh").returncode == 0
    file = laptop.state / "files" / node / "kind/kubeadm.conf"
    done = subprocess.run(
        [require("kubeadm"), "config", "validate", "--config", file],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


def test_the_control_plane_takes_what_is_no_build(laptop: Laptop) -> None:
    assert laptop.run("up.sh").returncode == 0
    documents = laptop.kubeadm("gogen-control-plane")
    # Left out, kubeadm would taint it.
    assert documents["InitConfiguration"]["nodeRegistration"]["taints"] == []


def test_ports_are_open_on_loopback_alone(laptop: Laptop) -> None:
    assert laptop.run("up.sh").returncode == 0
    published = {w for w in laptop.started("gogen-control-plane") if w.startswith("--publish=")}
    assert {p for p in published if not p.endswith(":6443/TCP")} == {
        "--publish=127.0.0.1:8080:30080/TCP",
        "--publish=127.0.0.1:8443:30443/TCP",
    }


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_a_second_run_keeps_the_cluster_and_applies_again(laptop: Laptop, shell: str) -> None:
    assert laptop.run("up.sh").returncode == 0
    calls, objects = laptop.log("docker"), laptop.state / "objects"
    first = objects.read_bytes()
    objects.unlink()
    done = laptop.run("up.sh", shell)
    assert done.returncode == 0, done.stderr
    assert "keeping the cluster gogen\n" in done.stdout
    assert objects.read_bytes() == first
    changing = ("run ", "rm ", "exec ")
    assert not [c for c in laptop.log("docker")[len(calls) :] if c.startswith(changing)]


def test_a_change_of_the_file_is_told_and_the_cluster_kept(laptop: Laptop) -> None:
    assert laptop.run("up.sh").returncode == 0
    with (laptop.scripts / "cluster.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    done = laptop.run("up.sh")
    assert done.returncode == 0, done.stderr
    assert "cluster.yaml has changed since" in done.stdout


def test_a_cluster_that_was_not_finished_is_named_and_left_alone(laptop: Laptop) -> None:
    # Killed: kind cleans up after a failure of its own.
    (laptop.state / "nodes").write_text("gogen-control-plane\n", encoding="utf-8")
    done = laptop.run("up.sh")
    assert done.returncode == 1
    assert "is not whole, or not of this script: run " in done.stderr
    assert not [c for c in laptop.log("docker") if c.startswith(("run ", "rm "))]
    assert laptop.run("down.sh").returncode == 0
    done = laptop.run("up.sh")
    assert done.returncode == 0, done.stderr


def test_a_cluster_that_cannot_be_made_ends_the_run(laptop: Laptop) -> None:
    done = laptop.run("up.sh", FAIL_JOIN="yes")
    assert done.returncode == 1
    assert "failed to join node" in done.stderr
    assert not (laptop.state / "objects").exists()
    assert laptop.run("up.sh").returncode == 0


def test_another_cluster_is_not_taken_for_it(laptop: Laptop) -> None:
    (laptop.state / "nodes").write_text("my-gogen-control-plane\n", encoding="utf-8")
    done = laptop.run("up.sh")
    assert done.returncode == 0, done.stderr
    assert laptop.started("gogen-control-plane")


def test_every_call_names_the_cluster(laptop: Laptop) -> None:
    assert laptop.run("up.sh").returncode == 0
    assert laptop.run("up.sh").returncode == 0
    calls = [c for c in laptop.log("kubectl") if not c.startswith("config get-contexts kind-gogen")]
    assert calls
    assert all(call.startswith("--context kind-gogen ") for call in calls)


def test_the_builder_finds_its_caches_and_a_node(laptop: Laptop) -> None:
    assert laptop.run("up.sh").returncode == 0
    applied = _documents((laptop.state / "objects").read_text("utf-8"))
    (pod,) = [o["spec"]["template"]["spec"] for o in applied if o["kind"] == "Deployment"]
    claimed = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    caches = _documents((laptop.state / "caches").read_text("utf-8"))
    claims = [o["metadata"] for o in caches if o["kind"] == "PersistentVolumeClaim"]
    assert claimed == {claim["name"] for claim in claims} == {"gocache", "gopath"}
    spaces = {o["metadata"]["name"] for o in applied if o["kind"] == "Namespace"}
    assert {claim["namespace"] for claim in claims} == spaces
    (term,) = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    node = laptop.kubeadm("gogen-worker")["JoinConfiguration"]["nodeRegistration"]
    labels = {a["name"]: a["value"] for a in node["kubeletExtraArgs"]}["node-labels"]
    assert labels.split(",") == [f"{e['key']}={e['values'][0]}" for e in term["matchExpressions"]]
    assert [{"operator": "Equal", **taint} for taint in node["taints"]] == pod["tolerations"]


def test_without_rendered_objects_nothing_is_made(laptop: Laptop) -> None:
    shutil.rmtree(laptop.scripts.parent.parent / "laptop-pod/kustomize")
    done = laptop.run("up.sh")
    assert done.returncode == 1
    assert "run gogen render" in done.stderr
    assert not (laptop.state / "docker").exists()


def test_caches_are_folders_of_the_laptop_that_pods_claim(more: Laptop) -> None:
    done = more.run("up.sh")
    assert done.returncode == 0, done.stderr
    assert (more.home / ".cache/gogen/go").is_dir()
    for node in ("gogen-worker", "gogen-worker2"):
        call = " ".join(more.started(node))
        assert f"--volume={more.home}/.cache/gogen/go:/var/lib/gogen/gocache " in call
        assert f"--volume={more.root.parent}/srv/gopath:/var/lib/gogen/gopath " in call
    objects = _documents((more.state / "caches").read_text("utf-8"))
    claims = {o["metadata"]["name"]: o for o in objects if o["kind"] == "PersistentVolumeClaim"}
    volumes_of = {o["metadata"]["name"]: o for o in objects if o["kind"] == "PersistentVolume"}
    assert set(claims) == {"gocache", "gopath"}
    for name, claim in claims.items():
        volume = volumes_of[claim["spec"]["volumeName"]]["spec"]
        assert volume["claimRef"] == {"namespace": "gogen-build", "name": name}
        assert volume["local"]["path"] == f"/var/lib/gogen/{name}"
        assert volume["persistentVolumeReclaimPolicy"] == "Retain"
        assert claim["spec"]["storageClassName"] == volume["storageClassName"] == ""
        assert claim["spec"]["resources"]["requests"] == volume["capacity"]
        assert claim["spec"]["accessModes"] == volume["accessModes"]
        (term,) = volume["nodeAffinity"]["required"]["nodeSelectorTerms"]
        (asked,) = term["matchExpressions"]
        assert asked["key"] == "kubernetes.io/hostname"
        assert asked["values"] == ["gogen-worker", "gogen-worker2"]  # all that kind started


def test_nodes_may_be_like_any_others(shipped: Callable[[], Project], tmp_path: Path) -> None:
    project = shipped()
    plain = "extends: [dev-laptop]\ntargets: [kind]\nnode: null\n"
    project.write({"profiles/plain/profile.yaml": plain})
    outcome = project.run("render", "laptop-pod", "plain")
    assert outcome.code == 0, outcome.text
    laptop = Laptop(tmp_path / "machine", outcome.tree, "plain")
    done = laptop.run("up.sh")
    assert done.returncode == 0, done.stderr
    node = laptop.kubeadm("gogen-worker")["JoinConfiguration"]["nodeRegistration"]
    assert not node["taints"]


def test_mirrors_are_laid_where_containerd_reads_them(more: Laptop) -> None:
    assert more.run("up.sh").returncode == 0
    for node in ("gogen-control-plane", "gogen-worker", "gogen-worker2"):
        folder = more.state / "files" / node / "etc/containerd/certs.d"
        found = {
            f.parent.name: tomllib.loads(f.read_text("utf-8")) for f in folder.glob("*/*.toml")
        }
        hosts = {registry: list(one["host"]) for registry, one in found.items()}
        # The path of a mirror comes after the API's /v2, as in an image reference.
        assert hosts == {
            "docker.io": ["https://mirror.example:5000/v2/hub/a"],
            "ghcr.io": ["https://ghcr.mirror.example/v2"],
        }
        assert all(o["override_path"] for one in found.values() for o in one["host"].values())


def test_objects_of_another_profile_are_applied(more: Laptop) -> None:
    assert more.run("up.sh").returncode == 0
    (call,) = [c for c in more.log("kubectl") if " apply -k " in c]
    assert call.endswith("/out/mine/kind/../../team.cluster/kustomize")


def test_an_image_of_the_laptops_own_is_loaded(more: Laptop) -> None:
    done = more.run("up.sh")
    assert done.returncode == 0, done.stderr
    assert [c for c in more.log("docker") if c.startswith("save ") and "localhost/app:dev" in c]


def test_down_takes_it_away_and_keeps_the_caches(more: Laptop) -> None:
    assert more.run("up.sh").returncode == 0
    done = more.run("down.sh")
    assert done.returncode == 0, done.stderr
    kept = (more.home / ".cache/gogen/go", more.root.parent / "srv/gopath")
    assert "".join(f"kept: {folder}\n" for folder in kept) in done.stdout
    assert all(folder.is_dir() for folder in kept)
    assert (more.state / "nodes").read_text("utf-8") == ""
    assert more.run("down.sh").returncode == 0


def test_ingress_is_the_release_that_the_profile_names(laptop: Laptop) -> None:
    programs = {
        "go": f'printf "%s\\n" "$*" >>"$STATE/go"; case $* in *GOPATH) echo {laptop.root} ;; esac',
        "cloud-provider-kind": 'printf "serves %s\\n" "$*"',
        "uname": "echo Linux",
    }
    for name, text in programs.items():
        (laptop.bin / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (laptop.bin / name).chmod(0o755)
    done = laptop.run("ingress.sh")
    assert (done.returncode, done.stdout) == (0, "serves \n"), done.stderr
    assert laptop.log("go")[0] == "install sigs.k8s.io/cloud-provider-kind@v0.11.1"


@pytest.mark.parametrize(
    ("image", "gates"), [("v1.34.11", {"ImageVolume": True}), ("v1.35.8", None)]
)
def test_image_volumes_are_switched_on_where_they_are_off(
    shipped: Callable[[], Project], image: str, gates: dict[str, bool] | None
) -> None:
    project = shipped()
    minor = image[1:5]
    for path, old, new in (
        ("profiles/k8s-node/kubernetes.yaml", 'version: "1.37"', f'version: "{minor}"'),
        ("profiles/dev-laptop/kubernetes.yaml", "kindest/node:v1.37.0", f"kindest/node:{image}"),
    ):
        text = (project.root / path).read_text("utf-8")
        project.write({path: text.replace(old, new)})
    assert project.run("lock").code == 0
    outcome = project.run("render", "dev-laptop")
    assert outcome.code == 0, outcome.text
    cluster = _read(outcome.tree, CLUSTER)
    assert cluster.get("featureGates") == gates


BAD: Final = {
    "unknown key": ("name: gogen", "nmae: gogen"),
    "other API": ("v1alpha4", "v1alpha3"),
    "no control plane": ("role: control-plane", "role: worker"),
    "no such role": ("role: worker", "role: builder"),
    "a path of the shell's": (
        "kubeadmConfigPatches:",
        "extraMounts: [{hostPath: ~/x, containerPath: /x}]\n    kubeadmConfigPatches:",
    ),
    "an image by tag": ("@sha256:", "#sha256:"),
    "a port too high": ("hostPort: 8080", "hostPort: 80800"),
    "a patch that is no text": ("- |\n        # No api", "- \n        # No api"),
}


def _schema_accepts(text: str) -> bool:
    return not list(Draft202012Validator(SCHEMA).iter_errors(_documents(text)[0]))


def test_the_schema_accepts_what_is_rendered(rendered: Mapping[str, bytes]) -> None:
    assert _schema_accepts(rendered[CLUSTER].decode())


@pytest.mark.parametrize("why", BAD)
def test_the_schema_refuses(rendered: Mapping[str, bytes], why: str) -> None:
    old, new = BAD[why]
    text = rendered[CLUSTER].decode()
    assert old in text
    assert not _schema_accepts(text.replace(old, new, 1))


@pytest.mark.parametrize(
    "why", ["unknown key", "other API", "no control plane", "no such role", "a port too high"]
)
def test_kind_refuses_it_too(laptop: Laptop, why: str) -> None:
    old, new = BAD[why]
    path = laptop.scripts / "cluster.yaml"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    done = laptop.run("up.sh")
    assert done.returncode == 1
    assert not [c for c in laptop.log("docker") if c.startswith("run ")]
