"""The overlay law: `kustomize build` of the overlay equals the child's objects, as sets."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from generator.dialects._yaml_text import emit
from generator.model import Artifact, Desired
from generator.overlays import derive
from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = st.sampled_from(
    [
        "",
        "a/b",
        "a~b",
        "~",
        "on",
        "1e3",
        "0o7",
        "1_000",
        "$patch",
        "${x}",
        "a.b",
        "é",
        "x\ny",
        " z ",
    ]
)
# This reader of kustomize's output, ruamel, takes a bare = for YAML 1.1's value type.
TEXT = st.one_of(
    HOSTILE,
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=6).filter(
        lambda t: t != "="
    ),
)
KEYS = st.one_of(
    st.sampled_from(["a", "b", "name", "a/b", "a~1b", "x.y", "on", "1"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=4),
).filter(lambda key: not key.startswith("$"))
SCALARS = st.one_of(TEXT, st.integers(-(2**31), 2**31), st.booleans())
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3),
        st.lists(st.fixed_dictionaries({"name": TEXT, "v": inner}), max_size=3),
    ),
    max_leaves=8,
)
CONFIGS = st.dictionaries(st.sampled_from(["a", "b", "c.d", "e"]), TEXT, max_size=4)
CONTAINERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["one", "two"]), "image": st.sampled_from(["x", "y"])},
        optional={
            "args": st.lists(st.sampled_from(["-a", "-b", "1"]), max_size=3),
            "env": st.lists(
                st.fixed_dictionaries({"name": st.sampled_from("PQ"), "value": TEXT}),
                max_size=2,
                unique_by=lambda item: item["name"],
            ),
        },
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda item: item["name"],
)


def _config(name: str, data: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta(name), "data": data}


def _custom(name: str, spec: Any) -> dict[str, Any]:
    return {"apiVersion": "x.dev/v1", "kind": "Thing", "metadata": _meta(name), "spec": {"s": spec}}


def _deployment(name: str, containers: list[Any]) -> dict[str, Any]:
    pod = {"spec": {"containers": containers, "strategy": {"type": "x"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(name),
        "spec": {"template": pod},
    }


def _meta(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": "ns"} if name != "c" else {"name": name}


NAMES = st.sampled_from(["a", "a.b", "c"])
OBJECTS = st.one_of(
    st.builds(_config, NAMES, CONFIGS),
    st.builds(_custom, NAMES, TREES),
    st.builds(_deployment, NAMES, CONTAINERS),
)
SETS = st.lists(
    OBJECTS, min_size=1, max_size=4, unique_by=lambda o: (o["kind"], o["metadata"]["name"])
)


def desired(profile: str, objects: list[dict[str, Any]]) -> Desired:
    """Give a flat render of objects, one a file."""
    artifacts = tuple(
        Artifact(
            f"kustomize/{o['kind']}-{o['metadata']['name']}.yaml".lower(),
            emit(o).encode(),
            "kustomize",
            "t",
        )
        for o in objects
    )
    return Desired(profile, profile, artifacts)


def lay(root: Path, profile: str, artifacts: tuple[Artifact, ...]) -> Path:
    """Write files as a render would; give the folder to build."""
    for artifact in artifacts:
        path = root / profile / artifact.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(artifact.content)
    return root / profile / "kustomize"


def build(kubectl: Path, folder: Path) -> list[Any]:
    """Give the objects that the real kustomize builds; anything it says on stderr is a failure."""
    run = subprocess.run(
        [kubectl, "kustomize", folder], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    # As the API server would see them: JSON, so that 1 is not "1".
    return [d for d in YAML(typ="safe").load_all(run.stdout) if d is not None]


def as_set(objects: list[Any]) -> list[str]:
    return sorted(json.dumps(o, sort_keys=True) for o in objects)


@settings(max_examples=50)
@given(SETS, SETS)
def test_the_build_of_an_overlay_is_the_child(
    tmp_path_factory: pytest.TempPathFactory,
    parent: list[dict[str, Any]],
    child: list[dict[str, Any]],
) -> None:
    kubectl = require("kubectl")
    root = tmp_path_factory.mktemp("law")
    one, two = desired("parent", parent), desired("child", child)
    lay(root, "parent", derive("kustomize", "kustomize", one, None))
    overlay = lay(root, "child", derive("kustomize", "kustomize", two, one))
    assert as_set(build(kubectl, overlay)) == as_set(child)


@pytest.mark.parametrize("escape", [r"\x7F", r"\x80", r"\x86", r"\x9F", r"\uFFFE", r"\uFFFF"])
def test_kustomize_builds_nothing_with_what_is_refused(tmp_path: Path, escape: str) -> None:
    body = f'apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{k: "{escape}"}}\n'
    (tmp_path / "a.yaml").write_text(body, encoding="utf-8")
    (tmp_path / "kustomization.yaml").write_text("resources: [a.yaml]\n", encoding="utf-8")
    done = subprocess.run(
        [require("kubectl"), "kustomize", tmp_path], capture_output=True, text=True, check=False
    )
    assert "control characters are not allowed" in done.stderr
