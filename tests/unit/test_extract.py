"""What the extractors see in texts of all kinds, and what they must not take for a pin."""

from __future__ import annotations

import pytest

from generator.audit import actions, checksums, images, versions
from generator.audit.found import line_at, opened

SHA = "63d339f0da5ab53635a56f2490a7984dfe12dfcff22ad749f63edaf590168445"
COMMIT = SHA[:40]
H1 = "h1:MeqkXdYlyiVdqJXENOTyX7xd8QjDM/mxR52RKOFBS0M="


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("GOTOOLCHAIN=go1.27.1", ["1.27.1"]),
        ("GOTOOLCHAIN=go1.27.1+path", ["1.27.1"]),
        ("https://dl.google.com/go/go1.27.1.linux-amd64.tar.gz", ["1.27.1"]),
        ("golang.org/toolchain@v0.0.1-go1.27.1.linux-amd64", ["1.27.1"]),
        ("go1.28rc1", ["1.28rc1"]),
        ("//go:build go1.21", ["1.21"]),
        ("ARG GO_VERSION=1.27.1", ["1.27.1"]),
        ('go-version: "1.27.1"', ["1.27.1"]),
        ('"goVersion": "1.27.1"', ["1.27.1"]),
        ("GOVERSION='go1.27.1'", ["1.27.1"]),
        ("FROM docker.io/library/golang:1.27.1-trixie@sha256:0", ["1.27.1"]),
        ("module a\n\ngo 1.27.0\ntoolchain go1.27.1\n", ["1.27.1", "1.27.0"]),
        ("go-version-file: .go-version", []),
        ("see https://go.dev/doc/go1compat", []),
        ("docker/dockerfile:1.26", []),
        ("cargo1.27.1", []),
        ("_go1.27.1", []),
        ("kubernetes 1.37, ergo 1.2", []),
        ("go 1.27 and later", []),
        ('"args": "\\ngo1.22.5"', ["1.22.5"]),
    ],
)
def test_versions(text: str, found: list[str]) -> None:
    assert [f.value for f in versions.find(opened(text), "a.txt")] == found


@pytest.mark.parametrize("text", ["1.27.1\n", "1.27.1", " 1.27.1 \n"])
def test_a_version_file_is_all_version(text: str) -> None:
    assert [f.value for f in versions.find(text, ".go-version")] == ["1.27.1"]
    assert list(versions.find(text, "VERSION")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"ADD --checksum=sha256:{SHA} https://x /", [SHA]),
        (f"digest: sha256:{SHA}", [SHA]),
        (f"{SHA}  go.tar.gz", [SHA]),
        (SHA.upper(), [SHA.upper()]),
        (f"x {H1} y", [H1]),
        (f"debian:trixie-slim@sha256:{SHA}", []),
        (f"uses: actions/checkout@{COMMIT}", []),
        (f"{SHA}{SHA}", []),
        (SHA[:-1], []),
    ],
)
def test_checksums(text: str, found: list[str]) -> None:
    assert [f.value for f in checksums.find(text, "a")] == found
    assert all(len(value) >= checksums.SHORTEST for value in found)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.yaml", f"  image: debian:13@sha256:{SHA}", [f"debian:13@sha256:{SHA}"]),
        (
            "a.yaml",
            f"  - image: 'x.example:5000/a/b@sha256:{SHA}'",
            [f"x.example:5000/a/b@sha256:{SHA}"],
        ),
        ("a.yaml", "  - image: debian:13", ["debian:13"]),
        ("a.json", '  "image": "debian:13",', ["debian:13"]),
        ("a.yaml", '      reference: "registry.example/sdk:1"', ["registry.example/sdk:1"]),
        ("a.yml", "    container: node:24 # the job's", ["node:24"]),
        ("a.yml", "      - uses: docker://alpine:3", ["alpine:3"]),
        ("a.yml", "  image:\n    name: Build", []),
        ("a.yml", "reference: main", []),
        ("a.yml", 'image: "{{ .Values.image }}"', []),
        ("a.yml", "description: an image: nice", []),
        (
            "values.yaml",
            f'  image:\n    repository: docker.io/a\n    tag: "3.1"\n    digest: sha256:{SHA}\n',
            [f"docker.io/a:3.1@sha256:{SHA}"],
        ),
        ("values.yaml", f"- repository: a\n  digest: 'sha256:{SHA}' # x", [f"a@sha256:{SHA}"]),
        (
            "values.yaml",
            "image:\n  repository: docker.io/a\n  tag: latest\n",
            ["docker.io/a:latest"],
        ),
        ("Chart.yaml", "repository: https://charts.example/a\n", []),
        ("Dockerfile", "FROM debian:13\nFROM scratch AS a\nFROM a", ["debian:13"]),
        ("Dockerfile", "FROM --platform=$BUILDPLATFORM debian:13 AS b", ["debian:13"]),
        (
            "Dockerfile",
            "FROM debian:13 AS Sdk\nCOPY --from=sdk /a /\nCOPY --from=0 /a /",
            ["debian:13"],
        ),
        ("Dockerfile", "FROM scratch\nCOPY --from=alpine:3 /a /", ["alpine:3"]),
        (
            "Dockerfile",
            "FROM scratch\nRUN --mount=type=bind,from=alpine,target=/a :",
            ["alpine"],
        ),
        ("Dockerfile", "FROM go-${TARGETARCH} AS sdk\nFROM sdk", []),
        ("Dockerfile", "# syntax=docker/dockerfile:1\nFROM scratch", ["docker/dockerfile:1"]),
        ("x.Dockerfile", f"FROM a@sha256:{SHA} AS a", [f"a@sha256:{SHA}"]),
        ("a.md", "FROM debian:13", []),
    ],
)
def test_images(name: str, text: str, found: list[str]) -> None:
    assert [f.value for f in images.find(text, name)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"- uses: actions/checkout@{COMMIT} # v7.0.1", [(f"actions/checkout@{COMMIT}", "v7.0.1")]),
        (f'uses: "actions/checkout@{COMMIT}" # v7', [(f"actions/checkout@{COMMIT}", "v7")]),
        ("uses: actions/checkout@v7", [("actions/checkout@v7", "")]),
        ("uses: actions/checkout", [("actions/checkout", "")]),
        ("uses: a/b/c/d@main", [("a/b/c/d@main", "")]),
        ("- {uses: a/b@v1, with: {}}", [("a/b@v1", "")]),
        ("uses: ./.github/actions/a", []),
        ("uses: docker://alpine:3", []),
        ("this uses a/b", []),
    ],
)
def test_actions(text: str, found: list[tuple[str, str]]) -> None:
    assert [(f.value, f.beside) for f in actions.find(text, "a.yml")] == found


def test_opened_escapes_keep_every_offset() -> None:
    text = '{"a": "one\\ntwo\\tthree\\r"}'
    assert len(opened(text)) == len(text)
    assert line_at(opened(text), text.index("two")) == "two  three  " + '"}'
