"""While servers are asked nobody is kept out, and what changes meanwhile is not passed over."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from generator.disk.meanwhile import prepared
from generator.disk.runlock import hold
from generator.lock.reading import parse_lock
from tests.servers.https import Reply, Request, serving
from tests.supply.test_lock_sources import AMD64, INDEX, KNOWN, NEW, as_json, index, workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conftest import Project
    from tests.servers.https import Server

    Make = Callable[[Mapping[str, str | bytes]], Project]

BASE = "profiles/base/profile.yaml"
COMMANDS = {"lock": ("lock",), "bump": ("bump", "go", NEW)}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving({}) as made:
        yield made


@pytest.fixture(params=[*COMMANDS])
def command(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return COMMANDS[str(request.param)]


def _asking(
    project: Make, server: Server, command: tuple[str, ...], meanwhile: Callable[[Project], None]
) -> Project:
    """Make a workspace that must ask; `meanwhile` is done once, while it waits for the answer."""
    version = NEW if command == ("lock",) else KNOWN
    made = workspace(project, server, '"go.dev {url}/"', version=version)
    if command != ("lock",):
        for first in ("lock", "render"):
            assert made.run(first).code == 0

    def answer(_request: Request) -> Reply:
        if server.asked(INDEX) == 1:
            meanwhile(made)
        return as_json(index(KNOWN, NEW))

    server.routes[INDEX] = answer
    return made


def _platforms(made: Project) -> set[str]:
    return {*parse_lock((made.root / "gogen.lock").read_text(encoding="utf-8")).go[NEW].platforms}


def test_another_run_may_hold_the_workspace_meanwhile(
    project: Make, server: Server, command: tuple[str, ...]
) -> None:
    held: list[bool] = []

    def take(made: Project) -> None:
        with hold(made.root, timeout=0):
            held.append(True)

    made = _asking(project, server, command, take)
    outcome = made.run(*command)
    assert (outcome.code, held, server.asked(INDEX)) == (0, [True], 1), outcome.text


def test_a_pipe_beside_templates_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    os.mkfifo(tmp_path / "templates/pipe")

    def prepare() -> None:
        with prepared(tmp_path, lambda: None):
            pass

    thread = threading.Thread(target=prepare, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()


def test_a_profile_that_changed_meanwhile_is_asked_for_anew(
    project: Make, server: Server, command: tuple[str, ...]
) -> None:
    def edit(made: Project) -> None:
        text = (made.root / BASE).read_text(encoding="utf-8")
        made.write({BASE: f"# of somebody else\n{text.replace(', linux/arm64', '')}"})

    made = _asking(project, server, command, edit)
    outcome = made.run(*command)
    assert (outcome.code, server.asked(INDEX)) == (0, 2), outcome.text
    assert _platforms(made) == {AMD64}
    text = (made.root / BASE).read_text(encoding="utf-8")
    assert text.startswith("# of somebody else\n")
    assert f'"{NEW}"' in text
    assert made.run("lock", "--check").code == 0


def test_what_was_wrong_half_way_is_looked_at_again(project: Make, server: Server) -> None:
    """A profile that somebody is just saving names a release that nobody knows."""
    whole: dict[str, str] = {}

    def save(made: Project) -> None:
        made.write(whole)

    made = _asking(project, server, ("lock",), save)
    text = (made.root / BASE).read_text(encoding="utf-8")
    whole[BASE] = text
    made.write({BASE: text.replace(NEW, "1.27.88")})
    outcome = made.run("lock")
    assert outcome.code == 0, outcome.text
    assert [*parse_lock(outcome.tree["gogen.lock"].decode()).go] == [NEW]


def test_other_settings_than_those_that_were_asked_by_are_refused(
    project: Make, server: Server, command: tuple[str, ...]
) -> None:
    def change(made: Project) -> None:
        text = (made.root / "gogen.toml").read_text(encoding="utf-8")
        made.write({"gogen.toml": f'{text}[policy]\ngo = ["sumdb"]\n'})

    made = _asking(project, server, command, change)
    before = made.tree()
    outcome = made.run(*command)
    assert (outcome.code, "error[GG432] gogen.toml" in outcome.err) == (74, True), outcome.text
    del before["gogen.toml"], outcome.tree["gogen.toml"]
    assert outcome.tree == before


def test_what_is_wrong_is_told_at_once(project: Make, server: Server) -> None:
    made = _asking(project, server, ("lock",), lambda _made: None)
    text = (made.root / BASE).read_text(encoding="utf-8")
    made.write({BASE: text.replace(NEW, "1.27.88")})
    with hold(made.root):
        assert "GG310" in made.run("lock").err
    assert server.asked(INDEX) == 1
