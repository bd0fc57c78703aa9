"""Which validators run, which are missed, and what a program that fails at its work becomes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from generator.problems import Exit, Place, exit_code
from generator.validators import File, base, find, get, inspect
from generator.validators.base import refused
from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = File("out/base/go/env.sh", b"if\n", "sh")
SYSTEM = "/usr/bin:/bin"


def program(folder: Path, name: str, body: str) -> str:
    """Write a program for a folder of PATH; give that folder."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(folder)


def test_names_what_ran_and_what_is_missing(tmp_path: Path) -> None:
    search = program(tmp_path, "dash", f'exec {require("dash")} "$@"')
    seen = inspect([SCRIPT], search)
    assert seen.ran == ("sh",)
    assert [one.name for one in seen.missing] == ["shellcheck", "shfmt"]
    assert [problem.place for problem in seen.problems] == [Place("out/base/go/env.sh", 2)]
    assert exit_code(seen.problems) is Exit.OUTPUT


def test_nothing_is_due_for_text() -> None:
    seen = inspect([File("out/base/go/.go-version", b"1.27.1\n")], SEARCH)
    assert (seen.problems, seen.ran, seen.missing) == ((), (), ())


def test_takes_the_second_program_where_the_first_is_not(tmp_path: Path) -> None:
    program(tmp_path, "sh", "exit 0")
    tool = find(get("sh"), str(tmp_path))
    assert tool is not None
    assert tool.path == tmp_path / "sh"
    assert find(get("hadolint"), str(tmp_path)) is None


def test_an_unknown_validator_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        get("no-such")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("shellcheck", "echo no JSON"),
        ("shellcheck", "echo killed >&2; exit 137"),
        ("hadolint", "exit 0"),
        ("actionlint", "echo broken >&2; exit 3"),
        ("zizmor", "echo 'no inputs collected' >&2; exit 3"),
        ("kubernetes-validate", "echo Traceback >&2; exit 1"),
        ("helm", "echo 'no such chart' >&2; exit 1"),
    ],
)
def test_a_program_that_fails_at_its_work_is_no_pass(tmp_path: Path, name: str, body: str) -> None:
    files = [
        SCRIPT,
        File("out/base/docker/Dockerfile", b"FROM scratch\n", "dockerfile"),
        File(".github/workflows/go.yml", b"on: push\n", "yaml"),
        File("out/base/kustomize/kustomization.yaml", b"resources: [a.yaml]\n", "yaml"),
        File("out/base/kustomize/a.yaml", b"kind: A\n", "yaml"),
        File("out/base/helm/Chart.yaml", b"name: a\n", "yaml"),
    ]
    [problem, *_] = inspect(files, program(tmp_path, name, body)).problems
    assert (problem.code, problem.exit) == ("GG281", Exit.OUTPUT)
    assert problem.message.startswith(f"{name} could not do its work: ")


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_PATIENCE", 0.2)
    search = program(tmp_path, "dash", "exec /bin/sleep 30")
    [problem] = inspect([SCRIPT], search).problems
    assert problem.message == "sh could not do its work: it did not end"


def test_a_program_sees_nothing_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HADOLINT_IGNORE", "DL3006")
    monkeypatch.setenv("GITHUB_TOKEN", "a secret")
    search = program(tmp_path, "dash", "echo $(env | cut -d= -f1 | sort)")
    seen = inspect([SCRIPT], f"{search}{os.pathsep}{SYSTEM}")
    [said] = [one.message for one in seen.problems if one.message.startswith("sh: ")]
    assert said == "sh: HOME LC_ALL NO_COLOR PATH PWD TERM XDG_RUNTIME_DIR"


@pytest.mark.parametrize(("folder", "manager"), [("user", "--user"), ("system", "--system")])
def test_a_unit_is_read_by_its_own_manager(tmp_path: Path, folder: str, manager: str) -> None:
    search = program(tmp_path, "systemd-analyze", 'echo "$1"')
    [problem] = inspect([File(f"out/a/{folder}/a.service", b"[Unit]\n")], search).problems
    assert problem.message == f"systemd-analyze: {manager}"


def test_a_complaint_is_one_line() -> None:
    assert refused("sh", "a\n  b", Place("x")).message == "sh: a b"
