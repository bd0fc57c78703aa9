"""The workload: one set of layers and templates, written for gogen and for each peer.

`profiles` leaf profiles, each of `objects` Kubernetes objects (8 kinds for each of its apps), each
the last of a chain of `depth` layers, shared as teams share theirs. Nothing is random: the same
numbers give the same files. What gogen and the peers make of it are equal sets of objects.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plain
from ruamel.yaml import YAML

HERE = Path(__file__).parent
ROOT = HERE.parent
KINDS = tuple(sorted(p.name.removesuffix(".yaml.j2") for p in (HERE / "templates").glob("*.j2")))
IMAGE = "golang:1.27.1-trixie"
_SHARED = (1, 3, 7, 13, 29, 61)
"""How many layers there are at each level of a chain, from the base on."""

CLUSTER, CHART_OF = "prod-cluster", "k8s-node"
"""The shipped profile that is measured, and the one that writes the chart of its family."""
_LAYERS = ("base", CHART_OF, "build-pod", CLUSTER)
_CLUSTER_TARGETS = frozenset(("gitops", "helm", "kubeadm", "kustomize"))

Tree = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """The numbers of a workload; `objects` is at most 8, or a multiple of 8."""

    profiles: int
    objects: int = 8
    depth: int = 4

    @property
    def names(self) -> list[str]:
        """The names of its leaf profiles."""
        wide = len(str(self.profiles - 1))
        return [f"p{number:0{wide}}" for number in range(self.profiles)]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of object each app has."""
        return KINDS[: self.objects]

    def layers(self) -> dict[str, Tree]:
        """Give every layer by name."""
        found = {"base": _base(max(1, self.objects // len(KINDS)))}
        levels = [1, *(min(_SHARED[k], self.profiles) for k in range(1, self.depth - 1))]
        for level in range(1, len(levels)):
            for number in range(levels[level]):
                parent = _layer_name(level - 1, number % levels[level - 1])
                found[_layer_name(level, number)] = _shared(level, number, parent)
        for number, name in enumerate(self.names):
            parent = _layer_name(len(levels) - 1, number % levels[-1])
            found[name] = _leaf(name, number, parent)
        return found


def _layer_name(level: int, number: int) -> str:
    return f"layer-{level}-{number}" if level else "base"


def _base(apps: int) -> Tree:
    settings = {f"SETTING_{key}": f"value {number}" for number, key in enumerate("ABCDEFGHIJ")}
    return {
        "toolchains": {"current": "1.27.1"},
        "go": {"toolchain": "current", "platforms": ["linux/amd64", "linux/arm64"]},
        "bench": {
            "namespace": "base",
            "image": IMAGE,
            "replicas": 1,
            "labels": {"part-of": "bench", "tier": "build", "cost": "shared"},
            "settings": {
                **settings,
                "GOPROXY": "https://proxy.example,direct",
                "HOST": "build.<{ bench.namespace }>.svc",
            },
            "args": ["serve", "--verbose"],
            "requests": {"cpu": "500m", "memory": "1Gi"},
            "limits": {"cpu": "2", "memory": "4Gi"},
            "apps": [{"name": f"app-{n}", "port": 8000 + n} for n in range(apps)],
        },
    }


def _shared(level: int, number: int, parent: str) -> Tree:
    key = "ABCDEFGHIJ"[number % 10]
    return {
        "extends": [parent],
        "bench": {
            "labels": {f"level-{level}": f"group-{number}"},
            "settings": {f"SETTING_{key}": f"level {level}", f"LEVEL_{level}": f"group {number}"},
            "args": {"$append": [f"--level-{level}=group-{number}"]},
            "limits": {"memory": f"{4 + level}Gi"},
        },
    }


def _leaf(name: str, number: int, parent: str) -> Tree:
    return {
        "extends": [parent],
        "targets": ["bench"],
        "bench": {
            "namespace": f"ns-{name}",
            "replicas": 1 + number % 5,
            "labels": {"profile": name},
            "settings": {"SETTING_A": f"of {name}", "OWNER": f"team-{number % 11}"},
            "args": {"$append": [f"--profile={name}"]},
        },
    }


def yaml(node: Any) -> str:
    """Write a layer as people do: block style, every text quoted."""
    return "".join(f"{line}\n" for line in _lines(node))


def _lines(node: Any, indent: str = "") -> list[str]:
    lines = []
    for key, value in node.items():
        if isinstance(value, dict) and value:
            lines += [f"{indent}{key}:", *_lines(value, f"{indent}  ")]
        else:
            lines.append(f"{indent}{key}: {json.dumps(value)}")
    return lines


def put(path: Path, text: str) -> None:
    """Write a file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def for_gogen(load: Workload, root: Path, *, derive: bool = False) -> None:
    """Write the workspace; with `derive` a profile of depth 2 is an overlay on `base`."""
    put(root / "gogen.toml", "")
    shutil.copyfile(ROOT / "gogen.lock", root / "gogen.lock")
    target = root / "templates" / "bench"
    files = [
        {
            "template": f"{kind}.yaml.j2",
            "path": f"bench/<{{ item.name }}>-{kind}.yaml",
            "for-each": "bench.apps",
            "dialect": "kubernetes",
        }
        for kind in load.kinds
    ]
    for kind in load.kinds:
        put(target / f"{kind}.yaml.j2", template(kind))
    manifest: Tree = {"description": "the objects of the benchmark"}
    manifest |= {"derive": "kustomize"} if derive else {}
    manifest |= {"pins": {"images": ["<{ bench.image }>"]}, "files": files}
    put(target / "target.yaml", yaml(manifest))
    shutil.copyfile(HERE / "section.schema.json", target / "section.schema.json")
    for name, layer in load.layers().items():
        if derive:
            # An object in another namespace is another object: nothing would be left to patch.
            layer["targets"] = ["bench"]
            if "extends" in layer:
                del layer["bench"]["namespace"]
        put(root / "profiles" / name / "profile.yaml", yaml(layer))


def of_the_product(root: Path) -> None:
    """Write the workspace of gogen's own cluster: its profiles with their Kubernetes targets."""
    for name in ("gogen.toml", "gogen.lock"):
        put(root / name, (ROOT / name).read_text(encoding="utf-8"))
    for layer in _LAYERS:
        for file in (ROOT / "profiles" / layer).glob("*.yaml"):
            text = re.sub(r"(?m)^targets: \[(.*)\]$", _kubernetes, file.read_text(encoding="utf-8"))
            put(root / "profiles" / layer / file.name, text)


def _kubernetes(targets: re.Match[str]) -> str:
    kept = [name for name in targets[1].split(", ") if name in _CLUSTER_TARGETS]
    return f"targets: [{', '.join(kept)}]"


def template(kind: str) -> str:
    """Give the template of a kind in gogen's language."""
    return (HERE / "templates" / f"{kind}.yaml.j2").read_text(encoding="utf-8")


def _values(workspace: Path, name: str) -> Tree:
    """Give what a peer's templates see: the merged section, pins in it as plain values."""
    seen = plain.context(workspace, name)
    bench = seen["bench"]
    return {
        **bench,
        "pinned": seen["images"][bench["image"]]["pinned"],
        "version": seen["toolchain"]["version"],
    }


def _simple(text: str) -> str:
    """Let pins be plain values of the section."""
    text = text.replace("images[bench.image].pinned", "bench.pinned")
    return text.replace("toolchain.version", "bench.version")


def for_helm(load: Workload, workspace: Path, root: Path) -> None:
    """Write a chart, and the values of each profile."""
    put(root / "chart" / "Chart.yaml", "apiVersion: v2\nname: bench\nversion: 1.0.0\n")
    for kind in load.kinds:
        body = _go_template(_simple(template(kind)))
        loop = "{{- range $item := .Values.apps }}\n---\n" + body + "{{- end }}\n"
        put(root / "chart" / "templates" / f"{kind}.yaml", loop)
    for name in load.names:
        put(root / "values" / f"{name}.yaml", yaml(_values(workspace, name)))


def _go_template(text: str) -> str:
    text = re.sub(
        r"<\{% for (\w+), (\w+) in bench\.(\S+) \| items %\}>",
        r"{{- range $\1, $\2 := $.Values.\3 }}",
        text,
    )
    text = re.sub(r"<\{% for (\w+) in bench\.(\S+) %\}>", r"{{- range $\1 := $.Values.\2 }}", text)
    text = text.replace("<{% endfor %}>", "{{- end }}")
    text = re.sub(r"<\{ bench\.(\S+) \}>", r"{{ $.Values.\1 }}", text)
    return re.sub(r"<\{ (\S+) \}>", r"{{ $\1 }}", text)


def for_kapitan(load: Workload, root: Path) -> None:
    """Write an inventory: a class for each layer, a target for each profile (of one app)."""
    pinned = plain.pins(ROOT, "1.27.1")["images"][IMAGE]["pinned"]
    for kind in load.kinds:
        body = _simple(template(kind)).replace("<{", "{{").replace("}>", "}}")
        body = body.replace("{{%", "{%").replace("%}}", "%}")
        head = "{% set bench = inventory.parameters.bench %}\n{% set item = bench.apps[0] %}\n"
        put(root / "templates" / f"{kind}.yaml", head + body)
    step = {"output_path": "bench", "input_type": "jinja2", "input_paths": ["templates"]}
    for name, layer in load.layers().items():
        bench = json.loads(
            re.sub(r"<\{ bench\.(\w+) \}>", r"${bench:\1}", json.dumps(layer["bench"]))
        )
        bench["args"] = bench["args"]["$append"] if "$append" in bench["args"] else bench["args"]
        parameters: Tree = {"bench": bench}
        if name == "base":
            bench |= {"pinned": pinned, "version": "1.27.1"}
        leaf = "targets" in layer
        if leaf:
            parameters["kapitan"] = {"vars": {"target": name}, "compile": [step]}
        body = {"classes": layer.get("extends", []), "parameters": parameters}
        put(root / "inventory" / ("targets" if leaf else "classes") / f"{name}.yml", yaml(body))


def for_kustomize(load: Workload, workspace: Path, root: Path) -> None:
    """Write a base, an overlay for each profile, and one kustomization of all of them."""
    base = _objects(load, workspace, "base")
    for file, item in base.items():
        put(root / "base" / file, json.dumps(item, indent=1))
    put(root / "base" / "kustomization.yaml", yaml({"resources": sorted(base)}))
    for name in load.names:
        own = _objects(load, workspace, name)
        patches = [_patch(base[file], own[file]) for file in sorted(own)]
        body = {
            "resources": ["../../base"],
            "namespace": plain.context(workspace, name)["bench"]["namespace"],
            "patches": [{"patch": json.dumps(patch)} for patch in patches],
        }
        put(root / "overlays" / name / "kustomization.yaml", yaml(body))
    body = {"resources": [f"../overlays/{name}" for name in load.names]}
    put(root / "all" / "kustomization.yaml", yaml(body))


def _objects(load: Workload, workspace: Path, name: str) -> dict[str, Tree]:
    """Give a profile's objects by file name."""
    engine = plain.environment(HERE / "templates")
    seen = plain.context(workspace, name)
    return {
        f"{item['name']}-{kind}.yaml": YAML(typ="safe").load(
            engine.get_template(f"{kind}.yaml.j2").render(seen, item=item)
        )
        for item in seen["bench"]["apps"]
        for kind in load.kinds
    }


def _patch(base: Tree, own: Tree) -> Tree:
    """Give the strategic merge patch from the base's object; the namespace is the overlay's."""
    head = {key: own[key] for key in ("apiVersion", "kind")}
    meta = {"name": own["metadata"]["name"], **_partial(base["metadata"], own["metadata"])}
    meta["namespace"] = base["metadata"]["namespace"]
    rest = {key: value for key, value in own.items() if key not in {*head, "metadata", "subjects"}}
    return {**head, "metadata": meta, **_partial(base, rest)}


def _partial(old: Tree, new: Tree) -> Tree:
    found: Tree = {}
    for key, value in new.items():
        if old.get(key) == value:
            continue
        nested = isinstance(value, dict) and isinstance(old.get(key), dict)
        found[key] = _partial(old[key], value) if nested else value
    return found
