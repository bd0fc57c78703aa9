"""Every value of systemd's files is read back the same by systemd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given

from generator.dialects import get
from generator.model import HomePath
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import WHOLE, batches, names, writable
from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.dialects.base import Dialect

ENV = get("systemd-env")
ENVIRONMENT_D = get("environment-d")
UNIT = get("systemd-unit")
MANAGER = Path("/usr/lib/systemd/systemd")
NOBODY = 65534
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


@given(names=names)
@example(names=["T_A", "T_A=x\nT_B", "T_A\\", "#T_A", "$T_A", "T_A B", "T_a"])
def test_a_name_is_one_variable(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    def lines(name: str, dialect: Dialect = ENVIRONMENT_D) -> str:
        return fill(dialect, [Put(name), "=", Put("x"), "\n"])

    kept = list(dict.fromkeys(writable(names, lines)))
    text = "".join(map(lines, kept))
    assert text == "".join(lines(name, ENV) for name in kept)
    assert read(tmp_path_factory.getbasetemp(), text) == dict.fromkeys(kept, "x")


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


@pytest.fixture(scope="module")
def units() -> Iterator[Path]:
    """Give a home folder of systemd's user manager; it refuses to run as root, so of nobody."""
    home = Path(tempfile.mkdtemp(prefix="gogen-units-"))
    folder = home / ".config" / "systemd" / "user"
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        for path in (home, home / ".config", folder.parent, folder):
            os.chown(path, NOBODY, NOBODY)
    yield home
    shutil.rmtree(home)


def loaded(home: Path, text: str) -> str:
    """Give how systemd's user manager dumps a service it has loaded (and not started)."""
    require("systemd-analyze")  # the same package's
    UNIT.parse(text)
    unit = home / ".config" / "systemd" / "user" / "gogen-test.service"
    unit.write_bytes(text.encode())
    user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    environment = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_RUNTIME_DIR": str(home),
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        [*(user if os.geteuid() == 0 else ()), MANAGER, "--test", "--user", f"--unit={unit.name}"],
        env=environment,
        check=True,
        capture_output=True,
    )
    dump = done.stdout.decode()
    assert unit.name not in done.stderr.decode()  # it warned of nothing in the unit
    begin = dump.index(f"-> Unit {unit.name}:")
    return dump[begin : dump.find("\n\t-> Unit ", begin)]


def commands(dump: str) -> list[list[str]]:
    """Give the command lines of a dump, as words after quotes and escapes."""
    lines = re.findall(r"Command Line: (.*)", dump)
    words = [re.findall(r'"(?:[^"\\]|\\.)*"|[^ ]+', line) for line in lines]
    return [[unescaped(word).replace("$$", "$") for word in line] for line in words]


@given(values=batches)
@example(values=list(WHOLE))
def test_units(units: Path, values: list[str]) -> None:
    def command(value: str) -> str:
        words: list[str | Put] = ["ExecStart=/bin/true ", Put(value), ' "x ', Put(value)]
        return fill(UNIT, [*words, "y\" 'x ", Put(value), "y'\n"])

    def variable(n: int, value: str) -> str:
        return fill(UNIT, [f'Environment="A{n}=', Put(value), f"\" 'B{n}=", Put(value), "'\n"])

    kept = writable(values, command)
    head: list[str | Put] = ["# ", Put("gogen"), "\n[Unit]\nDescription=", Put("100% a")]
    head += ["\n[Service]\nType=oneshot\n"]
    lines = [command(value) for value in kept] + [variable(n, v) for n, v in enumerate(kept)]
    dump = loaded(units, fill(UNIT, head) + "".join(lines) + "ExecStart=/bin/true\n")
    found = commands(dump)
    assert found == [*(["/bin/true", v, f"x {v}y", f"x {v}y"] for v in kept), ["/bin/true"]]
    assert "\t\tDescription: 100% a\n" in dump
    for n, value in enumerate(kept):
        for name in "AB":
            assert f"\t\tEnvironment: {name}{n}={value}\n" in dump


def test_home_paths_in_units(units: Path) -> None:
    parts: list[str | Put] = ["[Service]\nExecStart=", Put(HomePath("go/bin/x")), " "]
    parts += [Put(HomePath("a $b")), '\nEnvironment="A=', Put(HomePath("go")), ':/bin"\n']
    parts += ["EnvironmentFile=-", Put(HomePath(".config/go.env")), "\n"]
    dump = loaded(units, fill(UNIT, parts))
    assert commands(dump) == [[f"{units}/go/bin/x", f"{units}/a $b"]]
    assert f"Environment: A={units}/go:/bin\n" in dump
    assert f"EnvironmentFile: -{units}/.config/go.env\n" in dump
