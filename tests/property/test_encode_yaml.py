"""YAML laws: what an expression is given, every reader reads back; or it is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from generator.dialects import get
from generator.dialects._yaml_text import emit
from generator.dialects.base import Embedded, Structured, Unwritable
from tests.dialects.driver import Put, fill
from tests.dialects.hostile_data import WORDS, data, hostile
from tests.tools import lacks, require

if TYPE_CHECKING:
    from pathlib import Path

Reader = Callable[[str], Any]
YAML_DIALECT = get("yaml")


def ruamel_12(text: str) -> Any:
    """Read as YAML 1.2 with ruamel's own parser."""
    return YAML(typ="safe", pure=True).load(text)


def ruamel_11(text: str) -> Any:
    """Read as YAML 1.1 with ruamel's own parser."""
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    return reader.load(text)


def libyaml(text: str) -> Any:
    """Read with the C parser."""
    return YAML(typ="safe", pure=False).load(text)


def pyyaml(text: str) -> Any:
    """Read as PyYAML does, which Ansible and many others use."""
    if find_spec("yaml") is None:
        lacks("PyYAML is not installed: make tools")
    return import_module("yaml").safe_load(StringIO(text))


@pytest.fixture(scope="module", params=[ruamel_12, ruamel_11, libyaml, pyyaml])
def read(request: pytest.FixtureRequest) -> Reader:
    reader: Reader = request.param
    reader("a: 1")
    return reader


def write(*pieces: str | Put) -> str:
    """Fill a document and prove that gogen's own parser reads it."""
    text = fill(YAML_DIALECT, list(pieces))
    YAML_DIALECT.parse(text)
    return text


@pytest.mark.parametrize("value", WORDS)
def test_every_hostile_word_survives_in_every_place(read: Reader, value: str) -> None:
    text = write(
        *(
            "whole: ",
            Put(value),
            "\nlist:\n- ",
            Put(value),
            "\n-   ",
            Put(value),
            "\nnest:\n  - - ",
        ),
        *(Put(value), '\n    - "', Put(value), '-x"\nflow: [', Put(value), ", {", Put(value), ": "),
        *(Put(value), "}]\n", Put(value + "k"), ": 1\n'", Put("q"), "': 2\n"),
    )
    assert read(text) == {
        "whole": value,
        "list": [value, value],
        "nest": [[value, value + "-x"]],
        "flow": [value, {value: value}],
        value + "k": 1,
        "q": 2,
    }


@given(value=st.one_of(hostile(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none()))
def test_whole_scalars(read: Reader, value: Any) -> None:
    text = write(
        "a:\n  b: ", Put(value), "\n  c:\n  - ", Put(value), "\n  d: {e: ", Put(value), "}\nf: 1\n"
    )
    assert read(text) == {"a": {"b": value, "c": [value], "d": {"e": value}}, "f": 1}


@given(one=hostile(), other=hostile())
def test_parts_inside_double_quotes(read: Reader, one: str, other: str) -> None:
    text = write(
        'a: "x', Put(one), "'", Put(other), 'y" # c\n"', Put(one), 'k": ["', Put(other), '"]\n'
    )
    assert read(text) == {"a": f"x{one}'{other}y", one + "k": [other]}


@given(value=hostile())
def test_parts_inside_single_quotes(read: Reader, value: str) -> None:
    try:
        text = write("a: 'x\"\\", Put(value), "y'\nb: 1\n")
    except Unwritable:
        assert any(not c.isprintable() for c in value)
    else:
        assert read(text) == {"a": f'x"\\{value}y', "b": 1}


@given(value=hostile())
def test_keys(read: Reader, value: str) -> None:
    text = write("a:\n  ", Put(value), ": 1\nb: {", Put(value), ": 2}\n")
    assert read(text) == {"a": {value: 1}, "b": {value: 2}}


@given(value=hostile())
def test_comments(read: Reader, value: str) -> None:
    try:
        text = write("a: 1 # ", Put(value), "\n# ", Put(value), "\nb: 2\n")
    except Unwritable:
        assert any(not c.isprintable() for c in value)
    else:
        assert read(text) == {"a": 1, "b": 2}


@given(value=st.one_of(hostile(), st.lists(hostile(), max_size=4).map("\n".join)))
@example(value="a\n   \nb\n")
@example(value="a\n\n \n  c")
@example(value="\n  a\nb\n")
@example(value="a\nb ")
def test_embedded_files(read: Reader, value: str) -> None:
    file = Embedded(value, "sh", "x.sh.j2")
    text = write(
        *(
            "a:\n  b: ",
            Put(file),
            "\n# c\n  d: 1\nl:\n- ",
            Put(file),
            "\n-    ",
            Put(file),
            "\nf: [",
            Put(file),
        ),
        *("]\nm:\n  - key: ", Put(file), "\n\n\n    o: 1\n"),
    )
    assert read(text) == {
        "a": {"b": value, "d": 1},
        "l": [value, value],
        "f": [value],
        "m": [{"key": value, "o": 1}],
    }


@given(value=data())
def test_structured_json(read: Reader, value: Any) -> None:
    flow = Structured(value, "json")
    text = write("a:\n  b: ", Put(flow), "\n  c: [", Put(flow), "]\n  d:\n  - ", Put(flow), "\n")
    assert read(text) == {"a": {"b": value, "c": [value], "d": [value]}}


@given(value=data())
def test_structured_block(read: Reader, value: Any) -> None:
    block = Structured(value, "block")
    text = write(
        *(
            "a:\n  b:",
            Put(block),
            "\n  c: 1\nd:\n- e:",
            Put(block),
            "\n  f: 2\n-  ",
            Put(block),
            "\n- 3\n",
        )
    )
    expected = {"a": {"b": value, "c": 1}, "d": [{"e": value, "f": 2}, value, 3]}
    assert read(text) == expected


@given(value=data())
def test_emit_gives_the_data_back(read: Reader, value: Any) -> None:
    text = emit({"a": value, "b": [value]})
    assert read(text) == {"a": value, "b": [value]}


@given(value=data())
def test_a_whole_document_of_data(read: Reader, value: Any) -> None:
    if isinstance(value, dict | list):
        for style in ("json", "block"):
            assert read(write(Put(Structured(value, style)), "\n")) == value


def go_reads(path: Path, text: str) -> Any:
    """Read with the YAML reader of kubectl."""
    path.write_text(text, encoding="utf-8")
    command = [str(require("kubectl")), "label", "--local", "-f", str(path), "x=y", "-o", "json"]
    done = subprocess.run(command, capture_output=True, check=True, text=True, encoding="utf-8")
    return json.loads(done.stdout)["data"]


HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n"


@settings(max_examples=15)
@given(values=st.lists(hostile(), min_size=20, max_size=40))
@example(values=list(WORDS))
def test_go_reads_the_same(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    pieces: list[str | Put] = [HEAD]
    expected: dict[str, Any] = {}
    for number, value in enumerate(values):
        pieces += [f"  k{number}: ", Put(value), f"\n  q{number}: [", Put(value), "]\n"]
        pieces += [f'  d{number}: "', Put(value), '"\n  ', Put(f"{value}{number}"), ": 1\n"]
        expected |= {f"k{number}": value, f"q{number}": [value], f"d{number}": value}
        expected[f"{value}{number}"] = 1
    path = tmp_path_factory.mktemp("go") / "a.yaml"
    assert go_reads(path, write(*pieces)) == expected


@settings(max_examples=15)
@given(values=st.lists(data(), min_size=5, max_size=15))
def test_go_reads_emitted_data(tmp_path_factory: pytest.TempPathFactory, values: list[Any]) -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    blocks = {f"k{number}": value for number, value in enumerate(values)}
    flows: list[str | Put] = []
    for key, value in blocks.items():
        flows += [f"  f{key}: ", Put(Structured(value, "json")), "\n"]
    path = tmp_path_factory.mktemp("go") / "a.yaml"
    assert go_reads(path, emit({**document, "data": blocks})) == blocks
    assert go_reads(path, write(HEAD, *flows)) == {f"f{k}": v for k, v in blocks.items()}
