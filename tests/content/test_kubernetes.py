"""The cluster's objects fit the nodes, the standard they enforce, and each other."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from generator.model import header
from generator.templating.filters import sha256
from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

BUILDER = "out/build-pod/kustomize/builder.yaml"


def _read(rendered: Mapping[str, bytes], path: str) -> Any:
    return YAML(typ="safe").load(io.BytesIO(rendered[path]))


def _pod(rendered: Mapping[str, bytes]) -> Any:
    return _read(rendered, BUILDER)["spec"]["template"]["spec"]


def test_the_builder_asks_for_the_labels_that_nodes_give_themselves(
    rendered: Mapping[str, bytes],
) -> None:
    arguments = rendered["out/k8s-node/systemd/kubelet.env"].decode()
    given = re.search(r'--node-labels=([^ "]+)', arguments)
    assert given
    affinity = _pod(rendered)["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    asked = {(e["key"], e["operator"], *e["values"]) for e in term["matchExpressions"]}
    labels = (label.split("=") for label in given[1].split(","))
    assert asked == {(key, "In", value) for key, value in labels}


def test_the_builder_tolerates_the_taints_that_nodes_register_with(
    rendered: Mapping[str, bytes],
) -> None:
    config = _read(rendered, "out/k8s-node/systemd/kubelet.conf.d/20-gogen.conf")
    assert config["registerWithTaints"]
    assert _pod(rendered)["tolerations"] == [
        {"operator": "Equal", **taint} for taint in config["registerWithTaints"]
    ]


def test_a_workspaces_own_settings_template_counts_everywhere(
    shipped: Callable[[], Project],
) -> None:
    project = shipped()
    project.write(
        {
            "templates/go/target.yaml": "extends: builtin:go\n",
            "templates/go/go.env.j2": "# <{ header }>\nGOVCS=*:off\n",
        }
    )
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    settings = outcome.tree["out/build-pod/go/go.env"].decode()
    assert settings.endswith("\nGOVCS=*:off\n")
    embedded = _read(outcome.tree, "out/build-pod/kustomize/go-env.yaml")["data"]["go.env"]
    assert embedded == f"# {header()}\nGOVCS=*:off\n"


def test_lint_reads_objects_as_the_profiles_kubernetes_does(
    shipped: Callable[[], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    require("kubernetes-validate")
    monkeypatch.setenv("PATH", SEARCH)
    project = shipped()
    path = "profiles/k8s-node/kubernetes.yaml"
    text = (project.root / path).read_text(encoding="utf-8")
    project.write({path: text.replace('version: "1.37"', 'version: "1.20"')})
    outcome = project.run("lint", "k8s-node")
    assert "kubernetes-validate has no schemas of Kubernetes 1.20" in outcome.text


@pytest.mark.parametrize("kind", ["initContainers", "containers"])
def test_the_builder_meets_the_restricted_standard(
    rendered: Mapping[str, bytes], kind: str
) -> None:
    pod = _pod(rendered)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod[kind]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "@sha256:" in container["image"]


def test_all_that_a_build_writes_is_a_volume_of_bounded_size(
    rendered: Mapping[str, bytes],
) -> None:
    pod = _pod(rendered)
    (container,) = pod["containers"]
    mounts = {m["name"]: m["mountPath"] for m in container["volumeMounts"] if "readOnly" not in m}
    variables = {e["name"]: e["value"] for e in container["env"]}
    folders = {variables[name] for name in ("GOCACHE", "GOPATH", "GOTMPDIR", "HOME")}
    assert set(mounts.values()) == {*folders, container["workingDir"]}
    bounded = {v["name"] for v in pod["volumes"] if v.get("emptyDir", {}).get("sizeLimit")}
    assert bounded == set(mounts)


def test_all_use_the_one_environment_that_is_there(rendered: Mapping[str, bytes]) -> None:
    config_map = _read(rendered, "out/build-pod/kustomize/go-env.yaml")
    node_map = _read(rendered, "out/k8s-node/kustomize/go-env.yaml")
    volumes = {v["name"]: v for v in _pod(rendered)["volumes"]}
    assert config_map["immutable"] is True
    assert volumes["go-env"]["configMap"]["name"] == config_map["metadata"]["name"]
    assert config_map["metadata"]["name"] != node_map["metadata"]["name"]
    # An embedded text does not name the profile: equal settings are one ConfigMap.
    for name in ("go.env", "verify.sh"):
        alone = rendered[f"out/build-pod/go/{name}"].decode()
        embedded = alone.replace(header("build-pod"), header())
        assert config_map["data"][name] == embedded


def test_the_builder_rolls_with_its_environment_and_names_its_go(
    rendered: Mapping[str, bytes],
) -> None:
    config_map = _read(rendered, "out/build-pod/kustomize/go-env.yaml")
    metadata = _read(rendered, BUILDER)["spec"]["template"]["metadata"]
    checksum = sha256(config_map["data"])
    assert metadata["annotations"] == {
        "checksum/go-env": checksum,
        "gogen.dev/go-version": "go1.27.1",
    }
    assert metadata["labels"]["gogen.dev/role"] == "go-builder"
    assert config_map["metadata"]["name"] == f"go-env-{checksum[:10]}"


# Objects of the whole cluster: what is in no namespace carries its name.
CLUSTER = {"PriorityClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def test_every_object_is_the_namespaces_or_says_so_in_its_name(
    rendered: Mapping[str, bytes],
) -> None:
    objects = [
        _read(rendered, path)
        for path in rendered
        if re.fullmatch(r"out/[\w-]+/kustomize/(?!kustomization|patch-|delete-)[\w-]+\.yaml", path)
    ]
    assert {one["kind"] for one in objects} > CLUSTER
    for one in objects:
        name, where = one["metadata"]["name"], one["metadata"].get("namespace")
        whole = one["kind"] in CLUSTER
        assert where == (None if whole or one["kind"] == "Namespace" else "gogen-build")
        assert name.startswith("gogen-build-") or not whole


def test_more_than_one_builder_are_on_nodes_apart(rendered: Mapping[str, bytes]) -> None:
    template = _read(rendered, BUILDER)["spec"]["template"]
    (spread,) = template["spec"]["topologySpreadConstraints"]
    selected = spread["labelSelector"]["matchLabels"].items()
    assert selected <= template["metadata"]["labels"].items()
    assert (spread["topologyKey"], spread["maxSkew"]) == ("kubernetes.io/hostname", 1)
    # One builder is not spread, and a laptop has one.
    patch = rendered["out/laptop-pod/kustomize/patch-deployment-go-builder.yaml"].decode()
    assert "topologySpreadConstraints" in patch


def test_only_runners_have_rights_and_only_to_run(rendered: Mapping[str, bytes]) -> None:
    roles = [path for path in rendered if re.search(r"/kustomize/role(-binding)?\.yaml$", path)]
    assert roles == [f"out/build-pod/kustomize/{name}.yaml" for name in ("role-binding", "role")]
    rules = _read(rendered, "out/build-pod/kustomize/role.yaml")["rules"]
    assert {(r, verb) for rule in rules for r in rule["resources"] for verb in rule["verbs"]} == {
        ("pods", "get"),
        ("pods", "list"),
        ("pods", "watch"),
        ("pods/exec", "create"),
        ("pods/exec", "get"),
    }
    (subject,) = _read(rendered, "out/build-pod/kustomize/role-binding.yaml")["subjects"]
    assert subject == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Group",
        "name": "gogen:runners",
    }


def test_a_service_account_may_run_builds_too(shipped: Callable[[], Project]) -> None:
    project = shipped()
    path = "profiles/build-pod/kubernetes.yaml"
    text = (project.root / path).read_text(encoding="utf-8")
    project.write({path: text.replace("name: gogen:runners", "name: tekton\n      namespace: ci")})
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    binding = _read(outcome.tree, "out/build-pod/kustomize/role-binding.yaml")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "tekton", "namespace": "ci"}]


def test_nothing_reaches_the_clusters_own_networks(rendered: Mapping[str, bytes]) -> None:
    deny = _read(rendered, "out/k8s-node/kustomize/deny-all.yaml")
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    allow = _read(rendered, "out/k8s-node/kustomize/allow-internet.yaml")
    (rule,) = allow["spec"]["egress"]
    (peer,) = rule["to"]
    assert {"10.0.0.0/8", "169.254.0.0/16"} <= set(peer["ipBlock"]["except"])
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}]


def test_a_dns_elsewhere_is_let_through(shipped: Callable[[], Project]) -> None:
    """OpenShift's is in its own namespace and listens on another port; a node's cache is no pod."""
    project = shipped()
    project.write(
        {
            "profiles/dns/profile.yaml": """\
extends: [build-pod]
targets: [kustomize]
kubernetes:
  egress:
    cidrs:
      - {name: node-dns, cidr: "169.254.20.10/32", ports: [53], udp: [53]}
    services:
      - name: dns-pods
        namespace: openshift-dns
        pod_labels: {dns.operator.openshift.io/daemonset-dns: default}
        ports: [53]
        udp: [5353]
"""
        }
    )
    outcome = project.run("render", "dns")
    assert outcome.code == 0, outcome.text
    for name, port in {"node-dns": 53, "dns-pods": 5353}.items():
        allow = _read(outcome.tree, f"out/dns/kustomize/allow-{name}.yaml")
        (rule,) = allow["spec"]["egress"]
        assert rule["ports"] == [{"protocol": "TCP", "port": 53}, {"protocol": "UDP", "port": port}]
