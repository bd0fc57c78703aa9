"""The law of the chart: with a profile's values helm makes the objects that kustomize builds."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from generator.pipeline import Compiler
from generator.sources import Sources
from generator.templating.jobs import jobs
from generator.workspace import open_workspace
from tests import helm
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OUT = ROOT / "out"
CHART = OUT / "k8s-node" / "helm" / "chart"
PROFILES = sorted(path.parent.parent.name for path in OUT.glob("*/helm/values.yaml"))


def objects(text: str) -> list[str]:
    """Give the objects of a stream as canonical texts, sorted; YAML 1.1 and 1.2 must agree."""
    readings = []
    for version in ((1, 1), (1, 2)):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        loaded = [each for each in reader.load_all(text) if each]
        readings.append(sorted(json.dumps(each, sort_keys=True) for each in loaded))
    assert readings[0] == readings[1]
    return readings[0]


def built(folder: Path) -> list[str]:
    """Give the objects that kubectl builds of an overlay."""
    done = subprocess.run(
        [require("kubectl"), "kustomize", folder],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return objects(done.stdout)


def templated(chart: Path, values: Path) -> list[str]:
    return objects(helm.template(chart, "-f", values))


def test_every_profile_with_objects_has_values() -> None:
    assert sorted(path.parent.name for path in OUT.glob("*/kustomize")) == PROFILES
    assert sorted(OUT.glob("*/helm/chart")) == [CHART]


@pytest.mark.parametrize("profile", PROFILES)
def test_helm_makes_what_kustomize_builds(profile: str) -> None:
    values = OUT / profile / "helm" / "values.yaml"
    assert templated(CHART, values) == built(OUT / profile / "kustomize")


def changed(folder: Path, change: Callable[[Any], object]) -> Path:
    """Give build-pod's values with a change."""
    values = YAML(typ="safe").load((OUT / "build-pod" / "helm" / "values.yaml").read_bytes())
    change(values)
    return helm.values(folder / "values.yaml", values)


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "no-digest": (
        lambda v: v["builder"]["image"].pop("digest"),
        "at '/builder/image': missing property 'digest'",
    ),
    "an-empty-digest": (
        lambda v: v["builder"]["image"].update(digest=""),
        "at '/builder/image/digest': '' does not match pattern '^sha256:[0-9a-f]{64}$'",
    ),
    "a-tag-in-the-repository": (
        lambda v: v["builder"]["image"].update(repository="docker.io/library/alpine:3"),
        "at '/builder/image/repository': 'docker.io/library/alpine:3' does not match pattern",
    ),
    "an-sdk-without-digest": (
        lambda v: v["builder"]["sdk"]["image"].pop("digest"),
        "at '/builder/sdk/image': missing property 'digest'",
    ),
    "an-unknown-value": (
        lambda v: v["builder"].update(replica=3),
        "at '/builder': additional properties 'replica' not allowed",
    ),
    "a-number-as-text": (
        lambda v: v["builder"].update(replicas="3"),
        "at '/builder/replicas': got string, want integer",
    ),
    "a-bare-quantity": (
        lambda v: v["quota"].update(pods=4),
        "at '/quota/pods': got number, want string",
    ),
    "another-pod-security-standard": (
        lambda v: v["labels"].update({"pod-security.kubernetes.io/enforce": "privileged"}),
        "invalid propertyName 'pod-security.kubernetes.io/enforce'",
    ),
    "no-namespace": (lambda v: v.pop("namespace"), "at '': missing property 'namespace'"),
    "no-release": (lambda v: v["go"].pop("version"), "at '/go': missing property 'version'"),
    "a-way-without-its-script": (
        lambda v: v["builder"]["sdk"].update(method="download"),
        "at '/builder/sdk': missing property 'files'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_charts_schema_refuses(name: str, tmp_path: Path) -> None:
    change, said = WRONG[name]
    done = helm.run(tmp_path, "template", "go", CHART, "-f", changed(tmp_path, change))
    assert done.returncode
    assert said in done.stderr


@pytest.mark.parametrize("place", ["image", "sdk"])
@pytest.mark.parametrize(
    ("digest", "said"),
    [
        (None, "has no digest: a tag can move, so every image needs one (sha256:…)"),
        ("sha256:0", "sha256:0 is no digest; sha256: and 64 hex digits are due"),
        ("sha256:" + "A" * 64, "is no digest; sha256: and 64 hex digits are due"),
    ],
)
def test_no_image_without_digest_also_where_the_schema_is_skipped(
    place: str, digest: str | None, said: str, tmp_path: Path
) -> None:
    def change(values: Any) -> None:
        image = (
            values["builder"]["image"] if place == "image" else values["builder"]["sdk"]["image"]
        )
        image["digest"] = digest

    values = changed(tmp_path, change)
    given = ("-f", values, "--skip-schema-validation")
    done = helm.run(tmp_path, "template", "go", CHART, *given)
    assert done.returncode
    assert said in done.stderr


def test_the_chart_has_no_values_of_its_own(tmp_path: Path) -> None:
    """Helm merges maps key by key: a default would be in every profile that leaves it out."""
    assert YAML(typ="safe").load((CHART / "values.yaml").read_bytes()) == {}
    done = helm.run(tmp_path, "template", "go", CHART)
    assert "missing properties 'namespace', 'labels'" in done.stderr


def test_the_schema_of_the_values_is_closed() -> None:
    schema = json.loads((CHART / "values.schema.json").read_bytes())
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    closed = [
        each["additionalProperties"] for each in _maps(schema) if each.get("type") == "object"
    ]
    assert len(closed) > 20
    assert set(closed) == {False}


def _maps(node: Any) -> list[dict[str, Any]]:
    """Give every map of a JSON document."""
    children = (
        [*node.values()] if isinstance(node, dict) else node if isinstance(node, list) else ()
    )
    found = [each for child in children for each in _maps(child)]
    return [node, *found] if isinstance(node, dict) else found


def test_a_cluster_that_is_too_old_is_refused(tmp_path: Path) -> None:
    values = OUT / "build-pod" / "helm" / "values.yaml"
    done = helm.run(tmp_path, "template", "go", CHART, "-f", values, "--kube-version", "1.30")
    assert "chart requires kubeVersion: >=1.31.0-0" in done.stderr


def test_a_change_of_what_the_pods_read_rolls_them(tmp_path: Path) -> None:
    def change(values: Any) -> None:
        values["go"]["files"]["go.env"] += "GOFLAGS=-x\n"

    before = templated(CHART, OUT / "build-pod" / "helm" / "values.yaml")
    after = templated(CHART, changed(tmp_path, change))
    kinds = sorted(json.loads(each)["kind"] for each in set(after) - set(before))
    assert kinds == ["ConfigMap", "Deployment"]


def test_the_notes_say_how_to_ask_for_the_release(tmp_path: Path) -> None:
    values = OUT / "build-pod" / "helm" / "values.yaml"
    done = helm.run(tmp_path, "install", "go", CHART, "-f", values, "--dry-run=client")
    asks = "exec deployment/go-builder --container builder -- go version"
    assert f"kubectl --namespace gogen-build {asks}" in done.stdout, done.stderr


def test_what_reaches_an_object_reaches_the_values() -> None:
    """What a template of kustomize writes of any profile, the chart's values hold too."""
    compiler = Compiler(Sources(open_workspace(ROOT)))
    read: dict[str, set[str]] = {"helm": set(), "kustomize": set()}
    for profile in PROFILES:
        pinned = compiler.pinned(profile)
        for job in jobs(pinned):
            if job.target.name in read:
                spans = compiler.sources.engine.trace(pinned, job).spans
                read[job.target.name] |= {_shape(p) for span in spans for p in span.reads}
    sections = ("kubernetes", "network", "node", "host", "go")
    due = {key for key in read["kustomize"] if key.startswith(sections)}
    assert len(due) > 30
    assert {key for key in due if not _held(key, read["helm"])} == set()


def _held(key: str, read: set[str]) -> bool:
    """Tell whether a key was read, or a map or list that it lies in."""
    return any(key == each or key.startswith(f"{each}.") for each in read)


def _shape(pointer: tuple[str | int, ...]) -> str:
    """Write a pointer without the numbers of items."""
    return ".".join("*" if isinstance(step, int) else step for step in pointer)


def test_every_key_of_the_section_is_read_for_the_chart() -> None:
    """Each key of the schema of `kubernetes` that a template of kustomize names.

    The values hold it by its name; of lists that they take over whole, the chart's templates and
    its schema do.
    """
    schema = json.loads((ROOT / "schemas" / "profile.schema.json").read_bytes())
    objects_ = _all("templates/kustomize/*.j2")
    values = (ROOT / "templates/helm/values.yaml.j2").read_text(encoding="utf-8")
    closed = (ROOT / "templates/helm/values.schema.json.j2").read_text(encoding="utf-8")
    whole = ("egress.cidrs.", "builder.caches.", "runners.")
    keys = _keys(schema["properties"]["kubernetes"])
    assert len(keys) > 30
    for key in keys:
        name = key.rpartition(".")[2]
        if f".{name}" in objects_:
            taken = key.startswith(whole)
            assert f".{name}" in (_all("templates/helm/*.j2") if taken else values), key
            assert not taken or f'"{name}": {{' in closed, key


def _all(pattern: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob(pattern)))


def _keys(schema: Any, at: str = "") -> list[str]:
    """Give the dotted keys that a schema describes, those of items with their list's."""
    found = []
    for name, child in schema.get("properties", {}).items():
        path = f"{at}.{name}" if at else name
        found += [path, *_keys(child, path), *_keys(child.get("items", {}), path)]
    return found
