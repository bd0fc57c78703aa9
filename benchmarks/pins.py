"""Pins: how long `gogen lock` takes for all that is known, and what a long lock costs a render."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from measure import Run, Sample
from report import Budget, Row, rows

from generator.lock.catalogue import embedded
from generator.lock.model import GoRelease, Lock
from generator.lock.writing import write_lock

if TYPE_CHECKING:
    from pathlib import Path

    from setting import Setting

_FEW, _MANY = 10, 1_000
_PLATFORMS = ("darwin/arm64", "linux/amd64", "linux/arm64", "windows/amd64")
_RELEASE = "1.27.0"
_PROFILE = """\
targets: [go]
toolchains: {{{toolchains}}}
go: {{toolchain: current, platforms: [{platforms}]}}
modules:
{modules}
"""
_HELP, _LOCK = "gogen --help", "gogen lock, nothing changed"


def pins(setting: Setting) -> list[Row]:
    """Lock every release of the index; render with few pins in the lock, and with many."""
    every = _locking(setting)
    budgets = [Budget(_LOCK, _HELP, seconds=0.5)]
    runs = [Run(_HELP, setting.gogen("--help"), every), Run(_LOCK, setting.gogen("lock"), every)]
    sizes = {f"gogen check, {size:,} pins": size for size in (_FEW, _MANY)}
    runs += [
        Run(name, setting.gogen("check"), _rendered(setting, size)) for name, size in sizes.items()
    ]
    samples = setting.measure(runs)
    few, many = (samples[name] for name in sizes)
    more = Sample(many.wall - few.wall, many.cpu - few.cpu, many.memory - few.memory)
    beyond = f"what {_MANY:,} pins cost beyond {_FEW}"
    return [*rows("pins", samples, budgets), Row("pins", beyond, more, seconds=0.005)]


def _locking(setting: Setting) -> Path:
    """Make a workspace with a module for each release that all platforms have, and lock it."""
    releases = [
        version
        for version, release in sorted(embedded().pins.go.items())
        if set(_PLATFORMS) <= release.platforms.keys()
    ]
    named = {f"r{number}": version for number, version in enumerate(releases)}
    modules = [f"  - {{name: m-{n}, path: m-{n}, go: 1.20.0, toolchain: {n}}}" for n in named]
    place = _workspace(setting, "locking", named | {"current": _RELEASE}, "\n".join(modules))
    _run(setting, place, "lock")
    return place


def _rendered(setting: Setting, size: int) -> Path:
    """Make a workspace whose lock has this many archives, of which one profile uses four."""
    place = _workspace(setting, f"pins-{size}", {"current": _RELEASE}, "  []")
    own = embedded().pins.go[_RELEASE]
    known = [
        (version, platform)
        for version, release in sorted(embedded().pins.go.items())
        for platform in sorted(release.platforms)
        if version != _RELEASE
    ]
    go = {_RELEASE: GoRelease({name: own.platforms[name] for name in _PLATFORMS})}
    for version, platform in known[: size - len(_PLATFORMS)]:
        there = go.get(version, GoRelease({})).platforms
        archive = embedded().pins.go[version].platforms[platform]
        go[version] = GoRelease({**there, platform: archive})
    (place / "gogen.lock").write_text(write_lock(Lock(go)), encoding="utf-8")
    _run(setting, place, "render")
    return place


def _workspace(setting: Setting, name: str, toolchains: dict[str, str], modules: str) -> Path:
    place = setting.folder / name
    text = _PROFILE.format(
        toolchains=", ".join(f'{name}: "{version}"' for name, version in toolchains.items()),
        platforms=", ".join(_PLATFORMS),
        modules=modules,
    )
    (place / "profiles/it").mkdir(parents=True)
    (place / "profiles/it/go.yaml").write_text(text, encoding="utf-8")
    (place / "gogen.toml").touch()
    return place


def _run(setting: Setting, place: Path, command: str) -> None:
    subprocess.run(
        setting.gogen(command), cwd=place, env=setting.environment, check=True, capture_output=True
    )
