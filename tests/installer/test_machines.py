"""Machines of every kind: their tools, shells, environments, users and disks."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.installer.conftest import CURRENT, NEXT, render
from tests.installer.machine import NEEDED, SHELLS, SYSTEM, Done, snapshot
from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.installer.machine import Machine
    from tests.installer.mirror import Mirror

AS_NOBODY = 65_534
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def program(machine: Machine, name: str, script: str) -> None:
    """Put a program first on PATH."""
    bin_ = machine.folder / "own"
    bin_.mkdir(exist_ok=True)
    (bin_ / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (bin_ / name).chmod(0o755)
    if str(bin_) not in machine.path:
        machine.path = f"{bin_}:{machine.path}"


def works(machine: Machine) -> None:
    """Install, repeat, verify, switch and remove."""
    machine.right()
    before = snapshot(machine.folder)
    assert machine.right("--json").json["changed"] is False
    machine.right("verify", "--deep")
    assert snapshot(machine.folder) == before
    machine.right("install", "1.27.2")
    machine.right("rollback")
    machine.right("gc", "--keep", "1")
    machine.right("uninstall")
    assert not machine.root.exists()


# ---- tools


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("sums", ["sha256sum", "shasum", "openssl"])
def test_any_of_the_programs_for_checksums(
    machine: Callable[..., Machine], sums: str, shell: str
) -> None:
    one = machine(shell)
    one.only(*(name for name in NEEDED if name != "sha256sum"), "curl", "perl")
    (one.folder / "bin" / sums).symlink_to(shutil.which(sums, path=SYSTEM) or require(sums))
    works(one)


def test_busybox_alone(machine: Callable[..., Machine]) -> None:
    one = machine("busybox")
    bin_ = one.folder / "bin"
    bin_.mkdir()
    busybox = require("busybox")
    for name in subprocess.check_output([busybox, "--list"], text=True).split():
        (bin_ / name).symlink_to(busybox)
    one.path = str(bin_)
    works(one)


def test_nothing_to_fetch_with(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.only(*NEEDED)
    done = one.run()
    assert done.code == 4
    assert "install curl or wget" in done.err


def test_no_program_for_checksums(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.only(*(name for name in NEEDED if name != "sha256sum"), "curl")
    done = one.run("--json")
    assert done.code == 6
    assert "SHA-256" in done.json["error"]


BSD_MV = """\
case $1 in
-fT) echo "mv: illegal option -- T" >&2; exit 64 ;;
-fh)
  if [ -d "$3" ] && [ ! -L "$3" ]; then exec /bin/mv "$2" "$3"; fi
  exec /bin/mv -fT "$2" "$3"
  ;;
*) exec /bin/mv "$@" ;;
esac"""
BSD_STAT = """\
[ "$1 $2" = "-f %z %m %N" ] || exit 1
shift 2
exec /usr/bin/stat -c '%s %Y %n' "$@" """


@pytest.mark.parametrize("perl", [True, False])
def test_the_tools_of_macos(machine: Callable[..., Machine], *, perl: bool) -> None:
    one = machine("bash")
    one.only(
        *(name for name in NEEDED if name not in {"flock", "mv", "stat", "sha256sum"}),
        *("curl", "openssl", *(["perl"] if perl else [])),
    )
    program(one, "mv", BSD_MV)
    program(one, "stat", BSD_STAT)
    works(one)


def test_without_stat_a_second_run_reads_and_writes_nothing(
    machine: Callable[..., Machine],
) -> None:
    one = machine()
    one.only(*(name for name in NEEDED if name != "stat"), "curl")
    one.right()
    state = {p: p.read_bytes() for p in one.root.rglob("*") if p.is_file()}
    assert one.right("--json").json["changed"] is False
    assert {p: p.read_bytes() for p in one.root.rglob("*") if p.is_file()} == state


@pytest.mark.parametrize(
    ("says", "platform"),
    [
        ("Linux x86_64", "linux/amd64"),
        ("Linux aarch64", "linux/arm64"),
        ("Linux armv7l", "linux/arm"),
        ("Linux i686", "linux/386"),
        ("Linux ppc64le", "linux/ppc64le"),
        ("Linux riscv64", "linux/riscv64"),
        ("Linux loongarch64", "linux/loong64"),
        ("Darwin arm64", "darwin/arm64"),
        ("Darwin x86_64", "darwin/arm64"),
        ("FreeBSD amd64", "freebsd/amd64"),
    ],
)
def test_every_machine_s_name_in_go(
    machine: Callable[..., Machine], says: str, platform: str
) -> None:
    one = machine()
    program(one, "uname", f"echo {says}")
    program(one, "sysctl", "echo 1")
    assert one.run("doctor", "--json").json["platform"] == platform


# ---- environments

FUNCTION = "() { echo evil; exit 99; }"
HOSTILE = {
    "GOROOT": "/nowhere",
    "GOFLAGS": "-nonsense",
    "GOTOOLCHAIN": "bogus",
    "GOENV": "/nowhere",
    "CDPATH": "/:/tmp:/usr",
    "IFS": "/.0123456789",
    "ENV": "/nowhere/env",
    "BASH_ENV": "/nowhere/env",
    "TAR_OPTIONS": "--nonsense",
    "GZIP": "--nonsense",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "de_DE.UTF-8",
    "PS4": "$(echo evil)",
    "verb": "uninstall",
    "R": "/",
    "work": "/",
    "json": "yes",
    "locked": "mkdir",
    **{
        f"BASH_FUNC_{name}%%": FUNCTION
        for name in ("cd", "command", "mv", "printf", "read", "rm", "say", "tar")
    },
}
# Bash as a POSIX shell stops by itself at functions of these names.
PLAIN = {f"BASH_FUNC_{name}%%": FUNCTION for name in ("[", "set", "unset")}


@pytest.mark.parametrize("shell", [*SHELLS, "plain bash"])
def test_a_hostile_environment(
    machine: Callable[..., Machine], monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    one = machine("bash" if shell == "plain bash" else shell)
    if shell == "plain bash":
        monkeypatch.setitem(SHELLS, "bash", [])
        one.env |= PLAIN
    else:
        one.env["POSIXLY_CORRECT"] = "1"
    env = one.home / ".config/go/env"
    env.parent.mkdir(parents=True)
    env.write_text("GOTOOLCHAIN=bogus\nGOROOT=/nowhere\n", encoding="utf-8")
    for name, options in {
        ".curlrc": "output = evil\n",
        ".wgetrc": "output_document = evil\n",
    }.items():
        (one.home / name).write_text(options, encoding="utf-8")
    one.env |= HOSTILE
    works(one)
    assert not list(one.folder.rglob("*evil*"))


def test_no_home(machine: Callable[..., Machine]) -> None:
    one = machine()
    done = one.run("install", HOME="")
    assert done.code == 6
    assert "GOGEN_ROOT" in done.err
    one.right("install", "--into", str(one.folder / "sdk/go"), HOME="")
    one.right("install", HOME="", GOGEN_ROOT=str(one.folder / "R"))
    assert "HOME is not set" in one.run("doctor", HOME="").out


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "root", ["a b", "-rf", "ünï\u2028cödé", "$HOME `id` 'x'", 'a "b" \\ c', "a*?[x]", "trailing//"]
)
def test_any_path(machine: Callable[..., Machine], root: str, shell: str) -> None:
    one = machine(shell)
    one.env["GOGEN_ROOT"] = root
    done = one.right("--json").json
    assert done["root"] == f"{one.folder}/{root.rstrip('/')}"
    assert (one.folder / root / "current/bin/go").is_file()
    assert one.right("--json").json["changed"] is False
    one.right("verify", "--deep")
    into = f"{root.rstrip('/')} into/go"
    assert one.right("install", "--into", into, "--json").json["tree"] == f"{one.folder}/{into}"
    one.right("install", "--into", into)
    one.right("uninstall")
    assert not (one.folder / root).exists()


def test_a_path_that_path_cannot_hold(machine: Callable[..., Machine]) -> None:
    assert machine().run("install", GOGEN_ROOT="/a:b").code == 2


def test_a_strict_umask(machine: Callable[..., Machine]) -> None:
    one = machine()
    text = one.script.read_text(encoding="utf-8")
    inner = one.folder / "inner.sh"
    inner.write_text(text, encoding="utf-8")
    one.script.write_text(f"umask 077\nexec sh {shlex.quote(str(inner))}\n", encoding="utf-8")
    one.right()
    tree = one.root / "current/"
    assert {path.stat().st_mode & 0o777 for path in tree.rglob("*")} == {0o755, 0o644}
    assert {path.stat().st_uid for path in tree.rglob("*")} == {os.geteuid()}


def test_a_profile_s_proxy_is_used_where_the_environment_names_none(
    machine: Callable[..., Machine], mirror: Mirror, tmp_path: Path
) -> None:
    one = machine()
    # A server that is asked as a proxy is asked for a whole URL, so its folder is `http:`.
    proxy = f"http://127.0.0.1:{mirror.server_port}"
    network = f', proxy: {{http: "{proxy}", https: "{proxy}", no_proxy: [.svc]}}'
    pins = {"1.27.1": CURRENT.pin, "1.27.2": NEXT.pin}
    archives = "http://archives.invalid"
    one.script.write_bytes(render(tmp_path / "proxied", pins, archives, network=network))
    one.run()
    assert {asked.how for asked in mirror.asked} == {"http:"}
    mirror.asked.clear()
    assert one.run(http_proxy="http://127.0.0.1:9").code == 4
    assert not mirror.asked


# ---- what is in the way


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_not_ours_at_current_stays(machine: Callable[..., Machine], kind: str) -> None:
    one = machine()
    current = one.root / "current"
    current.parent.mkdir(parents=True)
    match kind:
        case "folder":
            current.mkdir()
        case "file":
            current.write_text("mine", encoding="utf-8")
        case _:
            current.symlink_to("/usr/lib/go")
    before = current.lstat()
    done = one.run()
    assert done.code == 6
    assert "is not a link of this installer" in done.err
    assert current.lstat()[:7] == before[:7]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_no_go_stays_where_a_tree_shall_go(
    machine: Callable[..., Machine], kind: str
) -> None:
    one = machine()
    into = one.folder / "go"
    if kind == "folder":
        into.mkdir()
        (into / "thesis.txt").write_text("mine", encoding="utf-8")
    else:
        into.write_text("mine", encoding="utf-8")
    before = snapshot(one.folder)
    assert one.run("install", "--into", str(into)).code == 6
    assert snapshot(one.folder).keys() - {"home"} == before.keys()


def test_another_release_is_replaced_where_a_tree_shall_go(
    machine: Callable[..., Machine],
) -> None:
    one = machine()
    into = one.folder / "sdk/go"
    one.right("install", "1.27.2", "--into", str(into))
    one.right("install", "--into", str(into))
    one.right("verify", "--deep", "--into", str(into))
    assert list(into.parent.iterdir()) == [into]


@pytest.mark.parametrize("what", ["missing", "changed", "VERSION", "no bit"])
def test_a_corrupted_tree_is_found_and_replaced(machine: Callable[..., Machine], what: str) -> None:
    one = machine()
    one.right()
    target = one.root / "current" / ("VERSION" if what == "VERSION" else CURRENT.programs[-1])
    match what:
        case "missing":
            target.unlink()
        case "no bit":
            (one.root / "current/bin/go").chmod(0o644)
        case _:
            target.write_bytes(b"other")
    done = one.run("verify", "--json")
    assert (done.code, done.json["code"]) == (8, 8)
    assert one.right("list", "--json").json["releases"][0]["state"] == "damaged"
    assert "damaged" in one.right().err
    one.right("verify", "--deep")
    assert "damaged" in one.right("doctor").out
    one.right("gc")
    assert not list((one.root / "tmp").iterdir())


def test_a_file_that_only_deep_sees(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.right()
    (one.root / "current/src/fmt/print.go").write_text("package evil\n", encoding="utf-8")
    one.right("verify")
    done = one.run("verify", "--deep")
    assert done.code == 8
    assert "is not the tree of this release" in done.err
    one.right("install", "--deep")
    one.right("verify", "--deep")
    assert one.right("install", "--deep", "--json").json["changed"] is False


def test_a_tree_without_receipt_is_proved_or_replaced(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.right()
    receipt = one.root / "go" / f"{CURRENT.name}.ok"
    inode = (one.root / "go" / CURRENT.name).stat().st_ino
    receipt.unlink()
    assert one.run("verify").code == 8
    one.right()
    assert (one.root / "go" / CURRENT.name).stat().st_ino == inode
    receipt.unlink()
    (one.root / "current/src/fmt/print.go").write_text("package evil\n", encoding="utf-8")
    one.right()
    one.right("verify", "--deep")


# ---- users and disks


@ROOT_ONLY
def test_root_writes_into_nobody_else_s_home(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.home.mkdir()
    os.chown(one.home, AS_NOBODY, AS_NOBODY)
    done = one.run()
    assert done.code == 6
    assert "another user's" in done.err
    assert not list(one.home.iterdir())


@pytest.fixture
def shared(machine: Callable[..., Machine], open_path: Path) -> Machine:
    """Give a machine that an ordinary user reaches."""
    one = machine()
    folder = shutil.copytree(one.folder, open_path / "machine")
    return replace(one, folder=folder, script=folder / one.script.name)


@ROOT_ONLY
def test_a_user_needs_no_root(shared: Machine) -> None:
    one = shared
    one.home.mkdir()
    os.chown(one.home, AS_NOBODY, AS_NOBODY)
    assert as_nobody(one).code == 0
    tree = one.root / "current/"
    assert {path.stat().st_uid for path in tree.rglob("*")} == {AS_NOBODY}
    assert as_nobody(one, "verify", "--deep").code == 0


@ROOT_ONLY
def test_a_home_that_cannot_be_written(shared: Machine) -> None:
    one = shared
    one.home.mkdir()
    done = as_nobody(one)
    assert done.code == 6
    assert "set GOGEN_ROOT" in done.err


def as_nobody(machine: Machine, *args: str) -> Done:
    """Run the installer as an ordinary user."""
    done = subprocess.run(
        [require(machine.shell), machine.script, *args],
        env={"HOME": str(machine.home), "PATH": SYSTEM},
        cwd="/",
        user=AS_NOBODY,
        group=AS_NOBODY,
        extra_groups=[],
        check=False,
        capture_output=True,
        text=True,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def on_tmpfs(machine: Machine, options: str, *args: str) -> Done:
    """Run the installer with a home folder that is a disk of its own."""
    if not sys.platform.startswith("linux"):
        pytest.skip("a small disk is made with Linux's mount namespaces")
    machine.home.mkdir(exist_ok=True)
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mount = f"mount -t tmpfs -o {options} tmpfs {shlex.quote(str(machine.home))}"
    inside = f"{mount} || exit 77; exec {shlex.join([str(machine.script), *args])}"
    done = subprocess.run(
        ["unshare", *own, "--mount", "sh", "-c", inside],
        env={"HOME": str(machine.home), "PATH": SYSTEM},
        cwd=machine.folder,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("no right to mount a small disk here")
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("kib", [8, 60, 100, 140, 180])
def test_a_full_disk_is_said(machine: Callable[..., Machine], kib: int) -> None:
    one = machine()
    # The disk is asked beforehand where it can tell; here it finds out.
    text = one.script.read_text(encoding="utf-8")
    one.script.write_text(text.replace("    size=", "    # size="), encoding="utf-8")
    done = on_tmpfs(one, f"size={kib}k")
    assert done.code == 6, done.text
    assert "no space left" in done.err


def test_a_disk_too_small_is_known_beforehand(
    machine: Callable[..., Machine], mirror: Mirror
) -> None:
    done = on_tmpfs(machine(), "size=300k")
    assert done.code == 6
    assert "MiB" in done.err
    assert not mirror.asked


def test_a_disk_where_programs_do_not_run(machine: Callable[..., Machine], mirror: Mirror) -> None:
    done = on_tmpfs(machine(), "size=10m,noexec")
    assert done.code == 6
    assert "noexec" in done.err
    assert not mirror.asked


def test_a_disk_that_is_large_enough(machine: Callable[..., Machine]) -> None:
    assert on_tmpfs(machine(), "size=10m").code == 0
