"""The audit: a right tree is clean, every wrong pin is found at its place, whatever made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from generator.lock.resolve import needed
from generator.lock.wanted import Ask, WantedPins
from generator.model import Artifact, Desired, Pinned
from generator.problems import Exit, Place, Problem
from generator.stages.audit import audit
from tests.trees import profile

if TYPE_CHECKING:
    from generator.lock.model import Lock

HERE = Place("profiles/base/go.yaml", 3, 12)
PLATFORMS = ("linux/amd64", "linux/arm64")
IMAGES = ("debian:trixie-slim", "docker/dockerfile:1.26", "ubuntu:24.04")
ACTIONS = ("actions/checkout", "actions/setup-go")
LOCK = needed(
    WantedPins(
        {(v, p): Ask(HERE) for v in ("1.27.1", "1.27.2") for p in PLATFORMS},
        {
            ref: Ask(HERE)
            for ref in ("debian:trixie-slim", "ubuntu:24.04", "docker/dockerfile:1.26")
        },
        {name: Ask(HERE) for name in ("actions/checkout", "actions/setup-go")},
    )
)
AMD64, ARM64 = (LOCK.go["1.27.1"].platforms[p] for p in PLATFORMS)
NEXT = LOCK.go["1.27.2"].platforms["linux/amd64"]
DEBIAN, FRONTEND, UBUNTU = (LOCK.images[ref].digest for ref in IMAGES)
CHECKOUT, SETUP_GO = (LOCK.actions[name].commit for name in ACTIONS)
REQUIREMENT = "0123456789abcdef" * 4

FILES = {
    "docker/Dockerfile": f"""\
# syntax=docker.io/docker/dockerfile:1.26@{FRONTEND}
FROM scratch AS go-amd64
ADD --checksum=sha256:{AMD64.sha256} https://dl.google.com/go/{AMD64.file} /usr/local/
FROM scratch AS go-arm64
ADD --checksum=sha256:{ARM64.sha256} https://dl.google.com/go/{ARM64.file} /usr/local/
FROM go-${{TARGETARCH}} AS sdk
FROM mirror.example/hub/library/debian:trixie-slim@{DEBIAN} AS final
COPY --from=sdk /usr/local/go /usr/local/go
""",
    "docker/docker-bake.json": f"""\
{{"target": {{"debian-sdk": {{"labels": {{
  "org.opencontainers.image.base.digest": "{DEBIAN}",
  "org.opencontainers.image.base.name": "mirror.example/hub/library/debian:trixie-slim",
  "org.opencontainers.image.version": "1.27.1"
}}}}}}}}
""",
    "workflow.yml": f"""\
steps:
  - uses: "actions/checkout@{CHECKOUT}" # v7.0.1
  - uses: actions/setup-go@{SETUP_GO} # v7.0.0
    with:
      go-version: '1.27.1'
  - run: pip install --hash=sha256:{REQUIREMENT}
  - uses: ./local
""",
    "pod.yaml": f"""\
      image: docker.io/library/ubuntu:24.04@{UBUNTU}
      data: "set -eu\\nGO_VERSION=1.27.1\\nsentinel 'bin/go' '{AMD64.sentinels["bin/go"]}'\\n"
images:
  - {{name: ubuntu, digest: {UBUNTU}}}
""",
    "verify.sh": f"""\
same GOVERSION 'go1.27.1'
sentinel pkg/tool/linux_arm64/asm {ARM64.sentinels["pkg/tool/linux_arm64/asm"]}
sentinel bin/go '{ARM64.sentinels["bin/go"]}'
[ "$tree" = {AMD64.h1_hex} ] # {AMD64.h1}
""",
    "go/.go-version": "1.27.1\n",
    "environment/.tool-versions": "# ours\ngolang 1.27.1\n",
    "environment/mise.toml": '[tools]\ngo = "1.27.1"\n',
    "module/go.mod": "module example.com/hello\n\ngo 1.26.0\n\ntoolchain go1.27.1\n",
}
TREE: dict[str, Any] = {
    "toolchains": {"current": "1.27.1", "next": "1.27.2"},
    "modules": [{"name": "hello", "go": "1.26.0"}],
    "ci": {"gogen": {"requirements": [f"gogen==1.0 --hash=sha256:{REQUIREMENT}"]}},
}


def audited(
    files: dict[str, str], toolchains: tuple[str, ...] = ("1.27.1",), lock: Lock = LOCK
) -> tuple[Problem, ...]:
    desired = Desired(
        "a/b",
        "a.b",
        tuple(
            Artifact(path, text.encode(), "t", f"{path}.j2", toolchains=toolchains)
            for path, text in files.items()
        ),
    )
    return audit(desired, Pinned(profile(TREE, HERE, "a/b"), (), {}, "1.27.1"), lock)


def test_a_right_tree_is_clean() -> None:
    assert audited(FILES) == ()


def test_a_file_that_tells_no_toolchain_is_the_profile_s() -> None:
    assert audited(FILES, ()) == ()


BAKE = "docker/docker-bake.json"
MUTATIONS = [
    # A version that is not the file's
    ("go/.go-version", "1.27.1", "1.22.5", "GG261", "go 1.22.5 in a file of go 1.27.1"),
    ("go/.go-version", "1.27.1", "1.27.2", "GG261", "go 1.27.2 in"),
    ("environment/.tool-versions", "1.27.1", "1.27.2", "GG261", "go 1.27.2 in"),
    ("environment/mise.toml", "1.27.1", "1.27.2", "GG261", "go 1.27.2 in"),
    ("workflow.yml", "'1.27.1'", "'1.26.7'", "GG261", "go 1.26.7 in"),
    ("verify.sh", "go1.27.1", "go1.27.0", "GG261", "go 1.27.0 in"),
    ("pod.yaml", "GO_VERSION=1.27.1", "GO_VERSION=1.27.0", "GG261", "go 1.27.0 in"),
    ("module/go.mod", "go 1.26.0", "go 1.25.0", "GG261", "go 1.25.0 in"),
    ("module/go.mod", "toolchain go1.27.1", "toolchain go1.28rc1", "GG261", "go 1.28rc1 in"),
    (BAKE, "debian:trixie-slim", "alpine:3.24.1", "GG265", "alpine:3.24.1 is not in the lock"),
    # A checksum that is nobody's, or another's
    ("docker/Dockerfile", AMD64.sha256, "0" + AMD64.sha256[1:], "GG263", "that is not its own"),
    ("docker/Dockerfile", AMD64.sha256, ARM64.sha256, "GG263", f"beside {AMD64.file}"),
    ("docker/Dockerfile", ARM64.sha256, NEXT.sha256, "GG263", f"beside {ARM64.file}"),
    ("verify.sh", str(AMD64.h1_hex), "f" * 64, "GG262", "a checksum that the lock does not have"),
    ("verify.sh", str(AMD64.h1_hex), NEXT.sha256, "GG263", f"the checksum of {NEXT.file} in"),
    ("verify.sh", str(AMD64.h1), "h1:" + "A" * 43 + "=", "GG262", "the lock does not have"),
    (
        "verify.sh",
        ARM64.sentinels["pkg/tool/linux_arm64/asm"],
        AMD64.sentinels["pkg/tool/linux_amd64/asm"],
        "GG263",
        "beside pkg/tool/linux_arm64/asm",
    ),
    (
        "verify.sh",
        ARM64.sentinels["bin/go"],
        AMD64.sentinels["bin/gofmt"],
        "GG263",
        "beside bin/go ",
    ),
    ("pod.yaml", AMD64.sentinels["bin/go"], REQUIREMENT[::-1], "GG263", "beside bin/go "),
    ("workflow.yml", REQUIREMENT, REQUIREMENT[::-1], "GG262", "the lock does not have"),
    # An image
    ("docker/Dockerfile", f":trixie-slim@{DEBIAN}", ":trixie-slim", "GG264", "has no digest"),
    ("docker/Dockerfile", f":1.26@{FRONTEND}", ":1.26", "GG264", "has no digest"),
    ("docker/Dockerfile", DEBIAN, UBUNTU, "GG265", "a digest that is not the lock's"),
    ("docker/Dockerfile", DEBIAN, DEBIAN[:-1] + "z", "GG265", "a digest that is not the lock's"),
    (
        "docker/Dockerfile",
        "debian:trixie-slim",
        "fedora:44",
        "GG265",
        "fedora:44 is not in",
    ),
    ("pod.yaml", f"ubuntu:24.04@{UBUNTU}", "ubuntu:24.04", "GG264", "has no digest"),
    ("pod.yaml", f"digest: {UBUNTU}", f"digest: sha256:{'1' * 64}", "GG262", "does not have"),
    # An action
    ("workflow.yml", CHECKOUT, "v7", "GG266", "action actions/checkout is used by v7, not by"),
    ("workflow.yml", f"@{CHECKOUT}", "", "GG266", "is used without a commit"),
    ("workflow.yml", CHECKOUT, SETUP_GO, "GG267", f"action actions/checkout is at {SETUP_GO}"),
    (
        "workflow.yml",
        "actions/checkout",
        "evil/checkout",
        "GG267",
        "evil/checkout is not in",
    ),
    ("workflow.yml", "# v7.0.1", "# v6.0.0", "GG268", "the comment of action actions/checkout"),
]


@pytest.mark.parametrize(
    ("new", "code", "message"),
    [
        (f'"{UBUNTU}"', "GG265", "digest that is not the lock's"),
        ('""', "GG264", "debian:trixie-slim has no digest"),
    ],
)
def test_the_digest_of_a_base_is_told_at_its_name(new: str, code: str, message: str) -> None:
    text = FILES[BAKE]
    (problem,) = audited({BAKE: text.replace(f'"{DEBIAN}"', new)})
    assert problem.code == code
    assert message in problem.message
    assert problem.place
    assert text.splitlines()[problem.place.line - 1][problem.place.column - 1 :].startswith(
        "mirror.example/hub/library/debian:trixie-slim"
    )


@pytest.mark.parametrize(("path", "old", "new", "code", "message"), MUTATIONS)
def test_each_mutation_is_found(path: str, old: str, new: str, code: str, message: str) -> None:
    text = FILES[path]
    assert text.count(old) == 1
    (problem,) = audited({**FILES, path: text.replace(old, new)})
    assert problem.code == code
    assert message in problem.message
    assert problem.exit is Exit.OUTPUT
    assert problem.hint
    assert problem.place
    assert problem.place.file == f"out/a.b/{path}"
    assert problem.place.line == text.count("\n", 0, text.index(old)) + 1


def test_every_hex_digit_of_every_checksum_counts() -> None:
    text = FILES["docker/Dockerfile"]
    for checksum in (AMD64.sha256, ARM64.sha256, DEBIAN, FRONTEND):
        for index in range(len("sha256:") if ":" in checksum else 0, len(checksum)):
            flipped = "0" if checksum[index] != "0" else "1"
            wrong = checksum[:index] + flipped + checksum[index + 1 :]
            assert len(audited({"Dockerfile": text.replace(checksum, wrong)})) == 1


def test_the_column_is_where_it_starts() -> None:
    (problem,) = audited({"a.sh": "# one\nexport GOTOOLCHAIN=go1.22.5\n"})
    assert problem.place == Place("out/a.b/a.sh", 2, 22)


def test_text_in_a_string_has_its_own_lines_and_the_file_s_place() -> None:
    (problem,) = audited({"a.json": '{\n"a": "one\\ngo1.22.5\\n"}\n'})
    assert problem.place == Place("out/a.b/a.json", 2, 14)


def test_a_module_s_file_may_name_its_own_toolchain_too() -> None:
    both = ("1.27.1", "1.27.2")
    text = f"1.27.2\n{NEXT.sha256}  {NEXT.file}\n"
    assert audited({"m/.go-version": text}, both) == ()
    assert [p.code for p in audited({"m/.go-version": text})] == ["GG261", "GG261", "GG263"]


def test_a_minified_index_of_archives_is_clean() -> None:
    text = f'{{"{AMD64.file}": "{AMD64.sha256}", "{ARM64.file}": "{ARM64.sha256}"}}'
    assert audited({"index.json": text}) == ()


def test_bytes_that_are_no_text_are_looked_at_all_the_same() -> None:
    artifact = Artifact("a", b"\xff\xfe go1.22.5", "t", "a.j2")
    found = audit(
        Desired("b", "b", (artifact,)), Pinned(profile(TREE, HERE), (), {}, "1.27.1"), LOCK
    )
    assert [p.code for p in found] == ["GG261"]


@pytest.mark.parametrize(
    "before", ["checksum/go-env: ", '"checksum/x":"', "a/checksum~1x\n  value: "]
)
def test_the_hash_of_an_annotation_is_no_pin(before: str) -> None:
    assert audited({"pod.yaml": before + "f" * 64}) == ()
    assert audited({"pod.yaml": before.replace("checksum", "sum") + "f" * 64})


def test_prose_is_no_pin() -> None:
    text = "# BuildKit before Dockerfile 1.17; uses a/b; the image: it is small\ngo test ./...\n"
    assert audited({"Dockerfile": text, "a.md": text}) == ()
