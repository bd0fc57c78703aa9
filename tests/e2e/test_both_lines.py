"""What cannot be written is shown at the profile's line, and at the line that would write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

MANIFEST = """\
description: an image
files:
  - template: Dockerfile.j2
    path: image<{ image.home }>.Dockerfile
    install: <{ go.goenv }>
"""
TEMPLATE = """\
FROM scratch
ADD <{ toolchain.platforms[0].url }> /
"""


@pytest.mark.parametrize(
    ("value", "code", "line", "related"),
    [
        # The archive's address is worked out from the mirror; it is no key of the profile.
        (
            'network: {go_archives: ["https://x/a,b"]}',
            "GG220",
            "6:24",
            "written by this template line: templates/image/Dockerfile.j2:2",
        ),
        (
            'go: {goenv: "/etc/a\\nb"}',
            "GG241",
            "6:13",
            "written by this entry: templates/image/target.yaml:3:5",
        ),
        (
            "image: {home: /home/../..}",
            "GG241",
            "6:15",
            "written by this entry: templates/image/target.yaml:3:5",
        ),
    ],
)
def test_a_value_that_came_by_a_detour_is_shown_where_it_is_set(
    project: Callable[[Mapping[str, str | bytes]], Project],
    value: str,
    code: str,
    line: str,
    related: str,
) -> None:
    profile = f"extends: [base]\ntargets: [image]\n\n\n\n{value}\n"
    base = (
        'toolchains: {current: "1.27.1"}\n'
        "go: {platforms: [linux/amd64], goenv: /etc/go.env}\n"
        "image: {home: /x}\n"
        'network: {go_archives: ["https://x"]}\n'
    )
    outcome = project(
        {
            "profiles/base/profile.yaml": base,
            "profiles/child/profile.yaml": profile,
            "templates/image/target.yaml": MANIFEST,
            "templates/image/Dockerfile.j2": TEMPLATE,
        }
    ).run("render")
    assert outcome.code == 2
    assert f"error[{code}] profiles/child/profile.yaml:{line}\n" in outcome.err
    assert f"= {related}\n" in outcome.err
