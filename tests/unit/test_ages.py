"""What could move and why, for programs; and how a bump is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.bump.ages import missed
from generator.bump.images import newer
from generator.bump.known import known
from generator.bump.message import SUBJECT, message, subject
from generator.bump.model import Bumped, Moved
from generator.bump.releases import newest
from generator.lock.catalogue import embedded
from generator.lock.model import ActionPin, ImagePin
from generator.supply.base import Source
from tests.e2e.command import TEMPLATES
from tests.layers.upstream import APP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

PROFILE = """\
toolchains: {current: "1.26.5", next: "1.27.0", old: "1.25.14"}
go: {platforms: [linux/amd64, linux/ppc64le]}
targets: [notes]
"""


def _go(project: Make, today: str) -> dict[str, dict[str, Any]]:
    """Give what is told of each release on a day."""
    one = project({**TEMPLATES, "profiles/base/profile.yaml": PROFILE})
    assert one.run("lock").code == 0
    outcome = one.run("outdated", "--today", today, "--format", "json")
    assert outcome.code == 0, outcome.text
    return {pin["name"]: pin for pin in json.loads(outcome.out)["pins"]}


def test_every_release_that_a_profile_names(project: Make) -> None:
    found = _go(project, "2026-11-23")
    assert {name: pin["state"] for name, pin in found.items()} == {
        "1.27.0": "older",
        "1.26.5": "security",
        "1.25.14": "ended",
    }
    assert found["1.26.5"] == {
        "kind": "go",
        "name": "1.26.5",
        "state": "security",
        "outdated": True,
        "current": "1.26.5",
        "newest": "1.26.7",
        "file": "profiles/base/profile.yaml",
        "line": 1,
        "command": "gogen bump go 1.26.7 --from 1.26.5",
        "commands": ["gogen bump go 1.26.7 --from 1.26.5"],
        "unasked": [],
        "toolchains": ["current"],
        "release_line": "1.26",
        "eol": None,
        "security": ["1.26.6"],
        "security_unknown": ["1.26.8", "1.26.9", "1.26.10", "1.26.11"],
        "newest_line": "1.27.1",
        "blocked": [
            {"version": "1.26.8", "lacks": ["linux/ppc64le"]},
            {"version": "1.26.9", "lacks": ["linux/ppc64le"]},
            {"version": "1.26.10", "lacks": []},
            {"version": "1.26.11", "lacks": []},
        ],
    }
    assert found["1.27.0"]["command"] == "gogen bump go 1.27.1 --toolchain next --from 1.27.0"
    assert (found["1.25.14"]["eol"], found["1.25.14"]["command"]) == ("2026-08-19", "")


def test_a_release_of_two_names_moves_by_two_commands(project: Make) -> None:
    text = PROFILE.replace("1.26.5", "1.27.0").replace("1.25.14", "1.27.1")
    one = project({**APP, "profiles/base/profile.yaml": text.replace("notes", "app")})
    assert one.run("lock").code == 0
    outcome = one.run("outdated", "--exit-code", "--format", "json")
    (pin, _old) = json.loads(outcome.out)["pins"][::-1]
    assert (pin["name"], pin["toolchains"]) == ("1.27.0", ["current", "next"])
    first, second = pin["commands"]
    assert first == pin["command"] == "gogen bump go 1.27.1 --from 1.27.0"
    assert second == "gogen bump go 1.27.1 --toolchain next --from 1.27.0"
    assert f"{first}; {second}" in outcome.text
    for command in (first, second):
        assert one.run(*command.split()[1:]).code == 0
    assert one.run("outdated", "--exit-code").code == 0
    assert b'current: "1.27.1", next: "1.27.1"' in one.tree()["profiles/base/profile.yaml"]


@pytest.mark.parametrize(
    ("today", "state"),
    [("2026-08-18", "current"), ("2026-08-19", "ended"), ("2027-01-01", "ended")],
)
def test_a_line_ends_on_its_day(project: Make, today: str, state: str) -> None:
    assert _go(project, today)["1.25.14"]["state"] == state


def test_security_releases_of_the_own_line_only() -> None:
    security = embedded().security
    assert missed("1.26.5", security) == ("1.26.6",)
    assert missed("1.26.6", security) == ()
    assert "1.27.2" not in embedded().told  # nobody has said, so nothing is claimed


DIGEST = "sha256:" + "0" * 64


class Elsewhere(Source):
    """A source that knows of more than was shipped."""

    name = "place"

    def releases(self) -> Mapping[str, frozenset[str]]:
        return {"1.27.2": frozenset({"linux/ppc64le"}), "1.27.5": frozenset({"linux/amd64"})}

    def image(self, ref: str) -> ImagePin | None:
        return (
            ImagePin(DIGEST, "2026-11-23", ("registry",)) if ref == "debian:trixie-slim" else None
        )

    def action(self, name: str, tag: str = "") -> ActionPin | None:
        tag = tag or "v8.0.0"
        return ActionPin(tag, "0" * 40, ("git",)) if name == "actions/checkout" else None


def test_a_source_counts_before_what_was_shipped() -> None:
    both = known([Elsewhere()])
    image = both.image("debian:trixie-slim")
    assert image
    assert newer(both.catalogue.pins.images["debian:trixie-slim"], image)
    assert image.digest == DIGEST
    assert both.image("alpine:3.24.1") == both.catalogue.pins.images["alpine:3.24.1"]
    assert [pin and pin.tag for pin in (both.action("actions/checkout"), both.action("a/b"))] == [
        "v8.0.0",
        None,
    ]
    assert {"linux/ppc64le", "linux/amd64"} < both.releases["1.27.2"]
    amd64 = frozenset({"linux/amd64"})
    assert newest("1.27.1", amd64, both) == "1.27.5"
    assert newest("1.27.1", amd64 | {"linux/ppc64le"}, both) == "1.27.2"
    assert newest("1.27.1", amd64, known()) == "1.27.2"


def test_a_subject_is_short_and_ends_at_a_word() -> None:
    long = Bumped("Bump Go " + ", ".join(f"1.2{n}.1 to 1.2{n}.2" for n in range(9)))
    assert len(subject(long)) <= SUBJECT
    assert subject(long).endswith(", 1.23.1…")
    moved = Moved("image", "a:1@sha256:0", "", ())
    assert message(long._replace(moved=(moved,))).endswith("\n\nPins:\n- image a:1@sha256:0 goes\n")
