"""The way from nothing to a release that is current, from mirrors good and bad."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.installer.conftest import CURRENT, NEXT, render
from tests.installer.machine import SHELLS, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.installer.machine import Machine
    from tests.installer.mirror import Mirror


@pytest.mark.parametrize("shell", SHELLS)
def test_it_installs_and_a_second_run_writes_nothing(
    machine: Callable[..., Machine], shell: str
) -> None:
    one = machine(shell)
    first = one.right("--json").json
    assert (first["changed"], first["state"], first["release"]) == (True, "ACTIVE", "1.27.1")
    tree = one.root / "current"
    assert tree.readlink() == Path("go", CURRENT.name)
    files = {p.relative_to(tree).as_posix(): p.read_bytes() for p in tree.rglob("*") if p.is_file()}
    assert files == CURRENT.tree
    before = snapshot(one.folder)
    second = one.right("--json").json
    assert (second["changed"], second["state"]) == (False, "ACTIVE")
    assert "current" in one.right().out
    one.right("verify", "--deep")
    assert snapshot(one.folder) == before


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tree_lies_exactly_where_it_was_asked_for(
    machine: Callable[..., Machine], shell: str
) -> None:
    one = machine(shell)
    into = one.folder / "sdk" / "go"
    assert one.right("install", "--into", str(into), "--json").json["changed"] is True
    files = {p.relative_to(into).as_posix(): p.read_bytes() for p in into.rglob("*") if p.is_file()}
    assert files == CURRENT.tree
    assert list(into.parent.iterdir()) == [into]
    assert not list(one.home.iterdir())
    before = snapshot(one.folder)
    assert one.right("install", "--into", str(into), "--json").json["changed"] is False
    one.right("verify", "--into", str(into), "--deep")
    assert snapshot(one.folder) == before


def test_another_mirror_is_asked_where_one_fails(
    machine: Callable[..., Machine], mirror: Mirror
) -> None:
    one = machine()
    bad = ["gone", "html", "wrong", "reset"]
    one.right("install", *(word for how in bad for word in ("--mirror", mirror.url(how))))
    assert [asked.how for asked in mirror.asked][-1] == "good"
    assert set(bad) < {asked.how for asked in mirror.asked}


@pytest.mark.parametrize("h1", [False, True])
def test_a_release_of_which_the_lock_knows_little(
    machine: Callable[..., Machine], mirror: Mirror, tmp_path: Path, *, h1: bool
) -> None:
    one = machine()
    pin = CURRENT.pin._replace(sentinels={}, size=None)
    if not h1:
        pin = pin._replace(h1=None, h1_hex=None)
    pins = {"1.27.1": pin, "1.27.2": NEXT.pin}
    one.script.write_bytes(render(tmp_path / "little", pins, mirror.url("good")))
    one.right()
    before = snapshot(one.folder)
    assert one.right("--json").json["changed"] is False
    one.right("verify", "--deep")
    assert snapshot(one.folder) == before
    (one.root / "current" / CURRENT.programs[-1]).write_bytes(b"other")
    assert one.run("verify").code == 8
    one.right()
    one.right("verify", "--deep")
    into = one.folder / "sdk/go"
    for _ in range(2):
        one.right("install", "--into", str(into))
        assert list(into.parent.iterdir()) == [into]
    (into / "src/fmt/print.go").write_bytes(b"other")
    assert one.run("verify", "--into", str(into)).code == 8
    one.right("install", "--into", str(into))
    assert (into / "src/fmt/print.go").read_bytes() == CURRENT.tree["src/fmt/print.go"]
