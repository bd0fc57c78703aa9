"""The files that `gogen verify` writes: the suite in a temporary folder, reports where asked."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Desired

TARGET = "testinfra"
"""The target that renders the suite."""


@contextmanager
def laid_out(desired: Desired) -> Iterator[Path]:
    """Give the folder of the suite, with the profile's files beside it; it is gone afterwards.

    The suite is as the profile renders now, whatever stands in out/, and nothing is left there.
    """
    with tempfile.TemporaryDirectory(prefix="gogen-verify-") as folder:
        root = Path(folder)
        for artifact in desired.artifacts:
            path = root / artifact.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(artifact.content)
        suite = root / TARGET
        # Without it pytest would take the settings of whatever folder lies above.
        (suite / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        yield suite


def replace(path: Path, text: str) -> None:
    """Write a file so that whoever reads it sees the old or the new, whole.

    The other name starts with a dot and ends otherwise: a collector of *.prom passes it by.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        beside.chmod(0o644)  # a collector runs as another user
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
