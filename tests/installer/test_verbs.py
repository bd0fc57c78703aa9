"""Releases side by side: use, rollback, list, env, gc, uninstall, doctor."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.installer.conftest import CURRENT, NEXT
from tests.installer.machine import SHELLS, snapshot
from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.installer.machine import Machine


def states(machine: Machine) -> dict[str, str]:
    """Give what `list` says of each release."""
    return {
        one["release"]: one["state"] for one in machine.right("list", "--json").json["releases"]
    }


@pytest.fixture
def both(machine: Callable[..., Machine]) -> Callable[..., Machine]:
    """Make a machine that has both releases, the profile's own current."""

    def make(shell: str = "dash") -> Machine:
        one = machine(shell)
        one.right()
        one.right("install", "1.27.2", "--no-use")
        return one

    return make


@pytest.mark.parametrize("shell", SHELLS)
def test_use_and_rollback_change_what_is_current(both: Callable[..., Machine], shell: str) -> None:
    one = both(shell)
    assert states(one) == {"1.27.2": "installed", "1.27.1": "current"}
    assert one.right("use", "go1.27.2", "--json").json["changed"] is True
    assert states(one) == {"1.27.2": "current", "1.27.1": "previous"}
    assert one.run("verify").code == 8
    one.right("verify", "1.27.2", "--deep")
    assert one.right("use", "1.27.2", "--json").json["changed"] is False
    one.right("rollback")
    assert states(one) == {"1.27.2": "previous", "1.27.1": "current"}
    one.right("verify", "--deep")
    one.right("rollback")
    assert states(one)["1.27.2"] == "current"


def test_install_makes_the_profile_s_release_current_again(both: Callable[..., Machine]) -> None:
    one = both()
    one.right("use", "1.27.2")
    done = one.right("install", "--json").json
    assert (done["changed"], done["state"]) == (True, "ACTIVE")
    assert states(one) == {"1.27.2": "previous", "1.27.1": "current"}


def test_there_is_nothing_to_use_or_to_go_back_to(machine: Callable[..., Machine]) -> None:
    one = machine()
    assert one.run("rollback").code == 8
    assert one.run("use", "1.27.2").code == 8
    assert one.run("use").code == 2
    one.right()
    done = one.run("rollback", "--json")
    assert (done.code, done.json["error"]) == (8, "no release was current before")


def test_a_release_of_an_older_installer_is_proved_by_its_receipt(
    both: Callable[..., Machine],
) -> None:
    one = both()
    text = one.script.read_text(encoding="utf-8")
    one.script.write_text(text.replace("go1.27.2", "go1.27.3"), encoding="utf-8")
    one.right("use", "1.27.2")
    program = one.root / "go" / NEXT.name / "bin/gofmt"
    program.write_bytes(b"other")
    assert one.run("verify", "1.27.2").code == 8
    one.right("rollback")


@pytest.mark.parametrize("shell", [*SHELLS, "fish"])
@pytest.mark.parametrize("home", ["home", "a 'home' of $USER"])
def test_env_puts_it_first(machine: Callable[..., Machine], shell: str, home: str) -> None:
    one = machine()
    root = one.folder / home
    one.env["GOGEN_ROOT"] = str(root)
    assert one.run("env").code == 8
    one.right()
    printed = one.right("env", "--shell", "fish" if shell == "fish" else "sh").out
    goroot = "set -q GOROOT; and echo set; string join : $PATH"
    after = goroot if shell == "fish" else 'echo "${GOROOT+set}"; echo "$PATH"'
    done = subprocess.run(
        [require(shell), *SHELLS.get(shell, []), "-c", f"{printed}\n{printed}\n{after}"],
        env={"PATH": f"/usr/local/go/bin:{root}/current/bin:/usr/bin:/bin", "GOROOT": "/old"},
        check=True,
        capture_output=True,
        text=True,
    )
    path = done.stdout.split()[-1] if " " not in home else done.stdout.strip().splitlines()[-1]
    assert path.startswith(f"{root}/current/bin:/usr/local/go/bin:")
    assert "set\n" not in done.stdout
    assert not done.stderr


def test_gc_keeps_the_newest_and_never_takes_what_is_in_use(both: Callable[..., Machine]) -> None:
    one = both()
    old = one.root / "go" / CURRENT.name.replace("1.27.1", "1.9.7")
    shutil.copytree(one.root / "go" / CURRENT.name, old)
    shutil.copy(one.root / "go" / f"{CURRENT.name}.ok", f"{old}.ok")
    (one.root / "go" / "1.27.0.half").mkdir()
    (one.root / "tmp" / "damaged.x").mkdir()
    before = snapshot(one.folder)
    assert f"would remove {old}" in one.right("gc", "--dry-run").out
    assert snapshot(one.folder) == before
    one.right("gc")
    assert {path.name for path in (one.root / "go").iterdir()} == {
        *(CURRENT.name, f"{CURRENT.name}.ok", NEXT.name, f"{NEXT.name}.ok")
    }
    assert not [*(one.root / "cache").iterdir(), *(one.root / "tmp").iterdir()]
    one.right("gc", "--keep", "0")
    assert states(one) == {"1.27.1": "current"}
    assert one.run("gc", "--keep", "x").code == 2


def test_uninstall_leaves_nothing(both: Callable[..., Machine]) -> None:
    one = both()
    assert one.run("uninstall", "1.27.1").code == 2
    one.right("use", "1.27.2")
    one.right("uninstall", "1.27.1")
    assert states(one) == {"1.27.2": "current"}
    assert not (one.root / "previous").is_symlink()
    one.right("uninstall")
    assert not one.root.exists()
    one.right("uninstall")


def test_uninstall_leaves_what_is_not_its_own(both: Callable[..., Machine]) -> None:
    one = both()
    (one.root / "notes").write_text("mine", encoding="utf-8")
    assert "files of others" in one.right("uninstall").err
    assert [path.name for path in one.root.iterdir()] == ["notes"]


def test_a_dry_run_tells_and_writes_nothing(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.home.mkdir()
    before = snapshot(one.folder)
    out = one.right("install", "--dry-run").out
    assert CURRENT.file in out
    assert "would make go 1.27.1 current" in out
    one.right("install", "--dry-run", "--into", str(one.folder / "x/go"))
    one.right("uninstall", "--dry-run")
    assert snapshot(one.folder) == before


def test_the_doctor_names_what_stands_in_the_way(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.right()
    right = one.right("doctor", PATH=f"{one.root}/current/bin:{one.path}")
    assert "bad" not in right.out
    assert "PATH finds it" in right.out
    checks = one.run("doctor", "--json", GOROOT="/old").json["checks"]
    levels = {check["text"].split(" ", 1)[0]: check["level"] for check in checks}
    assert (levels["GOROOT"], levels["PATH"]) == ("bad", "warn")
    assert one.run("doctor", GOROOT="/old").code == 8
    one.only("sh", "uname", "sha256sum", "sed", "tr", "df", "stat", "env", "readlink")
    assert "bad   no curl wget: nothing can be fetched" in one.run("doctor").out


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (["instal"], "unknown verb instal"),
        (["--json=1"], "unknown option --json=1"),
        (["install", "1.27.1", "1.27.2"], "too many arguments: 1.27.2"),
        (["install", "--into"], "--into needs a value"),
        (["install", "1.20"], "no go 1.20 in this profile; it has go1.27.1 go1.27.2"),
        (["env", "--shell", "zsh"], "no release is current"),
    ],
)
def test_misuse_is_said(machine: Callable[..., Machine], args: list[str], why: str) -> None:
    done = machine().run(*args)
    assert done.code == (8 if "current" in why else 2)
    assert why in done.err


def test_a_machine_without_pins_is_refused(machine: Callable[..., Machine]) -> None:
    one = machine()
    one.only("sh", "sha256sum", "sed", "tr")
    uname = one.folder / "bin" / "uname"
    uname.write_text("#!/bin/sh\necho Linux sparc64\n", encoding="utf-8")
    uname.chmod(0o755)
    done = one.run("--json")
    assert done.code == 3
    assert done.json["platform"] == "linux/sparc64"
    assert "no pins for go 1.27.1 on linux/sparc64" in done.err


def test_help_is_there(machine: Callable[..., Machine]) -> None:
    assert "Exit codes" in machine().right("--help").out
    assert Path(machine().script).stat().st_mode & 0o111
