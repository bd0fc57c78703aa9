"""The harness itself: programs that are missing, the environment, workspaces of tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import tools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project


@pytest.fixture
def nothing_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tools, "SEARCH", str(tmp_path))
    monkeypatch.setattr(tools, "find", tools.find.__wrapped__)


@pytest.mark.usefixtures("nothing_found")
def test_a_missing_program_skips_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_REQUIRED", False)
    with pytest.raises(pytest.skip.Exception, match=r"^fish is not installed: apt install fish$"):
        tools.require("fish")


@pytest.mark.usefixtures("nothing_found")
def test_a_missing_program_fails_where_tools_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_REQUIRED", True)
    with pytest.raises(pytest.fail.Exception, match=r"^kubectl is not installed: make tools"):
        tools.require("kubectl")


def test_an_unknown_program_is_a_mistake_of_the_test() -> None:
    with pytest.raises(KeyError):
        tools.require("kubctl")


def test_pinned_programs_come_before_those_of_the_machine() -> None:
    first, second, third, *others = tools.SEARCH.split(os.pathsep)
    assert first == str(tools.ROOT / ".tools" / "bin")
    assert second.endswith("/site-packages/go/bin"), "the script go is a Python program"
    assert third == str(Path(sys.executable).parent)
    assert "/usr/bin" in others


def test_a_test_sees_nothing_of_the_developer(tmp_path_factory: pytest.TempPathFactory) -> None:
    seen = dict(os.environ)  # noqa: TID251  (what it holds is the question)
    base = str(tmp_path_factory.getbasetemp())
    assert seen["HOME"].startswith(base)
    assert {
        name for name, value in seen.items() if name.startswith("XDG_") and base not in value
    } == set()
    assert set(seen) & {"GOFLAGS", "GOPROXY", "GITHUB_TOKEN", "PIP_INDEX_URL", "LANG"} == set()


def test_a_workspace_is_written_and_run(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    one = project({"profiles/base/go.yaml": "a: b\n", "raw": b"\xff"})
    other = project({"gogen.toml": "# mine\n"})
    assert one.root != other.root
    outcome = one.run("--version")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("gogen ")
    assert outcome.tree["raw"] == b"\xff"
    assert outcome.tree["gogen.toml"] == b""
    assert other.tree()["gogen.toml"] == b"# mine\n"
