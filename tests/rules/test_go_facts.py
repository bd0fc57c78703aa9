"""What the rules know of the go command is what the go command itself says."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from generator.model import Leaf, Map, Profile
from generator.problems import Place
from generator.rules import go_builds, go_settings, go_sources, toolchains
from generator.rules.base import Subject
from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

_KEPT = ("PATH", "HOME", "TMPDIR")


def go(folder: Path, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the real go in a folder of its own; nothing is fetched."""
    outer = {name: os.environ[name] for name in _KEPT if name in os.environ}  # noqa: TID251 - cleaned
    given = {"GOENV": "off", "GOTOOLCHAIN": "local", "GOPROXY": "off", **env}
    return subprocess.run(
        [require("go"), *argv],
        cwd=folder,
        env=outer | given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_go_knows_every_flag(tmp_path: Path) -> None:
    # Those of `go version` itself are left out: they would take effect.
    flags = [f"-{name}" for name in sorted(go_builds.WITHOUT_VALUE)]
    flags += [f"-{name}=x" for name in sorted(go_builds.WITH_VALUE - {"C"})]
    done = go(tmp_path, "version", GOFLAGS=" ".join(flags))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("flag", ["-trimpth", "-all", "-s", "--", "-X=a", "'-ldflags=-s"])
def test_go_refuses_what_the_rule_refuses(flag: str, tmp_path: Path) -> None:
    assert go(tmp_path, "version", GOFLAGS=flag).returncode != 0


def test_go_asks_for_the_values_of_flags(tmp_path: Path) -> None:
    for name in ("mod", "tags", "ldflags", "p"):
        done = go(tmp_path, "list", GOFLAGS=f"-{name}")
        assert "flag needs an argument" in done.stderr
        assert name in go_builds.WITH_VALUE


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("local", True),
        ("auto", True),
        ("path", True),
        ("local+path", True),
        ("go1.21.0-corp+path", True),
        ("local+", False),
        ("path+auto", False),
        ("go1.2.x", False),
        ("1.27.1", False),
        ("go1.21.0+x", False),
        (" local", False),
    ],
)
def test_go_takes_the_same_toolchains(value: str, taken: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a table
    done = go(tmp_path, "version", GOTOOLCHAIN=value)
    assert ("invalid GOTOOLCHAIN" not in done.stderr) == taken
    assert (toolchains.bad_toolchain(value) == "") == taken


@pytest.mark.parametrize("value", [",|", "ftp://a.example", "foo", "file://host/x", "https://a b"])
def test_go_refuses_the_same_proxies(value: str, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module x\n\ngo 1.21\n")
    done = go(tmp_path, "list", "-m", "-versions", "example.com/y", GOPROXY=value)
    assert done.stderr.startswith(("go: invalid ", "go: parse ", "go: GOPROXY list")), done.stderr
    assert list(go_sources.proxies(subject(GOPROXY=value)))


def test_go_can_set_every_settable_variable(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.touch()
    for name in sorted(go_settings.SETTABLE):
        done = go(tmp_path, "env", "-u", name, GOENV=str(file))
        assert done.returncode == 0, done.stderr
    for name in ("GODEBUG", "GOENV", "GOROOT", "GOVERSION", "GOPROXI"):
        assert name not in go_settings.SETTABLE
        assert go(tmp_path, "env", "-w", f"{name}=x", GOENV=str(file)).returncode != 0


def subject(**env: str) -> Subject:
    trail = (Place("profiles/base/go.yaml"),)
    leaves = Map({key: Leaf(value, trail) for key, value in env.items()}, trail)
    tree = Map({"go": Map({"env": leaves}, trail)}, trail)
    return Subject(Profile("base", ("base",), (), tree))
