"""Every value a go env file takes is read back the same by the go command."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from hypothesis import example, given

from generator.dialects import get
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import batches, names, writable
from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

GO_ENV = get("go-env")
# Variables go takes as they are; the others (GOPROXY, GOFLAGS) it checks before it answers.
NAMES = ("GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOBIN", "GOVCS", "AR", "PKG_CONFIG")
UNSET = ("GOPRIVATE", "GOINSECURE", "GOVCS")
"""Those of them that are empty where nothing sets them."""


def write(value: str) -> str:
    return fill(GO_ENV, ["GOPRIVATE=", Put(value), "\n"])


def read(path: Path, names: tuple[str, ...]) -> dict[str, str]:
    environment = {"GOENV": str(path), "GOTOOLCHAIN": "local", "HOME": str(path.parent)}
    done = subprocess.run(
        [require("go"), "env", "-json", *names],
        env=environment,
        check=True,
        capture_output=True,
    )
    return dict(json.loads(done.stdout))


@given(values=batches)
def test_go_reads_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "go.env"
    kept = dict(zip(NAMES, [v for v in writable(values, write) if v], strict=False))
    parts: list[str | Put] = ["# ", Put("gogen"), "\n\n"]
    for name, value in kept.items():
        parts += [f"{name}=", Put(value), "\n"]
    text = fill(GO_ENV, parts)
    GO_ENV.parse(text)
    path.write_bytes(text.encode())
    assert not kept or read(path, tuple(kept)) == kept


@given(names=names)
@example(names=[*NAMES, "T_\nGOVCS", "GOVCS=off\nA", "#GOVCS", "govcs", " GOVCS", "GOBIN=y #"])
def test_a_name_makes_one_line_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    def line(name: str) -> str:
        return fill(GO_ENV, [Put(name), "=", Put("x"), "\n"])

    path = tmp_path_factory.getbasetemp() / "names.env"
    kept = list(dict.fromkeys(writable(names, line)))
    path.write_bytes("".join(map(line, kept)).encode())
    # Of variables it does not know go tells nothing; those that it knows are as they were.
    due = {name: "x" if name in kept else "" for name in UNSET}
    assert read(path, UNSET) == due
    assert path.read_text(encoding="utf-8").splitlines() == [f"{name}=x" for name in kept]


def test_go_skips_comments_and_keeps_all_after_the_first_equals(tmp_path: Path) -> None:
    path = tmp_path / "go.env"
    path.write_bytes(b"# GOPRIVATE=a\nGONOPROXY=b # c\nGOINSECURE=d=e\n GOVCS=x\n")
    found = read(path, ("GOPRIVATE", "GONOPROXY", "GOINSECURE", "GOVCS"))
    assert found == {"GOPRIVATE": "", "GONOPROXY": "b # c", "GOINSECURE": "d=e", "GOVCS": ""}
