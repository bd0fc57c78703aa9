"""Laws of the lock: writing and reading are one another's inverse; the reader is the schema."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from generator.cache.proofs import ProofFolder
from generator.lock.model import ActionPin, Archive, GoRelease, ImagePin, Lock
from generator.lock.reading import parse_lock, read_lock
from generator.lock.shape import hex_of_h1
from generator.lock.writing import write_lock
from generator.problems import Rejected
from tests.tools import ROOT

VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((ROOT / "schemas/lock.schema.json").read_text())
)

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=6)
PROOFS = st.sets(WORD, max_size=3).map(lambda found: tuple(sorted(found)))
H1 = st.one_of(
    st.just((None, None)),
    st.just("h1:MeqkXdYlyiVdqJXENOTyX7xd8QjDM/mxR52RKOFBS0M=").map(lambda h: (h, hex_of_h1(h))),
)
ARCHIVES = st.builds(
    lambda sha, size, h1, sentinels, proofs: Archive(
        "go1.27.1.linux-amd64.tar.gz", sha, size, h1[0], h1[1], sentinels, proofs
    ),
    HEX,
    st.none() | st.integers(1, 10**9),
    H1,
    st.dictionaries(st.sampled_from(["bin/go", "bin/gofmt", "pkg/tool/x/link"]), HEX),
    PROOFS,
)
PAIRS = st.tuples(WORD, WORD).map("/".join)
RELEASES = st.builds(
    GoRelease,
    st.dictionaries(PAIRS, ARCHIVES, max_size=4),
    st.none() | st.just("2026-08-19"),
    st.sets(PAIRS, max_size=3).map(lambda found: tuple(sorted(found))),
)
LOCKS = st.builds(
    Lock,
    st.dictionaries(st.sampled_from(["1.20", "1.22.5", "1.27.1", "1.27.10"]), RELEASES),
    st.dictionaries(
        st.tuples(WORD, WORD).map(":".join),
        st.builds(ImagePin, HEX.map("sha256:{}".format), st.none() | st.just("2026-10"), PROOFS),
        max_size=3,
    ),
    st.dictionaries(
        PAIRS,
        st.builds(ActionPin, st.just("v1.2.3"), HEX.map(lambda h: h[:40]), PROOFS),
        max_size=3,
    ),
)


@given(LOCKS)
def test_a_lock_written_and_read_is_the_same(lock: Lock) -> None:
    text = write_lock(lock)
    assert parse_lock(text) == lock
    assert write_lock(parse_lock(text)) == text


@given(LOCKS)
def test_every_pin_stands_on_one_line(lock: Lock) -> None:
    lines = [line for line in write_lock(lock).splitlines() if '": {"' in line]
    archives = sum(len(release.platforms) for release in lock.go.values())
    assert len(lines) == archives + len(lock.images) + len(lock.actions)


@given(LOCKS, st.data())
def test_what_is_remembered_of_a_lock_holds_for_no_other(lock: Lock, data: st.DataObject) -> None:
    text = write_lock(lock)
    at = data.draw(st.integers(0, len(text)))
    new = data.draw(st.sampled_from([*'{}[]":,x0A \\\n', ""]))
    other = text[:at] + new + text[at + data.draw(st.integers(0, 2)) :]
    with TemporaryDirectory() as folder:
        file, proofs = Path(folder, "gogen.lock"), ProofFolder(Path(folder, "valid"))
        for each in (text, other, text, other):
            file.write_text(each)
            assert _read(file, proofs) == _read(file, None)


def _read(file: Path, proofs: ProofFolder | None) -> object:
    try:
        return read_lock(file, proofs)
    except Rejected as rejected:
        return rejected.problems


JUNK = st.sampled_from([None, True, 0, 7, "", "x", [], ["b", "a"], {}, {"x": 1}, "0" * 64, "1.22"])


@given(LOCKS, st.data())
def test_the_reader_takes_what_the_schema_takes(lock: Lock, data: st.DataObject) -> None:
    document = json.loads(write_lock(lock))
    _damage(document, data)
    valid = VALIDATOR.is_valid(document) and _beyond_the_schema(document)
    try:
        parse_lock(json.dumps(document))
    except Rejected:
        assert not valid
    else:
        assert valid


def _damage(document: dict[str, Any], data: st.DataObject) -> None:
    """Put junk at a key anywhere, or remove one."""
    here = document
    while True:
        key = data.draw(st.sampled_from([*sorted(here), "unknown"]))
        below = here.get(key)
        if not isinstance(below, dict) or not data.draw(st.booleans()):
            break
        here = below
    if data.draw(st.booleans()):
        here.pop(key, None)
    else:
        here[key] = data.draw(JUNK)


def _beyond_the_schema(value: Any) -> bool:
    """Check what JSON Schema cannot say: lists are sorted, h1_hex is h1 in hex."""
    if isinstance(value, dict):
        same = "h1" not in value or hex_of_h1(value["h1"]) == value["h1_hex"]
        return same and all(map(_beyond_the_schema, value.values()))
    return not isinstance(value, list) or value == sorted(value)
