"""An archive makes the module that the checksum database knows, or it is refused."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import Archive
from generator.lock.shape import hex_of_h1
from generator.problems import Rejected
from generator.supply import archive_h1, toolchain
from generator.supply.proofs import tried
from generator.supply.toolchain import NotATree
from tests.sumdb.log import server
from tests.supply.go_tree import (
    LEFT_OUT,
    MODULE,
    PLATFORM,
    TREE,
    VERSION,
    module_files,
    module_version,
    module_zip,
    publish,
    tarred,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

WHOLE = toolchain.of_module(io.BytesIO(module_zip()), VERSION, PLATFORM)
FILE = "go1.27.1.linux-amd64.tar.gz"
PREFIX = f"{MODULE}@{module_version()}/"


def of_archive(data: bytes) -> toolchain.Toolchain:
    return toolchain.of_archive(io.BytesIO(data), VERSION, PLATFORM)


@dataclass(frozen=True)
class Given:
    """A download at hand."""

    archive: Archive
    path: Path

    def beside(self, suffix: str, limit: int) -> bytes | None:
        raise NotImplementedError(suffix, limit)


def given(folder: Path, data: bytes, h1: str | None = WHOLE.h1, file: str = FILE) -> Given:
    path = folder / "download"
    path.write_bytes(data)
    return Given(Archive(file, hashlib.sha256(data).hexdigest(), h1=h1), path)


def test_the_hash_is_the_one_of_go(tmp_path: Path) -> None:
    """Go's own dirhash, in the server, makes the record of the zip that lies there."""
    publish(tmp_path)
    with server(tmp_path) as log:
        record = (log.fetch(f"lookup/{MODULE}@{module_version()}") or b"").decode()
    assert f"{MODULE} {module_version()} {WHOLE.h1}\n" in record


@pytest.mark.parametrize("make", [tarred, lambda tree: zipped(tree, "go/")])
def test_an_archive_makes_the_module(make: Callable[[Mapping[str, bytes]], bytes]) -> None:
    assert of_archive(make(TREE)) == WHOLE


def test_what_is_read_of_a_tree() -> None:
    assert sorted(WHOLE.sentinels) == [
        *("bin/go", "bin/gofmt"),
        *(f"pkg/tool/linux_amd64/{tool}" for tool in ("asm", "cgo", "compile", "link")),
    ]
    assert WHOLE.sentinels["bin/go"] == hashlib.sha256(TREE["bin/go"]).hexdigest()
    assert (WHOLE.ports, WHOLE.lacks) == (("aix/ppc64", "linux/amd64"), ())


@pytest.mark.parametrize("path", sorted(TREE))
def test_every_file_of_the_module_counts(path: str) -> None:
    changed = of_archive(tarred({**TREE, path: TREE[path] + b"x"}))
    removed = of_archive(tarred({name: data for name, data in TREE.items() if name != path}))
    counts = not path.startswith(LEFT_OUT)
    assert (changed.h1 != WHOLE.h1, removed.h1 != WHOLE.h1) == (counts, counts)


def test_sentinels_are_the_tools_that_make_binaries() -> None:
    tree = {"bin/go.exe": b"1", "bin/other": b"2", "pkg/tool/windows_amd64/asm.exe": b"3"}
    found = of_archive(tarred({**tree, "src/bin/go": b"4", "pkg/tool/windows_amd64/vet.exe": b"5"}))
    assert set(found.sentinels) == {"bin/go.exe", "pkg/tool/windows_amd64/asm.exe"}
    assert found.lacks == ("cgo", "compile", "gofmt", "link")


def test_the_order_of_files_does_not_count() -> None:
    assert of_archive(tarred(dict(sorted(TREE.items(), reverse=True)))) == WHOLE


def link(name: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.type = tarfile.SYMTYPE
        info.linkname = "/etc/passwd"
        archive.addfile(info)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "cannot be read"),
        (b"<html>sign in</html>", "cannot be read"),
        (tarred(TREE)[:-200], "cannot be read"),
        (zipped(TREE, "go/")[:-200], "cannot be read"),
        (tarred(TREE, "go1.27/"), "is not a file below go/"),
        (tarred(TREE, "/go/"), "is not a file below go/"),
        (link("go/bin/go"), "is no ordinary file"),
    ],
)
def test_what_is_no_archive(data: bytes, says: str) -> None:
    with pytest.raises(NotATree, match=says):
        of_archive(data)


def test_a_flipped_bit_of_a_zip() -> None:
    data = module_zip()
    found = []
    for at in range(0, len(data), 97):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            found.append(toolchain.of_module(io.BytesIO(changed), VERSION, PLATFORM).h1)
        except NotATree:
            found.append("")
    # Times and attributes are no part of what is hashed.
    assert found.count("") > len(found) // 2


def test_a_tree_is_not_unpacked_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "LARGEST", 10_000)
    with pytest.raises(NotATree, match=r"more than 10,000 bytes"):
        of_archive(tarred(TREE))


def test_the_proof_of_an_archive(tmp_path: Path) -> None:
    download = given(tmp_path, tarred(TREE))
    assert tried("archive-h1", download)
    assert archive_h1.sentinels(download) == WHOLE.sentinels


def refusal(download: Given) -> str:
    with pytest.raises(Rejected) as rejected:
        archive_h1.tried(download)
    (problem,) = rejected.value.problems
    return f"{problem.code} {problem.message}"


def test_a_trimmed_tree_is_refused(tmp_path: Path) -> None:
    """As distributors and setup tools make it: without the tools that are seldom used."""
    trimmed = {n: d for n, d in TREE.items() if not n.endswith(("/cgo", "/gofmt"))}
    told = refusal(given(tmp_path, tarred(trimmed)))
    assert told.startswith(f"GG543 {FILE}: its tree makes a module with h1:")
    assert told.endswith("and it lacks cgo, gofmt: somebody trimmed it")


def test_a_changed_tree_is_refused(tmp_path: Path) -> None:
    told = refusal(given(tmp_path, tarred({**TREE, "bin/go": b"another"})))
    assert told.startswith(f"GG543 {FILE}: its tree makes a module with h1:")
    assert "trimmed" not in told


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    assert refusal(given(tmp_path, b"<html>")).startswith(f"GG543 {FILE}: it cannot be read")


@pytest.mark.parametrize(("h1", "file"), [(None, FILE), (WHOLE.h1, "go1.20.14.linux-amd64.tar.gz")])
def test_where_the_proof_is_not_for_it(tmp_path: Path, h1: str | None, file: str) -> None:
    assert not archive_h1.tried(given(tmp_path, b"", h1, file))


def test_names_of_archives(tmp_path: Path) -> None:
    """An arm archive is named armv6l, its module arm."""
    arm = zipped(module_files(), f"{MODULE}@v0.0.1-go1.27.1.linux-arm/")
    h1 = toolchain.of_module(io.BytesIO(arm), VERSION, "linux/arm").h1
    assert archive_h1.tried(given(tmp_path, tarred(TREE), h1, "go1.27.1.linux-armv6l.tar.gz"))


def test_the_shell_computes_the_same(tmp_path: Path) -> None:
    """The hash as scripts make it: find, sha256sum, sort."""
    for path, data in module_files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    script = (
        'find . -type f -exec sha256sum {} + | sed "s|  \\./|  $0/|" | LC_ALL=C sort -k 2'
        " | sha256sum"
    )
    done = subprocess.run(
        ["sh", "-c", script, f"{MODULE}@{module_version()}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[0] == hex_of_h1(WHOLE.h1)
