"""What tests of reading and writing share: a profile of a few paths, a tree as a value."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from generator.disk.actual import observe
from generator.model import Artifact, Desired, slug
from generator.stages.plan import plan
from generator.stages.write import Written, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model import Change

PLACES = (".github/workflows/*.yml", "services/*/.go-version", "d/**")

Spec = str | bytes | tuple[bytes, bool, str]


def profile(files: Mapping[str, Spec], name: str = "p") -> Desired:
    """Give a profile that renders `path: content`, or `path: (content, executable, place)`."""
    artifacts = []
    for path, spec in sorted(files.items()):
        content, executable, place = spec if isinstance(spec, tuple) else (spec, False, "")
        data = content.encode() if isinstance(content, str) else content
        artifacts.append(Artifact(path, data, "t", "t/f.j2", executable, place=place))
    return Desired(name, slug(name), tuple(artifacts))


def changes(root: Path, desired: Desired) -> tuple[Change, ...]:
    """Give what differs, as `check` sees it."""
    return plan(desired, observe(root, desired, PLACES))


def kinds(root: Path, desired: Desired) -> list[tuple[str, str]]:
    """Give what differs as (kind, path)."""
    return [(str(change.kind), change.path) for change in changes(root, desired)]


def render(root: Path, desired: Desired, *, force: bool = False) -> Written:
    """Do what `render` does with a profile."""
    actual = observe(root, desired, PLACES)
    return write(root, desired, actual, plan(desired, actual), force=force)


def tree(root: Path) -> dict[str, str | tuple[bytes, bool]]:
    """Give every file below a root with its content and executable bit, links with their target."""
    found: dict[str, str | tuple[bytes, bool]] = {}
    for folder, folders, names in os.walk(root):
        for name in (*names, *(n for n in folders if (Path(folder) / n).is_symlink())):
            path = Path(folder) / name
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                found[str(path.relative_to(root))] = str(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                executable = bool(status.st_mode & stat.S_IXUSR)
                found[str(path.relative_to(root))] = (path.read_bytes(), executable)
    return found


def put(root: Path, path: str, content: str | bytes = "mine\n") -> Path:
    """Write a file as a user would."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    return target


@contextmanager
def ordinary_user(folder: Path) -> Iterator[None]:
    """Be a user whom modes bind (root may read and write everything), and own the folder.

    It is `open_path` of conftest.py, or below it: only there may everyone pass.
    """
    if os.geteuid():
        yield
        return
    os.chown(folder, 65534, -1)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def stamp(path: Path) -> tuple[int, ...]:
    """Give what changes when a file is written, renamed or given another mode; never by reading."""
    status = path.stat()
    return (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
