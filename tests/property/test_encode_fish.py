"""Every value a fish script takes is data to fish: read back the same, never run."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from hypothesis import example, given, settings

from generator.dialects import get
from generator.model import HomePath
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import WHOLE, batches, writable
from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FISH = get("fish")
PLACES = (
    ("show ", "\n"),
    ('show "', '"\n'),
    ("show '", "'\n"),
    ("set v ", '; show "$v"\n'),
    ("begin; show ", "; end\n"),
    ("A=", " show_a\n"),
)
HEAD = "function show; printf '%s\\0' $argv[1]; end\nfunction show_a; printf '%s\\0' \"$A\"; end\n"


def write(value: str) -> str:
    return fill(FISH, ["set x ", Put(value), "\n"])


def run(script: Path) -> bytes:
    done = subprocess.run(
        [require("fish"), "--no-config", str(script)],
        cwd=script.parent,
        env={"HOME": "/home/the user", "PATH": "/nowhere", "LC_ALL": "C.UTF-8"},
        check=True,
        capture_output=True,
    )
    assert done.stderr == b""
    return done.stdout


@settings(max_examples=30)
@given(values=batches)
@example(values=list(WHOLE))
def test_fish_reads_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "fish"
    folder.mkdir(exist_ok=True)
    kept = writable(values, write)
    parts: list[str | Put] = [HEAD, "# ", Put("it's gogen"), "\n"]
    for before, after in PLACES:
        for value in kept:
            parts += [before, Put(value), after]
    text = fill(FISH, parts)
    FISH.parse(text)
    script = folder / "script.fish"
    script.write_bytes(text.encode())
    assert run(script) == "".join(f"{value}\0" for _ in PLACES for value in kept).encode()
    assert [path.name for path in folder.iterdir()] == ["script.fish"]  # nothing ran


def test_home_paths(tmp_path: Path) -> None:
    rests = ("", "go/bin", "a b", "it's", "$x")
    parts: list[str | Put] = [HEAD]
    for rest in rests:
        parts += ["show ", Put(HomePath(rest)), "\n"]
    script = tmp_path / "script.fish"
    script.write_text(fill(FISH, parts))
    homes = [f"/home/the user/{rest}".removesuffix("/") for rest in rests]
    assert run(script).decode().split("\0")[:-1] == homes
