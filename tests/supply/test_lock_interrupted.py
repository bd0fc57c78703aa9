"""Ctrl-C while servers are asked: the run ends at once, and no byte has changed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from generator.supply import bounded
from generator.supply.bounded import Bounds, Said
from tests.servers.https import Reply, serving
from tests.supply.test_lock_download import BYTES, served
from tests.supply.test_lock_sources import AMD64, INDEX, NEW, file_of, workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project
    from tests.servers.https import Route

SOON = 45
"""Seconds that a busy machine may take; a server is waited for much longer."""

DRIP = Reply(b"[" * 1000, drip=0.5)
ARCHIVE = f"/{file_of(NEW, AMD64)}"


@pytest.mark.parametrize(
    ("arguments", "routes", "path"),
    [
        pytest.param(("lock",), {INDEX: DRIP}, INDEX, id="index"),
        pytest.param(
            ("lock", "--download"),
            served(**{ARCHIVE: Reply(BYTES[AMD64], drip=5)}),
            ARCHIVE,
            id="archive",
        ),
    ],
)
def test_an_interrupted_run_waits_for_no_server(
    arguments: tuple[str, ...],
    routes: dict[str, Route],
    path: str,
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    with serving(routes) as server:
        made = workspace(project, server, '"go.dev {url}/"')
        before = made.tree()
        with subprocess.Popen(
            [sys.executable, "-m", "generator", *arguments],
            cwd=made.root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},  # noqa: TID251  (a child's)
            stderr=subprocess.PIPE,
            text=True,
        ) as run:
            _until(lambda: server.asked(path) > 0)
            run.send_signal(signal.SIGINT)
            start = time.monotonic()
            _, err = run.communicate(timeout=300)
        assert time.monotonic() - start < SOON
        assert run.returncode == 130
        assert err == "gogen: interrupted; every file is whole, run it again to finish\n"
        assert made.tree() == before


def test_a_program_that_nobody_waits_for_is_ended() -> None:
    said: list[Said] = []
    argv = ["sh", "-c", "echo begun; sleep 60 & wait"]

    def work() -> None:
        said.append(bounded.run(argv, {"PATH": os.defpath}, Bounds(60, 1000)))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    start = time.monotonic()
    while thread.is_alive() and time.monotonic() - start < SOON:
        bounded.end_all()
        time.sleep(0.05)
    assert [one.code for one in said] == [-signal.SIGKILL]


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < end, "nobody asked"
        time.sleep(0.02)
