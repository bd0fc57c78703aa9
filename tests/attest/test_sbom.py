"""The bill of what the lock pins: whole, reproducible, right by CycloneDX' own validator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from generator.attest.sbom import bill
from generator.attesting import as_json
from generator.disk.sums import digest
from generator.lock.catalogue import embedded
from generator.lock.model import EMPTY, ActionPin, Archive, GoRelease, ImagePin, LayerPin, Lock
from generator.lock.reading import parse_lock
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

TEXT = (ROOT / "gogen.lock").read_bytes()
LOCK = parse_lock(TEXT.decode())
ZERO = "0" * 64


def faults(document: Any) -> str:
    """Say what CycloneDX finds wrong, "" if nothing."""
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(document))
    return str(error or "")


def only(lock: Lock) -> dict[str, Any]:
    """Give the one component of a lock with one pin."""
    document = bill(lock, ZERO)
    assert faults(document) == ""
    (component,) = document["components"]
    return dict(component)


@pytest.mark.parametrize("lock", [LOCK, EMPTY], ids=["ours", "empty"])
def test_cyclonedx_finds_it_right(lock: Lock) -> None:
    assert faults(bill(lock, ZERO)) == ""


def test_the_validator_finds_what_is_wrong() -> None:
    document = bill(LOCK, ZERO)
    document["components"][0]["when"] = "now"
    assert "when" in faults(document)


def test_every_pin_is_there_once() -> None:
    components = bill(LOCK, ZERO)["components"]
    archives = {a.sha256 for release in LOCK.go.values() for a in release.platforms.values()}
    images = {pin.digest.removeprefix("sha256:") for pin in LOCK.images.values()}
    hashes = [h["content"] for c in components for h in c.get("hashes", ())]
    assert sorted(hashes) == sorted(archives | images)
    commits = [c["swhid"] for c in components if "swhid" in c]
    assert sorted(commits) == sorted([f"swh:1:rev:{a.commit}"] for a in LOCK.actions.values())
    assert len(components) == len(hashes) + len(commits)


def test_every_proof_is_there() -> None:
    archive = Archive("go1.27.1.linux-amd64.tar.gz", ZERO, h1="h1:x", proofs=("gpg", "sumdb"))
    found = only(Lock(go={"1.27.1": GoRelease({"linux/amd64": archive})}))
    assert [(p["name"], p["value"]) for p in found["properties"]] == [
        ("gogen:platform", "linux/amd64"),
        ("gogen:h1", "h1:x"),
        ("gogen:proof", "gpg"),
        ("gogen:proof", "sumdb"),
    ]
    assert found["externalReferences"][0]["url"] == f"https://dl.google.com/go/{archive.file}"
    assert found["cpe"] == "cpe:2.3:a:golang:go:1.27.1:*:*:*:*:*:*:*"


def test_package_urls_are_read_as_meant() -> None:
    for component in bill(embedded().pins, ZERO)["components"]:
        purl = PackageURL.from_string(component["purl"])
        assert PackageURL.from_string(purl.to_string()) == purl
        assert purl.type in {"generic", "oci", "github"}
        if purl.type == "generic":
            (sha256,) = (known["content"] for known in component["hashes"])
            assert purl.qualifiers["checksum"] == f"sha256:{sha256}"


@pytest.mark.parametrize(
    ("ref", "name", "repository", "tag"),
    [
        ("debian:trixie-slim", "debian", "docker.io/library/debian", "trixie-slim"),
        ("docker/dockerfile:1.26", "dockerfile", "docker.io/docker/dockerfile", "1.26"),
        ("gcr.io/Distroless/static:nonroot", "static", "gcr.io/Distroless/static", "nonroot"),
        ("localhost:5000/a/b:1", "b", "localhost:5000/a/b", "1"),
        ("localhost:5000/a/b", "b", "localhost:5000/a/b", None),
    ],
)
def test_an_image_is_named_by_its_digest(
    ref: str, name: str, repository: str, tag: str | None
) -> None:
    found = only(Lock(images={ref: ImagePin(f"sha256:{ZERO}")}))
    purl = PackageURL.from_string(found["purl"])
    assert (purl.type, purl.name, purl.version) == ("oci", name, f"sha256:{ZERO}")
    expected = {"repository_url": repository, **({"tag": tag} if tag else {})}
    assert purl.qualifiers == expected


def test_an_action_is_named_by_its_commit() -> None:
    commit = "a" * 40
    found = only(Lock(actions={"github/codeql-action/init": ActionPin("v4.1.0", commit)}))
    purl = PackageURL.from_string(found["purl"])
    assert (purl.type, purl.namespace, purl.name) == ("github", "github", "codeql-action")
    assert (purl.version, purl.subpath) == (commit, "init")
    assert found["externalReferences"][0]["url"] == "https://github.com/github/codeql-action"


def test_a_layer_is_named_by_its_commit_and_its_tree() -> None:
    commit, tree = "a" * 40, "b" * 40
    url = "git+https://git.example/platform//profiles/team/base?ref=v1"
    pin = LayerPin(commit, tree, "refs/tags/v1", {"go.yaml": "c" * 40}, ("git",))
    found = only(Lock(layers={url: pin}))
    purl = PackageURL.from_string(found["purl"])
    assert (purl.type, purl.name, purl.version) == ("generic", "team/base", commit)
    assert purl.qualifiers == {"vcs_url": f"git+https://git.example/platform@{commit}"}
    assert purl.subpath == "profiles/team/base"
    assert (
        "vcs_url=git%2Bhttps://git.example/platform%40" in found["purl"]
    )  # as the purl spec has it
    assert found["swhid"] == [f"swh:1:rev:{commit}", f"swh:1:dir:{tree}"]


def test_the_serial_number_is_of_the_content() -> None:
    first, again, other = bill(LOCK, ZERO), bill(LOCK, ZERO), bill(LOCK, "1" * 64)
    assert as_json(first) == as_json(again)
    assert first["serialNumber"] != other["serialNumber"]


def test_the_command_writes_that_of_the_lock(project: Make, tmp_path: Any) -> None:
    work = project({"gogen.lock": TEXT})
    before = work.tree()
    printed = work.run("sbom")
    assert (printed.code, printed.err) == (0, "")
    document = json.loads(printed.out)
    assert document == bill(LOCK, digest(TEXT))
    read = Bom.from_json(document)  # type: ignore[attr-defined]
    assert len(read.components) == len(document["components"])
    file = tmp_path / "bom.json"
    said = work.run("sbom", "--out", str(file))
    assert said.out == f"wrote {file}, {len(document['components'])} components\n"
    assert file.read_text() == printed.out
    assert json.loads(work.run("sbom", "--format", "json").out)["sbom"] == document
    assert work.tree() == before


def test_without_a_lock_there_is_none(project: Make) -> None:
    work = project({})
    (work.root / "gogen.lock").unlink()
    outcome = work.run("sbom")
    assert (outcome.code, outcome.out) == (3, "")
    assert "GG300" in outcome.err
