"""What a run over profiles does with those that are wrong, gone or not asked for."""

from __future__ import annotations

import fcntl
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.command import TEMPLATES, layer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

PLACES = {"gogen.toml": 'places = ["placed/*"]\n'}
A, B = "profiles/a/profile.yaml", "profiles/b/profile.yaml"
GOROOT = layer("a").replace("go: {", "go: {env: {GOROOT: /usr/local/go}, ")


def test_a_profile_that_breaks_a_rule_is_not_written_and_keeps_none_from_it(
    project: Make,
) -> None:
    one = project({**PLACES, **TEMPLATES, A: GOROOT, B: layer("b")})
    outcome = one.run("render")
    assert outcome.code == 2
    assert "error[GG005] profiles/a/profile.yaml" in outcome.err
    assert {path.split("/")[1] for path in outcome.tree if path.startswith("out/")} == {"b"}


def test_two_profiles_at_one_place_are_both_not_written(project: Make) -> None:
    placed = {A: layer("a", placed="placed/x"), B: layer("b", placed="placed/x")}
    one = project({**PLACES, **TEMPLATES, **placed, "profiles/c/profile.yaml": layer("c")})
    outcome = one.run("render")
    assert outcome.code == 2
    assert "placed/x is placed by profile a and by profile b" in outcome.err
    assert "placed/x" not in outcome.tree
    assert {path.split("/")[1] for path in outcome.tree if path.startswith("out/")} == {"c"}


def test_a_run_over_named_profiles_leaves_the_others_be(project: Make) -> None:
    one = project({**PLACES, **TEMPLATES, A: layer("a"), B: layer("b")})
    assert one.run("render").code == 0
    shutil.rmtree(one.root / "profiles/b")
    one.write({A: layer("a2")})
    assert one.run("render", "a").code == 0
    assert "out/b/SHA256SUMS" in one.tree()
    assert one.run("check", "a").code == 0
    assert one.run("check").code == 1


def test_checks_run_beside_each_other(project: Make) -> None:
    one = project({**PLACES, **TEMPLATES, A: layer("a")})
    assert one.run("render").code == 0
    held = os.open(one.root, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert one.run("check").code == 0
    finally:
        os.close(held)


def test_an_adoption_tells_what_keeps_a_profile_from_being_read(project: Make) -> None:
    one = project({**PLACES, **TEMPLATES, A: layer("<{ nothing.here }>"), B: layer("b")})
    one.write({"out/b/notes/n0.txt": "mine\n"})
    outcome = one.run("adopt", "out/b/notes/n0.txt")
    assert outcome.code == 2
    assert "error[GG141]" in outcome.err


def test_a_name_given_twice_is_rendered_once(project: Make) -> None:
    one = project({**PLACES, **TEMPLATES, A: layer("a")})
    outcome = one.run("render", "a", "--profile", "a", "a")
    assert outcome.out.count("written, ") == 1


def test_every_name_that_is_no_profile_is_told(project: Make) -> None:
    one = project({**PLACES, **TEMPLATES, A: layer("a"), B: layer("b")})
    outcome = one.run("render", "nope", "a", "bb")
    assert outcome.code == 2
    assert outcome.err.count("error[GG123]") == 2
    assert "there is no profile nope" in outcome.err
    assert not [path for path in outcome.tree if path.startswith("out/")]


@pytest.mark.parametrize("order", ["[first, second]", "[second, first]"])
def test_an_overlay_builds_on_the_last_parent_that_has_the_target(
    project: Make, order: str
) -> None:
    objects = {
        "templates/objects/target.yaml": (
            "description: objects\nderive: kustomize\nfiles:\n"
            "  - {template: map.yaml.j2, path: objects/map.yaml, dialect: kubernetes}\n"
        ),
        "templates/objects/map.yaml.j2": (
            "# <{ header }>\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"
            "data: {from: <{ profile.name }>}\n"
        ),
    }
    shared = layer("x").replace("[notes]", "[objects]")
    one = project(
        {
            **PLACES,
            **TEMPLATES,
            **objects,
            "profiles/first/profile.yaml": shared,
            "profiles/second/profile.yaml": shared,
            "profiles/a-child/profile.yaml": f"extends: {order}\ntargets: [objects]\n",
        }
    )
    outcome = one.run("render", "a-child")
    assert (outcome.code, outcome.err) == (0, "")
    last = order.strip("[]").split(", ")[1]
    base = outcome.tree["out/a-child/objects/kustomization.yaml"].decode()
    assert f"- ../../{last}/objects" in base
    assert f"out/{last}/objects/map.yaml" in outcome.tree


def test_a_lock_that_is_right_is_not_written_again(project: Make) -> None:
    one = project({**PLACES, **TEMPLATES, A: layer("a")})
    assert one.run("lock").out.startswith("wrote")
    before = (one.root / "gogen.lock").stat()
    again = one.run("lock")
    after = (one.root / "gogen.lock").stat()
    assert again.out.startswith("unchanged")
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_profile_that_cannot_be_read_leaves_the_lock_as_it_is(project: Make) -> None:
    """Else the pins that only it asks for would be dropped."""
    one = project({**PLACES, **TEMPLATES, A: layer("a"), B: layer("<{ nothing.here }>")})
    before = one.tree()["gogen.lock"]
    outcome = one.run("lock")
    assert outcome.code == 2
    assert "error[GG141]" in outcome.err
    assert outcome.tree["gogen.lock"] == before
