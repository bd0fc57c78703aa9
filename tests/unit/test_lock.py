"""Reading, writing and choosing pins."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from generator.cache.proofs import ProofFolder
from generator.lock.catalogue import embedded
from generator.lock.model import EMPTY, ActionPin, Archive, GoRelease, ImagePin, Lock
from generator.lock.reading import parse_lock, read_lock
from generator.lock.resolve import needed
from generator.lock.stale import stale
from generator.lock.wanted import Ask, WantedPins, release_of, wanted
from generator.lock.writing import write_lock
from generator.model import Profile, Target
from generator.problems import Exit, Place, Problem, Rejected
from generator.profile.schema import View
from tests.tools import ROOT
from tests.trees import profile as made

if TYPE_CHECKING:
    from pathlib import Path

HERE = Place("profiles/base/go.yaml", 3, 12)
THERE = Place("profiles/base/go.yaml", 9, 7)
SCHEMA = json.loads((ROOT / "schemas/lock.schema.json").read_text())
SHA = "63d339f0da5ab53635a56f2490a7984dfe12dfcff22ad749f63edaf590168445"
PROOF = '"proofs": ["embedded-index"]'
SMALL = Lock(
    go={"1.27.1": GoRelease({"linux/amd64": Archive("go1.27.1.linux-amd64.tar.gz", SHA)})},
    images={"debian:trixie-slim": ImagePin(f"sha256:{SHA}", "2026-10", ("embedded-index",))},
    actions={"actions/checkout": ActionPin("v7.0.1", SHA[:40], ("embedded-index",))},
)


def wants(
    *go: tuple[str, str], images: tuple[str, ...] = (), actions: tuple[str, ...] = ()
) -> WantedPins:
    return WantedPins(
        {pair: Ask(HERE, THERE) for pair in go},
        {ref: Ask(HERE) for ref in images},
        {name: Ask(HERE) for name in actions},
    )


def refused(text: str) -> tuple[Problem, ...]:
    with pytest.raises(Rejected) as caught:
        parse_lock(text)
    assert all(p.exit is Exit.LOCK for p in caught.value.problems)
    return caught.value.problems


# Writing


def test_a_pin_is_a_line() -> None:
    assert write_lock(SMALL) == (
        "{\n"
        '  "actions": {\n'
        f'    "actions/checkout": {{"tag": "v7.0.1", "commit": "{SHA[:40]}", {PROOF}}}\n'
        "  },\n"
        '  "go": {\n'
        '    "1.27.1": {\n'
        '      "platforms": {\n'
        f'        "linux/amd64": {{"file": "go1.27.1.linux-amd64.tar.gz", "sha256": "{SHA}"}}\n'
        "      }\n"
        "    }\n"
        "  },\n"
        '  "images": {\n'
        f'    "debian:trixie-slim": {{"digest": "sha256:{SHA}", "as_of": "2026-10", {PROOF}}}\n'
        "  }\n"
        "}\n"
    )


def test_an_empty_lock() -> None:
    assert json.loads(write_lock(EMPTY)) == {"actions": {}, "go": {}, "images": {}}
    assert parse_lock(write_lock(EMPTY)) == EMPTY
    assert parse_lock("{}") == EMPTY


def test_everything_known_can_be_written_and_read() -> None:
    everything = embedded().pins
    text = write_lock(everything)
    assert parse_lock(text) == everything
    jsonschema.validate(json.loads(text), SCHEMA)


def test_two_branches_that_add_pins_merge(tmp_path: Path) -> None:
    base = needed(wants(("1.27.1", "linux/amd64"), ("1.27.1", "linux/s390x")))
    ours = needed(
        wants(
            *((v, p) for v, r in base.go.items() for p in r.platforms), ("1.27.1", "darwin/arm64")
        )
    )
    theirs = needed(
        wants(("1.27.1", "linux/amd64"), ("1.27.1", "linux/s390x"), images=("alpine:3.24.1",))
    )
    for name, lock in {"base": base, "ours": ours, "theirs": theirs}.items():
        (tmp_path / name).write_text(write_lock(lock))
    merged = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert parse_lock(merged.stdout) == Lock(ours.go, theirs.images, {})


# Reading


BAD = [
    ("", "GG300", (1, 1), "the lock is not JSON: expecting value"),
    ('{\n "go": {,\n', "GG300", (2, 9), "the lock is not JSON"),
    ("[]", "GG300", (1, 1), "the lock is not a JSON object"),
    ("[" * 100_000, "GG300", (0, 0), "nested too deeply"),
    ("1" * 5000, "GG300", (0, 0), "a number without end"),
    ('{\n<<<<<<< ours\n"go"', "GG300", (2, 1), "the lock has merge conflict markers"),
    ('{"go": {},\n "images": {},\n "go": {}}', "GG303", (3, 2), "'go' stands twice"),
    ('{\n "golang": {}}', "GG301", (2, 2), "unknown key 'golang'"),
    ('{\n "go": []}', "GG301", (2, 2), "'go' is []"),
    ('{"go": {\n "go1.27.1": {"platforms": {}}}}', "GG302", (2, 2), "'go1.27.1' cannot be a name"),
    ('{"go": {\n "1.27.1": {}}}', "GG301", (2, 2), "'1.27.1' has no platforms"),
    ('{"go": {\n "1.27.1": 5}}', "GG301", (2, 2), "'1.27.1' is 5"),
    ('{"images": {\n "alpine:3": {"digest": "sha256:12"}}}', "GG302", (2, 15), "digest is"),
    ('{"images": {\n "alpine:3": {"digest": null}}}', "GG302", (2, 15), "digest is null"),
    ('{"images": {\n "alpine:3": {}}}', "GG301", (2, 2), "'alpine:3' has no digest"),
    ('{"images": {\n "alpine": {}}}', "GG302", (2, 2), "'alpine' cannot be a name in images"),
    (
        '{"actions": {"a/b": {\n "tag": "main", "commit": "' + SHA[:40] + '"}}}',
        "GG302",
        (2, 2),
        "tag is",
    ),
    (
        '{"actions": {"a/b": {"tag": "v1",\n "commit": "' + SHA + '"}}}',
        "GG302",
        (2, 2),
        "commit is",
    ),
]


@pytest.mark.parametrize(("text", "code", "place", "message"), BAD)
def test_a_broken_lock_says_where(
    text: str, code: str, place: tuple[int, int], message: str
) -> None:
    (problem,) = refused(text)
    assert (problem.code, problem.place) == (code, Place("gogen.lock", *place))
    assert message in problem.message
    assert problem.hint


ARCHIVE_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"sha256": SHA.upper()}, "sha256 is"),
    ({"sha256": SHA[:-1]}, "sha256 is"),
    ({"sha256": SHA + "\n"}, "sha256 is"),
    ({"sha256": 7}, "sha256 is 7"),
    ({"file": "../go1.27.1.linux-amd64.tar.gz"}, "file is"),
    ({"size": 0}, "size is 0"),
    ({"size": True}, "size is true"),
    ({"size": "70"}, "size is"),
    ({"sha265": SHA}, "unknown key 'sha265'"),
    ({"sentinels": {"bin/go": "00"}}, "sentinels is"),
    ({"sentinels": {"/bin/go": SHA}}, "sentinels is"),
    ({"sentinels": {"bin/go": None}}, "sentinels is"),
    ({"sentinels": []}, "sentinels is []"),
    ({"proofs": ["b", "a"]}, "proofs is"),
    ({"proofs": ["a", "a"]}, "proofs is"),
    ({"proofs": [["a"]]}, "proofs is"),
    ({"proofs": "sumdb"}, "proofs is"),
    ({"h1": "h1:" + "A" * 43 + "="}, "h1_hex is not the same hash as h1"),
    ({"h1_hex": SHA}, "h1_hex is not the same hash as h1"),
]


@pytest.mark.parametrize(("fault", "message"), ARCHIVE_FAULTS)
def test_each_fault_of_an_archive(fault: dict[str, Any], message: str) -> None:
    archive = {"file": "go1.27.1.linux-amd64.tar.gz", "sha256": SHA}
    parse_lock(_lock_of(archive))
    (problem,) = refused(_lock_of({**archive, **fault}))
    assert message in problem.message


def _lock_of(archive: dict[str, Any]) -> str:
    return json.dumps({"go": {"1.27.1": {"platforms": {"linux/amd64": archive}}}})


def test_all_faults_are_named_at_once() -> None:
    text = write_lock(SMALL).replace(SHA[:20], "X" * 20)
    assert [p.message.split()[0] for p in refused(text)] == ["sha256", "digest", "commit"]


def test_a_pin_repeated_names_both_lines() -> None:
    line = f'"linux/amd64": {{"file": "go1.27.1.linux-amd64.tar.gz", "sha256": "{SHA}"}}'
    (problem,) = refused('{"go": {"1.27.1": {"platforms": {\n' + line + ",\n" + line + "}}}}")
    assert problem.place == Place("gogen.lock", 3, 1)
    assert problem.related == (("first here", Place("gogen.lock", 2, 1)),)


def test_no_lock_is_told(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        read_lock(tmp_path / "gogen.lock")
    assert caught.value.problems[0].message == "there is no lock"
    assert caught.value.problems[0].hint == "run gogen lock"


def test_a_lock_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "gogen.lock").write_bytes(b"\xff")
    with pytest.raises(Rejected, match="cannot be read"):
        read_lock(tmp_path / "gogen.lock")


def test_a_lock_that_was_right_is_read_without_a_second_look(tmp_path: Path) -> None:
    proofs = ProofFolder(tmp_path / "valid")
    file = tmp_path / "gogen.lock"
    file.write_text(write_lock(SMALL))
    assert [read_lock(file, proofs) for _ in range(2)] == [SMALL, SMALL]
    (mark,) = (each for each in proofs.folder.rglob("*") if len(each.name) == 62)
    file.write_text(write_lock(SMALL).replace(SHA, SHA.upper()))
    with pytest.raises(Rejected, match="sha256 is"):
        read_lock(file, proofs)
    mark.unlink()
    file.write_text(write_lock(SMALL))
    assert read_lock(file, proofs) == SMALL
    assert mark.exists()


def test_pins_are_made_when_they_are_asked_for() -> None:
    lock = parse_lock(write_lock(SMALL))
    platforms = lock.go["1.27.1"].platforms
    assert (len(platforms), *platforms) == (1, "linux/amd64")
    assert "linux/arm64" not in platforms
    assert platforms["linux/amd64"] is platforms["linux/amd64"]
    assert platforms.get("linux/arm64") is None


# Choosing


def test_only_what_is_wanted_is_locked() -> None:
    lock = needed(
        wants(("1.27.1", "linux/amd64"), images=("ubuntu:24.04",), actions=("actions/checkout",))
    )
    assert list(lock.go["1.27.1"].platforms) == ["linux/amd64"]
    assert lock.go["1.27.1"].platforms["linux/amd64"].sha256 == SHA
    assert list(lock.images) == ["ubuntu:24.04"]
    assert lock.actions["actions/checkout"].commit.startswith("3d3c42e5")


REFUSALS = [
    (wants(("1.27.2", "linux/ppc64le")), "GG311", "go 1.27.2 has no archive for linux/ppc64le"),
    (wants(("1.27.1", "linux/amd46")), "GG311", "go 1.27.1 has no archive for linux/amd46"),
    (wants(("1.22", "linux/amd64")), "GG003", '"1.22" is not an exact Go release'),
    (wants(("go1.22.5", "linux/amd64")), "GG003", '"go1.22.5" is not an exact Go release'),
    (wants(("latest", "linux/amd64")), "GG003", '"latest" is not an exact Go release'),
    (wants(("1.27.9", "linux/amd64")), "GG310", "go 1.27.9 is not in the release index"),
    (wants(("1.99.0", "linux/amd64")), "GG310", "go 1.99.0 is not in the release index"),
    (wants(("1.27.4", "linux/amd64")), "GG310", "go 1.27.4 exists (Debian trixie-backports "),
    (wants(images=("debian:trixy-slim",)), "GG312", "image debian:trixy-slim is not in"),
    (wants(images=(f"alpine:3.24.1@sha256:{SHA}",)), "GG312", "is not in the catalogue"),
    (wants(actions=("actions/chekout",)), "GG313", "action actions/chekout is not in"),
]
HINTS = [
    "releases of 1.27 that have it: 1.27.0, 1.27.1",
    'did you mean "linux/amd64"?',
    'write "1.22.12"',
    'write "1.22.5"',
    "",
    "the newest of 1.27 there is 1.27.2",
    "this gogen knows releases of 1.20 to 1.27; a newer gogen knows newer ones",
    "the newest of 1.27 there is 1.27.2",
    "tags of debian there: bookworm-slim, trixie-slim",
    "write the tag alone: the lock holds the digest",
    'did you mean "actions/checkout"?',
]


@pytest.mark.parametrize(
    ("pins", "code", "message", "hint"),
    [(*case, hint) for case, hint in zip(REFUSALS, HINTS, strict=True)],
)
def test_what_is_not_known_is_refused(pins: WantedPins, code: str, message: str, hint: str) -> None:
    with pytest.raises(Rejected) as caught:
        needed(pins)
    (problem,) = caught.value.problems
    assert (problem.code, problem.place, problem.hint) == (code, HERE, hint)
    assert message in problem.message


def test_an_unknown_release_is_told_once_for_all_platforms() -> None:
    with pytest.raises(Rejected) as caught:
        needed(wants(("1.27.9", "linux/amd64"), ("1.27.9", "linux/arm64"), ("1.27.2", "plan9/386")))
    assert [p.code for p in caught.value.problems] == ["GG311", "GG310"]


def test_the_first_release_of_an_old_line_is_exact() -> None:
    assert list(needed(wants(("1.20", "linux/amd64"))).go) == ["1.20"]


def test_an_image_that_moved_stays_until_it_is_bumped() -> None:
    older = ImagePin(
        "sha256:1428a953896eef9e62fc6ef60cad05bbf98769f6ea5f8c278e519b9dd168ab26",
        "2026-08-18",
        ("embedded-index",),
    )
    pins = wants(images=("ubuntu:24.04",))
    assert needed(pins, Lock(images={"ubuntu:24.04": older})).images["ubuntu:24.04"] == older
    assert needed(pins).images["ubuntu:24.04"].digest.startswith("sha256:224a1869")


def test_what_another_source_proved_is_kept() -> None:
    pins = wants(("1.27.1", "linux/amd64"), ("1.27.1", "windows/386"), images=("a.example/b:1",))
    mine = needed(wants(("1.27.1", "linux/amd64"))).go["1.27.1"].platforms["linux/amd64"]
    locked = Lock(
        go={
            "1.27.1": GoRelease(
                {
                    "linux/amd64": mine._replace(proofs=("gpg",)),
                    "windows/386": Archive("go1.27.1.windows-386.zip", SHA, proofs=("go-dev",)),
                }
            )
        },
        images={"a.example/b:1": ImagePin(f"sha256:{SHA}", proofs=("registry",))},
    )
    lock = needed(pins, locked)
    archives = lock.go["1.27.1"].platforms
    assert archives["linux/amd64"].proofs == ("embedded-index", "gpg", "rebuilt", "sumdb")
    assert archives["windows/386"] == locked.go["1.27.1"].platforms["windows/386"]
    assert lock.images == locked.images


def test_a_forged_pin_keeps_nothing() -> None:
    """A pin that says it is of the index, and is not; an archive that is another's."""
    pins = wants(("1.27.1", "linux/amd64"), images=("ubuntu:24.04",), actions=("actions/cache",))
    true = needed(pins)
    archive = true.go["1.27.1"].platforms["linux/amd64"]
    forged = Lock(
        {"1.27.1": GoRelease({"linux/amd64": archive._replace(sha256=SHA[::-1], proofs=("gpg",))})},
        {"ubuntu:24.04": ImagePin(f"sha256:{SHA}", "2026-11", ("embedded-index",))},
        {"actions/cache": ActionPin("v9", SHA[:40], ("embedded-index", "tag-read"))},
    )
    assert needed(pins, forged) == true
    other = archive._replace(h1="h1:" + "A" * 43 + "=", h1_hex="0" * 64, proofs=("gpg",))
    locked = Lock({"1.27.1": GoRelease({"linux/amd64": other})})
    assert needed(pins, locked).go == true.go


# Staleness


def test_a_fresh_lock_is_not_stale() -> None:
    pins = wants(("1.27.1", "linux/amd64"), images=("ubuntu:24.04",))
    lock = needed(pins)
    assert stale(lock, pins, write_lock(lock)) == []


def test_missing_superfluous_and_forged_pins_are_told_with_their_lines() -> None:
    lock = needed(wants(("1.27.1", "linux/amd64"), images=("ubuntu:24.04",)))
    text = write_lock(lock).replace(SHA, SHA[::-1])
    pins = wants(("1.27.1", "linux/amd64"), ("1.27.1", "linux/arm64"))
    found = stale(parse_lock(text), pins, text)
    assert [(p.code, p.exit) for p in found] == [
        ("GG332", Exit.LOCK),
        ("GG330", Exit.LOCK),
        ("GG331", Exit.LOCK),
    ]
    lines = text.splitlines()
    assert [lines[p.place.line - 1].split('"')[1] for p in found if p.place] == [
        "linux/amd64",
        "platforms",
        "ubuntu:24.04",
    ]
    assert found[0].expected == f"sha256 {SHA}"


def test_a_lock_laid_out_by_hand_is_told() -> None:
    pins = wants(("1.27.1", "linux/amd64"))
    lock = needed(pins)
    text = json.dumps(json.loads(write_lock(lock)))
    assert [p.code for p in stale(parse_lock(text), pins, text)] == ["GG333"]


def test_a_checkout_with_other_line_ends_is_not_stale() -> None:
    pins = wants(("1.27.1", "linux/amd64"))
    lock = needed(pins)
    text = write_lock(lock).replace("\n", "\r\n")
    assert stale(parse_lock(text), pins, text) == []


def test_a_whole_release_is_told_once() -> None:
    lock = needed(wants(("1.27.1", "linux/amd64"), ("1.27.1", "linux/arm64")))
    pins = wants(("1.27.0", "linux/amd64"), ("1.27.0", "linux/arm64"))
    found = stale(lock, pins, write_lock(lock))
    assert [(p.code, p.message) for p in found] == [
        ("GG330", "the lock has no pin for go 1.27.0"),
        ("GG331", "nobody asks for go 1.27.1"),
    ]


# Wanting


def profile(tree: dict[str, Any]) -> Profile:
    return made(tree, HERE)


def target(images: tuple[str, ...] = (), actions: tuple[str, ...] = ()) -> Target:
    return Target("docker", "", (), images, actions, (), "templates/docker/target.yaml")


NOTHING = View([])
TREE = {
    "toolchains": {"current": "1.27.1", "next": "1.27.2", "old": "1.26.7"},
    "go": {"toolchain": "current", "platforms": ["linux/amd64", "linux/arm64"]},
    "modules": [{"name": "a"}, {"name": "b", "toolchain": "next"}],
    "image": {"base": "debian:trixie-slim", "all": ["alpine:3.20", "alpine:3.24.1"], "label": "x"},
}


def test_the_toolchains_in_use_are_wanted_on_every_platform() -> None:
    found = wanted(profile(TREE), (), NOTHING)
    assert sorted(found.go) == [
        (version, platform)
        for version in ("1.27.1", "1.27.2")
        for platform in ("linux/amd64", "linux/arm64")
    ]


def test_manifests_name_pins_by_word_and_by_reference() -> None:
    images = (
        "<{ image.base }>",
        "<{image.all}>",
        "<{ image.none }>",
        "golang:<{ toolchains.old }>-x",
    )
    found = wanted(profile(TREE), (target((*images, "ubuntu:24.04"), ("actions/cache",)),), NOTHING)
    assert sorted(found.images) == [
        "alpine:3.20",
        "alpine:3.24.1",
        "debian:trixie-slim",
        "golang:1.26.7-x",
        "ubuntu:24.04",
    ]
    assert found.images["ubuntu:24.04"].place == Place("templates/docker/target.yaml")
    assert found.images["alpine:3.20"].place == HERE
    assert list(found.actions) == ["actions/cache"]


MARK = {"type": "string", "format": "image-ref"}
SCHEMAS = [
    {"properties": {"image": {"properties": {"base": MARK}}}},
    {"properties": {"image": {"patternProperties": {"^base$": MARK}}}},
    {
        "additionalProperties": {"properties": {"base": {"$ref": "#/$defs/ref"}}},
        "$defs": {"ref": MARK},
    },
    {"allOf": [{"properties": {"image": {"anyOf": [{"properties": {"base": MARK}}]}}}]},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_strings_the_schema_marks_are_images(schema: dict[str, Any]) -> None:
    assert list(wanted(profile(TREE), (), View([(schema, schema)])).images) == [
        "debian:trixie-slim"
    ]


def test_lists_are_looked_through() -> None:
    section = {"properties": {"bases": {"items": {"properties": {"ref": MARK}}}}}
    tree = {**TREE, "docker": {"bases": [{"ref": "alpine:3.20", "name": "a"}]}}
    whole = {"properties": {"docker": section}}
    found = wanted(profile(tree), (), View([(whole, whole)]))
    assert list(found.images) == ["alpine:3.20"]


def test_a_toolchain_that_is_not_there_is_refused() -> None:
    tree = {**TREE, "go": {"toolchain": "curent", "platforms": []}}
    with pytest.raises(Rejected) as caught:
        release_of(profile(tree))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place, problem.exit) == ("GG146", HERE, Exit.INPUT)
    assert problem.hint == 'did you mean "current"?'


def test_wants_are_joined() -> None:
    one = wants(("1.27.1", "linux/amd64"), images=("a:1",))
    other = wants(("1.27.1", "linux/arm64"), images=("b:1",), actions=("a/b",))
    both = one | other
    assert len(both.go) == 2
    assert set(both.images) == {"a:1", "b:1"}
    assert set(both.actions) == {"a/b"}


def test_the_shipped_profiles_want_what_the_schema_marks() -> None:
    schema = json.loads((ROOT / "schemas/profile.schema.json").read_text())
    text = (ROOT / "profiles/build-pod/image.yaml").read_text()
    bases = sorted(set(re.findall(r'base: "(.*)"', text)))
    tree = {**TREE, "image": {"families": [{"name": "x", "base": base} for base in bases]}}
    assert sorted(wanted(profile(tree), (), View([(schema, schema)])).images) == bases
    assert needed(wanted(profile(tree), (), View([(schema, schema)]))).images.keys() == set(bases)


def test_a_base_image_is_due_for_the_platforms_it_is_built_upon_for() -> None:
    """All of linux, those that a family names, and what several families and profiles name."""
    families = [
        {"name": "a", "base": "all:1"},
        {"name": "b", "base": "one:1", "platforms": ["linux/arm64"]},
        {"name": "c", "base": "both:1", "platforms": ["linux/arm64"]},
        {"name": "d", "base": "both:1", "platforms": ["linux/s390x"]},
    ]
    go = {"platforms": ["linux/amd64", "darwin/arm64", "linux/arm64"]}
    one = wanted(profile({**TREE, "go": go, "image": {"families": families}}), (), NOTHING)
    all_of_linux = frozenset({"linux/amd64", "linux/arm64"})
    assert one.platforms == {
        "all:1": all_of_linux,
        "one:1": frozenset({"linux/arm64"}),
        "both:1": frozenset({"linux/arm64", "linux/s390x"}),
    }
    other = wants()._replace(platforms={"one:1": frozenset({"linux/amd64"})})
    assert (one | other).platforms == {**one.platforms, "one:1": all_of_linux}
