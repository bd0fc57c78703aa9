"""The installer as gogen renders it for a workspace of its own, a mirror, and machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.lock.model import GoRelease, Lock
from generator.lock.writing import write_lock
from tests.conftest import Project
from tests.installer.machine import Machine
from tests.installer.mirror import Mirror, serving
from tests.installer.stand_in import PLATFORM, Release, stand_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROFILE = """\
targets: [installer]
toolchains: {{current: "{releases[0]}", next: "{releases[1]}"}}
go:
  platforms: ["{platform}"]
  env: {{GOPROXY: "{proxy}", GOTOOLCHAIN: local}}
network: {{go_archives: ["{mirror}/"]}}
"""
CURRENT, NEXT = stand_in("1.27.1"), stand_in("1.27.2")
_RENDERED: dict[str, bytes] = {}


def render(root: Path, *releases: Release, mirror: str, proxy: str = "off") -> bytes:
    """Give the installer of a profile whose current release is the first."""
    project = Project(root)
    profile = PROFILE.format(
        releases=[one.version for one in releases], platform=PLATFORM, proxy=proxy, mirror=mirror
    )
    lock = Lock(go={one.version: GoRelease({PLATFORM: one.pin}) for one in releases})
    project.write(
        {"gogen.toml": "", "profiles/it/go.yaml": profile, "gogen.lock": write_lock(lock)}
    )
    outcome = project.run("render")
    assert outcome.code == 0, outcome.text
    return outcome.tree["out/it/installer/setup-go.sh"]


@pytest.fixture(scope="session")
def mirror() -> Iterator[Mirror]:
    """Give a mirror that has both releases, as archives and modules."""
    one = Mirror()
    for release in (CURRENT, NEXT):
        one.files[release.file] = release.archive
        one.files[release.module.partition("@")[2] + ".zip"] = release.zip
    with serving(one):
        yield one


@pytest.fixture
def machine(tmp_path: Path, mirror: Mirror) -> Callable[..., Machine]:
    """Make a machine whose installer knows one mirror, which behaves as `how` says, and a proxy."""
    made = 0
    mirror.asked.clear()

    def make(shell: str = "dash", how: str = "good", proxy: str = "off") -> Machine:
        nonlocal made
        made += 1
        key = f"{how} {proxy}"
        if key not in _RENDERED:
            url = proxy if proxy == "off" else mirror.url(proxy)
            _RENDERED[key] = render(
                tmp_path / "workspace", CURRENT, NEXT, mirror=mirror.url(how), proxy=url
            )
        folder = tmp_path / f"machine{made}"
        folder.mkdir()
        script = folder / "setup-go.sh"
        script.write_bytes(_RENDERED[key])
        script.chmod(0o755)
        return Machine(folder, script, shell)

    return make
