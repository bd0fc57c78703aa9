"""Every value a Dockerfile takes is read back the same by BuildKit's own parser."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from hypothesis import example, given

from generator.dialects import get
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import WHOLE, batches, names, writable
from tests.tools import require

DOCKERFILE = get("dockerfile")


def read(text: str) -> Any:
    """Give what BuildKit reads, as JSON."""
    DOCKERFILE.parse(text)
    command = [require("dockerfile-reader")]
    done = subprocess.run(command, input=text.encode(), check=True, capture_output=True)
    return json.loads(done.stdout)


def document(values: list[str]) -> str:
    parts: list[str | Put] = ["# ", Put("gogen"), "\nFROM scratch\n"]
    for n, value in enumerate(values):
        parts += [
            f"ENV A{n}=",
            Put(value),
            f' B{n}="',
            Put(value),
            f'" \\\n    C{n}="x',
            Put(value),
        ]
        parts += [
            f'y"\nARG D{n}=',
            Put(value),
            "\nLABEL k=",
            Put(value),
            '\nCMD ["a", "',
            Put(value),
        ]
        parts += ['"]\n']
    return fill(DOCKERFILE, parts)


def write(value: str) -> str:
    return document([value])


@given(values=batches)
@example(values=list(WHOLE))
def test_buildkit_reads_back_what_was_written(values: list[str]) -> None:
    kept = writable(values, write)
    (stage,) = read(document(kept))["stages"]
    for n, value in enumerate(kept):
        found = {name: stage["env"][f"{name}{n}"] for name in "ABCD"}
        assert found == {"A": value, "B": value, "C": f"x{value}y", "D": value}
    commands = stage["commands"] or []
    labels = [c["fields"]["Labels"][0]["Value"] for c in commands if c["name"] == "LABEL"]
    runs = [c["fields"]["CmdLine"] for c in commands if c["name"] == "CMD"]
    assert labels == kept
    assert runs == [["a", value] for value in kept]


@given(names=names)
@example(names=["A", "GO386", "A B", "A=x B", "A\nRUN x", "A \\\nB", "$A"])
def test_a_name_is_one_variable(names: list[str]) -> None:
    def line(name: str) -> str:
        return fill(DOCKERFILE, ["FROM scratch\nENV ", Put(name), "=", Put("x y"), "\n"])

    kept = list(dict.fromkeys(writable(names, line)))
    parts: list[str | Put] = ["FROM scratch\nENV FIRST=a"]
    for name in kept:
        parts += [" ", Put(name), "=", Put("x y")]
    (stage,) = read(fill(DOCKERFILE, [*parts, "\n"]))["stages"]
    assert stage["env"] == {"FIRST": "a", **dict.fromkeys(kept, "x y")}


@given(values=batches)
def test_single_quotes_hold_all_but_themselves(values: list[str]) -> None:
    def quoted(value: str) -> str:
        return fill(DOCKERFILE, ["FROM scratch\nENV A='", Put(value), "'\n"])

    kept = writable(values, quoted)
    parts: list[str | Put] = ["FROM scratch\n"]
    for n, value in enumerate(kept):
        parts += [f"ENV A{n}='", Put(value), "'\n"]
    (stage,) = read(fill(DOCKERFILE, parts))["stages"]
    assert stage["env"] == {f"A{n}": value for n, value in enumerate(kept)}


@given(values=batches)
@example(values=[*WHOLE, "docker.io/library/debian@sha256:0a", "a/b:c", "10.0.0.1:80"])
def test_tokens_are_one_word(values: list[str]) -> None:
    def copy(value: str) -> str:
        return fill(
            DOCKERFILE,
            ["FROM scratch\nCOPY ", Put(value), ' /x\nCOPY ["', Put(value), '", "/y"]\n'],
        )

    for value in writable(values, copy):
        (stage,) = read(copy(value))["stages"]
        found = [command["fields"]["SourcePaths"] for command in stage["commands"]]
        assert found == [[value], [value]]


@given(values=batches)
def test_a_first_comment_is_never_a_directive(values: list[str]) -> None:
    def note(value: str) -> str:
        return fill(DOCKERFILE, ["# ", Put(value), "\nFROM scratch\n"])

    for value in writable(values, note):
        document = read(note(value))
        assert (document["syntax"], document["escape"]) == ("", "\\")
        assert len(document["stages"]) == 1
