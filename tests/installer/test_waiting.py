"""What a run looked at before it waited for the lock may be another thing when it has it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.installer.conftest import CURRENT, NEXT
from tests.installer.locks import GONE, held, locking, waiting
from tests.installer.machine import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.installer.machine import Machine
    from tests.installer.mirror import Mirror


def link(machine: Machine, name: str, release: str) -> None:
    """Let a link name a release, as one run does that holds the lock."""
    half = machine.root / "half"
    half.symlink_to(f"go/{release}")
    half.rename(machine.root / name)


def links(machine: Machine) -> list[str]:
    """Give what current and, where it is there, previous name."""
    both = [machine.root / name for name in ("current", "previous")]
    return [path.readlink().name for path in both if path.is_symlink()]


@pytest.fixture
def both(machine: Callable[..., Machine]) -> Machine:
    """Give a machine with the next release, and after it the current one made current."""
    one = machine()
    one.right("install", "1.27.2")
    one.right()
    return one


def test_a_rollback_waits_for_a_change_half_done(both: Machine) -> None:
    link(both, "previous", CURRENT.name)
    with waiting(both, "rollback") as run:
        link(both, "previous", NEXT.name)
    done = run.end()
    assert done.code == 0, done.text
    assert links(both) == [NEXT.name, CURRENT.name]


def test_an_install_that_another_run_did_changes_nothing(both: Machine) -> None:
    both.right("rollback")
    with waiting(both, "install", "--json") as run:
        link(both, "current", CURRENT.name)
        before = snapshot(both.root)
        done = run.end()
        assert done.code == 0, done.text
        assert snapshot(both.root) == before
    assert (done.json["state"], done.json["changed"]) == ("ACTIVE", False)


def test_a_release_made_current_meanwhile_is_not_removed(both: Machine) -> None:
    with waiting(both, "uninstall", "1.27.2") as run:
        link(both, "current", NEXT.name)
    done = run.end()
    assert done.code == 2, done.text
    assert "is current: use another release first" in done.err
    assert (both.root / "current/VERSION").is_file()


def test_a_release_removed_meanwhile_is_not_made_current(both: Machine) -> None:
    with waiting(both, "use", "1.27.2") as run:
        shutil.rmtree(both.root / "go" / NEXT.name)
    done = run.end()
    assert done.code == 8, done.text
    assert "is not installed" in done.err
    assert links(both) == [CURRENT.name, NEXT.name]


def test_a_release_removed_meanwhile_is_not_said_to_be_removed(both: Machine) -> None:
    with waiting(both, "uninstall", "1.27.2", "--json") as run:
        shutil.rmtree(both.root / "go" / NEXT.name)
    done = run.end()
    assert (done.code, done.json["changed"]) == (0, False), done.text


def test_login_shells_are_not_told_of_what_was_removed_meanwhile(both: Machine) -> None:
    with waiting(both, "env", "--write") as run:
        (both.root / "current").unlink()
    done = run.end()
    assert done.code == 8, done.text
    assert not (both.home / ".profile").exists()


def test_what_came_meanwhile_where_a_tree_shall_go_stays(machine: Callable[..., Machine]) -> None:
    one = machine()
    into = one.folder / "sdk/go"
    into.parent.mkdir()
    with waiting(one, "install", "--into", str(into), lock=into.parent) as run:
        into.mkdir()
        (into / "thesis.txt").write_text("mine", encoding="utf-8")
    done = run.end()
    assert done.code == 6, done.text
    assert "is there and is no Go" in done.err
    assert (into / "thesis.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("how", ["flock", "mkdir"])
@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("install", "1.27.2"), 0),
        (("use", "1.27.2"), 8),
        (("rollback",), 8),
        (("env", "--write"), 8),
        (("gc",), 0),
        (("uninstall",), 0),
        (("uninstall", "1.27.2"), 0),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_all_was_uninstalled_meanwhile(
    both: Machine, args: tuple[str, ...], code: int, how: str
) -> None:
    """An install begins anew, all others find nothing and leave nothing."""
    locking(both, how)
    with waiting(both, *args, how=how) as run:
        shutil.rmtree(both.root)
    done = run.end()
    assert done.code == code, done.text
    if args[0] == "install":
        both.right("verify", *args[1:], "--deep")
    else:
        assert not both.root.exists()


def test_who_waited_for_a_lock_that_was_removed_waits_for_the_new_one(both: Machine) -> None:
    lock = both.root / "lock"
    with waiting(both, "gc", "--keep", "0", GOGEN_LOCK_WAIT="3") as run:
        lock.unlink()
        new = held(lock)
        new.__enter__()
    done = run.end()
    new.__exit__(None, None, None)
    assert done.code == 7, done.text


# ---- readers, and what the links are


def vanishing(machine: Machine, program: str, steps: str, what: str) -> None:
    """Let something below R vanish just before a program looks at it, or just after."""
    real, gone = shutil.which(program), machine.root / what
    folder = machine.folder / "first"
    folder.mkdir()
    vanish = f"{{ [ ! -L '{gone}' -a ! -e '{gone}' ] || mv '{gone}' '{machine.folder}/aside'; }}"
    text = steps.format(real=f'{real} "$@"', vanish=vanish)
    (folder / program).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / program).chmod(0o755)
    machine.path = f"{folder}:{machine.path}"


def test_a_link_that_vanishes_while_it_is_read_is_none(both: Machine) -> None:
    vanishing(both, "readlink", "case $1 in */previous) {vanish} ;; esac; {real}", "previous")
    releases = both.right("list", "--json").json["releases"]
    assert [one["state"] for one in releases] == ["installed", "current"]


def test_a_release_that_vanishes_while_it_is_looked_at_is_not_listed(both: Machine) -> None:
    vanishing(both, "sort", "{real}; {vanish}", f"go/{NEXT.name}")
    releases = both.right("list", "--json").json["releases"]
    assert [one["release"] for one in releases] == ["1.27.1"]


@pytest.mark.parametrize("args", [("use", "1.27.2"), ("install", "1.27.2"), ("rollback",)])
@pytest.mark.parametrize("lost", ["link", "tree"])
def test_previous_is_never_current(both: Machine, args: tuple[str, ...], lost: str) -> None:
    """Also where nothing was current: an uninstall was killed, or somebody removed it."""
    if lost == "link":
        (both.root / "current").unlink()
    else:
        shutil.rmtree(both.root / "go" / CURRENT.name)
    both.right(*args)
    assert links(both) == [NEXT.name]


# ---- what killed runs left


def test_a_receipt_without_its_tree_is_cleared(both: Machine) -> None:
    both.right("rollback")
    shutil.rmtree(both.root / "go" / CURRENT.name)
    both.right("gc")
    assert {path.name for path in (both.root / "go").iterdir()} == {NEXT.name, f"{NEXT.name}.ok"}


def test_what_was_kept_for_the_next_mirror_is_gone_on_with(
    machine: Callable[..., Machine], mirror: Mirror
) -> None:
    one = machine()
    cache = one.root / "cache"
    cache.mkdir(parents=True)
    half = CURRENT.archive[: len(CURRENT.archive) // 2]
    (cache / f"{CURRENT.pin.sha256}.part.old").write_bytes(half)
    one.right()
    assert [asked.start for asked in mirror.asked] == [len(half)]
    assert [path.name for path in cache.iterdir()] == [f"{CURRENT.pin.sha256}.tar.gz"]


def test_a_half_file_of_a_dead_run_is_cleared_and_of_a_living_one_is_not(both: Machine) -> None:
    dead = both.home / f".profile.gogen-new.{GONE}"
    alive = both.home / f".profile.gogen-new.{os.getpid()}"
    for path in (dead, alive):
        path.write_text("half", encoding="utf-8")
    both.right("env", "--write")
    assert not dead.exists()
    assert alive.read_text(encoding="utf-8") == "half"
    assert sorted(path.name for path in both.home.iterdir()) == [
        ".local",
        ".profile",
        alive.name,
    ]
