"""What a cluster's API server lets in, asked of Kubernetes' own admission code.

The objects are those of `out/`, as kubectl builds them; the reader puts them into a store and asks
the plugin that an API server runs.
"""

from __future__ import annotations

import copy
import json
import subprocess
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.tools import ROOT, require

CLUSTERS = sorted(path.parent.name for path in ROOT.glob("out/*/kustomize"))
NAMESPACE, GO = "gogen-build", "go1.27.1"
HEX = "0123456789abcdef" * 4
PINNED, FLOATING = f"alpine:3.24.1@sha256:{HEX}", "alpine:3.24.1"
APIS = {
    "Pod": ("v1", "pods"),
    "ReplicationController": ("v1", "replicationcontrollers"),
    "DaemonSet": ("apps/v1", "daemonsets"),
    "Deployment": ("apps/v1", "deployments"),
    "ReplicaSet": ("apps/v1", "replicasets"),
    "StatefulSet": ("apps/v1", "statefulsets"),
    "CronJob": ("batch/v1", "cronjobs"),
    "Job": ("batch/v1", "jobs"),
}
IMAGES, RELEASE = "images-by-digest", "builders-use-locked-go"

Object = dict[str, Any]


def read(command: str, question: Object) -> Any:
    done = subprocess.run(
        [require("admission-reader"), command],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def built(profile: str) -> tuple[Object, ...]:
    """Give the objects of a profile, its namespace as the API server labels it."""
    done = subprocess.run(
        [require("kubectl"), "kustomize", ROOT / "out" / profile / "kustomize"],
        check=True,
        capture_output=True,
        text=True,
    )
    objects = tuple(YAML(typ="safe").load_all(done.stdout))
    for one in objects:
        if one["kind"] == "Namespace":
            one["metadata"]["labels"]["kubernetes.io/metadata.name"] = one["metadata"]["name"]
    return objects


def namespace(name: str, **labels: str) -> Object:
    metadata = {"name": name, "labels": {"kubernetes.io/metadata.name": name, **labels}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def review(profile: str, *requests: Object, without: str = "") -> Any:
    """Ask the cluster of a profile, or the same less the object of a name."""
    objects = [one for one in built(profile) if one["metadata"]["name"] != without]
    return read("review", {"objects": [*objects, namespace("other")], "requests": requests})


def pod(image: str = PINNED, role: str = "", go: str = "") -> Object:
    """Give a pod's template: one container, and what it says of itself."""
    return {
        "metadata": {
            "labels": {"app": "x", **({"gogen.dev/role": role} if role else {})},
            "annotations": {"gogen.dev/go-version": go} if go else {},
        },
        "spec": {"containers": [{"name": "main", "image": image}]},
    }


def made(template: Object, kind: str = "Pod", where: str = NAMESPACE) -> Object:
    """Give an object of a kind that makes pods of a template, or the pod itself."""
    template = copy.deepcopy(template)
    one: Object = {"apiVersion": APIS[kind][0], "kind": kind}
    if kind == "Pod":
        one |= template
    else:
        one["metadata"] = {}
        one["spec"] = {"template": template}
        if kind == "CronJob":
            one["spec"] = {"jobTemplate": {"spec": one["spec"]}}
    one["metadata"] |= {"name": "x", "namespace": where}
    return one


def ask(one: Object, old: Object | None = None, subresource: str = "") -> Object:
    asked: Object = {"resource": APIS[one["kind"]][1], "object": one}
    return {
        **asked,
        **({"old": old} if old else {}),
        **({"subresource": subresource} if subresource else {}),
    }


def with_spec(template: Object, **spec: Any) -> Object:
    return {**template, "spec": {**template["spec"], **spec}}


def with_metadata(one: Object, **metadata: Any) -> Object:
    return {**one, "metadata": {**one["metadata"], **metadata}}


def container(image: str) -> Object:
    return {"name": "more", "image": image}


def volume(image: str) -> Object:
    return {"name": "sdk", "image": {"reference": image}}


BUILDER = pod(role="go-builder", go=GO)
OLD_BUILDER = pod(role="go-builder", go="go1.26.5")
MIRROR = {"kubernetes.io/config.mirror": "x"}

# What is asked, by name; an update gives the old object too.
GOOD: dict[str, Object] = {
    "digest": ask(made(pod())),
    "digest without tag": ask(made(pod(f"alpine@sha256:{HEX}"))),
    "digest of a registry with a port": ask(made(pod(f"r.example:5000/a/b:1@sha256:{HEX}"))),
    "digest in every place": ask(
        made(with_spec(pod(), initContainers=[container(PINNED)], volumes=[volume(PINNED)]))
    ),
    "other volumes": ask(made(with_spec(pod(), volumes=[{"name": "a", "emptyDir": {}}]))),
    "many containers": ask(
        made(with_spec(pod(), initContainers=[container(f"{'a' * 200}/{PINNED}")] * 200))
    ),
    "debug by digest": ask(
        made(with_spec(pod(), ephemeralContainers=[container(PINNED)])),
        made(pod()),
        "ephemeralcontainers",
    ),
    "mirror of a node's own pod": ask(
        made(with_metadata(pod(FLOATING, "go-builder"), annotations=MIRROR))
    ),
    "tag in another namespace": ask(made(pod(FLOATING), where="other")),
    "builder of another namespace": ask(made(OLD_BUILDER, where="other")),
    "builder": ask(made(BUILDER)),
    "no builder, other release": ask(made(pod(go="go1.26.5"))),
    "other role": ask(made(pod(role="cache"))),
    # What was there before the policy, or before the release, can go on and be ended.
    "label on a pod with a tag": ask(
        made(with_metadata(pod(FLOATING), labels={"app": "y"})), made(pod(FLOATING))
    ),
    "end of a pod with a tag": ask(
        with_metadata(made(pod(FLOATING)), deletionTimestamp="2026-11-22T00:00:00Z"),
        with_metadata(made(pod(FLOATING)), finalizers=["example.com/x"]),
    ),
    "old builders scale down": ask(
        made(OLD_BUILDER, "ReplicaSet"), with_spec(made(OLD_BUILDER, "ReplicaSet"), replicas=3)
    ),
    "note on old builders": ask(
        with_metadata(made(OLD_BUILDER, "Deployment"), annotations={"revision": "2"}),
        made(OLD_BUILDER, "Deployment"),
    ),
    "old builders become new": ask(made(BUILDER, "Deployment"), made(OLD_BUILDER, "Deployment")),
    "builder becomes none": ask(made(pod()), made(OLD_BUILDER)),
    **{f"{kind} by digest": ask(made(BUILDER, kind)) for kind in APIS},
}
# … and the policy that refuses, with words of what it says.
BAD: dict[str, tuple[Object, str, str]] = {
    "tag": (ask(made(pod(FLOATING))), IMAGES, FLOATING),
    "nothing": (ask(made(pod("alpine"))), IMAGES, "have none: alpine"),
    "short digest": (ask(made(pod(f"a@sha256:{HEX[1:]}"))), IMAGES, "a@sha256:"),
    "long digest": (ask(made(pod(f"a@sha256:{HEX}0"))), IMAGES, "a@sha256:"),
    "uppercase digest": (ask(made(pod(f"a@sha256:{HEX.upper()}"))), IMAGES, "a@sha256:"),
    "other hash": (ask(made(pod(f"a@sha512:{HEX * 2}"))), IMAGES, "a@sha512:"),
    "digest of nothing": (ask(made(pod(f"@sha256:{HEX}"))), IMAGES, "@sha256:"),
    "digest in front": (ask(made(pod(f"a@sha256:{HEX}:latest"))), IMAGES, "latest"),
    "two digests": (ask(made(pod(f"a@b@sha256:{HEX}"))), IMAGES, "a@b@"),
    "line break": (ask(made(pod(f"a@sha256:{HEX}\n"))), IMAGES, "sha256 digest"),
    "no image": (ask(made(pod(""))), IMAGES, "(no image)"),
    "second container": (
        ask(made(with_spec(pod(), containers=[container(PINNED), container("b:1")]))),
        IMAGES,
        "have none: b:1",
    ),
    "init container": (
        ask(made(with_spec(pod(), initContainers=[container("b:1"), container("c:2")]))),
        IMAGES,
        "have none: b:1, c:2",
    ),
    "image volume": (ask(made(with_spec(pod(), volumes=[volume("b:1")]))), IMAGES, "b:1"),
    "image volume of nothing": (
        ask(made(with_spec(pod(), volumes=[{"name": "v", "image": {}}]))),
        IMAGES,
        "(no image)",
    ),
    "debug by tag": (
        ask(
            made(with_spec(pod(), ephemeralContainers=[container("b:1")])),
            made(pod()),
            "ephemeralcontainers",
        ),
        IMAGES,
        "b:1",
    ),
    "another tag": (ask(made(pod("b:1")), made(pod(FLOATING))), IMAGES, "have none: b:1"),
    "tag instead of digest": (ask(made(pod(FLOATING)), made(pod())), IMAGES, FLOATING),
    "mirror in a template": (
        ask(with_metadata(made(pod(FLOATING), "Deployment"), annotations=MIRROR)),
        IMAGES,
        FLOATING,
    ),
    **{f"{kind} by tag": (ask(made(pod("b:1"), kind)), IMAGES, "b:1") for kind in APIS},
    "builder of no release": (ask(made(pod(role="go-builder"))), RELEASE, f"{GO}, the release"),
    "builder of another release": (ask(made(OLD_BUILDER)), RELEASE, "it has go1.26.5"),
    "release without go": (ask(made(pod(role="go-builder", go="1.27.1"))), RELEASE, "has 1.27.1"),
    "becomes a builder": (ask(made(OLD_BUILDER), made(pod(go="go1.26.5"))), RELEASE, "go1.26.5"),
    "back to an old release": (ask(made(OLD_BUILDER), made(BUILDER)), RELEASE, "go1.26.5"),
    "takes its release away": (ask(made(pod(role="go-builder")), made(BUILDER)), RELEASE, "none"),
    **{
        f"{kind} of another release": (ask(made(OLD_BUILDER, kind)), RELEASE, "go1.26.5")
        for kind in APIS
    },
}


@cache
def answers(profile: str) -> dict[str, Any]:
    """Ask everything at once: a plugin takes its time to start."""
    asked = {**GOOD, **{name: one for name, (one, _, _) in BAD.items()}}
    return dict(zip(asked, review(profile, *asked.values()), strict=True))


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("profile", ["prod-cluster", "build-pod"])
def test_what_may_run_is_let_in(profile: str, name: str) -> None:
    said = answers(profile)[name]
    assert (said["allowed"], said["warnings"], said["audit"]) == (True, [], {}), said


@pytest.mark.parametrize("name", BAD)
def test_production_refuses_and_says_why(name: str) -> None:
    _, policy, words = BAD[name]
    said = answers("prod-cluster")[name]
    assert (said["allowed"], said["code"]) == (False, 403)
    assert f"'{NAMESPACE}-{policy}' denied request: " in said["message"]
    assert words in said["message"]
    assert "cost" not in said["message"]
    (failure,) = json.loads(said["audit"]["validation.policy.admission.k8s.io/validation_failure"])
    assert failure["policy"] == f"{NAMESPACE}-{policy}"


@pytest.mark.parametrize("name", BAD)
def test_elsewhere_it_warns_and_logs(name: str) -> None:
    _, policy, words = BAD[name]
    said = answers("build-pod")[name]
    assert (said["allowed"], said["code"]) == (True, 200)
    (warning,) = said["warnings"]
    assert f"'{NAMESPACE}-{policy}'" in warning
    assert words in warning
    assert said["audit"]


def test_without_the_release_production_lets_no_pod_in_and_others_every_one() -> None:
    asked = ask(made(BUILDER))
    (refused,) = review("prod-cluster", asked, without="gogen-policy")
    (allowed,) = review("build-pod", asked, without="gogen-policy")
    assert not refused["allowed"]
    assert "no params found" in refused["message"]
    assert allowed["allowed"]


def test_a_pod_without_a_list_of_containers_hides_nothing() -> None:
    one = made({"metadata": {}, "spec": {"initContainers": [container("b:1")]}})
    (said,) = review("prod-cluster", ask(one))
    assert not said["allowed"]


@pytest.mark.parametrize("profile", CLUSTERS)
def test_policies_are_taken_and_their_types_are_right(profile: str) -> None:
    said = read("types", {"objects": built(profile)})
    names = [f"{NAMESPACE}-{name}" for name in (RELEASE, IMAGES)]
    assert said == {"errors": [], "warnings": [], "names": names * 2}


def test_the_reader_finds_wrong_types_and_expressions() -> None:
    policies = [
        copy.deepcopy(one)
        for one in built("k8s-node")
        if one["kind"] == "ValidatingAdmissionPolicy"
    ]
    policies[0]["spec"]["validations"][0]["expression"] = "object.spec.nope == params.data.x"
    policies[1]["spec"]["validations"][0]["expression"] = "object.spec ="
    said = read("types", {"objects": policies})
    assert "undefined field 'nope'" in "".join(said["warnings"])
    (error,) = said["errors"]
    assert "spec.validations[0].expression: Invalid value" in error


def templates(profile: str) -> list[Object]:
    specs = [one["spec"] for one in built(profile) if one["kind"] in APIS]
    return [spec["template"] for spec in specs]


@pytest.mark.parametrize("profile", CLUSTERS)
def test_what_is_shipped_passes_the_strictest_policy(profile: str) -> None:
    workloads = [one for one in built(profile) if one["kind"] in APIS]
    pods = [made(template) for template in templates(profile)]
    asked = [ask(one) for one in (*workloads, *pods)]
    for said in review("prod-cluster", *asked):
        assert (said["allowed"], said["warnings"]) == (True, []), said


@pytest.mark.parametrize("profile", CLUSTERS)
def test_every_pod_meets_the_standard_its_namespace_enforces(profile: str) -> None:
    (labels,) = (one["metadata"]["labels"] for one in built(profile) if one["kind"] == "Namespace")
    prefix = "pod-security.kubernetes.io/enforce"
    question = {"level": labels[prefix], "version": labels[f"{prefix}-version"]}
    pods = [*templates(profile), {"metadata": {}, **pod()}]
    *found, loose = read("pod-security", {**question, "pods": pods})
    assert found == [[]] * (len(pods) - 1)
    assert any("runAsNonRoot" in finding for finding in loose)


def test_builders_are_looked_at() -> None:
    with_builders = [name for name in CLUSTERS if templates(name)]
    assert {"build-pod", "prod-cluster"} <= set(with_builders)
    for name in with_builders:
        for template in templates(name):
            assert template["metadata"]["labels"]["gogen.dev/role"] == "go-builder"
