"""The installer as gogen renders it for a workspace of its own, a mirror, and machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.lock.model import GoRelease, Lock
from generator.lock.writing import write_lock
from tests.conftest import Project
from tests.installer.machine import Machine
from tests.installer.mirror import Mirror, serving
from tests.installer.stand_in import PLATFORM, stand_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from generator.lock.model import Archive

PROFILE = """\
targets: [installer]
toolchains: {{current: "{releases[0]}", next: "{releases[1]}"}}
go:
  platforms: ["{platform}"]
  env: {{GOPROXY: "{proxy}", GOTOOLCHAIN: local}}
network: {{go_archives: ["{mirror}/"]{network}}}
"""
CURRENT, NEXT = stand_in("1.27.1"), stand_in("1.27.2")
_RENDERED: dict[str, bytes] = {}


def render(
    root: Path, pins: Mapping[str, Archive], mirror: str, proxy: str = "off", network: str = ""
) -> bytes:
    """Give the installer of a profile whose current release is the first of two.

    `network` is what its section of that name has besides, from a comma on.
    """
    project = Project(root)
    profile = PROFILE.format(
        releases=list(pins), platform=PLATFORM, proxy=proxy, mirror=mirror, network=network
    )
    lock = Lock(go={version: GoRelease({PLATFORM: pin}) for version, pin in pins.items()})
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
def machine(tmp_path: Path, mirror: Mirror) -> Iterator[Callable[..., Machine]]:
    """Make a machine whose installer knows one mirror, which behaves as `how` says, and a proxy."""
    made: list[Machine] = []
    mirror.asked.clear()
    mirror.go_on.clear()

    def make(shell: str = "dash", how: str = "good", proxy: str = "off") -> Machine:
        key = f"{how} {proxy}"
        if key not in _RENDERED:
            url = proxy if proxy == "off" else mirror.url(proxy)
            pins = {one.version: one.pin for one in (CURRENT, NEXT)}
            _RENDERED[key] = render(tmp_path / "workspace", pins, mirror.url(how), url)
        folder = tmp_path / f"machine{len(made) + 1}"
        folder.mkdir()
        script = folder / "setup-go.sh"
        script.write_bytes(_RENDERED[key])
        script.chmod(0o755)
        made.append(Machine(folder, script, shell))
        return made[-1]

    yield make
    for one in made:
        one.end()
