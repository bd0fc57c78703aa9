"""Every problem a user can meet, one file each: what lies on disk, what is run, what is then read.

A case is a list of steps, each under a line `-- … --`, after a line or more that say what it shows:

    -- profiles/base/go.yaml --            write this file (folders are made)
    -- out/base/x (escaped) --             the same with \\xff, \\t, \\ufeff and the like meant
    -- out/base/x (3 times) --             the text as often as said
    -- out/base/x (link) --                a link to what the one line names
    -- out/base/x (folder) --              an empty folder
    -- out/base/x (gone) --                remove it
    -- out/base/x (mode 755) --            change its mode
    -- out/base/x (was "a") --             replace "a", which stands there, by the text
    -- $ gogen render (exit 2) --          run it, expect this exit code and exactly this text

A workspace starts with an empty gogen.toml and this repository's gogen.lock. After a look
at every line of the difference, `pytest tests/errors --snapshot-update` takes what is printed now.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Project

HERE = Path(__file__).parent
_HEAD = re.compile(r"^-- (?P<what>.+?)(?: \((?P<how>[^()]*)\))? --\n", re.MULTILINE)


def _steps(text: str) -> list[tuple[str, str, str]]:
    """Give (what, how, body) of every step."""
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [
        (head["what"], head["how"] or "", text[head.end() : end])
        for head, end in zip(heads, ends, strict=True)
    ]


def _put(path: Path, how: str, body: str) -> None:
    """Do a step that changes the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match how.split():
        case ["link"]:
            path.symlink_to(body.strip())
        case ["folder"]:
            path.mkdir()
        case ["gone"]:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        case ["mode", mode]:
            path.chmod(int(mode, 8))
        case ["was", *words]:
            old, text = shlex.split(" ".join(words))[0], path.read_text(encoding="utf-8")
            assert old in text, f"{old!r} does not stand in {path}"
            path.write_text(text.replace(old, body.removesuffix("\n")), encoding="utf-8")
        case [number, "times"]:
            path.write_text(body * int(number), encoding="utf-8")
        case ["escaped"]:
            plain = body.removesuffix("\n").encode().decode("unicode_escape")
            path.write_bytes(b"".join(_bytes(char) for char in plain))
        case _:
            path.write_bytes(body.encode())


def _bytes(char: str) -> bytes:
    r"""Give `\xff` as that byte, every other character in UTF-8."""
    return bytes([ord(char)]) if ord(char) < 256 else char.encode()


@pytest.mark.parametrize("case", [pytest.param(p, id=p.stem) for p in sorted(HERE.glob("*.case"))])
def test_says(
    case: Path, project: Callable[[dict[str, str | bytes]], Project], request: Any
) -> None:
    workspace = project({})
    text = case.read_text(encoding="utf-8")
    steps = _steps(text)
    seen = [text[: text.index("\n-- ") + 1]]
    for what, how, body in steps:
        said, done = body, how
        if what.startswith("$ "):
            outcome = workspace.run(*shlex.split(what)[2:])
            said, done = outcome.text.replace(str(workspace.root), "<root>"), f"exit {outcome.code}"
        else:
            _put(workspace.root / what, how, body)
        seen.append(f"-- {what}{f' ({done})' if done else ''} --\n{said}")
    if request.config.getoption("--snapshot-update"):
        case.write_text("".join(seen), encoding="utf-8")
    assert "".join(seen) == text
    assert any(what.startswith("$ ") for what, _, _ in steps), "a case that runs nothing"
