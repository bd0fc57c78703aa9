"""Laws of comparing and writing, for any two renders and any junk in between."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.disk.places import unusable
from generator.model import Artifact, Desired
from generator.problems import Exit, Rejected
from tests.disk import PLACES, changes, put, render, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

# Few names, so that files, folders and places of two renders meet often.
_PARTS = st.sampled_from(["a", "b", "A", ".x"])
_PATHS = st.lists(_PARTS, min_size=1, max_size=3).map("/".join)
_CONTENT = st.sampled_from([b"", b"1\n", b"2\n", b"\r\n", b"\xff\0"])
_PLACE = st.one_of(st.just(""), _PATHS.map("d/".__add__))
_ARTIFACT = st.builds(
    Artifact,
    path=_PATHS,
    content=_CONTENT,
    target=st.just("t"),
    template=st.just("t.j2"),
    executable=st.booleans(),
    place=_PLACE,
)
_DESIRED = (
    st.lists(_ARTIFACT, max_size=5)
    .map(lambda found: Desired("p", "p", tuple(sorted(found, key=lambda a: a.path))))
    .filter(lambda desired: not unusable(desired, PLACES))
)
_JUNK = st.lists(
    st.tuples(
        st.sampled_from(["out/p", "d", "out/q", "."]),
        st.one_of(_PATHS, st.sampled_from(["SHA256SUMS", "SHA256SUMS.pending", "SHA256SUMS/x"])),
        st.sampled_from(["file", "folder", "link", "remove"]),
    ),
    max_size=4,
)


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk() -> Iterator[None]:
    """No law here is about a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@contextmanager
def _workspace() -> Iterator[Path]:
    root = Path(tempfile.mkdtemp(prefix="gogen-laws-"))
    try:
        yield root
    finally:
        shutil.rmtree(root)


def _spoil(root: Path, base: str, path: str, how: str) -> None:
    """Do what a careless user or a hostile commit might; a step that cannot be done is left out."""
    target = root / base / path
    try:
        if how == "remove":
            shutil.rmtree(target) if target.is_dir() else target.unlink()
        elif how == "file":
            put(root, f"{base}/{path}", "junk\n")
        elif how == "folder":
            target.mkdir(parents=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(root / "b")
    except OSError:
        pass


@given(_DESIRED, _DESIRED)
def test_after_a_write_nothing_differs_and_a_second_writes_nothing(
    first: Desired, second: Desired
) -> None:
    with _workspace() as root:
        for desired in (first, second):
            render(root, desired)
            assert changes(root, desired) == ()
            before = tree(root)
            again = render(root, desired)
            assert (again.changed, again.removed) == ((), ())
            assert tree(root) == before


@given(_DESIRED, _DESIRED)
def test_the_way_there_does_not_matter(first: Desired, second: Desired) -> None:
    with _workspace() as direct, _workspace() as detour:
        render(direct, second)
        render(detour, first)
        render(detour, second)
        assert tree(direct) == tree(detour)


@given(_DESIRED, _DESIRED, _JUNK, st.booleans())
@settings(max_examples=300)
def test_any_junk_ends_with_the_render_or_a_refusal_that_changed_nothing(
    first: Desired,
    second: Desired,
    junk: list[tuple[str, str, str]],
    force: bool,  # noqa: FBT001 - hypothesis passes by position
) -> None:
    with _workspace() as root:
        render(root, first)
        for base, path, how in junk:
            _spoil(root, base, path, how)
        before = tree(root)
        mine = {path: found for path, found in before.items() if found == (b"junk\n", False)}
        try:
            render(root, second, force=force)
        except Rejected as rejected:
            assert {p.exit for p in rejected.problems} <= {Exit.DRIFT, Exit.INPUT, Exit.DISK}  # noqa: PT017 - either may be
            assert tree(root) == before
            return
        assert {change.kind for change in changes(root, second)} <= {"extra"}
        if not force:
            after = tree(root)
            lost = {path for path in mine if path not in after and "SHA256SUMS" not in path}
            assert not lost


@given(_DESIRED, _JUNK)
@settings(max_examples=200)
def test_looking_changes_nothing(desired: Desired, junk: list[tuple[str, str, str]]) -> None:
    with _workspace() as root:
        render(root, desired)
        for base, path, how in junk:
            _spoil(root, base, path, how)
        before = tree(root)
        try:
            found = changes(root, desired)
        except Rejected:
            found = ()
        assert tree(root) == before
        assert list(found) == sorted(found, key=lambda change: (change.path, change.kind))
