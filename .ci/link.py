"""Make this checkout's `gogen` the command of the virtual environment that runs this file.

What `pip install --editable` would do, without a build backend to lock, in a millisecond: one line
of import path and one launcher, in the form pip's own have (a path may hold spaces).
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

LAUNCHER = """\
#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
from generator.__main__ import start

if __name__ == "__main__":
    start()
"""


def link(root: Path) -> None:
    """Write the path file and the launcher into the running environment."""
    path_file = Path(sysconfig.get_path("purelib")) / "gogen.pth"
    path_file.write_text(f"{root}\n", encoding="utf-8")
    launcher = Path(sysconfig.get_path("scripts")) / "gogen"
    launcher.write_text(LAUNCHER.format(python=sys.executable), encoding="utf-8")
    launcher.chmod(0o755)


if __name__ == "__main__":
    link(Path(__file__).resolve().parent.parent)
