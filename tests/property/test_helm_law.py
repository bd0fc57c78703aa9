"""The chart's law, of profiles nobody wrote: helm makes the objects that kustomize builds.

Each is build-pod with its sections changed at random: objects that come and go, every way for Go
into the pod, texts that YAML, Helm or the kubelet could take for something else.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st

from tests.conftest import Project
from tests.e2e.test_helm import built, templated
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    *(
        "on",
        "1e3",
        "0o7",
        "0x10",
        "1_000",
        "12:30:45",
        "2024-01-01",
        "~",
        "=",
        "<<",
        "null",
        "1.20",
    ),
    *(
        "$(HOME)",
        "$$(HOME)",
        "$$",
        "$",
        "a$b$$c$",
        "{{ .Values }}",
        '{{ fail "x" }}',
        "*/}}",
        "<&>",
    ),
    *(
        "a\nb: c",
        " edges ",
        "\ttab",
        "'",
        '"',
        "\\",
        "# x",
        "a #b",
        ": ",
        "- x",
        "é",
        "\u2028",
        "\u00a0",
    ),
)
TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=6),
)
WORD = st.sampled_from(["a", "on", "null", "1e3", "x-1", "0x10", "y"])
SOLID = TEXT.map(lambda text: "".join(c for c in text if not c.isspace() and c not in "@,")) | WORD
PATH = SOLID.filter(bool).map("/{}".format)
QUANTITY = st.sampled_from(["1", "500m", "2Gi", "10", "0.5", "1Ti"])
LABELS = st.dictionaries(
    st.sampled_from(["a", "on", "x.example/y", "app.kubernetes.io/part-of"]),
    st.sampled_from(["", "on", "1", "1e3", "true", "0o7", "x"]),
    max_size=3,
)
RESOURCES = st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITY, min_size=1)
PORTS = st.lists(st.integers(1, 65535), min_size=1, max_size=2, unique=True)
VARIABLE = st.just("GOCACHE")
CIDR = st.sampled_from(["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32"])


def some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give maps that have some of the keys."""
    return st.fixed_dictionaries({}, optional=keys)


def named(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give lists of maps that have all of the keys, put in the place of the parent's list."""
    item = st.fixed_dictionaries(keys)
    unique = st.lists(item, min_size=1, max_size=2, unique_by=lambda each: str(each["name"]))
    return unique.map(lambda items: {"$replace": items})


SDK = st.one_of(
    st.none(),
    some(path=st.sampled_from(["usr/local/go", "opt/go1"])).map(lambda m: {**m, "method": "copy"}),
    st.just({"method": "image-volume"}),
    st.just({"method": "download", "image": None}),
)
BUILDER = some(
    command=st.lists(TEXT, min_size=1, max_size=3).map(lambda words: {"$replace": words}),
    replicas=st.integers(0, 3_000_000),
    sdk=SDK,
    user=st.none() | st.fixed_dictionaries({"uid": st.integers(1, 2**32 - 2)}),
    requests=RESOURCES,
    workspace=st.none() | st.just({"path": "/$(A)/w", "size": "1Gi"}),
    caches=named(name=WORD, claim=WORD, path=PATH, env=VARIABLE, size=QUANTITY)
    | named(name=WORD, path=PATH, env=VARIABLE, size=QUANTITY),
    wait_seconds=st.integers(0, 3600),
)
KUBERNETES = some(
    labels=LABELS,
    pod_security=st.sampled_from(["restricted", "baseline"]),
    runners=st.none() | named(name=TEXT.filter(bool)) | named(name=WORD, namespace=WORD),
    policy=st.none() | st.fixed_dictionaries({"enforce": st.booleans()}),
    priority=st.none() | st.fixed_dictionaries({"value": st.integers(-(2**31), 2**31 - 1)}),
    quota=st.none() | RESOURCES,
    limits=st.none() | some(max=RESOURCES),
    egress=st.none()
    | some(
        dns=st.booleans(),
        cidrs=st.none()
        | named(name=WORD, cidr=CIDR, ports=PORTS)
        | named(name=WORD, cidr=CIDR, ports=PORTS, **{"except": st.lists(CIDR, min_size=1)})
        | named(name=WORD, cidr=CIDR, ports=PORTS, udp=PORTS),
        services=named(name=WORD.map("s-{}".format), namespace=WORD, pod_labels=LABELS, ports=PORTS)
        | named(name=WORD, namespace=WORD, pod_labels=LABELS, ports=PORTS, udp=PORTS),
    ),
    builder=st.none() | BUILDER,
)
URL = SOLID.map("http://x/{}".format)
NETWORK = some(
    proxy=st.fixed_dictionaries(
        {"https": URL},
        optional={"http": URL, "no_proxy": st.lists(SOLID.filter(bool), unique=True)},
    ),
    pod_ca_bundle=st.fixed_dictionaries({"config_map": WORD, "key": WORD}),
    registries=st.just({"docker.io": "mirror.example:5000/hub"}),
)
NODE = some(
    labels=st.dictionaries(st.sampled_from(["on", "x.example/y"]), WORD, max_size=2),
    taints=st.lists(
        st.fixed_dictionaries({"key": WORD, "value": WORD, "effect": st.just("NoExecute")}),
        max_size=2,
        unique_by=lambda taint: taint["key"],
    ).map(lambda items: {"$replace": items}),
)
PROFILE = some(kubernetes=KUBERNETES, network=NETWORK, node=NODE)
SOMEBODY_ELSES = {  # nodes and names are the cluster's
    "host": None,
    "kubernetes": {"service_account": "builds.team", "pull_secrets": ["on", "registry.team"]},
    "network": {
        "pod_ca_bundle": {"config_map": "openshift-service-ca.crt", "key": "service-ca.crt"}
    },
    "node": None,
}
EXAMPLES = 12


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of this repository's workspace that has only what build-pod is made of."""
    root = tmp_path_factory.mktemp("workspace")
    for name in ("gogen.lock", "gogen.toml"):
        shutil.copy(ROOT / name, root / name)
    for name in ("base", "k8s-node", "build-pod"):
        shutil.copytree(ROOT / "profiles" / name, root / "profiles" / name)
    return root


def as_yaml(data: dict[str, Any]) -> str:
    """Write a profile as JSON whose strings hold no character that YAML wants escaped otherwise."""
    text = json.dumps(data, ensure_ascii=False)
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else "x" for c in text
    )


@given(changes=PROFILE)
@example(changes=SOMEBODY_ELSES)
# A smaller example is not worth the minutes that helm and kubectl take for it.
@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
def test_helm_makes_what_kustomize_builds(repository: Path, changes: dict[str, Any]) -> None:
    shutil.rmtree(repository / "out", ignore_errors=True)
    one = Project(repository)
    profile = {"extends": ["build-pod"], "targets": ["helm", "kustomize"], **changes}
    one.write({"profiles/x/profile.yaml": as_yaml(profile)})
    outcome = one.run("render", "x")
    found = set(re.findall(r"^error\[(.*)\]", outcome.err, re.MULTILINE))
    assert all(code.startswith("GG0") for code in found), outcome.err
    assume(not found)  # a rule refuses what no cluster would take
    chart = repository / "out/k8s-node/helm/chart"
    made = templated(chart, repository / "out/x/helm/values.yaml")
    assert made == built(repository / "out/x/kustomize")
