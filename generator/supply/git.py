"""Ask an action's repository which commit a tag is (git, by the program of that name).

A workflow runs a commit; the tag beside it is for people. So a tag that a branch shares its name
with is refused, and so is one that was another commit when it was locked: a tag of a release moves
for nobody honest. Moving tags (v7, v7.0) are read as "the newest of these".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.lock.model import ActionPin
from generator.lock.shape import version_key
from generator.problems import Problem, Rejected
from generator.supply.base import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.supply.gitprogram import Git

PROOF = "git"
"""Proof: the tag was read in the action's repository, peeled to this commit."""

GITHUB = "https://github.com"

_NUMBER = r"(0|[1-9][0-9]*)"
_RELEASE = re.compile(rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}")  # no pre-release, no build (semver.org)
_LINE = re.compile(rf"v{_NUMBER}(?:\.{_NUMBER})?")
_PART = re.compile(r"(?![.-])[A-Za-z0-9_.-]+")


class Repositories(Source):
    """The repositories of actions, below one address: GitHub's, or a mirror's."""

    name = "git"

    def __init__(self, git: Git, base: str = GITHUB) -> None:
        """Ask with the program `git` below the address `base`."""
        self._git = git
        self._base = base.rstrip("/")

    def action(self, name: str, tag: str = "") -> ActionPin | None:
        """Give the commit of a tag; of the newest release, or of the newest of a line ("v7").

        None where the repository has no such tag. Raises Rejected (GG565 to GG573).
        """
        url, refs = self._refs(name)
        if not tag or _LINE.fullmatch(tag):
            tag = _newest(url, refs, tag)
        return ActionPin(tag, _commit(url, refs, tag), (PROOF,)) if _has(refs, tag) else None

    def confirm_action(self, name: str, pin: ActionPin) -> ActionPin:
        """Give a pin of the lock with this proof. Raises Rejected (GG565 to GG573)."""
        url, refs = self._refs(name)
        commit = _commit(url, refs, pin.tag) if _has(refs, pin.tag) else ""
        if commit != pin.commit:
            raise Rejected([_moved(url, pin, commit)])
        return pin._replace(proofs=tuple(sorted({*pin.proofs, PROOF})))

    def action_tags(self, name: str) -> tuple[str, ...]:
        """Give the tags of an action's releases, the oldest first. Raises Rejected."""
        _url, refs = self._refs(name)
        return tuple(_releases(refs))

    def _refs(self, name: str) -> tuple[str, Mapping[str, str]]:
        """Give the address of an action's repository, and its branches and tags."""
        if name.count("/") != 1 or not all(map(_PART.fullmatch, name.split("/"))):
            hint = "an action is named as in a workflow, without its tag: actions/checkout"
            raise Rejected([Problem("GG573", f"{name!r} names no repository", hint=hint)])
        url = f"{self._base}/{name}"
        return url, self._git.ls_remote(url)


def _has(refs: Mapping[str, str], name: str) -> bool:
    """Tell whether a tag or a branch has a name."""
    return f"refs/tags/{name}" in refs or f"refs/heads/{name}" in refs


def _commit(url: str, refs: Mapping[str, str], tag: str) -> str:
    """Give the commit of a tag. Raises Rejected (GG570) where a branch has its name."""
    branch, own = (refs.get(f"refs/{kind}/{tag}", "") for kind in ("heads", "tags"))
    if branch:
        beside = f"beside the tag, which is {own[:12]}" if own else "and there is no such tag"
        problem = Problem(
            "GG570",
            f"{url}: {tag} is a branch at {branch[:12]}, {beside}",
            expected="a tag that no branch can be taken for",
            hint="a branch goes on: name the tag of a release; gogen outdated lists them",
        )
        raise Rejected([problem])
    return refs.get(f"refs/tags/{tag}^{{}}", own)


def _releases(refs: Mapping[str, str]) -> list[str]:
    """Give the tags that are whole versions without a pre-release, the oldest first."""
    names = (ref.removeprefix("refs/tags/") for ref in refs if ref.startswith("refs/tags/"))
    return sorted(filter(_RELEASE.fullmatch, names), key=_numbers)


def _numbers(tag: str) -> tuple[int, ...]:
    return version_key(tag[1:])


def _newest(url: str, refs: Mapping[str, str], line: str) -> str:
    """Give the tag of the newest release, of a line ("v7") where one is named."""
    tags = _releases(refs)
    found = [tag for tag in tags if not line or tag.startswith(f"{line}.")]
    if not found:
        problem = Problem(
            "GG572",
            f"{url}: no tag is a release{line and f' of {line}'}",
            expected="a tag with three numbers, v1.2.3",
            hint=f"its newest is {tags[-1]}" if tags else "take another action, or ask for tags",
        )
        raise Rejected([problem])
    return found[-1]


def _moved(url: str, pin: ActionPin, commit: str) -> Problem:
    now = f"is commit {commit} now" if commit else "is there no more"
    return Problem(
        "GG571",
        f"{url}: tag {pin.tag} {now}, and was {pin.commit} when it was locked",
        expected="a tag that stays what it was",
        hint="look at both commits: somebody changed a release that was out, in error or to do "
        "harm; to take the new one, take this pin out of gogen.lock and lock again",
    )
