"""Which dialect a template has: its manifest says, or its name, and nothing is guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

PROFILE = """\
targets: [proxy]
toolchains: {current: "1.27.1"}
go: {platforms: [linux/amd64]}
description: "a; include /etc/passwd"
"""
MANIFEST = "description: a proxy\nfiles:\n  - {template: nginx.conf.j2, path: proxy/nginx.conf%s}\n"


@pytest.fixture
def proxy(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> Callable[[str, str], Project]:
    def make(more: str, template: str = "server_name <{ description }>;\n") -> Project:
        return project(
            {
                "profiles/base/profile.yaml": PROFILE,
                "templates/proxy/target.yaml": MANIFEST % more,
                "templates/proxy/nginx.conf.j2": template,
                "templates/proxy/part.conf.j2": "server_name <{ description }>;\n",
            }
        )

    return make


def test_values_in_an_unknown_language_are_not_taken_for_text(
    proxy: Callable[..., Project],
) -> None:
    outcome = proxy("").run("render")
    assert outcome.code == 2
    assert "error[GG248] templates/proxy/target.yaml:3:5\n" in outcome.err
    assert "the name nginx.conf.j2 tells no language that gogen knows" in outcome.err


def test_a_part_in_an_unknown_language_is_none_either(proxy: Callable[..., Project]) -> None:
    outcome = proxy(", dialect: yaml", 'a: <{ embed("part.conf.j2") }>\n').run("render")
    assert outcome.code == 2
    assert "error[GG248] templates/proxy/nginx.conf.j2:1" in outcome.err
    assert "the name part.conf.j2 tells no language" in outcome.err


@pytest.mark.parametrize(
    ("more", "template"),
    [
        (", dialect: text", "server_name <{ description }>;\n"),
        (", dialect: yaml", 'a: <{ embed("part.conf.j2", "text") }>\n'),
    ],
)
def test_who_says_text_gets_text(proxy: Callable[..., Project], more: str, template: str) -> None:
    outcome = proxy(more, template).run("render")
    assert outcome.code == 0, outcome.text
    assert b"server_name a; include" in outcome.tree["out/base/proxy/nginx.conf"]
