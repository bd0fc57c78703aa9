"""Every value of systemd's files is read back the same by systemd."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given

from generator.dialects import get
from generator.model import HomePath
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import WHOLE, batches, writable
from tests.tools import require

ENV = get("systemd-env")
ENVIRONMENT_D = get("environment-d")
GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")
HOME = "/home/the user"


def unescaped(text: str) -> str:
    r"""Undo the quoting of the generator's answer: bare, "…", or with C escapes in them."""
    if not text.startswith('"'):
        return text
    plain = {"n": "\n", "t": "\t"}
    return re.sub(r"\\(.)", lambda found: plain.get(found[1], found[1]), text[1:-1])


def read(folder: Path, text: str) -> dict[str, str]:
    """Give what the real environment.d generator reads from a file."""
    require("systemd-analyze")  # the same package's
    place = folder / "environment.d"
    place.mkdir(exist_ok=True)
    (place / "50-test.conf").write_bytes(text.encode())
    environment = {"HOME": HOME, "XDG_CONFIG_HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run([GENERATOR], env=environment, check=True, capture_output=True)
    pairs = (line.split("=", 1) for line in done.stdout.decode().split("\n") if line)
    return {name: unescaped(value) for name, value in pairs if name.startswith("T_")}


def document(dialect: object, values: list[str]) -> str:
    parts: list[str | Put] = ["# ", Put("it's gogen"), "\n"]
    for n, value in enumerate(values):
        parts += [f"T_A{n}=", Put(value), f'\nT_B{n}="x ', Put(value), 'y"\n']
    text = fill(dialect, parts)  # type: ignore[arg-type] # one of the two above
    dialect.parse(text)  # type: ignore[attr-defined] # the same
    return text


def expected(values: list[str]) -> dict[str, str]:
    pairs = {f"T_A{n}": value for n, value in enumerate(values)}
    return pairs | {f"T_B{n}": f"x {value}y" for n, value in enumerate(values)}


@given(values=batches)
@example(values=list(WHOLE))
def test_environment_d(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    kept = writable(values, lambda value: document(ENVIRONMENT_D, [value]))
    assert read(tmp_path_factory.getbasetemp(), document(ENVIRONMENT_D, kept)) == expected(kept)


@given(values=batches)
@example(values=list(WHOLE))
def test_environment_file(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    # One function of systemd reads both kinds; environment.d alone then makes $ of $$, and
    # skips what is empty.
    kept = [v for v in writable(values, lambda value: document(ENV, [value])) if v]
    text = document(ENV, [value.replace("$", "$$") for value in kept])
    assert read(tmp_path_factory.getbasetemp(), text) == expected(kept)


def test_home_paths_are_expanded(tmp_path: Path) -> None:
    rests = ["", "go/bin", "a b", "$x", 'a"\\']
    parts: list[str | Put] = []
    for n, rest in enumerate(rests):
        parts += [f"T_A{n}=", Put(HomePath(rest)), "\n"]
    homes = {f"T_A{n}": f"{HOME}/{rest}".removesuffix("/") for n, rest in enumerate(rests)}
    assert read(tmp_path, fill(ENVIRONMENT_D, parts)) == homes


@pytest.mark.parametrize("text", ["T_A=$$x", "T_A='$$x'", 'T_A="\\$\\$x"'])
def test_a_dollar_is_two_in_environment_d(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, f"{text}\n") == {"T_A": "$x"}
