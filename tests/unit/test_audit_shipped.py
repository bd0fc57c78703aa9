"""The audit on this repository's own profiles: clean as rendered, and no pin is overlooked."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from generator.pipeline import Compiler
from generator.sources import Sources
from generator.stages.audit import audit
from generator.stages.render import render
from generator.workspace import open_workspace
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.lock.model import Lock
    from generator.model import Artifact, Desired, Pinned

NAMES = ("base", "build-pod", "ci-runner", "dev-laptop", "k8s-node", "laptop-pod", "prod-cluster")
# The hash of an annotation `checksum/…` is of the output's own data (tests/content holds it).
_PINS = re.compile(r"(?<!checksum/go-env: )(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])")


@cache
def rendered(name: str) -> tuple[Pinned, Desired, Lock]:
    compiler = Compiler(Sources(open_workspace(ROOT)))
    pinned = compiler.pinned(name)
    return pinned, render(pinned, compiler.sources.engine), compiler.sources.lock


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_outputs_are_clean(name: str) -> None:
    pinned, desired, lock = rendered(name)
    assert desired.artifacts
    assert audit(desired, pinned, lock) == ()


@pytest.mark.parametrize("name", NAMES)
def test_no_hash_in_them_can_change_unseen(name: str) -> None:
    pinned, desired, lock = rendered(name)
    for wrong in forged(desired, _PINS):
        assert audit(wrong, pinned, lock), wrong.artifacts[0].path


@pytest.mark.parametrize("name", NAMES)
def test_no_version_in_them_can_change_unseen(name: str) -> None:
    pinned, desired, lock = rendered(name)
    version = re.compile(rf"(?<![0-9.]){re.escape(pinned.toolchain)}(?![0-9])")
    assert any(forged(desired, version))
    for wrong in forged(desired, version):
        assert audit(wrong, pinned, lock), wrong.artifacts[0].path


def forged(desired: Desired, pin: re.Pattern[str]) -> Iterator[Desired]:
    """Give each file alone, with one of its pins altered in its last character."""
    for artifact in desired.artifacts:
        text = artifact.content.decode()
        for match in pin.finditer(text):
            last = "8" if match[0][-1] != "8" else "9"
            forgery = text[: match.end() - 1] + last + text[match.end() :]
            yield desired._replace(artifacts=(_with(artifact, forgery),))


def _with(artifact: Artifact, text: str) -> Artifact:
    return artifact._replace(content=text.encode())
