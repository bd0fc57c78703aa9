"""Every value a shell script takes is data to every shell: read back the same, never run."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given

from generator.dialects import get
from generator.dialects.base import Embedded
from generator.model import HomePath
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import WHOLE, batches, texts, writable
from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

SH = get("sh")
SHELLS = {
    "bash": ("bash",),
    "bash-posix": ("bash", "--posix"),
    "dash": ("dash",),
    "busybox": ("busybox", "sh"),
}
# Where a value may stand: text before and text after, which show the value once.
PLACES = (
    ("show ", "\n"),
    ('show "', '"\n'),
    ("show '", "'\n"),
    ("v=", '; show "$v"\n'),
    ("v=", ' ; export v; show "$v"\n'),
    ('v="', '"\nshow "$v"\n'),
    ("v=$(show_raw ", 'x); show "${v%x}"\n'),
    ('v="$(show_raw "', 'x")"; show "${v%x}"\n'),
    ("for v in ", '; do show "$v"; done\n'),
    ("f() { show ", "; }; f\n"),
    ("true && { show ", "; } || exit 9\n"),
    ("(show ", ")\n"),
)
HEAD = "#!/bin/sh\nshow() { printf '%s\\0' \"$1\"; }\nshow_raw() { printf '%s' \"$1\"; }\n"


def write(value: str) -> str:
    return fill(SH, ["x=", Put(value), "\n"])


def document(values: list[str]) -> str:
    parts: list[str | Put] = [HEAD]
    for before, after in PLACES:
        for value in values:
            parts += [before, Put(value), after]
    text = fill(SH, parts)
    SH.parse(text)
    return text


def run(shell: str, script: Path) -> bytes:
    program, *options = SHELLS[shell]
    done = subprocess.run(
        [require(program), *options, str(script)],
        cwd=script.parent,
        env={"HOME": "/home/the user", "PATH": "/nowhere", "LC_ALL": "C.UTF-8"},
        check=True,
        capture_output=True,
    )
    assert done.stderr == b""
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@given(values=batches)
@example(values=list(WHOLE))
def test_shells_read_back_what_was_written(
    shell: str, tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "sh"
    folder.mkdir(exist_ok=True)
    kept = writable(values, write)
    script = folder / "script"
    script.write_bytes(document(kept).encode())
    places = [before for before, _ in PLACES]
    expected = "".join(f"{value}\0" for _ in places for value in kept)
    assert run(shell, script) == expected.encode()
    assert [path.name for path in folder.iterdir()] == ["script"]  # nothing ran


@pytest.mark.parametrize("shell", SHELLS)
@given(value=texts)
def test_a_value_matches_itself_alone(
    shell: str, tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    script = tmp_path_factory.getbasetemp() / "case"
    kept = writable([value], write)
    parts: list[str | Put] = []
    for one in kept:
        parts += ["case ", Put(one), " in ", Put(f"{one}."), ") echo no ;; "]
        parts += [Put(one), ") echo yes ;; esac\n"]
    script.write_bytes(fill(SH, parts).encode())
    assert run(shell, script) == b"yes\n" * len(kept)


@pytest.mark.parametrize("shell", SHELLS)
def test_home_paths_and_integers(shell: str, tmp_path: Path) -> None:
    rests = ("", "go/bin", "a b", "it's", "$(x)")
    parts: list[str | Put] = [HEAD]
    for rest in rests:
        parts += ["show ", Put(HomePath(rest)), '\nshow "', Put(HomePath(rest)), 'x"\n']
    for integer in (0, 7, -3):
        parts += ["show $((5 - ", Put(integer), " * 2))\n"]
    script = tmp_path / "script"
    script.write_text(fill(SH, parts))
    homes = [f"/home/the user/{rest}".removesuffix("/") for rest in rests]
    expected = [text for home in homes for text in (home, f"{home}x")] + ["5", "-9", "11"]
    assert run(shell, script).decode().split("\0")[:-1] == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_an_embedded_script_is_one_word(shell: str, tmp_path: Path) -> None:
    inner = "case 'a' in\n  a) touch RAN ;; # it's\nesac\n"
    script = tmp_path / "script"
    script.write_text(fill(SH, [HEAD, "show ", Put(Embedded(inner, "sh", "x.sh.j2")), "\n"]))
    assert run(shell, script).decode() == f"{inner}\0"
    assert not (tmp_path / "RAN").exists()


@pytest.mark.parametrize("shell", SHELLS)
@given(values=batches)
def test_comments_never_run(
    shell: str, tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "comments"
    folder.mkdir(exist_ok=True)
    script = folder / "script"

    def note(value: str) -> str:
        return fill(SH, ["# ", Put(value), "\n"])

    kept = writable(values, note)
    lines = [line for value in kept for line in (note(value), f"{SH.comment(value)}\n")]
    script.write_bytes("".join(lines).encode())
    assert run(shell, script) == b""
    assert [path.name for path in folder.iterdir()] == ["script"]
