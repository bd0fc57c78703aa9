"""The audit against forgers: real values at the wrong place, pins made weaker, digits flipped.

`tests/unit/test_audit_shipped.py` alters each pin to one that exists nowhere; here most are the
lock's own, or a reader would take them for right. Mutations are sampled with a fixed seed.
"""

from __future__ import annotations

import random
import re
from functools import cache
from itertools import pairwise
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
SAMPLE = 150  # mutations of a kind for each profile
_HEX = r"(?<![0-9a-fA-F]){}(?![0-9a-fA-F])"
# The hash of an annotation `checksum/…` is of the output's own data (tests/content holds it).
HASH = re.compile(
    f"(?<!checksum/go-env: )(?:{_HEX.format('[0-9a-f]{64}')}|{_HEX.format('[0-9a-f]{40}')})"
)
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"@([0-9a-f]{40})(?=\"? # (v[0-9.]+))")
# What a pinned line names besides its checksum: an archive, or a file of a toolchain.
ADD = re.compile(r"--checksum=sha256:([0-9a-f]{64}) .*?([a-z0-9.-]+\.tar\.gz)")
SENTINEL = re.compile(r"sentinel (\S+) ([0-9a-f]{64})")
TREE = re.compile(r"tree ([0-9a-f]{64}) (\S+)")


@cache
def rendered(name: str) -> tuple[Pinned, Desired, Lock]:
    compiler = Compiler(Sources(open_workspace(ROOT)))
    pinned = compiler.pinned(name)
    return pinned, render(pinned, compiler.sources.engine), compiler.sources.lock


def found(name: str, artifact: Artifact, text: str) -> set[str]:
    """Give the codes of what the audit says of a file with another text."""
    pinned, desired, lock = rendered(name)
    forged = artifact._replace(content=text.encode())
    return {p.code for p in audit(desired._replace(artifacts=(forged,)), pinned, lock)}


def matches(name: str, pattern: re.Pattern[str]) -> list[tuple[Artifact, str, re.Match[str]]]:
    """Give a sample of what matches in a profile's files, always the same."""
    _, desired, _ = rendered(name)
    every = [
        (artifact, text, match)
        for artifact in desired.artifacts
        for text in [artifact.content.decode()]
        for match in pattern.finditer(text)
    ]
    chance = random.Random(name)  # noqa: S311  (a choice, no secret)
    return chance.sample(every, min(SAMPLE, len(every)))


def put(text: str, span: tuple[int, int], new: str) -> str:
    return text[: span[0]] + new + text[span[1] :]


def swaps(text: str, pattern: re.Pattern[str], group: int) -> Iterator[str]:
    """Give the text with the checksum of each match and of the next that differs exchanged."""
    every = list(pattern.finditer(text))
    for one, other in pairwise(every):
        if one[group] != other[group]:
            yield put(put(text, other.span(group), one[group]), one.span(group), other[group])


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_digit_is_found_wherever_it_is(name: str) -> None:
    chance = random.Random(name)  # noqa: S311  (a choice, no secret)
    for artifact, text, match in matches(name, HASH):
        at = match.start() + chance.randrange(len(match[0]))
        digit = chance.choice([d for d in "0123456789abcdef" if d != text[at]])
        assert found(name, artifact, put(text, (at, at + 1), digit)), (artifact.path, match[0])


@pytest.mark.parametrize(
    ("name", "pattern", "group", "least"),
    [
        ("build-pod", ADD, 1, 20),
        ("base", SENTINEL, 2, 5),
        ("dev-laptop", SENTINEL, 2, 5),
        ("base", TREE, 1, 3),
    ],
)
def test_two_right_checksums_in_each_others_place_are_found(
    name: str, pattern: re.Pattern[str], group: int, least: int
) -> None:
    _, desired, _ = rendered(name)
    tried = 0
    for artifact in desired.artifacts:
        for text in swaps(artifact.content.decode(), pattern, group):
            tried += 1
            assert found(name, artifact, text) == {"GG263"}, artifact.path
    assert tried >= least


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", ["1.27.2", "1.26.0", "1.27.10", "1.27rc1", "1.28"])
def test_another_release_is_found(name: str, other: str) -> None:
    pinned, _, _ = rendered(name)
    version = re.compile(rf"(?<![0-9.]){re.escape(pinned.toolchain)}(?![0-9])")
    tried = matches(name, version)
    assert tried
    for artifact, text, match in tried:
        wrong = put(text, match.span(), other)
        assert found(name, artifact, wrong), (artifact.path, wrong[match.start() - 30 :][:60])


@pytest.mark.parametrize("name", ["build-pod", "ci-runner"])
def test_an_image_without_its_digest_is_found(name: str) -> None:
    for artifact, text, match in matches(name, DIGEST):
        assert "GG264" in found(name, artifact, put(text, match.span(), "")), artifact.path


def test_the_digest_of_another_image_is_found() -> None:
    _, _, lock = rendered("build-pod")
    digests = {image.digest for image in lock.images.values()}
    tried = matches("build-pod", DIGEST)
    assert tried
    for artifact, text, match in tried:
        for other in sorted(digests - {match[0][1:]}):
            wrong = put(text, match.span(), f"@{other}")
            assert "GG265" in found("build-pod", artifact, wrong), artifact.path


@pytest.mark.parametrize("ref", ["v6", "main", "v6.0.0", "de0fac2e4500dabe0009e67214ff5f5447ce83d"])
def test_an_action_that_is_not_by_commit_is_found(ref: str) -> None:
    tried = matches("ci-runner", COMMIT)
    assert tried
    for artifact, text, match in tried:
        codes = found("ci-runner", artifact, put(text, match.span(1), ref))
        assert "GG266" in codes, artifact.path


def test_the_commit_of_another_action_is_found() -> None:
    _, _, lock = rendered("ci-runner")
    commits = {action.commit for action in lock.actions.values()}
    tried = matches("ci-runner", COMMIT)
    for artifact, text, match in tried:
        for other in sorted(commits - {match[1]}):
            assert "GG267" in found("ci-runner", artifact, put(text, match.span(1), other))


def test_a_comment_that_names_another_tag_is_found() -> None:
    tried = matches("ci-runner", COMMIT)
    assert tried
    for artifact, text, match in tried:
        assert "GG268" in found("ci-runner", artifact, put(text, match.span(2), "v0.0.1"))
