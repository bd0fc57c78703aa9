"""Mirrors that fail, lie, stall and break off; the module proxy behind them."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.installer.conftest import CURRENT, NEXT, render
from tests.installer.machine import NEEDED
from tests.installer.mirror import Asked, secured
from tests.installer.stand_in import NOT_IN_THE_MODULE
from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.installer.machine import Machine
    from tests.installer.mirror import Mirror

BAD = ["gone", "html", "wrong", "reset", "truncate", "norange"]
# Where a good mirror answers too: it may be as slow as a busy machine makes it.
QUICK = {"GOGEN_TIMEOUT": "5"}


def fetching_with(machine: Machine, program: str) -> Machine:
    """Leave one program to fetch with."""
    if program == "busybox":
        machine.only(*NEEDED)
        (machine.folder / "bin" / "wget").symlink_to(require("busybox"))
    else:
        machine.only(*NEEDED, program)
    return machine


def part_of(machine: Machine, content: bytes) -> Path:
    """Leave the begin of a download, as a run that was killed does."""
    part = machine.root / "cache" / f"{CURRENT.pin.sha256}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(content)
    return part


# BusyBox's timeout is left out: where its -T crashes, as in Debian 12, it has none.
@pytest.mark.parametrize(
    ("how", "program"),
    [*product(BAD, ("curl", "wget", "busybox")), ("stall", "curl"), ("stall", "wget")],
)
def test_the_next_mirror_makes_good(
    machine: Callable[..., Machine], mirror: Mirror, how: str, program: str
) -> None:
    one = fetching_with(machine(), program)
    one.right("install", "--mirror", mirror.url(how), **(QUICK if how == "stall" else {}))
    one.right("verify", "--deep")
    assert mirror.asked[0].how == how


@pytest.mark.parametrize("program", ["curl", "wget", "busybox"])
@pytest.mark.parametrize("how", ["good", "norange"])
def test_a_download_goes_on_where_it_ended(
    machine: Callable[..., Machine], mirror: Mirror, how: str, program: str
) -> None:
    one = fetching_with(machine(how=how), program)
    part_of(one, CURRENT.archive[:5000])
    one.right()
    one.right("verify", "--deep")
    assert mirror.asked[0] == Asked(how, CURRENT.file, 5000)
    if how == "good":
        assert len(mirror.asked) == 1


@pytest.mark.parametrize(
    "begin", [b"x" * 5000, CURRENT.archive + b"x", CURRENT.archive[:-1] + b"x", CURRENT.archive]
)
def test_what_was_begun_wrongly_is_begun_anew(
    machine: Callable[..., Machine], begin: bytes
) -> None:
    one = machine()
    part = part_of(one, begin)
    one.right()
    one.right("verify", "--deep")
    assert not part.exists()


def test_what_one_mirror_gave_is_not_lost_to_another_s_failure(
    machine: Callable[..., Machine], mirror: Mirror
) -> None:
    one = machine()
    part_of(one, CURRENT.archive[:5000])
    one.right("install", "--mirror", mirror.url("gone"))
    assert mirror.asked[-1] == Asked("good", CURRENT.file, 5000)


@pytest.mark.parametrize(
    ("how", "code"),
    [("gone", 4), ("html", 5), ("wrong", 5), ("reset", 4), ("stall", 4)],
)
def test_no_mirror_that_is_right(machine: Callable[..., Machine], how: str, code: int) -> None:
    one = machine(how=how)
    done = one.run("install", "--json", **({"GOGEN_TIMEOUT": "1"} if how == "stall" else {}))
    assert done.code == code, done.text
    assert (done.json["code"], done.json["changed"]) == (code, False)
    assert CURRENT.version in done.json["error"] or CURRENT.file in done.json["error"]
    assert not [*(one.root / "go").iterdir(), *(one.root / "tmp").iterdir()]
    assert not list((one.root / "cache").glob("*.tar.gz"))
    assert not (one.root / "current").is_symlink()


@pytest.fixture
def secure(mirror: Mirror, tmp_path: Path) -> Iterator[tuple[Mirror, Path]]:
    """Give a mirror over TLS, and the file with its own authority."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    with secured(mirror, key, certificate) as second:
        yield second, certificate


@pytest.mark.parametrize("program", ["curl", "wget"])
def test_tls_is_not_left_for_plain_http(
    machine: Callable[..., Machine],
    mirror: Mirror,
    secure: tuple[Mirror, Path],
    tmp_path: Path,
    program: str,
) -> None:
    second, certificate = secure
    one = fetching_with(machine(), program)
    pins = {"1.27.1": CURRENT.pin, "1.27.2": NEXT.pin}
    trust = f', host_ca_bundle: "{certificate}"'
    good = mirror.url("good")
    one.script.write_bytes(render(tmp_path / "workspace-2", pins, good, network=trust))
    second.insecure = mirror.url("norange")
    # Somebody may want this machine itself reached without a proxy.
    done = one.right("install", "--mirror", second.url("plain", "https"), no_proxy="127.0.0.1")
    assert "plain/" in done.err
    assert [asked.how for asked in second.asked] == ["plain"]
    assert {asked.how for asked in mirror.asked} == {"good"}
    one.right("uninstall")
    mirror.asked.clear()
    one.right("install", "--mirror", second.url("good", "https"))
    assert not mirror.asked


def test_a_mirror_with_another_authority_is_not_trusted(
    machine: Callable[..., Machine], secure: tuple[Mirror, Path]
) -> None:
    second, _ = secure
    for program in ("curl", "wget"):
        one = fetching_with(machine(), program)
        done = one.right("install", "--mirror", second.url("good", "https"))
        assert "good/" in done.err
        assert not second.asked


def test_offline_takes_the_cache_or_a_folder(
    machine: Callable[..., Machine], mirror: Mirror
) -> None:
    one = machine()
    done = one.run("install", "--offline")
    assert (done.code, mirror.asked) == (4, [])
    assert "offline" in done.err
    stick = one.folder / "a stick"
    stick.mkdir()
    (stick / CURRENT.file).write_bytes(CURRENT.archive)
    one.right("install", "--offline", "--mirror", str(stick))
    (one.root / "current/bin/gofmt").write_bytes(b"")
    assert one.right("install", "--offline", "--json").json["source"] == "cache"
    one.right("verify", "--deep")
    assert not mirror.asked


def test_a_damaged_cache_is_fetched_again(machine: Callable[..., Machine], mirror: Mirror) -> None:
    one = machine()
    one.right()
    (archive,) = (one.root / "cache").iterdir()
    archive.write_bytes(CURRENT.archive[:-1])
    (one.root / "current/bin/gofmt").write_bytes(b"")
    assert "is damaged" in one.right().err
    one.right("verify", "--deep")
    assert len(mirror.asked) == 2


@pytest.mark.parametrize("shell", ["dash", "busybox"])
@pytest.mark.parametrize("program", ["unzip", "python3"])
def test_the_module_proxy_is_a_second_source(
    machine: Callable[..., Machine], program: str, shell: str
) -> None:
    one = machine(shell, how="gone", proxy="good")
    one.only(*NEEDED, "curl", program)
    done = one.right("install", "--json").json
    assert done["source"].endswith(".zip")
    one.right("verify", "--deep")
    tree = one.root / "current"
    files = {p.relative_to(tree).as_posix(): p.read_bytes() for p in tree.rglob("*") if p.is_file()}
    assert files == {
        path: text for path, text in CURRENT.tree.items() if not path.startswith(NOT_IN_THE_MODULE)
    }
    modes = {path: (tree / path).stat().st_mode & 0o777 for path in files}
    programs = {path for path, mode in modes.items() if mode == 0o755}
    assert programs == {path for path in files if path.startswith(("bin/", "pkg/tool/"))}
    assert set(modes.values()) == {0o755, 0o644}
    assert one.right("install", "--json").json["changed"] is False


@pytest.mark.parametrize(("proxy", "code"), [("wrong", 5), ("html", 5), ("gone", 4)])
def test_a_module_that_is_not_right(machine: Callable[..., Machine], proxy: str, code: int) -> None:
    one = machine(how="gone", proxy=proxy)
    done = one.run()
    assert done.code == code, done.text
    assert not [*(one.root / "go").iterdir(), *(one.root / "tmp").iterdir()]


def test_what_is_said_of_a_file_is_not_of_the_one_before(machine: Callable[..., Machine]) -> None:
    """A page of another size is not summed; a damaged archive in the cache just was."""
    one = machine(how="html")
    cached = one.root / f"cache/{CURRENT.pin.sha256}.tar.gz"
    cached.parent.mkdir(parents=True)
    damaged = CURRENT.archive[:-1] + b"?"
    cached.write_bytes(damaged)
    done = one.run()
    assert done.code == 5
    assert "its checksum is another" in done.err
    assert sha256(damaged).hexdigest() not in done.err
