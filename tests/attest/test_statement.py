"""The statement over out/: read by in-toto, checked by sha256sum, signed in an envelope, true."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]  # it is public

from generator import __version__
from generator.attest.statement import PAYLOAD
from generator.attesting import attest
from generator.disk.sums import digest
from generator.pipeline import Compiler
from generator.problems import Rejected
from generator.sources import Sources
from generator.workspace import open_workspace
from tests.layers.upstream import APP, BASE, address, extends, online
from tests.servers.repository import repository
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

PROFILE = """\
targets: [app, environment]
toolchains: {current: "1.27.1"}
go: {platforms: [linux/amd64]}
"""
FILES: dict[str, str | bytes] = {
    "gogen.toml": 'places = ["placed/*"]\n',
    "profiles/base/profile.yaml": PROFILE,
    "profiles/base/more.yaml": "app: a\n",
    "profiles/child/profile.yaml": "extends: [base]\napp: b\n",
    "profiles/alone/profile.yaml": PROFILE.replace("app, environment", "alone"),
    "templates/app/target.yaml": (
        "description: one file\nfiles:\n"
        '  - {template: note.txt.j2, path: app/note.txt, place: "placed/<{ app }>.txt"}\n'
    ),
    "templates/app/note.txt.j2": "<{ app }> <{ toolchain.version }>\n",
    "templates/app/note.txt.j2~": "what an editor left\n",
    "templates/app/section.schema.json": '{"type": "string", "description": "Notes."}',
    "templates/alone/target.yaml": (
        "description: one file\nfiles:\n  - {template: plain, path: alone/plain, dialect: text}\n"
    ),
    "templates/alone/plain": "<{ toolchain.version }>\n",
    "templates/unused/target.yaml": (
        "description: no file\nfiles:\n  - {template: x.txt.j2, path: x}\n"
    ),
    "templates/unused/x.txt.j2": "",
}


@pytest.fixture
def work(project: Make) -> Project:
    """Give a workspace that is rendered."""
    one = project(FILES)
    assert one.run("render").code == 0
    return one


def stated(work: Project, *argv: str) -> dict[str, Any]:
    """Give the statement."""
    outcome = work.run("attest", *argv)
    assert (outcome.code, outcome.err) == (0, "")
    return dict(json.loads(outcome.out))


def names(descriptors: list[dict[str, Any]]) -> list[str]:
    return [descriptor["name"] for descriptor in descriptors]


def inputs(statement: dict[str, Any]) -> list[dict[str, Any]]:
    return list(statement["predicate"]["buildDefinition"]["resolvedDependencies"])


def test_in_toto_reads_it(work: Project) -> None:
    read = json_format.Parse(work.run("attest").out, statement_pb2.Statement())
    statement = Statement.copy_from_pb(read)
    statement.validate()
    predicate = json_format.ParseDict(
        json_format.MessageToDict(statement.pb.predicate), provenance_pb2.Provenance()
    )
    definition = predicate.build_definition
    assert definition.external_parameters["profiles"] == ["alone", "base", "child"]
    for dependency in definition.resolved_dependencies:
        ResourceDescriptor.copy_from_pb(dependency).validate()
    assert predicate.run_details.builder.version["gogen"] == __version__
    assert not predicate.run_details.HasField("metadata")


def test_in_toto_refuses_one_that_is_none(work: Project) -> None:
    statement = stated(work)
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict({**statement, "subjects": []}, statement_pb2.Statement())
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict(
            {**statement["predicate"], "clock": "now"}, provenance_pb2.Provenance()
        )


def test_its_subjects_are_what_is_rendered(work: Project) -> None:
    before = work.tree()
    statement = stated(work)
    outputs = [path for path in before if path.startswith(("out/", "placed/"))]
    assert names(statement["subject"]) == sorted(outputs)
    assert "placed/a.txt" in outputs
    assert work.tree() == before
    lines = "".join(f"{s['digest']['sha256']}  {s['name']}\n" for s in statement["subject"])

    def check() -> int:
        argv = (require("sha256sum"), "--check", "--strict", "--quiet", "-")
        return subprocess.run(
            argv, input=lines.encode(), cwd=work.root, capture_output=True, check=False
        ).returncode

    assert check() == 0
    (work.root / "placed/a.txt").write_text("forged\n")
    assert check() == 1


def test_its_inputs_are_what_that_was_made_from(work: Project) -> None:
    found = {entry["name"]: entry["digest"]["sha256"] for entry in inputs(stated(work))}
    own = {name for name in FILES if not name.endswith("~") and "unused" not in name}
    shipped = {name for name in found if name.startswith("builtin:")}
    assert found.keys() - shipped == own | {"gogen.lock"}
    assert "builtin:environment/target.yaml" in shipped
    assert "builtin:go/environment.sh.j2" in shipped  # which another target includes
    assert not any(name.startswith("builtin:docker/") for name in shipped)
    for name, sha256 in found.items():
        path = work.root / name if name in own else ROOT / name.replace("builtin:", "templates/")
        path = work.root / name if name == "gogen.lock" else path
        assert digest(path.read_bytes()) == sha256


def test_a_layer_of_another_repository_is_an_input(
    project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = repository(tmp_path / "platform")
    origin.commit({"profiles/base/go.yaml": BASE, "profiles/base/README.md": "Our base.\n"})
    origin.git("tag", "v1.0.0")
    online(monkeypatch)
    work = project({**APP, **extends(address(origin))})
    assert work.run("lock").code == 0
    assert work.run("render").code == 0
    found = {entry["name"]: entry["digest"]["sha256"] for entry in inputs(stated(work))}
    (vendored,) = (name for name in found if name.startswith("gogen.lock.d/"))
    assert found[vendored] == digest(BASE.encode())
    (layer,) = (c for c in json.loads(work.run("sbom").out)["components"] if c["type"] == "data")
    assert layer["swhid"][0] == f"swh:1:rev:{origin.git('rev-parse', 'HEAD').strip()}"


def test_one_profile_is_stated_with_what_it_builds_on(work: Project) -> None:
    statement = stated(work, "child")
    profiles = statement["predicate"]["buildDefinition"]["externalParameters"]["profiles"]
    assert profiles == ["child"]
    assert {name.split("/")[1] for name in names(statement["subject"])} == {"child", "b.txt"}
    own = {n for n in names(inputs(statement)) if n.startswith("profiles/")}
    assert own == {n for n in FILES if n.startswith("profiles/") and "alone" not in n}


def test_the_same_files_give_the_same_bytes(work: Project, tmp_path: Path) -> None:
    first = work.run("attest").out
    shutil.copytree(work.root, tmp_path / "elsewhere")
    other = type(work)(tmp_path / "elsewhere")
    assert other.run("attest").out == work.run("attest").out == first
    assert str(tmp_path) not in first
    assert str(ROOT) not in first
    other.write({"profiles/base/more.yaml": "app: c\n"})
    assert other.run("render").code == 0
    assert other.run("attest").out != first


def test_an_envelope_over_it_is_signed_and_verified(work: Project) -> None:
    payload = work.run("attest").out.encode()
    signer = CryptoSigner.generate_ed25519()
    envelope = Envelope(payload, PAYLOAD, {})
    envelope.sign(signer)
    received = Envelope.from_dict(json.loads(json.dumps(envelope.to_dict())))
    assert received.verify([signer.public_key], 1)
    assert received.payload == payload
    received.payload = payload.replace(b"out/base", b"out/evil")
    with pytest.raises(VerificationError):
        received.verify([signer.public_key], 1)


def test_openssl_verifies_the_envelope_too(work: Project, tmp_path: Path) -> None:
    payload = work.run("attest").out.encode()
    key, public, signature, signed = (tmp_path / n for n in ("key", "pub", "sig", "pae"))
    kind, size = PAYLOAD.encode(), str(len(payload)).encode()
    signed.write_bytes(b" ".join((b"DSSEv1", b"%d" % len(kind), kind, size, payload)))
    for argv in (
        ("genpkey", "-algorithm", "ed25519", "-out", key),
        ("pkey", "-in", key, "-pubout", "-out", public),
        ("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", signed, "-out", signature),
    ):
        subprocess.run((require("openssl"), *argv), check=True, capture_output=True)
    public_key = CryptoSigner.generate_ed25519().public_key
    pem = base64.b64decode("".join(public.read_text().splitlines()[1:-1]))
    public_key.keyval["public"] = pem[-32:].hex()
    envelope = Envelope.from_dict(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD,
            "signatures": [
                {
                    "keyid": public_key.keyid,
                    "sig": base64.b64encode(signature.read_bytes()).decode(),
                }
            ],
        }
    )
    assert envelope.verify([public_key], 1)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"out/base/app/note.txt": "by hand\n"}, "GG402"),
        ({"profiles/base/more.yaml": "app: c\n"}, "GG401"),
        ({"placed/a.txt": "by hand\n"}, "GG402"),
        ({"out/base/extra": "more\n"}, "GG405"),
        ({"out/base/SHA256SUMS": ""}, "GG407"),
    ],
    ids=["edited", "stale", "a placed file edited", "extra", "sums forged"],
)
def test_of_what_is_not_so_there_is_no_statement(
    work: Project, files: dict[str, str | bytes], code: str
) -> None:
    work.write(files)
    before = work.tree()
    outcome = work.run("attest", "--out", str(work.root / "statement.json"))
    assert (outcome.code, outcome.out) == (1, "")
    assert f"error[{code}]" in outcome.err
    assert outcome.tree == before


def test_a_profile_that_does_not_compile_has_none(work: Project) -> None:
    work.write({"profiles/base/more.yaml": "app: [\n"})
    outcome = work.run("attest")
    assert (outcome.code, outcome.out) == (2, "")


@pytest.mark.parametrize(
    "name", ["profiles/base/more.yaml", "templates/app/note.txt.j2", "gogen.lock"]
)
def test_what_changes_meanwhile_is_refused(work: Project, name: str) -> None:
    compiler = Compiler(Sources(open_workspace(work.root)))

    def advance(_done: int, _of: int) -> None:
        with (work.root / name).open("a") as file:
            file.write("\n")

    with pytest.raises(Rejected) as rejected:
        attest(compiler, (), advance)
    (problem,) = rejected.value.problems
    assert problem.code == "GG595"
    assert problem.exit == 1
    assert name in problem.message


def test_it_is_written_where_it_is_asked_for(work: Project, tmp_path: Path) -> None:
    printed = work.run("attest").out
    file = tmp_path / "statement.json"
    file.write_text("an older one\n")
    outcome = work.run("attest", "--out", str(file), "--builder-id", "https://ci.example/b@v1")
    assert outcome.out == f"wrote {file}, {len(json.loads(printed)['subject'])} files\n"
    written = json.loads(file.read_bytes())
    assert written["predicate"]["runDetails"]["builder"]["id"] == "https://ci.example/b@v1"
    written["predicate"]["runDetails"]["builder"]["id"] = "pkg:generic/gogen"
    assert written == json.loads(printed)


def test_it_may_lie_beside_what_it_tells_of(work: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(work.root)
    assert work.run("attest", "--out", "gogen.intoto.json").code == 0
    assert (work.root / "gogen.intoto.json").read_text() == work.run("attest").out


def test_programs_get_it_as_json(work: Project) -> None:
    report = json.loads(work.run("attest", "--format", "json").out)
    assert report["statement"] == stated(work)


@pytest.mark.parametrize("command", ["attest", "sbom"])
@pytest.mark.parametrize(
    "place",
    [
        *("out/base/x.json", "gogen.lock", "gogen.lock.d/x.json", "gogen.toml"),
        *("profiles/base/x.yaml", "templates/app/x.j2", "placed/a.txt", "link", "pipe"),
    ],
)
def test_it_is_never_written_where_gogen_reads_or_renders(
    work: Project, command: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / "target").write_text("kept")
    (work.root / "link").symlink_to(tmp_path / "target")
    (work.root / "pipe").mkdir()
    before = work.tree()
    outcome = work.run(command, "--out", str(work.root / place))
    assert outcome.code == 2
    assert "error[GG596]" in outcome.err
    assert outcome.tree == before
    assert (tmp_path / "target").read_text() == "kept"


def test_a_folder_that_is_not_there_is_told(work: Project, tmp_path: Path) -> None:
    outcome = work.run("attest", "--out", str(tmp_path / "none" / "x.json"))
    assert outcome.code == 74


@pytest.mark.parametrize("builder", ["gogen", "a b:c", "://x", "https://x/\n"])
def test_a_builder_is_a_uri(work: Project, builder: str) -> None:
    outcome = work.run("attest", "--builder-id", builder)
    assert (outcome.code, outcome.out) == (2, "")
    assert "error[GG597]" in outcome.err
