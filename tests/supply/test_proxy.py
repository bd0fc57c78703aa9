"""A module proxy and the database behind it: Go's own, a forwarder that lies, and the real one."""

from __future__ import annotations

import io
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import Archive, ImagePin
from generator.lock.shape import hex_of_h1
from generator.problems import Rejected
from generator.sumdb.note import GO_KEY, verifier
from generator.supply.bundles import Shelf, reproved
from generator.supply.http import Client, Web
from generator.supply.proofs import KEPT, WORD, Named, State, Verdict
from generator.supply.proxy import Proxy
from tests.servers.https import Reply, Request, authority, serving
from tests.sumdb.log import Keys, Server, keys, server
from tests.supply.go_tree import MODULE, PLATFORM, VERSION, module_version, publish
from tests.supply.test_toolchain import WHOLE
from tests.tools import lacks, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Change = Callable[[str, bytes], bytes | None]

NAME = "go1.27.1.linux-amd64.tlog-proof"
BELOW = "sumdb/sum.example.test"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proxy")
    publish(folder)
    publish(folder, "1.26.8")
    return folder


@pytest.fixture(scope="module")
def log(published: Path) -> Iterator[Server]:
    with server(published, count=300) as made:
        yield made


def source(address: str, folder: Path, by: Keys | None = None) -> Proxy:
    """Ask a proxy; its proofs are kept in a folder."""
    key = verifier((by or keys()).public)
    web = Web(ca_file=authority().ca_file, retries=0, connect=5, read=5, deadline=10)
    return Proxy(address, Client(web), key, Shelf(folder, key))


def put(folder: Path, proxy: Proxy) -> None:
    """Keep what a proxy gave to keep."""
    for path, data in proxy.kept().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_h1_is_proved_and_its_proof_kept(log: Server, tmp_path: Path) -> None:
    proxy = source(log.address, tmp_path)
    found = proxy.archive(VERSION, PLATFORM)
    due = Archive("", "", h1=WHOLE.h1, h1_hex=hex_of_h1(WHOLE.h1), proofs=("sumdb",))
    assert found == due
    assert sorted(proxy.kept()) == [f"{BELOW}/{NAME}", f"{BELOW}/latest"]
    assert contents(tmp_path) == {}


def test_a_kept_proof_needs_no_network(log: Server, tmp_path: Path) -> None:
    proxy = source(log.address, tmp_path)
    found = proxy.archive(VERSION, PLATFORM)
    put(tmp_path, proxy)
    offline = source("https://nobody.invalid", tmp_path)
    assert offline.archive(VERSION, PLATFORM) == found
    assert offline.kept() == {}
    file = tmp_path / BELOW / NAME  # a checkout may have changed its line ends
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert source("https://nobody.invalid", tmp_path).archive(VERSION, PLATFORM) == found


def test_a_pin_without_its_proof_is_asked_for_again(log: Server, tmp_path: Path) -> None:
    proxy = source(log.address, tmp_path)
    at, listed = ("go", VERSION, PLATFORM), Archive("", "", proofs=("sumdb",))
    assert proxy.shows(at, listed._replace(proofs=()))
    assert proxy.shows(("images", "a:b"), ImagePin("sha256:0", None, ("registry",)))
    assert not proxy.shows(at, listed)
    proxy.archive(VERSION, PLATFORM)
    assert proxy.shows(at, listed)
    put(tmp_path, proxy)
    assert source(log.address, tmp_path).shows(at, listed)


def test_what_a_proxy_does_not_know(log: Server, tmp_path: Path) -> None:
    proxy = source(log.address, tmp_path)
    assert proxy.archive("1.20.14", PLATFORM) is None
    assert proxy.kept() == {}


def test_releases_are_those_listed(log: Server, tmp_path: Path) -> None:
    assert source(log.address, tmp_path).releases() == {
        "1.26.8": frozenset({PLATFORM}),
        "1.27.1": frozenset({PLATFORM}),
    }


def forward(log: Server, change: Change) -> Callable[[Request], Reply]:
    """Pass on what a server says, changed."""

    def answer(request: Request) -> Reply:
        got = log.get(request.path)
        body = None if got is None else change(request.path, got)
        return Reply(b"not found", 404) if body is None else Reply(body)

    return answer


@pytest.mark.parametrize(
    ("where", "changed", "says"),
    [
        ("/latest", lambda note: note.replace(b"\n3", b"\n4"), "GG533"),
        ("/lookup/", lambda answer: answer.replace(b" h1:", b" h1:A"), "GG538"),
        ("/lookup/", lambda answer: answer.replace(b"go1.27.1", b"go1.27.0"), "GG538"),
        ("/tile/", lambda tile: bytes([tile[0] ^ 1]) + tile[1:], "GG537"),
    ],
)
def test_nothing_is_kept_of_what_was_changed(
    log: Server, tmp_path: Path, where: str, changed: Callable[[bytes], bytes], says: str
) -> None:
    def change(path: str, body: bytes) -> bytes:
        return changed(body) if where in path else body

    with serving({"*": forward(log, change)}) as between:
        proxy = source(between.url, tmp_path)
        with pytest.raises(Rejected, match=says):
            proxy.archive(VERSION, PLATFORM)
    assert contents(tmp_path) == {}
    assert NAME not in "".join(proxy.kept())


def test_a_page_where_the_database_is_due(log: Server, tmp_path: Path) -> None:
    def change(path: str, body: bytes) -> bytes:
        return b"<html>Sign in</html>" if "/lookup/" in path else body

    with (
        serving({"*": forward(log, change)}) as between,
        pytest.raises(Rejected, match=r"lookup/.*: the answer holds no record: a page of HTML"),
    ):
        source(between.url, tmp_path).archive(VERSION, PLATFORM)


@pytest.mark.parametrize("status", [401, 403])
def test_a_proxy_that_lets_nobody_in(tmp_path: Path, status: int) -> None:
    with serving({"*": Reply(b"no", status)}) as between:
        with pytest.raises(Rejected, match=rf"GG544.*HTTP status {status}"):
            source(between.url, tmp_path).archive(VERSION, PLATFORM)
        with pytest.raises(Rejected, match=rf"GG544.*HTTP status {status}"):
            source(between.url, tmp_path).releases()


def test_a_list_that_is_none(tmp_path: Path) -> None:
    with (
        serving({"*": Reply(b"<html>")}) as between,
        pytest.raises(Rejected, match=r"GG544.*this is no list of versions: a page of HTML"),
    ):
        source(between.url, tmp_path).releases()


def test_a_proxy_without_the_database(tmp_path: Path) -> None:
    """The database itself is asked where a proxy does not pass it on: here it is on no network."""
    by = keys("localhost:1")
    with (
        serving({"*": Reply(b"", 404)}) as between,
        pytest.raises(Rejected, match=r"https://localhost:1/"),
    ):
        source(between.url, tmp_path, by).archive(VERSION, PLATFORM)


def test_a_kept_tree_is_gone_on_from(log: Server, published: Path, tmp_path: Path) -> None:
    first = source(log.address, tmp_path)
    first.archive(VERSION, PLATFORM)
    put(tmp_path, first)
    before = contents(tmp_path)
    with (
        server(published, salt="fork", count=400) as fork,
        pytest.raises(Rejected, match="GG539") as forked,
    ):
        source(fork.address, tmp_path).archive("1.26.8", PLATFORM)
    with (
        server(published, count=5) as stale,
        pytest.raises(Rejected, match="GG540"),
    ):
        source(stale.address, tmp_path).archive("1.26.8", PLATFORM)
    assert before[f"{BELOW}/latest"].decode().splitlines()[1] in str(forked.value)
    assert contents(tmp_path) == before


def test_a_flipped_bit_of_a_kept_proof(log: Server, tmp_path: Path) -> None:
    proxy = source(log.address, tmp_path)
    proxy.archive(VERSION, PLATFORM)
    put(tmp_path, proxy)
    file = tmp_path / BELOW / NAME
    good = file.read_bytes()
    for at in range(0, len(good), 7):
        file.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(Rejected) as rejected:
            source(log.address, tmp_path).archive(VERSION, PLATFORM)
        (problem,) = rejected.value.problems
        assert str(problem.place) == f"gogen.lock.d/{BELOW}/{NAME}"
    (tmp_path / BELOW / "latest").write_bytes(b"<<<<<<< ours\n")
    with pytest.raises(Rejected, match=r"GG542.*merge conflict markers"):
        source(log.address, tmp_path).archive("1.26.8", PLATFORM)


def test_the_module_is_downloaded_and_held_against_its_h1(log: Server, tmp_path: Path) -> None:
    proxy = source(log.address, tmp_path)
    assert proxy.toolchain(VERSION, PLATFORM, WHOLE.h1, io.BytesIO()) == WHOLE
    assert proxy.toolchain("1.25.1", PLATFORM, WHOLE.h1, io.BytesIO()) is None
    with pytest.raises(Rejected, match=r"GG543.*its tree makes a module with h1:"):
        proxy.toolchain(VERSION, PLATFORM, "h1:" + "A" * 43 + "=", io.BytesIO())


@pytest.mark.parametrize("body", [b"<html>", b"PK\x03\x04", b""])
def test_a_module_that_is_no_zip(log: Server, tmp_path: Path, body: bytes) -> None:
    def change(path: str, got: bytes) -> bytes:
        return body if path.endswith(".zip") else got

    with (
        serving({"*": forward(log, change)}) as between,
        pytest.raises(Rejected, match=r"GG543.*cannot be read to its end"),
    ):
        source(between.url, tmp_path).toolchain(VERSION, PLATFORM, WHOLE.h1, io.BytesIO())


def go(log: Server, home: Path) -> dict[str, str]:
    """Let the go command fetch the toolchain module, and check it with our database."""
    env = {
        "HOME": str(home),
        "GOPATH": str(home / "go"),
        "GOPROXY": log.address,
        "GOSUMDB": log.keys.public,
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
    }
    argv = [str(require("go")), "mod", "download", "-json", f"{MODULE}@{module_version()}"]
    done = subprocess.run(argv, env=env, cwd=home, capture_output=True, text=True, check=False)
    answer: dict[str, str] = json.loads(done.stdout or "{}") | {"said": done.stderr}
    return answer


def test_the_go_command_says_the_same(published: Path, tmp_path: Path) -> None:
    folder = tmp_path / "gogen.lock.d"
    with server(published, count=100) as log:
        assert go(log, tmp_path)["Sum"] == WHOLE.h1
        kept = tmp_path / "go" / "pkg" / "sumdb" / log.name / "latest"
        (folder / BELOW).mkdir(parents=True)
        (folder / BELOW / "latest").write_bytes(kept.read_bytes())
        found = source(log.address, folder).archive(VERSION, PLATFORM)
    assert found
    assert found.h1 == WHOLE.h1
    # Both saw that tree, and both refuse a log that denies it, with the same words of the log. Go
    # holds the tiles it keeps against those of the fork: so few records make no whole tile.
    download = tmp_path / "go" / "pkg" / "mod" / "cache" / "download"
    (download / "golang.org").rename(tmp_path / "modules")
    (download / "sumdb" / log.name / "lookup").rename(tmp_path / "records")
    with server(published, salt="fork", count=150) as fork:
        said = go(fork, tmp_path)
        with pytest.raises(Rejected, match="GG539") as rejected:
            source(fork.address, folder).archive(VERSION, PLATFORM)
    told = said.get("Error", "") + said["said"]
    assert "go.sum database server misbehavior detected" in told
    for line in kept.read_text(encoding="utf-8").splitlines():
        assert line in told
        assert line in str(rejected.value)


LINUX = Named(
    ("go", VERSION, PLATFORM),
    Archive(
        "go1.27.1.linux-amd64.tar.gz",
        "0" * 64,
        h1="h1:MeqkXdYlyiVdqJXENOTyX7xd8QjDM/mxR52RKOFBS0M=",
    ),
)


def real() -> str:
    """Give the real module proxy; skip where it does not answer."""
    done = subprocess.run(
        [str(require("go")), "env", "GOPROXY"], capture_output=True, text=True, check=True
    )
    address = done.stdout.strip().split(",")[0].split("|")[0]
    try:
        if Client(Web(retries=0)).get(f"{address}/sumdb/sum.golang.org/supported", limit=100):
            return address
    except Rejected as rejected:
        lacks(f"the real module proxy does not answer: {rejected}")
    return ""


def test_the_real_database(tmp_path: Path) -> None:
    key = verifier(GO_KEY)
    proxy = Proxy(real(), Client(Web()), key, Shelf(tmp_path, key))
    found = proxy.archive(VERSION, PLATFORM)
    assert found
    assert found.h1 == LINUX.pin.h1  # type: ignore[union-attr] # an archive
    put(tmp_path, proxy)
    assert reproved(LINUX, tmp_path) == Verdict(State.PROVED)


def test_the_workspace_names_the_key(log: Server, tmp_path: Path) -> None:
    proxy = source(log.address, tmp_path / KEPT)
    pin = proxy.archive(VERSION, PLATFORM)
    assert pin
    put(tmp_path / KEPT, proxy)
    named = Named(("go", VERSION, PLATFORM), pin)
    settings = tmp_path / "gogen.toml"
    settings.write_text(f'[sources]\nsumdb = "{log.keys.public}"\n', encoding="utf-8")
    assert reproved(named, tmp_path / KEPT).state is State.PROVED
    other = keys(seed=2).public
    settings.write_text(f'[sources]\nsumdb = "{other}"\n', encoding="utf-8")
    verdict = reproved(named, tmp_path / KEPT)
    assert verdict.state is State.FAILED
    assert "not signed by a known key" in verdict.why


def test_where_nothing_is_kept(tmp_path: Path) -> None:
    assert reproved(LINUX, tmp_path) == WORD
    assert reproved(Named(("images", "a:b"), ImagePin("sha256:0")), tmp_path) == WORD
