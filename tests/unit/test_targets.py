"""Manifests: what they may say, where what they say is wrong, and replacing parts of built-ins."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from generator.cache.targets import all_targets
from generator.model import FileSpec, plain
from generator.problems import Place, Problem, Rejected
from generator.targets import available, load_targets
from generator.templating.codecache import CodeCache
from generator.yamlreader import parse_text
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.model import Target

SCHEMA = json.loads((ROOT / "schemas" / "manifest.schema.json").read_bytes())
SHIPPED = """\
description: "images"
pins:
  images: ["debian:trixie-slim", "<{ image.base }>"]
  actions: [actions/checkout]
delimiters: jinja
derive: kustomize
files:
  - template: a.txt.j2
    path: docker/a
    mode: "0755"
    install: /etc/a
    place: a
    when: image
  - template: b.txt.j2
    path: "docker/<{ item.name }>"
    for-each: image.families
    dialect: text
"""


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def builtin(tmp_path: Path) -> Path:
    files = {"target.yaml": SHIPPED, "a.txt.j2": "a", "b.txt.j2": "b"}
    named = {f"templates/docker/{name}": text for name, text in files.items()}
    return write(tmp_path / "builtin", {**named, "templates/notes/readme": "no target"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


def one(root: Path, builtin: Path, manifest: str, **files: str) -> list[Problem]:
    """Give the problems of a workspace's target `x` with templates `a.j2` and others."""
    more = {f"templates/x/{name.replace('_', '.')}": text for name, text in files.items()}
    write(root, {"templates/x/target.yaml": manifest, "templates/x/a.j2": "a", **more})
    with pytest.raises(Rejected) as caught:
        load_targets(root, builtin, ["x"])
    return list(caught.value.problems)


def test_a_built_in_target_as_its_manifest_says(root: Path, builtin: Path) -> None:
    target = load_targets(root, builtin, ["docker"])["docker"]
    assert tuple(spec._replace(at=None) for spec in target.files) == (
        FileSpec("a.txt.j2", "docker/a", "0755", "/etc/a", "a", "image"),
        FileSpec("b.txt.j2", "docker/<{ item.name }>", for_each="image.families", dialect="text"),
    )
    assert target.images == ("debian:trixie-slim", "<{ image.base }>")
    assert target.actions == ("actions/checkout",)
    assert (target.delimiters, target.derive) == ("jinja", "kustomize")
    assert target.folders == (builtin / "templates/docker",)
    assert target.manifest == "builtin:docker/target.yaml"
    assert target.files[0].at == Place("builtin:docker/target.yaml", 8, 5)
    assert target.section_schema is None


def test_a_workspace_replaces_single_files_of_a_built_in(root: Path, builtin: Path) -> None:
    manifest = (
        "extends: builtin:docker\n"
        "pins: {actions: []}\n"
        "files:\n"
        "  - {template: a.txt.j2, path: docker/a, when: image.ours}\n"
        "  - {template: ca.txt.j2, path: docker/ca}\n"
    )
    write(
        root,
        {
            "templates/docker/target.yaml": manifest,
            "templates/docker/b.txt.j2": "ours",
            "templates/docker/ca.txt.j2": "ca",
            "templates/docker/section.schema.json": '{"type": "object"}',
        },
    )
    target = load_targets(root, builtin, ["docker"])["docker"]
    assert [(f.template, f.path, f.when, f.mode) for f in target.files] == [
        ("a.txt.j2", "docker/a", "image.ours", "0644"),
        ("b.txt.j2", "docker/<{ item.name }>", "", "0644"),
        ("ca.txt.j2", "docker/ca", "", "0644"),
    ]
    assert target.folders == (root / "templates/docker", builtin / "templates/docker")
    assert (target.description, target.images, target.actions) == (
        "images",
        ("debian:trixie-slim", "<{ image.base }>"),
        (),
    )
    assert target.delimiters == "jinja"
    assert target.section_schema == {"type": "object"}


def test_a_workspace_target_stands_for_the_built_in_of_its_name(root: Path, builtin: Path) -> None:
    write(
        root,
        {
            "templates/docker/target.yaml": "description: d\nfiles: [{template: a.j2, path: a}]\n",
            "templates/docker/a.j2": "",
        },
    )
    target = load_targets(root, builtin, ["docker"])["docker"]
    assert (target.description, len(target.files), len(target.folders)) == ("d", 1, 1)


def test_all_targets_of_both_are_listed(root: Path, builtin: Path) -> None:
    write(root, {"templates/otel/target.yaml": "", "templates/Bad/target.yaml": ""})
    assert available(root, builtin) == ("docker", "otel")
    assert available(builtin, builtin) == ("docker",)
    assert available(root / "nothing", root / "nowhere") == ()


def test_an_unknown_target_is_named_where_a_profile_names_it(root: Path, builtin: Path) -> None:
    place = Place("profiles/base/p.yaml", 3, 5)
    for name, hint in (("dcoker", 'did you mean "docker"?'), ("../docker", "there are: docker")):
        with pytest.raises(Rejected) as caught:
            load_targets(root, builtin, [name], {name: place})
        (found,) = caught.value.problems
        assert (found.code, found.place, found.message) == (
            "GG240",
            place,
            f'there is no target "{name}"',
        )
        assert found.hint == hint or name != "dcoker"


@pytest.mark.parametrize(
    ("manifest", "code", "line", "message", "way"),
    [
        ("description: d\nfile: []\nfiles: [{template: a.j2, path: a}]\n",
         "GG245", 2, 'unknown key "file"', 'did you mean "files"?'),
        ("description: d\nfiles:\n  - template: a.j2\n    path: a\n    foreach: x\n",
         "GG245", 5, 'unknown key "foreach"', 'did you mean "for-each"?'),
        ("description: d\npins: {image: []}\nfiles: [{template: a.j2, path: a}]\n",
         "GG245", 2, 'unknown key "image"', 'did you mean "images"?'),
        ("files: [{template: a.j2, path: a}]\n", "GG246", 1, "`description` is missing", ""),
        ("description: d\n", "GG246", 1, "the manifest has no files", ""),
        ("description: d\nfiles: {}\n", "GG246", 2, "`files` is a map", "a list of maps"),
        ("description: d\nfiles: []\n", "GG246", 2, "`files` is a list", "not empty"),
        ("description: d\nfiles: [a]\n", "GG246", 2, '`files` is "a"', "a list of maps"),
        ("description: d\nfiles:\n  - path: a\n", "GG246", 3, "`template` is missing", ""),
        ("description: d\nfiles:\n  - template: a.j2\n", "GG246", 3, "`path` is missing", ""),
        ('description: d\nfiles:\n  - {template: a.j2, path: a, mode: "0777"}\n',
         "GG246", 3, '`mode` is "0777"', '"0644" or "0755"'),
        ("description: d\nfiles:\n  - {template: a.j2, path: a, mode: 644}\n",
         "GG246", 3, "`mode` is a number", '"0644" or "0755"'),
        ("description: d\nfiles:\n  - {template: a.j2, path: [a]}\n",
         "GG246", 3, "`path` is a list", "text, not empty"),
        ('description: ""\nfiles: [{template: a.j2, path: a}]\n',
         "GG246", 1, '`description` is ""', "text, not empty"),
        ("description: d\nderive: helm\nfiles: [{template: a.j2, path: a}]\n",
         "GG246", 2, '`derive` is "helm"', '"kustomize"'),
        ("description: d\ndelimiters: erb\nfiles: [{template: a.j2, path: a}]\n",
         "GG246", 2, '`delimiters` is "erb"', '"gogen" or "jinja"'),
        ("description: d\npins: []\nfiles: [{template: a.j2, path: a}]\n",
         "GG246", 2, "`pins` is a list", "a map"),
        ("description: d\npins: {images: [1]}\nfiles: [{template: a.j2, path: a}]\n",
         "GG246", 2, "`images` is a list", "a list of text"),
        ("description: d\nfiles:\n  - {template: b.j2, path: a}\n",
         "GG247", 3, "there is no template 'b.j2'", 'did you mean "a.j2"?'),
        ("description: d\nfiles:\n  - {template: ../x/a.j2, path: a}\n",
         "GG247", 3, "the template '../x/a.j2' leaves its folder", ""),
        ("description: d\nfiles:\n  - {template: a.j2, path: a, dialect: txet}\n",
         "GG248", 3, 'there is no dialect "txet"', 'did you mean "text"?'),
        ("extends: builtin:dokcer\n", "GG249", 1, 'there is no built-in "builtin:dokcer"',
         'did you mean "builtin:docker"?'),
        ("extends: docker\n", "GG249", 1, 'there is no built-in "docker"', "builtin:docker"),
        ("a: 1\na: 2\n", "GG1", 2, "", ""),
    ],
)  # fmt: skip
def test_what_a_manifest_may_not_say(  # noqa: PLR0913, PLR0917 # a table of cases
    root: Path, builtin: Path, manifest: str, code: str, line: int, message: str, way: str
) -> None:
    found = one(root, builtin, manifest)
    mine = [p for p in found if p.code.startswith(code) and message in p.message]
    assert mine, found
    assert way in mine[0].hint or way in mine[0].expected
    assert mine[0].place is not None
    assert (mine[0].place.file, mine[0].place.line) == ("templates/x/target.yaml", line)
    if code in ("GG245", "GG246"):  # what the published schema can say, it says too
        data = plain(parse_text("x", manifest.encode()))
        assert not Draft202012Validator(SCHEMA).is_valid(data)


@pytest.mark.parametrize("name", sorted(available(ROOT, ROOT)))
def test_a_shipped_manifest_is_of_the_published_schema(name: str) -> None:
    data = (ROOT / "templates" / name / "target.yaml").read_bytes()
    Draft202012Validator(SCHEMA).validate(plain(parse_text("x", data)))


@pytest.mark.parametrize(("schema", "message"), [("{", "is not JSON"), ("[]", "is no object")])
def test_a_section_schema_that_cannot_be_read(
    root: Path, builtin: Path, schema: str, message: str
) -> None:
    manifest = "description: d\nfiles: [{template: a.j2, path: a}]\n"
    (found,) = one(root, builtin, manifest, section_schema_json=schema)
    assert (found.code, message in found.message) == ("GG246", True)
    assert found.place is not None
    assert found.place.file == "templates/x/section.schema.json"


def test_problems_of_all_manifests_are_told(root: Path, builtin: Path) -> None:
    write(
        root,
        {"templates/x/target.yaml": "files: 1\n", "templates/y/target.yaml": "description: d\n"},
    )
    with pytest.raises(Rejected) as caught:
        load_targets(root, builtin, ["x", "docker", "y", "z"])
    assert {p.place.file if p.place else "" for p in caught.value.problems} == {
        "templates/x/target.yaml",
        "templates/y/target.yaml",
        "",
    }


def test_a_built_in_that_extends_itself_is_refused(builtin: Path) -> None:
    write(builtin, {"templates/docker/target.yaml": "extends: builtin:docker\n"})
    with pytest.raises(Rejected, match="GG249"):
        load_targets(builtin, builtin, ["docker"])


OWN = "extends: builtin:docker\n"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Give the names that manifests were read for, each time they are read."""
    asked: list[tuple[str, ...]] = []

    def load(root: Path, builtin: Path, names: tuple[str, ...]) -> dict[str, Target]:
        asked.append(names)
        return load_targets(root, builtin, names)

    monkeypatch.setattr("generator.targets.load_targets", load)
    return asked


def test_manifests_that_did_not_change_are_not_read_again(
    root: Path, builtin: Path, tmp_path: Path, read: list[tuple[str, ...]]
) -> None:
    write(root, {"templates/docker/target.yaml": OWN})
    write(builtin, {"templates/docker/section.schema.json": '{"type": "object"}'})
    cache = CodeCache(tmp_path / "cache")
    first, second = (all_targets(root, builtin, cache) for _ in range(2))
    assert first == second == load_targets(root, builtin, ["docker"])
    assert [type(spec.at) for spec in second["docker"].files] == [Place, Place]
    assert read == [("docker",)]


@pytest.mark.parametrize(
    "changed",
    [
        {"root/templates/docker/target.yaml": f"{OWN}description: mine\n"},
        {"root/templates/docker/section.schema.json": '{"type": "object"}'},
        {"root/templates/docker/a.txt.j2": "mine"},
        {"root/templates/docker/deep/down/a.j2": "mine"},
        {"root/schemas/x.schema.json": "{}"},
        {"builtin/templates/docker/target.yaml": SHIPPED.replace("images", "photos", 1)},
        {"builtin/templates/new/target.yaml": SHIPPED, "builtin/templates/new/a.txt.j2": ""},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_manifests_are_read_again_after_a_change(
    root: Path, builtin: Path, tmp_path: Path, read: list[tuple[str, ...]], changed: dict[str, str]
) -> None:
    write(root, {"templates/docker/target.yaml": OWN})
    write(builtin, {"templates/new/b.txt.j2": ""})
    cache = CodeCache(tmp_path / "cache")
    all_targets(root, builtin, cache)
    write(tmp_path, changed)
    assert all_targets(root, builtin, cache) == load_targets(
        root, builtin, available(root, builtin)
    )
    assert len(read) == 2


def test_a_template_that_goes_is_missed(root: Path, builtin: Path, tmp_path: Path) -> None:
    cache = CodeCache(tmp_path / "cache")
    all_targets(root, builtin, cache)
    (builtin / "templates/docker/a.txt.j2").unlink()
    for _ in range(2):
        with pytest.raises(Rejected, match="GG247"):
            all_targets(root, builtin, cache)


def test_manifests_edited_while_they_are_read_are_not_kept_as_they_were(
    root: Path, builtin: Path, tmp_path: Path
) -> None:
    class Edited(CodeCache):
        def get(self, key: str) -> object:
            write(builtin, {"templates/docker/target.yaml": SHIPPED.replace("images", "photos", 1)})
            return super().get(key)

    folder = tmp_path / "cache"
    assert all_targets(root, builtin, Edited(folder))["docker"].description == "photos"
    write(builtin, {"templates/docker/target.yaml": SHIPPED})
    assert all_targets(root, builtin, CodeCache(folder))["docker"].description == "images"


def test_a_file_beside_a_manifest_may_have_a_name_that_is_no_text(
    root: Path, builtin: Path, tmp_path: Path
) -> None:
    cache = CodeCache(tmp_path / "cache")
    try:
        (builtin / "templates/docker" / os.fsdecode(b"\xff")).touch()
    except OSError:  # a file system whose names are text
        pytest.skip("no such name can be given here")
    assert [*all_targets(root, builtin, cache)] == ["docker"]
