"""The reader of Dockerfiles that other tests trust: it says what BuildKit says."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.tools import require

DOCKERFILE = r"""# syntax=docker/dockerfile:1.26
ARG SUITE=trixie
FROM debian:${SUITE}-slim AS build
ARG SUITE
ENV A="b \$HOME \"q\"" B=$A
RUN --mount=type=cache,target=/root/.cache <<EOF
echo $A
EOF
COPY <<EOF /motd
suite ${SUITE} "quoted"
EOF
ADD --checksum=sha256:0123 https://go.dev/dl/a.tar.gz /tmp/
FROM scratch
"""


def read(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [require("dockerfile-reader")], input=text, capture_output=True, text=True, check=False
    )


def understood(text: str) -> Any:
    done = read(text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_expands_as_a_build_does() -> None:
    file = understood(DOCKERFILE)
    build, last = file["stages"]
    assert file["syntax"] == "docker/dockerfile:1.26"
    assert (build["name"], build["base"], last["base"]) == (
        "build",
        "debian:trixie-slim",
        "scratch",
    )
    # B is of the same instruction: it sees A as it was before.
    assert build["env"] == {"SUITE": "trixie", "A": 'b $HOME "q"', "B": ""}


def test_shows_commands_with_their_lines() -> None:
    commands = understood(DOCKERFILE)["stages"][0]["commands"]
    assert [(one["name"], one["line"]) for one in commands] == [
        ("ARG", 4),
        ("ENV", 5),
        ("RUN", 6),
        ("COPY", 9),
        ("ADD", 12),
    ]
    _, _, run, copy, add = commands
    assert run["mounts"][0]["Target"] == "/root/.cache"
    assert run["fields"]["Files"][0]["Data"] == "echo $A\n"
    assert copy["fields"]["SourceContents"][0]["Data"] == 'suite trixie "quoted"\n'
    assert add["fields"]["Checksum"] == "sha256:0123"


def test_passes_warnings_on() -> None:
    assert understood(DOCKERFILE)["warnings"] == []
    [warning] = understood("FROM scratch AS Build\n")["warnings"]
    assert (warning["rule"], warning["line"]) == ("StageNameCasing", 1)


def test_refuses_what_buildkit_refuses() -> None:
    done = read("FROM scratch\nRUNN true\n")
    assert done.returncode == 1
    assert "unknown instruction: RUNN" in done.stderr
