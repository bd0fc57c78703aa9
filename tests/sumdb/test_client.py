"""A database of Go's own making is believed, and one that anybody changed on its way is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from generator.problems import Rejected
from generator.sumdb import bundle
from generator.sumdb.client import Database
from generator.sumdb.note import verifier
from generator.sumdb.refused import Refused
from tests.sumdb.log import Server, keys, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.sumdb.log import Judge

    Change = Callable[[bytes], bytes | None]

KEY = verifier(keys().public)
NOTHING: Mapping[str, Change] = {}
RECORDS = 700  # three tiles at the bottom, one above


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("none"), count=RECORDS) as made:
        yield made


def database(
    log: Server, seen: bytes = b"", change: Mapping[str, Change] = NOTHING, **more: Change
) -> Database:
    """Ask the log; what comes from a path that begins so is changed on its way."""
    changes = {**change, **more}

    def fetch(path: str) -> bytes | None:
        answer = log.fetch(path)
        for start, changed in changes.items():
            if path.startswith(start) and answer is not None:
                answer = changed(answer)
        return answer

    return Database(KEY, fetch, "sum.example.test", seen)


def refusal(asked: Database, module: str = "example.test/m400") -> str:
    """Give the code and the message."""
    with pytest.raises(Rejected) as rejected:
        asked.prove(module, "v1.0.0")
    (problem,) = rejected.value.problems
    return f"{problem.code} {problem.message}"


def flip(data: bytes, at: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("number", [0, 255, 256, 511, 699])
def test_a_record_is_proved_and_its_bundle_stands_alone(
    log: Server, judge: Judge, number: int
) -> None:
    module = f"example.test/m{number}"
    found = database(log).prove(module, "v1.0.0")
    assert found
    assert found.proved.record.number == number
    assert f"{module} v1.0.0 {found.proved.h1}\n" in found.proved.record.text
    assert bundle.verify(found.bundle, KEY, module, "v1.0.0") == found.proved
    word = judge.ask("bundle", note=found.bundle, key=log.keys.public)
    assert (word["error"], word["text"]) == ("", found.proved.record.text)


def test_a_module_the_database_does_not_know(log: Server) -> None:
    assert database(log).prove("unknown.test/m", "v1.0.0") is None


def test_the_tree_grows_and_is_followed(tmp_path: Path) -> None:
    """Each look-up of a new module adds a record: the trees beside the answers grow."""
    with server(tmp_path, count=3) as log:
        asked = database(log)
        first = asked.prove("example.test/m1", "v1.0.0")
        second = asked.prove("new.test/a", "v1.0.0")
        later = database(log, asked.newest).prove("new.test/b", "v1.0.0")
    assert first
    assert second
    assert later
    assert [e.proved.head.tree.size for e in (first, second, later)] == [3, 4, 5]


def test_an_old_answer_is_proved_in_the_newest_tree(log: Server, tmp_path: Path) -> None:
    """A proxy keeps answers: the tree beside one is older than the newest, and begins it."""
    with server(tmp_path, count=500) as young:
        old = young.fetch("lookup/example.test/m400@v1.0.0")
    found = database(log, lookup=lambda _: old).prove("example.test/m400", "v1.0.0")
    assert found
    assert found.proved.head.tree.size == RECORDS


def test_many_threads_at_once(tmp_path: Path) -> None:
    with server(tmp_path, count=300) as log, ThreadPoolExecutor(8) as pool:
        asked = database(log)
        names = [f"{where}.test/m{n}" for n in range(20) for where in ("example", "new")]
        found = [*pool.map(lambda name: asked.prove(name, "v1.0.0"), names)]
        assert all(found)
        assert database(log, asked.newest).prove("example.test/m1", "v1.0.0")


def test_a_flipped_bit_of_the_newest_tree(log: Server) -> None:
    told = refusal(database(log, latest=lambda note: note.replace(b"\n700\n", b"\n701\n")))
    assert told.startswith("GG533 sum.example.test/latest: the signature of")


def test_a_flipped_bit_of_the_tree_beside_a_record(log: Server) -> None:
    told = refusal(database(log, lookup=lambda a: a.replace(b"\n700\n", b"\n701\n")))
    assert told.startswith("GG533 sum.example.test/lookup/example.test/m400@v1.0.0: the signature")


def test_a_changed_record(log: Server) -> None:
    told = refusal(database(log, lookup=lambda a: a.replace(b"h1:", b"h1:A", 1)[:-1]))
    assert told.startswith("GG531")
    swapped = refusal(database(log, lookup=_another_hash))
    assert swapped.startswith("GG538")
    assert "record 400 is not in the signed tree of 700 records" in swapped


def _another_hash(answer: bytes) -> bytes:
    at = answer.index(b"h1:") + 3
    return answer[:at] + (b"B" if answer[at : at + 1] == b"A" else b"A") + answer[at + 1 :]


def test_a_record_said_to_be_elsewhere(log: Server) -> None:
    assert refusal(database(log, lookup=lambda a: b"401" + a[3:])).startswith("GG538")
    assert refusal(database(log, lookup=lambda a: b"700" + a[3:])).startswith("GG538")


def test_the_record_of_another_module(log: Server) -> None:
    other = log.fetch("lookup/example.test/m401@v1.0.0")
    told = refusal(database(log, lookup=lambda _: other))
    assert told.startswith("GG536")
    assert "is not about example.test/m400@v1.0.0" in told


def test_the_record_of_an_older_release(tmp_path: Path) -> None:
    """A downgrade: a true record, of the release before."""
    with server(tmp_path, count=5) as log:
        old = log.fetch("lookup/example.test/m4@v1.0.0")
        asked = database(log, lookup=lambda _: old)
        with pytest.raises(Rejected, match=r"is not about example\.test/m4@v1\.0\.1"):
            asked.prove("example.test/m4", "v1.0.1")


def test_a_flipped_bit_of_a_tile(log: Server) -> None:
    told = refusal(database(log, tile=flip))
    assert told.startswith("GG537 sum.example.test: tile/8/")
    change: dict[str, Change] = {"tile/8/0/001": lambda data: flip(data, 4000)}
    full = refusal(database(log, change=change))
    assert full.startswith("GG537 sum.example.test: tile/8/0/001 is not of the signed tree")


@pytest.mark.parametrize("path", ["latest", "lookup", "tile"])
def test_answers_that_were_cut_off(log: Server, path: str) -> None:
    change: dict[str, Change] = {path: lambda answer: answer[:40]}
    code = {"latest": "GG531", "lookup": "GG535", "tile": "GG537"}[path]
    assert refusal(database(log, change=change)).startswith(code)


@pytest.mark.parametrize("path", ["latest", "lookup", "tile"])
def test_html_with_status_200(log: Server, path: str) -> None:
    change: dict[str, Change] = {path: lambda _: b"<html>please sign in</html>"}
    assert "a page of HTML" in refusal(database(log, change=change))


def test_a_signer_that_is_not_known(tmp_path: Path) -> None:
    with server(tmp_path, count=3, by=keys(seed=2)) as stranger:
        told = refusal(database(stranger))
    assert told.startswith("GG532")
    assert "not signed by a known key, but by 'sum.example.test+" in told


def test_a_stale_tree(log: Server, tmp_path: Path) -> None:
    seen = log.fetch("latest") or b""
    with server(tmp_path, count=RECORDS - 1) as young:
        told = refusal(database(young, seen))
    assert told.startswith("GG540 sum.example.test/latest: the newest tree is said to have 699")
    assert "one of 700 was seen before" in told


@pytest.mark.parametrize("more", [0, 50])
def test_a_forked_log(log: Server, tmp_path: Path, more: int, judge: Judge) -> None:
    seen = log.fetch("latest") or b""
    with server(tmp_path, salt="other records", count=RECORDS + more) as fork:
        told = refusal(database(fork, seen))
        other = (fork.fetch("latest") or b"").decode()
    assert told.startswith("GG539 sum.example.test/latest: sum.example.test misbehaves: it signed")
    old, new = told.split("old database:\n")[1].split("\nnew database:\n")
    assert old == seen.decode().rstrip("\n")
    assert new.split("\nproof of misbehavior:\n")[0] == other.rstrip("\n")
    assert not judge.ask("note", note=f"{old}\n".encode(), key=log.keys.public)["error"]


def test_a_fork_beside_a_record(log: Server, tmp_path: Path) -> None:
    """The newest tree is the true one; the answer comes from a log with other records."""
    with server(tmp_path, salt="other records", count=500) as fork:
        told = refusal(
            database(log, lookup=lambda _: fork.fetch("lookup/example.test/m400@v1.0.0"))
        )
    assert told.startswith("GG539")


def test_what_was_seen_before_must_be_signed_too(log: Server) -> None:
    with pytest.raises(Refused, match="not signed by a known key"):
        Database(verifier(keys(seed=2).public), log.fetch, "", log.fetch("latest") or b"")


def test_no_bit_of_a_bundle_can_be_flipped(log: Server) -> None:
    found = database(log).prove("example.test/m400", "v1.0.0")
    assert found
    for at in range(len(found.bundle)):
        changed = flip(found.bundle, at)
        with pytest.raises(Refused):
            bundle.verify(changed, KEY, "example.test/m400", "v1.0.0")


def test_a_bundle_of_another_module_or_key(log: Server) -> None:
    found = database(log).prove("example.test/m400", "v1.0.0")
    assert found
    with pytest.raises(Refused, match="is not about"):
        bundle.verify(found.bundle, KEY, "example.test/m400", "v1.0.1")
    with pytest.raises(Refused, match="not signed by a known key"):
        bundle.verify(found.bundle, verifier(keys(seed=2).public), "example.test/m400", "v1.0.0")


def test_a_log_of_one_record(tmp_path: Path) -> None:
    with server(tmp_path, count=1) as log:
        found = database(log).prove("example.test/m0", "v1.0.0")
        assert found
        assert b"index 0\n\ngo.sum database tree\n1\n" in found.bundle
