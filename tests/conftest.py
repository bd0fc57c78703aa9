"""What all tests share: a clean environment, hypothesis' profile, and `project`.

`project({"profiles/base/go.yaml": "…"})` builds a workspace in a fresh folder; its `run("render")`
runs the real command in this process and gives what a user would have seen.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.tools import ROOT, lacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

settings.register_profile(
    "gogen",
    derandomize=True,
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("gogen")

_KEPT = ("PATH", "TMPDIR", "SYSTEMROOT")
_KEPT_PREFIXES = ("PYTEST_", "COV_")
DEFAULTS: Mapping[str, str] = {"gogen.toml": ""}
"""Files a workspace gets unless the test gives its own; the lock is this repository's."""


@pytest.fixture(scope="session", autouse=True)
def hearing() -> None:
    """Let programs that a test starts hear Ctrl-C and a hang-up, also under `&` or nohup.

    Those make what they start deaf to the one or the other, and all that comes from there.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give one home folder after another (pytest's own numbering reads all of them every time)."""
    parent = tmp_path_factory.mktemp("homes")
    return (parent / str(number) for number in count())


@pytest.fixture(autouse=True)
def clean_environment(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test see the developer's settings, home folder or git configuration."""
    for name in tuple(os.environ):  # noqa: TID251  (the one place that empties it)
        if name not in _KEPT and not name.startswith(_KEPT_PREFIXES):
            monkeypatch.delenv(name)
    home = next(homes)
    home.mkdir()
    values = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "A Tester",
        "GIT_AUTHOR_EMAIL": "tester@example.com",
        "GIT_COMMITTER_NAME": "A Tester",
        "GIT_COMMITTER_EMAIL": "tester@example.com",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """Give a folder that an ordinary user reaches too, for a test that steps down from root.

    Below pytest's own nobody can: each session that begins closes what lies above those of others.
    """
    with tempfile.TemporaryDirectory(prefix="gogen-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        closed = [above for above in folder.parents if not above.stat().st_mode & 0o001]
        if closed and not os.geteuid():
            lacks(f"{closed[0]} is closed to ordinary users: set TMPDIR")
        yield folder


def read_tree(root: Path) -> dict[str, bytes]:
    """Give the bytes of every regular file below `root` by its path with slashes, sorted."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of the command left: exit code, what it printed, the workspace's files."""

    code: int
    out: str
    err: str
    tree: Mapping[str, bytes]

    @property
    def text(self) -> str:
        """Everything printed; the first thing to look at when a test fails."""
        return self.out + self.err


@dataclass(frozen=True, slots=True)
class Project:
    """A workspace of a test."""

    root: Path

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files by workspace-relative path, making folders; bytes are written as they are."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def tree(self) -> dict[str, bytes]:
        """Give every file of the workspace."""
        return read_tree(self.root)

    def run(self, *argv: str) -> Outcome:
        """Run `gogen` on this workspace, in this process, with its output caught."""
        from generator.__main__ import main  # noqa: PLC0415  (most tests run no command)

        out, err = io.BytesIO(), io.BytesIO()
        to_out, to_err = (io.TextIOWrapper(raw, "utf-8", newline="") for raw in (out, err))
        with contextlib.redirect_stdout(to_out), contextlib.redirect_stderr(to_err):
            code = int(main(["--workspace", str(self.root), *argv]))
        to_out.flush()
        to_err.flush()
        return Outcome(code, out.getvalue().decode(), err.getvalue().decode(), self.tree())


@pytest.fixture
def project(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Project]:
    """Build a workspace from files by path; a second call gets a folder of its own."""
    made = 0

    def make(files: Mapping[str, str | bytes]) -> Project:
        nonlocal made
        made += 1
        one = Project(tmp_path / f"workspace{made}")
        lock = ROOT / "gogen.lock"
        locks = {"gogen.lock": lock.read_bytes()} if lock.is_file() else {}
        one.write({**DEFAULTS, **locks, **files})
        return one

    return make
