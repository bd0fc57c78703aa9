"""The facts gogen ships: read rightly, and in agreement with one another."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from generator.data import refresh
from generator.lock.catalogue import DATA, embedded, last_seen
from generator.lock.shape import hex_of_h1, line_of, version_key
from generator.supply.toolchain import hash1

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KNOWN = embedded()


def data(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def files() -> Iterator[tuple[str, dict[str, Any]]]:
    for release in data("go-releases.json"):
        for file in release["files"]:
            if file["kind"] == "archive":
                yield release["version"].removeprefix("go"), file


def test_every_archive_of_the_index_is_known() -> None:
    listed = {(version, f["filename"], f["sha256"], f.get("size")) for version, f in files()}
    known = {
        (version, archive.file, archive.sha256, archive.size)
        for version, release in KNOWN.pins.go.items()
        for archive in release.platforms.values()
    }
    assert known == listed
    assert len(known) == 3364


def test_platforms_are_named_by_goarch() -> None:
    archives = KNOWN.pins.go["1.27.1"].platforms
    assert archives["linux/arm"].file == "go1.27.1.linux-armv6l.tar.gz"
    assert archives["freebsd/arm"].file == "go1.27.1.freebsd-arm.tar.gz"
    assert "linux/armv6l" not in archives


def test_a_release_may_lack_platforms() -> None:
    assert "linux/ppc64le" in KNOWN.pins.go["1.27.1"].platforms
    assert "linux/ppc64le" not in KNOWN.pins.go["1.27.2"].platforms


def test_support_is_told_by_line() -> None:
    assert KNOWN.pins.go["1.22.5"].eol == "2025-02-11"
    assert KNOWN.pins.go["1.27.1"].eol is None
    assert KNOWN.lines["1.26"].first == "2026-02-10"
    assert "1.26.6" in KNOWN.security
    assert "1.26.7" not in KNOWN.security
    assert KNOWN.unpinned.keys() == {"1.26.10", "1.26.11", "1.27.3", "1.27.4"}


def test_hashes_gathered_and_hashes_proved_agree() -> None:
    gathered = data("toolchain-h1.json")["toolchain"]
    both = 0
    for version, release in data("toolchains.json")["toolchains"].items():
        for platform, facts in release["platforms"].items():
            public = gathered.get(f"v0.0.1-go{version}.{platform.replace('/', '-')}")
            both += public is not None
            assert public is None or public["h1"] == facts["h1"]
    assert both >= 2


def test_a_proved_toolchain_has_its_sentinels() -> None:
    archive = KNOWN.pins.go["1.27.1"].platforms["linux/amd64"]
    assert archive.proofs == ("embedded-index", "rebuilt", "sumdb")
    assert sorted(archive.sentinels) == [
        "bin/go",
        "bin/gofmt",
        *(f"pkg/tool/linux_amd64/{tool}" for tool in ("asm", "cgo", "compile", "link")),
    ]
    assert archive.h1 == "h1:MeqkXdYlyiVdqJXENOTyX7xd8QjDM/mxR52RKOFBS0M="
    assert archive.h1_hex == hex_of_h1(archive.h1)
    assert archive.h1_hex.startswith("31eaa45d")


def test_a_toolchain_that_was_not_proved_has_none() -> None:
    archive = KNOWN.pins.go["1.27.1"].platforms["linux/s390x"]
    assert archive.h1 == "h1:cRS96imYje626aAmfCH1Ie22v3GKmu0J7oX19CqTjVc="
    assert archive.sentinels == {}
    assert archive.proofs == ("embedded-index", "rebuilt")


def test_rebuilt_archives_are_the_ones_of_the_index() -> None:
    for version, platforms in data("rebuilt.json")["rebuilt"].items():
        for platform, beginning in platforms.items():
            assert KNOWN.pins.go[version].platforms[platform].sha256.startswith(beginning)


def test_ports_are_the_release_s_own() -> None:
    ports = KNOWN.pins.go["1.27.1"].ports
    assert "wasip1/wasm" in ports
    assert "freebsd/riscv64" not in ports
    assert KNOWN.pins.go["1.27.1"].platforms.keys() <= set(ports)
    assert KNOWN.pins.go["1.22.5"].ports == ()


@pytest.mark.parametrize(
    ("note", "date"),
    [
        ("2026-08-04", "2026-08-04"),
        ("2026-09/10 (newest seen)", "2026-10"),
        ("2026-10", "2026-10"),
        ("2026 (newest seen; 3.20 is end of life)", "2026"),
        ("2026-05-25 image, still pinned 2026-10", "2026-10"),
        ("2026-09-30 build (tag epoch 1790754119)", "2026-09-30"),
        ("last digest of the unmaintained docker-library tag", None),
    ],
)
def test_notes_are_dated(note: str, date: str | None) -> None:
    assert last_seen(note) == date


@pytest.mark.parametrize(
    ("ref", "digest"),
    [
        ("golang:1.22.5-bookworm", "sha256:af9b40f2"),
        ("golang:1.22.5-alpine3.20", "sha256:0d3653dd"),
        ("debian:bookworm-slim", "sha256:3783cc01"),
        ("ubuntu:24.04", "sha256:224a1869"),
        ("alpine:3.20", "sha256:d9e853e8"),
        ("almalinux:9", "sha256:9819dc67"),
        ("gcr.io/distroless/static-debian12:nonroot", "sha256:afa5c872"),
        ("rockylinux:9", "sha256:d7be1c09"),
    ],
)
def test_the_newest_digest_of_a_tag_is_taken(ref: str, digest: str) -> None:
    assert KNOWN.pins.images[ref].digest.startswith(digest)
    assert KNOWN.pins.images[ref].digest in KNOWN.digests[ref]


def test_actions_say_whether_their_tag_was_read() -> None:
    assert KNOWN.pins.actions["actions/checkout"].proofs == ("embedded-index", "tag-read")
    assert KNOWN.pins.actions["actions/cache"].proofs == ("embedded-index",)


def test_versions_are_ordered_as_numbers() -> None:
    assert sorted(["1.27.10", "1.9", "1.27.2"], key=version_key) == ["1.9", "1.27.2", "1.27.10"]
    assert line_of("1.27.10") == "1.27"


# The maintenance command, on a module of the test's own


NAME = "golang.org/toolchain@v0.0.1-go1.27.1.linux-amd64"


def refreshed(module: Path, h1: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command on a module of the test's own, go's answer about it being `h1`."""
    record = module.with_name("toolchains.json")
    record.write_text('{"note": "n", "toolchains": {}}')
    monkeypatch.setattr(refresh, "RECORD", record)
    answer = {"Zip": str(module), "Sum": h1}
    monkeypatch.setattr(refresh, "fetch", lambda *_: answer)
    refresh.main("1.27.1", "linux/amd64")
    return json.loads(record.read_text())


def toolchain(folder: Path) -> tuple[Path, str]:
    """Make a toolchain module; give its zip and its h1, worked out by hand."""
    files = {
        f"{NAME}/bin/go": b"go",
        f"{NAME}/src/internal/platform/zosarch.go": b'{"linux", "amd64"},',
    }
    with ZipFile(folder / "m.zip", "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    lines = [f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    return folder / "m.zip", "h1:" + b64encode(sha256("".join(lines).encode()).digest()).decode()


def test_a_proved_toolchain_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, h1 = toolchain(tmp_path)
    assert refreshed(module, h1, monkeypatch)["toolchains"]["1.27.1"] == {
        "ports": ["linux/amd64"],
        "platforms": {
            "linux/amd64": {"h1": h1, "sentinels": {"bin/go": sha256(b"go").hexdigest()}}
        },
    }


def test_a_module_with_another_hash_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _ = toolchain(tmp_path)
    with pytest.raises(ValueError, match="not what the checksum database knows"):
        refreshed(module, "h1:" + "A" * 43 + "=", monkeypatch)
    assert json.loads((tmp_path / "toolchains.json").read_text())["toolchains"] == {}


def test_hash1_is_go_s() -> None:
    # The go.mod of golang.org/toolchain is one line; its hash is in toolchain-h1.json.
    digest = sha256(b"module golang.org/toolchain\n").hexdigest()
    assert hash1({"go.mod": digest}) == data("toolchain-h1.json")["go_mod_h1"]
