"""A profile of somebody else, with every target and no key more than the schema asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tools import SEARCH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

PROFILE = """\
targets: [docker, github-actions, go, kustomize, systemd]
toolchains: {current: "1.26.7"}
go:
  toolchain: current
  platforms: [linux/amd64]
image:
  user: {uid: 1000, gid: 1000}
  home: /home/build
  families:
    - {name: alma, base: "almalinux:9", packager: dnf, libc: glibc, cgo: true, packages: [gcc]}
kubernetes:
  version: "1.36"
  namespace: builds
  pod_security: baseline
  labels: {team: core}
  service_account: builder
node:
  labels: {pool: build}
  taints: []
ci:
  name: ci
  branches: [trunk]
  place: .github/workflows/ci.yml
  runner: ubuntu-24.04
  timeout_minutes: 5
  go_version_file: out/theirs/go/.go-version
"""
FILES = {
    "gogen.toml": 'places = [".github/workflows/*.yml"]\n',
    "profiles/theirs/profile.yaml": PROFILE,
}


@pytest.fixture
def theirs(project: Callable[[Mapping[str, str | bytes]], Project]) -> Project:
    """Give a workspace with that profile, locked and rendered."""
    made = project(FILES)
    for command in ("lock", "render"):
        outcome = made.run(command)
        assert outcome.code == 0, outcome.text
    return made


def test_every_reader_takes_it(theirs: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", SEARCH)
    outcome = theirs.run("lint")
    assert outcome.code == 0, outcome.text
    assert "ran" in outcome.out


def test_what_it_does_not_ask_for_is_not_there(theirs: Project) -> None:
    tree = theirs.tree()
    assert not [path for path in tree if "/portable/" in path or path.endswith("builder.yaml")]
    assert b"ENTRYPOINT" not in tree["out/theirs/docker/alma.Dockerfile"]
    workflow = tree[".github/workflows/ci.yml"]
    jobs = [line for line in workflow.splitlines() if line[:2] == b"  " and line[2:3].isalpha()]
    assert jobs[-1] == b"  toolchain:"
