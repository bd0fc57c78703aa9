"""What Argo CD and Flux follow is of their types, is rendered, and can be gone back on.

Argo CD's objects are held against the CRDs that its Go module carries, unknown keys refused;
Flux's are decoded strictly into its own Go types.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.conftest import Project
from tests.tools import ROOT, lacks, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

APPLICATION: Final = "out/prod-cluster/gitops/argocd/application.yaml"
SOURCE: Final = "out/prod-cluster/gitops/flux/source.yaml"
SYNC: Final = "out/prod-cluster/gitops/flux/sync.yaml"
SET: Final = "out/fleet/gitops/argocd/applicationset.yaml"
FLEET: Final = """
extends: [build-pod]
targets: [gitops, kustomize]
gitops:
  name: builders
  repository: "ssh://git@git.example.com/platform.git"
  revision: {commit: "0123456789abcdef0123456789abcdef01234567"}
  folder: go/pins/
  prune: false
  argocd:
    namespace: argocd
    project: builders
    automated: false
    set:
      - {name: staging, profile: build-pod, server: "https://staging.example.com:6443"}
      - {name: prod, profile: prod-cluster, server: "https://kubernetes.default.svc"}
  flux: {namespace: flux-system, interval: 10m, retry_interval: 2m, timeout: 5m, secret: git}
"""
_FLEETS: list[Mapping[str, bytes]] = []


@pytest.fixture
def fleet(shipped: Callable[[], Project]) -> Mapping[str, bytes]:
    """Give what a profile renders that only says who follows what, in a folder of a repository."""
    if not _FLEETS:
        project = shipped()
        project.write({"profiles/fleet/profile.yaml": FLEET})
        outcome = project.run("render", "fleet")
        assert outcome.code == 0, outcome.text
        _FLEETS.append(outcome.tree)
    return _FLEETS[0]


def _read(rendered: Mapping[str, bytes], path: str) -> Any:
    return _load(rendered[path])


def _load(text: bytes) -> Any:
    return YAML(typ="safe").load(io.BytesIO(text))


@cache
def _crds() -> Path:
    """Give the folder of Argo CD's CRDs: of the module that the reader's go.mod locks."""
    require("gitops-reader")
    tools, package = ROOT / ".tools/go", "github.com/argoproj/argo-cd/v3/pkg/apis/application"
    done = subprocess.run(
        [require("go"), "list", "-f", "{{.Module.Dir}}", package],
        cwd=ROOT / "tests/readers/gitops",
        env={
            "HOME": str(tools),
            "PATH": "/usr/bin:/bin",
            "GOPATH": str(tools),
            "GOMODCACHE": str(tools / "mod"),
            "GOCACHE": str(tools / "build"),
            "GOFLAGS": "-mod=readonly",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
        },
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode or not done.stdout.strip():
        lacks(f"the CRDs of Argo CD are not here: make tools\n{done.stderr}")
    return Path(done.stdout.strip()) / "manifests/crds"


@cache
def _crd(kind: str) -> Draft202012Validator:
    crd = YAML(typ="safe").load(_crds() / f"{kind.lower()}-crd.yaml")
    (version,) = crd["spec"]["versions"]
    assert (crd["spec"]["group"], version["name"]) == ("argoproj.io", "v1alpha1")
    return Draft202012Validator(_closed(version["schema"]["openAPIV3Schema"]))


def _closed(schema: Any) -> Any:
    """Give a schema of a CRD as strict field validation reads it."""
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed_part(key, part) for key, part in schema.items()}
    if found.pop("x-kubernetes-int-or-string", False):
        found["type"] = ["integer", "string"]
    if "properties" in found and not found.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found


def _closed_part(key: str, part: Any) -> Any:
    if key == "properties":
        return {name: _closed(schema) for name, schema in part.items()}
    return _closed(part) if key in ("items", "additionalProperties") else part


def _argocd(one: Any) -> list[str]:
    """Give what Argo CD's CRD refuses of an object."""
    return [error.message for error in _crd(one["kind"]).iter_errors(one)]


def _flux(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [require("gitops-reader")], input=text, capture_output=True, text=True, check=False
    )


def _ours(name: str, one: Any) -> bool:
    schema = json.loads((ROOT / f"schemas/{name}.schema.json").read_text("utf-8"))
    return Draft202012Validator(schema).is_valid(one)


def test_argocd_takes_the_application(rendered: Mapping[str, bytes]) -> None:
    assert _argocd(_read(rendered, APPLICATION)) == []


def test_argocd_takes_the_set(fleet: Mapping[str, bytes]) -> None:
    assert _argocd(_read(fleet, SET)) == []


@pytest.mark.parametrize("path", [SOURCE, SYNC])
def test_flux_takes_its_two(
    rendered: Mapping[str, bytes], fleet: Mapping[str, bytes], path: str
) -> None:
    for text in (rendered[path], fleet[path.replace("prod-cluster", "fleet")]):
        done = _flux(text.decode())
        assert done.returncode == 0, done.stderr


BAD: Final = {
    "argocd.v1alpha1": {
        "unknown key": ("selfHeal:", "selfHeals:"),
        "no project": ("  project: builders\n", ""),
        "text for a bool": ("prune: true", 'prune: "yes"'),
        "text for a number": ("limit: 5", "limit: five"),
    },
    "flux.v1": {
        "unknown key": ("prune:", "prunes:"),
        "no duration": ("interval: 10m", "interval: ten"),
        "text for a bool": ("wait: true", 'wait: "yes"'),
        "another API": ("fluxcd.io/v1", "fluxcd.io/v1beta1"),
    },
}
OURS: Final = {
    "argocd.v1alpha1": {
        "HEAD": ("targetRevision: main", "targetRevision: HEAD"),
        "no revision": ("    targetRevision: main\n", ""),
        "another API": ("v1alpha1", "v1"),
        "an option that is none": ("PruneLast=true", "pruneLast"),
    },
    "flux.v1": {
        "no path": ('  path: "./out/prod-cluster/kustomize"\n', ""),
        "no prune": ("  prune: true\n", ""),
        "another kind": ("kind: Kustomization", "kind: HelmRelease"),
    },
}


def _cases(of: Mapping[str, Mapping[str, tuple[str, str]]]) -> list[tuple[str, str, str]]:
    return [(name, *change) for name, cases in of.items() for change in cases.values()]


def _broken(rendered: Mapping[str, bytes], name: str, old: str, new: str) -> str:
    text = rendered[APPLICATION if name.startswith("argocd") else SYNC].decode()
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(("name", "old", "new"), _cases(BAD))
def test_the_readers_refuse_and_so_do_our_schemas(
    rendered: Mapping[str, bytes], name: str, old: str, new: str
) -> None:
    text = _broken(rendered, name, old, new)
    if name == "flux.v1":
        assert _flux(text).returncode == 1
    else:
        assert _argocd(_load(text.encode()))
    assert not _ours(name, _load(text.encode()))


@pytest.mark.parametrize(("name", "old", "new"), _cases(OURS))
def test_our_schemas_refuse_more(
    rendered: Mapping[str, bytes], name: str, old: str, new: str
) -> None:
    assert not _ours(name, _load(_broken(rendered, name, old, new).encode()))


# What teams set beside what gogen's own templates do.
TAKEN: Final = {
    "several sources": """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  project: builders
  sources:
    - {repoURL: "https://git.example/a.git", targetRevision: main, ref: values}
    - repoURL: "oci://registry.example/charts"
      targetRevision: "1.2.3"
      chart: go-builder
      helm: {valueFiles: [$values/out/a/helm/values.yaml], parameters: [{name: a, value: b}]}
  destination: {name: staging, namespace: builds}
  syncPolicy:
    automated: {enabled: true, prune: true}
    managedNamespaceMetadata: {labels: {a: b}}
    retry: {limit: -1, backoff: {duration: 1m30s}}
    syncOptions: [CreateNamespace=true, Prune=confirm]
""",
    "generators": """
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: a, namespace: argocd}
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  generators:
    - matrix:
        generators:
          - clusters: {selector: {matchLabels: {env: prod}}, values: {zone: a}}
          - git:
              repoURL: "https://git.example/a.git"
              revision: main
              directories: [{path: "out/*"}]
  strategy:
    type: RollingSync
    rollingSync:
      steps: [{matchExpressions: [{key: env, operator: In, values: [a]}], maxUpdate: 25%}]
  template:
    metadata: {name: "{{ .name }}"}
    spec:
      project: builders
      source:
        repoURL: "https://git.example/a.git"
        targetRevision: main
        path: "{{ .path.path }}"
        kustomize: {patches: [{target: {kind: Deployment}, patch: "[]"}], components: [../c]}
      destination: {server: "{{ .server }}"}
""",
    "a Kustomization": """
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: a, namespace: flux-system}
spec:
  interval: 10m
  path: ./out/a/kustomize
  prune: true
  sourceRef: {kind: OCIRepository, name: a, namespace: sources}
  dependsOn: [{name: namespaces, namespace: flux-system}]
  decryption: {provider: sops, secretRef: {name: age}}
  kubeConfig: {secretRef: {name: staging}}
  patches: [{patch: "[]", target: {kind: Deployment}}]
  healthCheckExprs: [{apiVersion: v1, kind: A, current: "true"}]
  postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster}]}
""",
    "a HelmRelease": """
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: a, namespace: flux-system}
spec:
  interval: 10m
  chartRef: {kind: OCIRepository, name: a}
  install: {createNamespace: true, crds: CreateReplace, timeout: 5m}
  upgrade: {cleanupOnFail: true, remediation: {retries: 3, strategy: rollback}}
  driftDetection: {mode: enabled, ignore: [{paths: [/spec/replicas], target: {kind: Deployment}}]}
  valuesFrom: [{kind: ConfigMap, name: values, optional: true}]
  values: {builder: {replicas: 3}}
""",
}


@pytest.mark.parametrize("what", TAKEN)
def test_our_schemas_take_what_teams_set(what: str) -> None:
    text = TAKEN[what]
    one = _load(text.encode())
    if one["apiVersion"].startswith("argoproj.io"):
        assert _argocd(one) == []
        assert _ours("argocd.v1alpha1", one)
    else:
        done = _flux(text)
        assert done.returncode == 0, done.stderr
        assert _ours("flux.v1", one)


@pytest.mark.parametrize(
    ("kind", "name"), [("Application", "application"), ("ApplicationSet", "set")]
)
def test_our_schema_knows_every_setting_of_argocd(kind: str, name: str) -> None:
    schema = json.loads((ROOT / "schemas/argocd.v1alpha1.schema.json").read_text("utf-8"))
    crd: Any = _crd(kind).schema
    spec = crd["properties"]["spec"]
    assert [*_unknown(spec, _Ours(schema, [schema["$defs"][name]]).below("spec"), kind)] == []


def test_our_schema_knows_every_setting_of_flux() -> None:
    schema = json.loads((ROOT / "schemas/flux.v1.schema.json").read_text("utf-8"))
    kinds = {
        "GitRepository": "repository",
        "HelmRelease": "release",
        "Kustomization": "kustomization",
    }
    done = subprocess.run(
        [require("gitops-reader"), "fields"], capture_output=True, text=True, check=True
    )
    fields = [line.split(".") for line in done.stdout.splitlines()]
    assert {kind for kind, *_ in fields} == kinds.keys()
    for kind, *keys in fields:
        ours: _Ours | None = _Ours(schema, [schema["$defs"][kinds[kind]]]).below("spec")
        for key in keys:
            ours = ours and ours.below(key)
            assert ours, f"{kind}: {'.'.join(keys)}"


class _Ours:
    """A part of a schema of ours: every schema that holds there at once."""

    def __init__(self, root: Any, nodes: list[Any]) -> None:
        self.root = root
        self.nodes = nodes
        for node in self.nodes:  # the list grows
            if "$ref" in node:
                self.nodes.append(root["$defs"][node["$ref"].rpartition("/")[2]])
            if "items" in node:
                self.nodes.append(node["items"])

    def below(self, key: str) -> _Ours | None:
        """Give the part at a key of an object, or of a list's objects; None where it is refused."""
        named = [
            node["properties"][key] for node in self.nodes if key in node.get("properties", {})
        ]
        closed = any(node.get("additionalProperties") is False for node in self.nodes)
        return None if closed and not named else _Ours(self.root, named)


def _unknown(theirs: Any, ours: _Ours | None, path: str) -> Iterator[str]:
    """Give the paths of settings that a CRD has and our schema refuses."""
    if ours is None:
        yield path
        return
    for key, node in theirs.get("properties", {}).items():
        yield from _unknown(node, ours.below(key), f"{path}.{key}")
    if isinstance(theirs.get("items"), dict):
        yield from _unknown(theirs["items"], ours, path)


def test_our_schemas_take_what_is_rendered(
    rendered: Mapping[str, bytes], fleet: Mapping[str, bytes]
) -> None:
    assert _ours("argocd.v1alpha1", _read(rendered, APPLICATION))
    assert _ours("argocd.v1alpha1", _read(fleet, SET))
    assert not _ours("argocd.v1alpha1", _read(rendered, SOURCE))
    assert _ours("flux.v1", _read(rendered, SOURCE))
    assert _ours("flux.v1", _read(rendered, SYNC))


def test_all_point_at_objects_that_are_rendered(
    rendered: Mapping[str, bytes], fleet: Mapping[str, bytes]
) -> None:
    source = _read(rendered, APPLICATION)["spec"]["source"]
    sync = _read(rendered, SYNC)["spec"]
    elements = _read(fleet, SET)["spec"]["generators"][0]["list"]["elements"]
    paths = {source["path"], sync["path"].removeprefix("./")}
    template = _read(fleet, SET)["spec"]["template"]["spec"]["source"]["path"]
    assert template == "go/pins/out/{{ .profile }}/kustomize"
    paths |= {f"out/{one['profile']}/kustomize" for one in elements}
    assert paths == {"out/build-pod/kustomize", "out/prod-cluster/kustomize"}
    assert all(f"{path}/kustomization.yaml" in rendered for path in paths)


def test_both_controllers_follow_the_same_place(rendered: Mapping[str, bytes]) -> None:
    argo = _read(rendered, APPLICATION)["spec"]["source"]
    flux = _read(rendered, SOURCE)["spec"]
    assert (argo["repoURL"], argo["targetRevision"]) == (flux["url"], flux["ref"]["branch"])
    assert _read(rendered, SYNC)["spec"]["sourceRef"]["name"] == "gogen-builders"


def test_what_is_checked_out_is_enough_to_build(
    rendered: Mapping[str, bytes], tmp_path: Path
) -> None:
    (folder,) = _read(rendered, SOURCE)["spec"]["sparseCheckout"]
    for path, content in rendered.items():
        if path.startswith(f"{folder}/"):
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    assert _built(tmp_path, _read(rendered, SYNC)["spec"]["path"])


def test_taking_the_controllers_objects_away_takes_nothing_else(
    rendered: Mapping[str, bytes], fleet: Mapping[str, bytes]
) -> None:
    assert "finalizers" not in _read(rendered, APPLICATION)["metadata"]
    assert _read(fleet, SET)["spec"]["syncPolicy"] == {"preserveResourcesOnDeletion": True}
    assert _read(rendered, SYNC)["spec"]["deletionPolicy"] == "Orphan"


def test_a_set_makes_one_application_a_profile(fleet: Mapping[str, bytes]) -> None:
    spec = _read(fleet, SET)["spec"]
    elements = spec["generators"][0]["list"]["elements"]
    template = spec["template"]
    made = {}
    for one in elements:
        text = json.dumps(template)
        for key, value in one.items():
            text = text.replace(f"{{{{ .{key} }}}}", value)
        assert "{{" not in text
        application = json.loads(text)
        destination = application["spec"]["destination"]["server"]
        made[application["metadata"]["name"]] = (application["spec"]["source"]["path"], destination)
        assert application["spec"]["source"]["targetRevision"].startswith("0123456789")
        assert "automated" not in application["spec"]["syncPolicy"]
        meta = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
        assert _argocd({**meta, **application}) == []
    assert made == {
        "staging": ("go/pins/out/build-pod/kustomize", "https://staging.example.com:6443"),
        "prod": ("go/pins/out/prod-cluster/kustomize", "https://kubernetes.default.svc"),
    }


def test_the_chart_is_followed_with_the_profiles_values(shipped: Callable[[], Project]) -> None:
    project = shipped()
    text = (project.root / "profiles/prod-cluster/gitops.yaml").read_text("utf-8")
    chart = text.replace("  prune: true\n", "  prune: true\n  chart: k8s-node\n")
    project.write(
        {
            "profiles/prod-cluster/gitops.yaml": chart,
            "profiles/fleet/profile.yaml": FLEET.replace("kustomize]", "helm]").replace(
                "  folder:", "  chart: k8s-node\n  folder:"
            ),
        }
    )
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    tree = outcome.tree
    source = _read(tree, APPLICATION)["spec"]["source"]
    release = _read(tree, SYNC)["spec"]
    for one in (_read(tree, APPLICATION), _read(tree, SET)):
        assert _argocd(one) == []
        assert _ours("argocd.v1alpha1", one)
    done = _flux(tree[SYNC].decode())
    assert done.returncode == 0, done.stderr
    assert _ours("flux.v1", _read(tree, SYNC))
    assert _flux(tree[SYNC].decode().replace("valuesFiles", "valueFiles")).returncode == 1
    # Argo CD reads a path with a slash from the repository's root, Flux from the source's.
    values = [f.removeprefix("/") for f in source["helm"]["valueFiles"]]
    assert values == release["chart"]["spec"]["valuesFiles"]
    assert f"./{source['path']}" == release["chart"]["spec"]["chart"]
    assert f"{source['path']}/Chart.yaml" in tree
    assert values == ["out/prod-cluster/helm/values.yaml"]
    assert values[0] in tree


def test_an_application_follows_a_server_or_a_set(shipped: Callable[[], Project]) -> None:
    project = shipped()
    both = FLEET.replace("    set:", '    server: "https://a.example"\n    set:')
    project.write({"profiles/fleet/profile.yaml": both})
    outcome = project.run("render", "fleet")
    assert outcome.code == 2
    assert "profiles/fleet/profile.yaml:11" in outcome.text


@pytest.mark.parametrize(
    "repository", ["https://git.example/{{ x }}", "http://git.example/x", "git@git.example:x.git"]
)
def test_a_repository_that_cannot_be_followed_is_refused(
    shipped: Callable[[], Project], repository: str
) -> None:
    project = shipped()
    text = FLEET.replace("ssh://git@git.example.com/platform.git", repository)
    project.write({"profiles/fleet/profile.yaml": text})
    outcome = project.run("render", "fleet")
    assert outcome.code == 2
    assert "profiles/fleet/profile.yaml:6" in outcome.text


def _git(root: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        [require("git"), *identity, *words],
        cwd=root,
        env={"PATH": "/usr/bin:/bin", "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _built(root: Path, path: str) -> dict[tuple[str, str], Any]:
    """Give the objects of a folder by kind and name, as the controllers build them."""
    done = subprocess.run(
        [require("kubectl"), "kustomize", root / path], check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    found = [one for one in YAML(typ="safe").load_all(done.stdout.decode()) if one]
    objects = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(objects) == len(found)
    return objects


_REPOSITORIES: list[Project] = []


@pytest.fixture
def repository(shipped: Callable[[], Project], tmp_path: Path) -> Project:
    """Give a repository of the test's own: the clusters' profiles, moved on by one release."""
    if not _REPOSITORIES:
        project = shipped()
        _reduce(project)
        _git(project.root, "init", "-q", "-b", "main")
        _commit(project, "Start")
        _bump(project)
        _REPOSITORIES.append(project)
    _git(tmp_path, "clone", "-q", str(_REPOSITORIES[0].root), "own")
    return Project(tmp_path / "own")


def _reduce(project: Project) -> None:
    """Leave what clusters need, for one platform: of 1.27.2 few public checksums are known."""
    for name in ("ci-runner", "dev-laptop"):
        shutil.rmtree(project.root / "profiles" / name)
    node = (project.root / "profiles/k8s-node/node.yaml").read_text("utf-8")
    old = "[linux/amd64, linux/arm64, linux/ppc64le, linux/s390x]"
    assert old in node
    go = (project.root / "profiles/base/go.yaml").read_text("utf-8")
    head, _, rest = go.partition("  platforms:\n")
    rest = rest[rest.index("  env:") :]
    project.write(
        {
            "profiles/k8s-node/node.yaml": node.replace(old, "[linux/amd64]"),
            "profiles/base/go.yaml": f"{head}  platforms: [linux/amd64]\n{rest}",
        }
    )


def _commit(project: Project, message: str) -> None:
    for command in (("lock",), ("render",), ("check",)):
        outcome = project.run(*command)
        assert outcome.code == 0, outcome.text
    _git(project.root, "add", "-A")
    _git(project.root, "commit", "-q", "-m", message)


def _bump(project: Project) -> None:
    path = project.root / "profiles/base/profile.yaml"
    text = path.read_text("utf-8")
    assert 'current: "1.27.1"' in text
    path.write_text(text.replace('current: "1.27.1"', 'current: "1.27.2"'), "utf-8")
    _commit(project, "Move to Go 1.27.2")


PATH: Final = "out/prod-cluster/kustomize"


def _before(repository: Project, tmp_path: Path) -> Path:
    """Check out the commit before the move, beside the repository."""
    folder = tmp_path / "before"
    _git(repository.root, "worktree", "add", "-q", str(folder), "HEAD~1")
    return folder


def test_reverting_one_commit_brings_the_objects_back(repository: Project, tmp_path: Path) -> None:
    first, second = _built(_before(repository, tmp_path), PATH), _built(repository.root, PATH)
    assert first != second
    _git(repository.root, "revert", "--no-edit", "HEAD")
    outcome = repository.run("check")
    assert outcome.code == 0, outcome.text
    assert repository.run("lock", "--check").code == 0
    assert _built(repository.root, PATH) == first
    assert _git(repository.root, "status", "--porcelain") == ""


def test_both_environments_can_live_side_by_side(repository: Project, tmp_path: Path) -> None:
    states = _built(_before(repository, tmp_path), PATH), _built(repository.root, PATH)
    first, second = (
        {name: one for (kind, name), one in state.items() if kind == "ConfigMap"}
        for state in states
    )
    named = [{name for name in maps if name.startswith("go-env-")} for maps in (first, second)]
    assert all(named)
    assert named[0].isdisjoint(named[1])
    # What keeps its name changes in no field that the API server calls immutable.
    for name in first.keys() & second.keys():
        assert not first[name].get("immutable") or first[name] == second[name]
    old, new = (state["Deployment", "go-builder"]["spec"]["selector"] for state in states)
    assert old == new


def test_the_last_good_commit_can_be_held(repository: Project, tmp_path: Path) -> None:
    before = _before(repository, tmp_path)
    good = _git(before, "rev-parse", "HEAD")
    path = repository.root / "profiles/prod-cluster/gitops.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("{branch: main}", f'{{commit: "{good}"}}'), "utf-8")
    outcome = repository.run("render", "prod-cluster")
    assert outcome.code == 0, outcome.text
    assert _read(outcome.tree, APPLICATION)["spec"]["source"]["targetRevision"] == good
    assert _read(outcome.tree, SOURCE)["spec"]["ref"] == {"commit": good}
    assert _flux(outcome.tree[SOURCE].decode()).returncode == 0
    assert _argocd(_read(outcome.tree, APPLICATION)) == []
    # What is followed there is whole: the lock and the profiles of that commit agree with it.
    held = Project(before)
    assert held.run("check").code == 0


@pytest.mark.parametrize(
    ("branch", "code"),
    [
        ("release/1.0", 0),
        ("dependabot/npm_and_yarn/@types/x", 0),
        ("feature/#12", 0),
        ("a..b", 2),
        ("a//b", 2),
        ("a/", 2),
        ("a.lock", 2),
        ("a@{1}", 2),
        ("-a", 2),
        ("refs/heads/main", 2),
    ],
)
def test_a_branch_is_one_that_git_takes(
    shipped: Callable[[], Project], branch: str, code: int
) -> None:
    project = shipped()
    text = FLEET.replace("{commit: ", f'{{branch: "{branch}"}}  # ')
    project.write({"profiles/fleet/profile.yaml": text})
    outcome = project.run("render", "fleet")
    assert outcome.code == code, outcome.text
    if branch.startswith("refs/"):  # git takes it; Flux puts refs/heads/ before it
        return
    git = subprocess.run(
        [require("git"), "check-ref-format", "--branch", branch], check=False, capture_output=True
    )
    assert (git.returncode == 0) == (code == 0), git
    if code == 0:
        read = YAML(typ="safe").load(outcome.tree["out/fleet/gitops/flux/source.yaml"])
        assert read["spec"]["ref"] == {"branch": branch}


def test_a_cluster_may_have_an_address_of_ipv6(shipped: Callable[[], Project]) -> None:
    project = shipped()
    server = "https://[2001:db8::1]:6443"
    text = FLEET.replace("https://staging.example.com:6443", server)
    project.write({"profiles/fleet/profile.yaml": text})
    outcome = project.run("render", "fleet")
    assert outcome.code == 0, outcome.text
    read = YAML(typ="safe").load(outcome.tree[SET])
    elements = read["spec"]["generators"][0]["list"]["elements"]
    assert server in [element["server"] for element in elements]
