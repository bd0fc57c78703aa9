"""The real command in a process of its own, and a workspace of many small files for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "from generator.__main__ import start; start()"
BASE = """\
toolchains: {current: "1.27.1"}
go: {platforms: [linux/amd64]}
"""
TARGET = """\
description: "many small files"
files:
  - {template: note.txt.j2, path: "notes/<{ item.name }>.txt", for-each: notes.list, when: notes}
  - {template: tool.sh.j2, path: notes/tool, mode: "0755", dialect: sh}
  - {template: note.txt.j2, path: "placed/<{ item.name }>.txt", for-each: notes.placed,
     place: "<{ item.at }>"}
"""
TEMPLATES = {
    "templates/notes/target.yaml": TARGET,
    "templates/notes/note.txt.j2": "<{ header }>\n<{ item.name }>: <{ notes.text }>\n",
    "templates/notes/tool.sh.j2": "#!/bin/sh\n# <{ header }>\necho <{ notes.text }>\n",
    "templates/notes/section.schema.json": '{"description": "Notes.", "type": "object"}\n',
}


def layer(text: str, files: int = 2, *, placed: str = "") -> str:
    """Give a profile whose notes say `text`; `placed` is where one more stands besides."""
    names = ", ".join(f"{{name: n{number}}}" for number in range(files))
    at = f"{{name: placed, at: {placed}}}" if placed else ""
    return (
        f'{BASE}targets: [notes]\nnotes:\n  text: "{text}"\n  list: [{names}]\n  placed: [{at}]\n'
    )


def start(root: Path, *argv: str, code: str = MAIN, session: bool = False) -> subprocess.Popen[str]:
    """Start the command on a workspace; with `session` it leads a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code, "--workspace", root, *argv],
        env={"PATH": os.defpath, "HOME": str(root.parent), "PYTHONPATH": str(ROOT)},
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=session,
    )


def finish(process: subprocess.Popen[str], timeout: float = 300) -> tuple[int, str, str]:
    """Wait for the command; give its code and what it printed."""
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def gogen(root: Path, *argv: str, code: str = MAIN) -> tuple[int, str, str]:
    """Run the command on a workspace."""
    return finish(start(root, *argv, code=code))


def sources(root: Path, to: Path) -> Path:
    """Copy a workspace without anything rendered."""
    to.mkdir()
    for name in ("gogen.toml", "gogen.lock"):
        shutil.copyfile(root / name, to / name)
    for name in ("profiles", "templates"):
        shutil.copytree(root / name, to / name)
    return to
