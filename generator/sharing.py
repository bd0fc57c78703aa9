"""Files that profiles share: one profile writes them, and they come out the same for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Artifact, Desired

_HINT = "take out of it what the profile decides, or leave `shared` out of the manifest"


def without_shared(own: Desired, top: Desired, target: str) -> Desired:
    """Give `own` without the shared files of a target, which the profile of `top` writes.

    Raises Rejected (GG276) with every file that is not the same for both.
    """
    theirs = {f.path: f for f in top.artifacts if f.shared and f.target == target}
    mine = [f for f in own.artifacts if f.shared and f.target == target]
    problems = [
        _differs(own, top, file, theirs.get(file.path))
        for file in mine
        if file.path not in theirs or not _same(file, theirs[file.path])
    ]
    if problems:
        raise Rejected(problems)
    return own._replace(artifacts=tuple(f for f in own.artifacts if f not in mine))


def _same(one: Artifact, other: Artifact) -> bool:
    return (one.content, one.executable) == (other.content, other.executable)


def _differs(own: Desired, top: Desired, mine: Artifact, theirs: Artifact | None) -> Problem:
    line = next(_lines_apart(mine, theirs), 0) if theirs else 0
    how = "comes out otherwise for" if theirs else "is not written by"
    asked = ((f"of {top.profile}", Place(f"out/{top.slug}/{mine.path}", line)),) if theirs else ()
    return Problem(
        "GG276",
        f"shared files may not depend on the profile: {mine.path} of {own.profile}"
        f" {how} {top.profile}",
        Place(f"out/{own.slug}/{mine.path}", line),
        hint=_HINT,
        related=(*asked, *((("asked for here", mine.at),) if mine.at else ())),
    )


def _lines_apart(one: Artifact, other: Artifact) -> Iterator[int]:
    """Give the numbers of lines that differ, from 1."""
    mine, theirs = one.content.splitlines(), other.content.splitlines()
    for number in range(max(len(mine), len(theirs))):
        if mine[number : number + 1] != theirs[number : number + 1]:
            yield number + 1
