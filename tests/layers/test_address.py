"""Addresses of layers: one form, and all that is not it is refused with its own words."""

from __future__ import annotations

import pytest

from generator.layers.address import Address, extended, parse
from generator.layers.chain import is_address
from generator.problems import Place, Rejected

HERE = Place("profiles/mine/profile.yaml", 1, 10)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (
            "git+https://git.example/platform//profiles/base?ref=v1.2.0",
            ("https://git.example/platform", "profiles", "base", "v1.2.0"),
        ),
        (
            "git+ssh://git@git.example:2222/a/b.git//go/profiles/team/api",
            ("ssh://git@git.example:2222/a/b.git", "go/profiles", "team/api", ""),
        ),
        (
            "git+file:///srv/platform//profiles/base?ref=refs/heads/release/1",
            ("file:///srv/platform", "profiles", "base", "refs/heads/release/1"),
        ),
        (
            "git+http://127.0.0.1:8080/x//profiles/profiles/base",
            ("http://127.0.0.1:8080/x", "profiles/profiles", "base", ""),
        ),
    ],
)
def test_an_address_is_taken_apart_and_written_again(
    url: str, parts: tuple[str, str, str, str]
) -> None:
    found = parse(url, HERE)
    assert found == Address(url, *parts)
    assert found.sibling(found.name) == url == found.at(found.ref)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://git.example/x//profiles/b", "does not begin with git+"),
        ("git@git.example:platform", "does not begin with git+"),
        ("git+ext://sh -c id//profiles/b", "git+ext is none of"),
        ("git+htps://git.example/x//profiles/b", "git+htps is none of"),
        ("git+http://git.example/x//profiles/b", "not encrypted"),
        ("git+git://127.evil.example/x//profiles/b", "not encrypted"),
        ("git+https://user@git.example/x//profiles/b", "a user or a password"),
        ("git+https://git.example/x/profiles/b", "no // parts"),
        ("git+https:///x//profiles/b", "no right host"),
        ("git+file://host/x//profiles/b", "no right host"),
        ("git+ssh://-oProxyCommand=id/x//profiles/b", "no right host"),
        ("git+https://git.example/-x//profiles/b", "no path of a repository"),
        ("git+https://git.example/a/../x//profiles/b", "no path of a repository"),
        ("git+https://git.example/x//base", "no folder of a layer"),
        ("git+https://git.example/x//profiles", "no folder of a layer"),
        ("git+https://git.example/x//profiles/../b", "no folder of a layer"),
        ("git+https://git.example/x//profiles/Base", "no folder of a layer"),
        ("git+https://git.example/x//profiles/b?branch=main", "is not ?ref="),
        ("git+https://git.example/x//profiles/b?ref=v1&ref=v2", "is not ?ref="),
        ("git+https://git.example/x//profiles/b?ref=", "no name of a ref"),
        ("git+https://git.example/x//profiles/b?ref=--upload-pack=id", "no name of a ref"),
        ("git+https://git.example/x//profiles/b?ref=a..b", "no name of a ref"),
        ("git+https://git.example/x//profiles/b?ref=a@{1}", "no name of a ref"),
        ("git+https://git.example/x//profiles/b?ref=v1#main", "no name of a ref"),
    ],
)
def test_what_is_no_address_is_told_why(url: str, why: str) -> None:
    assert is_address(url)
    with pytest.raises(Rejected) as caught:
        parse(url, HERE)
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == ("GG575", HERE)
    assert why in problem.message


@pytest.mark.parametrize(
    "url",
    [
        "git+https://me:hunter2@git.example/x//profiles/b",
        "git+https://me:hunter2/x@git.example/x//profiles/b",
        "git+ssh://git:hunter2@git.example/x//profiles/b",
        "https://me:hunter2@git.example/x",
    ],
)
def test_a_password_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse(url, HERE)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in caught.value.problems[0].hint


def test_a_plain_name_in_a_layer_of_another_repository_means_the_one_beside_it() -> None:
    child = "git+https://git.example/x//go/profiles/team/api?ref=v1"
    assert extended("base", child, HERE) == "git+https://git.example/x//go/profiles/base?ref=v1"
    assert extended("git+https://other/x//profiles/b", child, HERE).startswith("git+https://other")
    with pytest.raises(Rejected, match="GG575"):
        extended("../../secret", child, HERE)
