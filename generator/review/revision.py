"""A workspace as it was at a git revision, copied into a temporary folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from generator.disk.sums import OUT
from generator.problems import Place, Problem, Rejected
from generator.workspace import CONFIG, LOCK, LOCK_FOLDER, PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTS = frozenset((CONFIG, LOCK, LOCK_FOLDER, PROFILES, "templates", "schemas", OUT))

_HINT = "give a commit, branch or tag of the workspace's repository"


@contextmanager
def workspace_at(root: Path, revision: str, git: Path) -> Iterator[Path]:
    """Give a folder with the workspace of `root` as `revision` has it; it is gone afterwards.

    Only what gogen reads is copied. Raises Rejected (GG180) where git knows no such revision, or
    the folder is in no repository.
    """
    prefix = _git(git, root, "rev-parse", "--show-prefix").decode().strip()
    tree = f"{_commit(git, root, revision)}:{prefix}"
    names = _git(git, root, "ls-tree", "-z", "--name-only", tree).decode().split("\0")
    archive = _git(git, root, "archive", "--format=tar", tree, *sorted(_PARTS & {*names}))
    with tempfile.TemporaryDirectory(prefix="gogen-base-") as made:
        _unpack(archive, Path(made))
        yield Path(made)


def _commit(git: Path, root: Path, revision: str) -> str:
    # Ends option parsing: a revision that begins with - is a revision.
    argv = ("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    try:
        return _git(git, root, *argv).decode().strip()
    except Rejected:
        message = f"--base: git knows no revision {revision!r}"
        raise Rejected([Problem("GG180", message, hint=_HINT)]) from None


def _git(git: Path, root: Path, *argv: str) -> bytes:
    # --no-optional-locks: a look at a repository writes nothing into it.
    command = [str(git), "-C", str(root), "--no-optional-locks", *argv]
    run = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  (git, no shell)
    if run.returncode:
        said = run.stderr.decode(errors="replace").strip().splitlines()
        message = f"git {argv[0]}: {said[-1] if said else 'it said nothing'}"
        raise Rejected([Problem("GG180", message, Place(CONFIG), hint=_HINT)])
    return run.stdout


def _unpack(archive: bytes, folder: Path) -> None:
    """Write the regular files of an archive; links and the rest are nothing gogen reads."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())
