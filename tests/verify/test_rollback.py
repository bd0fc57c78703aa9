"""The loop of the README closed for real: verify finds, tells, and hands over to what goes back.

Releases are small stand-ins, all else is the real thing: sshd, the installer and its rollback, the
script of docs/verify.md and the README's own lines. Only the cluster is played: its kubectl runs
what it is to execute here, and undoing a rollout is a rollback of the same installer.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import GoRelease, Lock
from generator.lock.writing import write_lock
from tests.conftest import Project
from tests.e2e.command import MAIN
from tests.installer.mirror import Mirror, serving
from tests.installer.stand_in import ARCH, OS, PLATFORM, Release, stand_in
from tests.tools import ROOT, SEARCH, require
from tests.verify import fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.verify.fleet import Machine

GO = """\
#!/bin/sh
# Says of itself what a go of that release would.
case $* in
version) echo "go version go{version} {platform}" ;;
"env -json") printf '{{"GOVERSION":"go{version}","GOTOOLCHAIN":"local","GOFLAGS":"%s",' "$GOFLAGS"
  echo '"GOHOSTOS":"{os}","GOHOSTARCH":"{arch}"}}' ;;
"env -changed -json") echo '{{}}' ;;
*) (cd -P "${{0%/*}}/.." && pwd -P) && printf '%s\\n' "$HOME/none" {os} {arch} ;;
esac
"""
PROFILE = """\
targets: [installer, testinfra]
toolchains: {{current: "1.27.1", next: "1.27.2"}}
go:
  platforms: ["{platform}"]
  env: {{GOTOOLCHAIN: local}}
  path: [~/sdk/current/bin]
installer: {{root: ~/sdk, script: ~/libexec/setup-go.sh}}
network: {{go_archives: ["{mirror}/"]}}
"""
KUBECTL = """\
#!/bin/sh
# Stands in for a cluster with one pod, a folder of this machine.
if [ "$*" = "rollout undo deployment/go-builder -n gogen-build" ]; then
  exec env HOME={home} {home}/libexec/setup-go.sh rollback
fi
if [ "$4" = mute ]; then echo 'pods "mute" not found' >&2; exit 1; fi
while [ "$1" != -- ]; do shift; done
shift
exec env -i HOME={home} PATH={home}/sdk/current/bin:/usr/bin:/bin "$@"
"""


def release(version: str) -> Release:
    """Make a release whose go answers what verify asks."""
    go = GO.format(version=version, platform=PLATFORM, os=OS, arch=ARCH)
    one = stand_in(version)
    return replace(one, tree={**one.tree, "bin/go": go.encode()})


class Site:
    """A workspace, one machine that runs what its profile does not say, and programs on PATH."""

    def __init__(self, folder: Path, machine: Machine, config: Path) -> None:
        self.root = folder / "workspace"
        self.machine = machine
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.script = machine.home / "libexec/setup-go.sh"
        gogen = shlex.join([sys.executable, "-c", MAIN, "--workspace", str(self.root)])
        self.program("gogen", f'#!/bin/sh\nPYTHONPATH={ROOT} exec {gogen} "$@"\n')
        self.program("ssh", f'#!/bin/sh\nexec {require("ssh")} -F {config} "$@"\n')
        self.program("kubectl", KUBECTL.format(home=machine.home))
        page = (ROOT / "docs/verify.md").read_text(encoding="utf-8")
        text = page.split("```sh\n")[1].split("```")[0]
        where = "/usr/local/libexec/gogen/setup-go.sh"
        assert where in text
        self.program("roll-back", text.replace(where, str(self.script)))

    def program(self, name: str, text: str) -> None:
        """Put a program first on PATH."""
        (self.bin / name).write_text(text, encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def run(self, text: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run lines of a pipeline."""
        return subprocess.run(
            [require("sh"), "-c", text],
            env={"PATH": f"{self.bin}:{SEARCH}", "HOME": str(self.root), **env},
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    def setup_go(self, *words: str) -> None:
        """Run the machine's own installer."""
        env = {"HOME": str(self.machine.home), "PATH": "/usr/bin:/bin"}
        subprocess.run([self.script, *words], env=env, check=True, capture_output=True)

    @property
    def current(self) -> str:
        """The release that is current."""
        return (self.machine.home / "sdk/current").readlink().name.partition(f".{OS}")[0]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    require("jq")
    mirror = Mirror()
    releases = {version: release(version) for version in ("1.27.1", "1.27.2")}
    mirror.files = {one.file: one.archive for one in releases.values()}
    lock = Lock(go={name: GoRelease({PLATFORM: one.pin}) for name, one in releases.items()})
    project = Project(tmp_path / "workspace")
    profile = PROFILE.format(platform=PLATFORM, mirror=mirror.url("good"))
    project.write(
        {"gogen.toml": "", "profiles/it/profile.yaml": profile, "gogen.lock": write_lock(lock)}
    )
    rendered = project.run("render")
    assert rendered.code == 0, rendered.text
    (tmp_path / "machines").mkdir()
    with serving(mirror):
        for machines in fleet.serving(tmp_path / "machines", project.root / "out/it"):
            machine = machines.bare("node1")
            one = Site(tmp_path, machine, machines.config())
            one.script.parent.mkdir()
            one.script.write_bytes(rendered.tree["out/it/installer/setup-go.sh"])
            one.script.chmod(0o755)
            one.setup_go("install")
            one.setup_go("env", "--write", "--shell", "sh")
            one.setup_go("install", "1.27.2")  # ahead of what was agreed on
            yield one


VERIFY = "gogen verify it --hosts node1 --ssh-config {ssh} --metrics gogen.prom --on-fail roll-back"


def test_a_release_that_is_wrong_is_found_told_and_rolled_back(site: Site) -> None:
    verify = VERIFY.format(ssh=site.machine.home.parent / "ssh_config")
    metric = 'gogen_verify_property_matches{host="ssh://node1",profile="it",property="version"}'
    for code, told, after in ((1, 0, "1.27.1"), (0, 1, "1.27.1")):
        done = site.run(verify)
        assert (done.returncode, site.current) == (code, after), done.stdout + done.stderr
        assert f"{metric} {told}" in (site.root / "gogen.prom").read_text()
        assert ("version: go1.27.2" in done.stderr) == bool(code)


def test_where_more_than_the_release_is_wrong_nothing_moves(site: Site) -> None:
    site.machine.login("export GOFLAGS=-race")
    done = site.run(VERIFY.format(ssh=site.machine.home.parent / "ssh_config"))
    assert (done.returncode, site.current) == (6, "1.27.2")
    assert "error[GG613]" in done.stderr


def test_a_pod_that_is_wrong_is_undone_and_one_that_is_mute_is_not(site: Site) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = page[page.index("gogen verify build-pod --hosts") :].split("```")[0]
    pipeline = lines.replace("verify build-pod", "verify it")
    assert pipeline != lines
    done = site.run(pipeline, POD="mute")
    assert (done.returncode, site.current) == (6, "1.27.2"), done.stderr
    done = site.run(pipeline, POD="builder")
    assert (done.returncode, site.current) == (1, "1.27.1"), done.stderr
    assert site.run(pipeline, POD="builder").returncode == 0
