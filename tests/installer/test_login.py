"""`env --write`: what login shells read is edited in one rename, and `uninstall` takes it back."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.installer.machine import SHELLS, Machine
from tests.installer.test_killed import Deadly
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


MINE = b"# mine\nPATH=/opt/mine/bin:$PATH\n"
SAYS = 'echo "$PATH"'
LOGIN = {
    "dash": ("-l", "-c", SAYS),
    "bash": ("-l", "-c", SAYS),
    "zsh": ("-l", "-c", SAYS),
    "fish": ("-l", "-c", "string join : $PATH"),
}
FISH = ".config/fish/conf.d/gogen-go.fish"


def path_of(home: Path, shell: str) -> list[str]:
    """Give the PATH that a login has in a shell."""
    done = subprocess.run(
        [require(shell), *LOGIN[shell]],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout.strip().split(":")


def own(home: Path) -> dict[str, tuple[object, ...]]:
    """Give the files of the user: content or where a link leads to, mode, and the file itself."""
    return {
        path.relative_to(home).as_posix(): (
            path.readlink() if path.is_symlink() else path.read_bytes(),
            path.lstat().st_mode,
            path.lstat().st_ino,
        )
        for path in home.rglob("*")
        if (path.is_symlink() or path.is_file()) and ".local" not in path.parts
    }


def told(files: dict[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Give files without which file it is: a rename makes another."""
    return {name: file[:2] for name, file in files.items()}


@pytest.fixture
def user(machine: Callable[..., Machine]) -> Callable[..., Machine]:
    """Make a machine whose user has files of some kinds, and a release."""

    def make(shell: str = "dash", folder: str = "m") -> Machine:
        one = machine(shell)
        one = replace(one, folder=one.folder / folder)
        (one.home / "dotfiles").mkdir(parents=True)
        (one.home / ".profile").write_bytes(MINE)
        (one.home / ".profile").chmod(0o600)
        (one.home / "dotfiles/bash").write_text("[ ! -r ~/.profile ] || . ~/.profile\n")
        (one.home / ".bash_profile").symlink_to("dotfiles/bash")
        (one.home / ".config/fish").mkdir(parents=True)
        one.env["SHELL"] = "/usr/bin/zsh"
        one.right()
        return one

    return make


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("folder", ["m", "the 'home' of \\$USER"])
def test_every_login_finds_it_until_it_is_uninstalled(
    user: Callable[..., Machine], shell: str, folder: str
) -> None:
    one = user(shell, folder)
    before = own(one.home)
    assert one.right("env", "--write", "--json").json["changed"] is True
    due = f"{one.root}/current/bin"
    assert {login: path_of(one.home, login)[0] for login in LOGIN} == dict.fromkeys(LOGIN, due)
    assert path_of(one.home, "bash").count(due) == 1
    after = own(one.home)
    assert after.keys() - before.keys() == {".zprofile", FISH}
    assert after[".bash_profile"] == before[".bash_profile"]
    assert after[".profile"][1] == before[".profile"][1]
    assert (one.home / ".profile").read_bytes().startswith(MINE)

    assert one.right("env", "--write", "--json").json["changed"] is False
    one.right()
    assert own(one.home) == after
    one.right("uninstall")
    assert told(own(one.home)) == told(before)


def test_a_file_is_whole_whenever_a_run_is_killed(user: Callable[..., Machine]) -> None:
    one = user()
    fresh = shutil.copytree(one.home, one.folder / "fresh", symlinks=True)
    deadly = Deadly(one)
    before, at = told(own(one.home)), 1
    one.right("env", "--write")
    written = told(own(one.home))
    while True:
        shutil.rmtree(one.home)
        shutil.copytree(fresh, one.home, symlinks=True)
        if deadly.run(at, "after", "env", "--write") == 0:
            break
        found = told(own(one.home))
        assert {name: found[name] for name in before}.items() <= before.items() | written.items()
        one.right("env", "--write")
        assert told(own(one.home)) == written
        at += 1
    assert at > 8


def test_what_the_user_changed_since_stays(user: Callable[..., Machine]) -> None:
    one = user()
    profile = one.home / ".profile"
    profile.write_bytes(MINE + b": no end")
    one.right("env", "--write")
    assert b"\n: no end\n# >>> gogen " in profile.read_bytes()
    text = profile.read_bytes().replace(b"/current/bin", b"/elsewhere")
    profile.write_bytes(text + b": mine too\n")
    assert one.right("env", "--write", "--json").json["changed"] is True
    assert b"/elsewhere" not in profile.read_bytes()
    assert profile.read_bytes().endswith(b"\n: mine too\n")
    # Another R has lines of its own.
    other = {"GOGEN_ROOT": f"{one.home}/other"}
    one.right("install", **other)
    one.right("env", "--write", "--shell", "sh", **other)
    one.right("uninstall")
    assert profile.read_bytes().count(b">>> gogen") == 1
    one.right("uninstall", **other)
    assert profile.read_bytes() == MINE + b": no end\n: mine too\n"


def test_a_dry_run_names_the_files(user: Callable[..., Machine]) -> None:
    one = user()
    before = own(one.home)
    out = one.right("env", "--write", "--dry-run").out
    assert [line.removeprefix("would change ") for line in out.splitlines()] == [
        f"{one.home}/{name}" for name in (".profile", "dotfiles/bash", ".zprofile", FISH)
    ]
    assert own(one.home) == before
    one.right("env", "--write")
    after = own(one.home)
    assert f"would change {one.home}/.profile" in one.right("uninstall", "--dry-run").out
    assert own(one.home) == after


@pytest.mark.parametrize("what", ["folder", "no end", "loop"])
def test_what_cannot_be_edited_is_left_and_named(user: Callable[..., Machine], what: str) -> None:
    one = user()
    profile = one.home / ".profile"
    one.right("env", "--write")
    text = profile.read_text()
    profile.unlink()
    match what:
        case "folder":
            profile.mkdir()
        case "loop":
            profile.symlink_to(".profile")
        case _:
            profile.write_text(text.partition("# <<<")[0])
    before = own(one.home)
    done = one.run("env", "--write")
    assert done.code == 6
    assert f"{profile}" in done.err
    assert own(one.home) == before


def test_lines_are_taken_out_where_the_releases_are_gone(user: Callable[..., Machine]) -> None:
    one = user()
    before = own(one.home)
    one.right("env", "--write")
    shutil.rmtree(one.root)
    one.right("uninstall")
    assert told(own(one.home)) == told(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be in somebody else's home")
def test_root_edits_nobody_else_s_files(user: Callable[..., Machine]) -> None:
    one = user()
    os.chown(one.home, 65_534, 65_534)
    before = own(one.home)
    done = one.run("env", "--write", GOGEN_ROOT=str(one.root))
    assert done.code == 6
    assert "another user's" in done.err
    assert own(one.home) == before


def test_the_profile_s_own_scripts_are_what_a_login_reads(tmp_path: Path) -> None:
    """Where `environment.login` puts them: they set PATH with all else, in the profile's order."""
    out = ROOT / "out/dev-laptop"
    one = Machine(tmp_path, out / "installer/setup-go.sh")
    program = one.root / "go/1.27.1.linux-amd64/bin/go"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (one.root / "current").symlink_to("go/1.27.1.linux-amd64")
    for source, to in {"env.sh": ".config/gogen/env.sh", "env.fish": FISH}.items():
        target = one.home / to.replace("gogen-go.fish", "gogen.fish")
        target.parent.mkdir(parents=True)
        shutil.copy(out / "go" / source, target)
    one.right("env", "--write")
    due = [f"{one.home}/go/bin", f"{one.root}/current/bin"]
    for shell in ("dash", "bash", "fish"):
        assert path_of(one.home, shell)[:2] == due, shell
    assert not (one.home / FISH).exists()


def test_until_the_profile_s_scripts_are_there_a_login_has_path(tmp_path: Path) -> None:
    out = ROOT / "out/dev-laptop"
    one = Machine(tmp_path, out / "installer/setup-go.sh")
    program = one.root / "go/1.27.1.linux-amd64/bin/go"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (one.root / "current").symlink_to("go/1.27.1.linux-amd64")
    one.right("env", "--write")
    for shell in ("dash", "bash"):
        assert path_of(one.home, shell)[0] == f"{one.root}/current/bin", shell


def test_a_file_that_a_power_cut_left_zeros_in_is_edited_and_given_back(
    user: Callable[..., Machine],
) -> None:
    one = user()
    profile = one.home / ".profile"
    profile.write_bytes(MINE + b": \xe9\r\n\0\0\n")
    before = profile.read_bytes()
    one.right("env", "--write")
    assert profile.read_bytes().startswith(before + b"# >>> gogen ")
    assert one.right("env", "--write", "--json").json["changed"] is False
    one.right("uninstall")
    assert profile.read_bytes() == before
