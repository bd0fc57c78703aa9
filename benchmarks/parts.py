"""The parts of the benchmark: what is run against what, and what the design promises (§11)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import workload
from equal import expect_same, objects_of
from installer import installer
from measure import Run, Sample
from pins import pins
from report import Budget, Row, rows
from workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from setting import Setting

    Sizes = Mapping[str, Any]

KUSTOMIZE = "kubectl kustomize"
PLAIN = "plain jinja2 script"


def start(setting: Setting, _sizes: Sizes) -> list[Row]:
    """Starting up, and a check that finds nothing."""
    place = _overlay(setting, "start")
    _once(setting, place, setting.gogen("render"))
    check, imports = "gogen check, nothing changed", "empty typer, jinja2, ruamel.yaml"
    runs = [
        Run("bare python", (sys.executable, "-c", "pass"), place),
        Run("empty typer", setting.python("empty.py"), place),
        Run(imports, setting.python("empty.py", "imports"), place),
        Run("gogen --help", setting.gogen("--help"), place),
        Run(check, setting.gogen("check", "p0"), place),
    ]
    return rows("start", setting.measure(runs), [Budget(check, imports, 1.5)])


def one(setting: Setting, _sizes: Sizes) -> list[Row]:
    """One profile: gogen writes an overlay on its parent, and kustomize builds it."""
    load = Workload(1)
    cold, warm, kept = (_overlay(setting, name) for name in ("cold", "warm", "kept"))
    flat = _flat(setting, "one", load)
    own_cache = setting.folder / "cold-cache"
    render = setting.gogen("render", "p0")
    runs = [
        Run(
            "gogen render, cold",
            render,
            cold,
            _removes(cold / "out", own_cache),
            settings={"XDG_CACHE_HOME": str(own_cache)},
        ),
        Run("gogen render, warm", render, warm, _removes(warm / "out")),
        Run("gogen render, nothing changed", render, kept),
        Run(PLAIN, setting.python("plain.py", flat, flat / "plain", "p0"), flat),
        Run("cp -r", ("cp", "-r", "out", "copy"), flat, _removes(flat / "copy")),
    ]
    _once(setting, kept, render)
    _once(setting, flat, render)
    runs += _kubectl(setting, kept / "out" / "p0" / "bench", kept / "built.yaml")
    runs += _helm(setting, load, flat)
    runs += _kapitan(setting, load)
    budgets = [
        Budget("gogen render, cold", KUSTOMIZE, 1.5),
        Budget("gogen render, nothing changed", KUSTOMIZE, 1.0),
    ]
    samples = setting.measure(runs)
    _agree(setting, load, flat)
    return rows("one profile x 8", samples, budgets)


def shipped(setting: Setting, _sizes: Sizes) -> list[Row]:
    """The product's own cluster: overlays on overlays, chart and values, kubeadm, gitops."""
    cold, kept = (setting.folder / f"shipped-{name}" for name in ("cold", "kept"))
    for place in (cold, kept):
        workload.of_the_product(place)
    own_cache = setting.folder / "shipped-cache"
    render = setting.gogen("render", workload.CLUSTER)
    _once(setting, kept, render)
    imports = "empty typer, jinja2, ruamel.yaml"
    runs = [
        Run(imports, setting.python("empty.py", "imports"), kept),
        Run("gogen check, nothing changed", setting.gogen("check", workload.CLUSTER), kept),
        Run(
            "gogen render, cold",
            render,
            cold,
            _removes(cold / "out", own_cache),
            settings={"XDG_CACHE_HOME": str(own_cache)},
        ),
        Run("gogen render, nothing changed", render, kept),
    ]
    runs += _kubectl(setting, kept / "out" / workload.CLUSTER / "kustomize", kept / "built.yaml")
    runs += _chart(setting, kept)
    samples = setting.measure(runs)
    logs = {KUSTOMIZE: kept / "built.yaml", "helm template": kept / "helm.yaml"}
    expect_same({tool: objects_of([log]) for tool, log in logs.items() if log.is_file()})
    budgets = [
        Budget("gogen check, nothing changed", imports, 1.5),
        Budget("gogen render, cold", KUSTOMIZE, 1.5),
        Budget("gogen render, nothing changed", KUSTOMIZE, 1.0),
    ]
    return rows(workload.CLUSTER, samples, budgets)


def many(setting: Setting, sizes: Sizes) -> list[Row]:
    """Many profiles of 8 objects; gogen and the script on one processor too."""
    load = Workload(sizes["many"])
    place = _flat(setting, "many", load)
    kustomize = setting.folder / "many-kustomize"
    workload.for_kustomize(load, place, kustomize)
    out = _removes(place / "out")
    stages = place / "stages.json"
    plain = setting.python("plain.py", place, place / "plain")
    runs = [
        Run("gogen render, all cores", setting.gogen("render"), place, out),
        Run("gogen check, nothing changed", setting.gogen("check"), place),
        Run("gogen, stages", setting.python("stages.py", place), place, out, 1, stages),
        Run(PLAIN, plain, place, _removes(place / "plain"), 1),
        Run("cp -r", ("cp", "-r", "plain", "copy"), place, _removes(place / "copy")),
    ]
    runs += _kubectl(setting, kustomize / "all", place / "built.yaml")
    runs += _helm(setting, load, place)
    runs += _kapitan(setting, load)
    # A check needs what the run before it wrote, whichever turn begins.
    _once(setting, place, setting.gogen("render"))
    samples = setting.measure(runs)
    _agree(setting, load, place)
    return rows(f"{load.profiles} x 8", {**samples, **_stages(samples, stages)}, _MANY)


_WRITE = "gogen render and write, one core"
_LOOK = "gogen read back and audit"
_MANY = (
    Budget("gogen render, all cores", PLAIN),
    Budget(_WRITE, PLAIN, 1.5),
    Budget(_LOOK, KUSTOMIZE, 0.5),
)


def _stages(samples: Mapping[str, Sample], stages: Path) -> dict[str, Sample]:
    """Split a whole run, its start and end too, as its last run told the parts."""
    whole = samples["gogen, stages"]
    spent = json.loads(stages.read_bytes())
    looked = spent.get("read back", 0.0) + spent.get("audit", 0.0)
    share = looked / spent["total"]
    return {
        _WRITE: Sample(whole.wall * (1 - share), whole.cpu * (1 - share), whole.memory),
        _LOOK: Sample(whole.wall * share, whole.cpu * share, whole.memory),
    }


def tracing(setting: Setting, sizes: Sizes) -> list[Row]:
    """Many profiles compiled with and without a record of what made each line."""
    load = Workload(sizes["many"])
    place = _flat(setting, "tracing", load)
    found = _once(setting, place, setting.python("stages.py", "--trace", place))
    samples = {what: Sample(seconds, seconds, 0) for what, seconds in json.loads(found).items()}
    budgets = [
        Budget("templates, tracing on", "templates, tracing off"),
        Budget("compilation, tracing on", "compilation, tracing off", 1.3),
    ]
    return rows(f"{load.profiles} x 8", samples, budgets)


def growth(setting: Setting, sizes: Sizes) -> list[Row]:
    """Ten times the profiles: ten times the time, the same memory."""
    found: list[Row] = []
    for number in sizes["growth"]:
        place = _flat(setting, "growth", Workload(number))
        runs = [
            Run("gogen render", setting.gogen("render"), place, _removes(place / "out")),
            Run("gogen check, nothing changed", setting.gogen("check"), place),
            Run(
                PLAIN,
                setting.python("plain.py", place, place / "plain"),
                place,
                _removes(place / "plain"),
            ),
        ]
        _once(setting, place, setting.gogen("render"))
        budget = Budget("gogen render", PLAIN)
        found += rows(f"{number:,} x 8", setting.measure(runs), [budget])
        shutil.rmtree(place)
    return found + _grown(found, sizes["growth"])


def _grown(found: Sequence[Row], sizes: tuple[int, int]) -> list[Row]:
    """Hold what one profile takes, and the memory, of the larger run against the smaller's."""
    small, large = (
        next(r.sample for r in found if r.part == f"{n:,} x 8" and r.name == "gogen render")
        for n in sizes
    )
    each = (large.wall / sizes[1], large.cpu / sizes[1])
    before = (small.wall / sizes[0], small.cpu / sizes[0])
    ratios = (each[0] / before[0], each[1] / before[1])
    memory = large.memory / small.memory
    part, against = f"{sizes[1]:,} x 8", f"{sizes[0]:,} x 8"
    return [
        Row(part, "gogen, each profile", Sample(*each, 0), against, ratios, 1.1),
        Row(part, "gogen, peak memory", Sample(0, 0, large.memory), against, (memory, memory), 1.1),
    ]


PARTS: Mapping[str, Callable[[Setting, Sizes], list[Row]]] = {
    "start": start,
    "one": one,
    "shipped": shipped,
    "many": many,
    "tracing": tracing,
    "growth": growth,
    "installer": lambda setting, _: installer(setting),
    "pins": lambda setting, _: pins(setting),
}


def _flat(setting: Setting, name: str, load: Workload) -> Path:
    """Make a workspace whose profiles are rendered flat."""
    place = setting.folder / name
    workload.for_gogen(load, place)
    return place


def _overlay(setting: Setting, name: str) -> Path:
    """Make a workspace whose profile p0 is an overlay on base."""
    place = setting.folder / name
    workload.for_gogen(Workload(1, depth=2), place, derive=True)
    return place


def _once(setting: Setting, place: Path, argv: Sequence[str | Path]) -> bytes:
    """Run a command that is not measured."""
    done = subprocess.run(
        argv, cwd=place, env=setting.environment, stdout=subprocess.PIPE, check=True
    )
    return done.stdout


def _removes(*folders: Path) -> Callable[[], None]:
    def remove() -> None:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    return remove


def _kubectl(setting: Setting, folder: Path, log: Path) -> list[Run]:
    if "kubectl" not in setting.tools:
        return []
    return [Run(KUSTOMIZE, (setting.tools["kubectl"], "kustomize", folder), folder, log=log)]


def _helm(setting: Setting, load: Workload, place: Path) -> list[Run]:
    """Render the chart once for each profile."""
    if "helm" not in setting.tools:
        return []
    root = setting.folder / f"helm-{load.profiles}"
    workload.for_helm(load, place, root)
    script = 'for p in "$@"; do "$HELM" template "$p" chart -f "values/$p.yaml" || exit 1; done'
    name = "helm template" if load.profiles == 1 else f"helm template, {load.profiles} times"
    settings = {"HELM": str(setting.tools["helm"])}
    log = place / "helm.yaml"
    return [Run(name, ("sh", "-c", script, "sh", *load.names), root, log=log, settings=settings)]


def _chart(setting: Setting, place: Path) -> list[Run]:
    """Render the product's chart with the values that gogen wrote for its cluster."""
    if "helm" not in setting.tools:
        return []
    values = place / "out" / workload.CLUSTER / "helm" / "values.yaml"
    chart = place / "out" / workload.CHART_OF / "helm" / "chart"
    command = (setting.tools["helm"], "template", "go", chart, "-f", values)
    return [Run("helm template", command, place, log=place / "helm.yaml")]


def _kapitan(setting: Setting, load: Workload) -> list[Run]:
    if "kapitan" not in setting.tools:
        return []
    root = setting.folder / f"kapitan-{load.profiles}"
    workload.for_kapitan(load, root)
    return [Run("kapitan compile", (setting.tools["kapitan"], "compile"), root)]


def _agree(setting: Setting, load: Workload, place: Path) -> None:
    """Fail where the tools did not write the same objects."""
    _once(setting, place, setting.gogen("render"))
    found = {
        "gogen": objects_of((place / "out").glob("p*/bench/*.yaml")),
        PLAIN: objects_of((place / "plain").glob("p*/bench/*.yaml")),
    }
    kapitan = setting.folder / f"kapitan-{load.profiles}" / "compiled"
    if kapitan.is_dir():
        found["kapitan"] = objects_of(kapitan.glob("*/bench/*.yaml"))
    for name, file in (("helm", "helm.yaml"), (KUSTOMIZE, "built.yaml")):
        if (place / file).is_file():
            found[name] = objects_of([place / file])
    expect_same(found, load.profiles * load.objects)
