"""Signed notes: what Go signs is believed, what anybody changed or signed besides is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from generator.sumdb.note import GO_KEY, open_note, verifier
from generator.sumdb.record import hash_in, head_of, lookup_of
from generator.sumdb.refused import Refused
from tests.sumdb.log import keys, server, sign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sumdb.log import Judge

# What sum.golang.org answered to "latest" on 2026-11-23.
REAL = """\
go.sum database tree
71909756
iHqVxqh8cyFgqTcentUiEjZ88MD/U2r6w+0h9y1wcFA=

— sum.golang.org Az3gruqca1CkvBUmiVQwTbA/gaUFzmjGdeKsltdaxDjB0sALZnZFiokxoLeuELkWgcacVEQfWPJ8/\
AdDoOHPspHuDgk=
""".encode()


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    with server(tmp_path_factory.mktemp("none"), count=5) as log:
        yield log.fetch("latest") or b""


def refusal(note: bytes, key: str) -> str:
    with pytest.raises(Refused) as refused:
        open_note(note, verifier(key))
    return f"{refused.value.problem.code} {refused.value}"


def test_the_tree_that_go_signs_is_read(signed: bytes) -> None:
    head = head_of(open_note(signed, verifier(keys().public)))
    assert (head.tree.size, len(head.tree.root), head.note) == (5, 32, signed)


def test_the_real_database_is_known_by_its_key(judge: Judge) -> None:
    assert head_of(open_note(REAL, verifier(GO_KEY))).tree.size == 71_909_756
    assert not judge.ask("note", note=REAL, key=GO_KEY)["error"]


def test_no_bit_of_a_note_can_be_flipped(signed: bytes, judge: Judge) -> None:
    for at in range(len(signed)):
        changed = signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]
        with pytest.raises(Refused):
            open_note(changed, verifier(keys().public))
        if changed[-4:] == signed[-4:]:  # of the last letter Go's base64 leaves two bits unread
            assert judge.ask("note", note=changed, key=keys().public)["error"]


def test_a_changed_tree_is_told_from_an_unknown_key(signed: bytes) -> None:
    bigger = signed.replace(b"\n5\n", b"\n6\n")
    assert refusal(bigger, keys().public).startswith("GG533 the signature of sum.example.test is")
    other = keys(seed=2)
    told = refusal(signed, other.public)
    assert told.startswith("GG532 the note is not signed by a known key, but by 'sum.example.test+")
    assert refusal(signed, keys("other.test").public).startswith("GG532")


def test_a_second_signer_changes_nothing(signed: bytes) -> None:
    more = signed + "— witness.test AAAAAAAAAAAA\n".encode()
    assert open_note(more, verifier(keys().public)).text == "go.sum database tree\n5\n" + (
        signed.decode().split("\n")[2] + "\n"
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<!doctype html><title>Sign in</title>",
        b"text without signatures\n",
        b"text\n\n",
        b"text\n\nno signature\n",
        "text\n\n— name !!!!\n".encode(),
        "text\n\n— name AAAA\n".encode(),
        b"\xff\xfe\n\n",
        b"a\rb\n\n",
        b"x" * 1_000_001,
    ],
)
def test_what_is_no_note(answer: bytes) -> None:
    assert refusal(answer, GO_KEY).startswith("GG531")


def test_a_note_that_was_cut_off(signed: bytes) -> None:
    for end in range(len(signed)):
        with pytest.raises(Refused):
            open_note(signed[:end], verifier(keys().public))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("sum.golang.org", "is no verifier key"),
        (GO_KEY.replace("033de0ae", "033de0af"), "says its hash is 033de0af"),
        (GO_KEY.replace("033de0ae", "033de0ag"), "is no verifier key"),
        (GO_KEY[:-4], "is no verifier key"),
        (GO_KEY.replace("+Ac4", "+Bc4"), "is no verifier key"),
        (GO_KEY.replace("sum.golang.org", "sum.golang.net"), "says its hash is"),
        ("a b+033de0ae+AAAA", "is no verifier key"),
    ],
)
def test_what_is_no_verifier_key(key: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        verifier(key)


@pytest.mark.parametrize(
    "text", ["tree\n1\n", "go.sum database tree\n01\n", "go.sum database tree\n"]
)
def test_a_signed_note_about_something_else(text: str) -> None:
    note = open_note(sign(text, keys()), verifier(keys().public))
    with pytest.raises(Refused, match="about no tree"):
        head_of(note)


H1 = "h1:" + "A" * 43 + "="
RECORD = f"a.test/m v1.0.0 {H1}\na.test/m v1.0.0/go.mod {H1}\n"


def test_a_record_binds_module_version_and_hash() -> None:
    assert hash_in(RECORD, "a.test/m", "v1.0.0") == H1
    assert hash_in(RECORD, "a.test/m", "v1.0.0/go.mod") == H1


@pytest.mark.parametrize(
    ("record", "module", "version"),
    [
        (RECORD, "b.test/m", "v1.0.0"),
        (RECORD, "a.test/m", "v1.0.1"),
        (RECORD, "test/m", "v1.0.0"),
        (RECORD.replace("h1:", "h2:"), "a.test/m", "v1.0.0"),
        (RECORD + RECORD.replace("A=", "B="), "a.test/m", "v1.0.0"),
        ("", "a.test/m", "v1.0.0"),
    ],
)
def test_a_record_of_something_else(record: str, module: str, version: str) -> None:
    with pytest.raises(Refused, match="is not about") as refused:
        hash_in(record, module, version)
    assert refused.value.problem.code == "GG536"


@pytest.mark.parametrize(
    "answer", [b"", b"1\n", b"01\na\n\nn", b"1\n\nn", b"-1\na\n\nn", b"1\na\n", b"\xff", b"<html>"]
)
def test_a_lookup_that_holds_no_record(answer: bytes) -> None:
    with pytest.raises(Refused, match="holds no record"):
        lookup_of(answer)
