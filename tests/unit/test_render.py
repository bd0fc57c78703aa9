"""The render stage: which files a manifest asks for, their paths, and reading back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.model import FileSpec, HomePath, Pinned, Target
from generator.problems import Place, Problem, Rejected
from generator.stages.render import render
from generator.templating.engine import Engine
from tests.unit.templating_fake import Dialects, pinned, templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.model import Artifact

CONTEXT: dict[str, Any] = {
    "go": {"version": "1.27.1", "off": False, "none": "", "zero": 0, "home": HomePath("bin/x")},
    "modules": [
        {"name": "one", "path": "services/one", "toolchain": {"version": "1.27.1"}},
        {"name": "two", "path": ".", "toolchain": {"version": "1.26.5"}},
    ],
    "env": {"A": "1", "B": "2"},
    "empty": [],
    "bad": ["../x", "a b", "\u0001", "/x", "a//b", "", "a\\b", "x" * 256],
}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[Artifact, ...]]:
    """Render entries whose template is `x.fake.j2` with the given text."""

    def rendered(*files: FileSpec, text: str = "<{ go.version }>\n") -> tuple[Artifact, ...]:
        templates(tmp_path, {"x.fake.j2": text})
        one = pinned(tmp_path, CONTEXT, *files)
        return render(one, Engine(dialects=Dialects())).artifacts

    return rendered


def spec(path: str = "t/x", **more: Any) -> FileSpec:
    return FileSpec("x.fake.j2", path, **more)


@pytest.fixture
def problems(run: Callable[..., tuple[Artifact, ...]]) -> Callable[..., list[Problem]]:
    def found(*files: FileSpec, text: str = "x\n") -> list[Problem]:
        with pytest.raises(Rejected) as caught:
            run(*files, text=text)
        return list(caught.value.problems)

    return found


def test_an_artifact_carries_what_its_manifest_says(
    run: Callable[..., tuple[Artifact, ...]],
) -> None:
    entry = spec(mode="0755", install="/usr/lib/x", place=".github/x", dialect="other")
    (artifact,) = run(entry)
    assert artifact.content == b"1.27.1\n"
    assert (artifact.path, artifact.target, artifact.template) == ("t/x", "t", "x.fake.j2")
    assert artifact.executable
    assert (artifact.install, artifact.place) == ("/usr/lib/x", ".github/x")
    assert (artifact.dialect, artifact.toolchains) == ("other", ("1.27.1",))


@pytest.mark.parametrize(
    ("text", "content"),
    [("x", b"x\n"), ("x\n\n\n", b"x\n"), ("", b""), ("\n", b""), ("é\n", b"\xc3\xa9\n")],
)
def test_a_file_ends_with_one_newline(
    run: Callable[..., tuple[Artifact, ...]], text: str, content: bytes
) -> None:
    assert run(spec(), text=text)[0].content == content


@pytest.mark.parametrize(
    ("when", "there"),
    [
        ("", True),
        ("go", True),
        ("go.version", True),
        ("go.zero", True),
        ("go.off", False),
        ("go.none", False),
        ("go.version.x", False),
        ("nothing", False),
        ("empty", False),
        ("go.version=1.27.1", True),
        ("go.version=1.27", False),
        ("nothing=", False),
    ],
)
def test_when(run: Callable[..., tuple[Artifact, ...]], when: str, there: bool) -> None:  # noqa: FBT001 # a table
    assert bool(run(spec(when=when))) is there


def test_a_file_for_each_item_of_a_list(run: Callable[..., tuple[Artifact, ...]]) -> None:
    entry = spec("<{ item.name }>/v", for_each="modules", place="<{ item.path }>/.go-version")
    artifacts = run(entry, text="<{ item.toolchain.version }>\n")
    assert [(a.path, a.place, a.content) for a in artifacts] == [
        ("one/v", "services/one/.go-version", b"1.27.1\n"),
        ("two/v", ".go-version", b"1.26.5\n"),
    ]
    assert [a.toolchains for a in artifacts] == [("1.27.1",), ("1.26.5", "1.27.1")]


def test_a_file_for_each_key_of_a_map(run: Callable[..., tuple[Artifact, ...]]) -> None:
    artifacts = run(spec("e/<{ item.key }>", for_each="env"), text="<{ item.value }>")
    assert [(a.path, a.content) for a in artifacts] == [("e/A", b"1\n"), ("e/B", b"2\n")]


def test_no_items_no_files(run: Callable[..., tuple[Artifact, ...]]) -> None:
    assert run(spec(for_each="empty"), spec(for_each="nothing")) == ()


def test_when_may_ask_the_item(run: Callable[..., tuple[Artifact, ...]]) -> None:
    entry = spec("<{ item.key }>", for_each="env", when="item.nothing")
    assert run(entry) == ()


def test_a_home_path_stands_in_an_install_path(run: Callable[..., tuple[Artifact, ...]]) -> None:
    assert run(spec(install="<{ go.home }>"))[0].install == "~/bin/x"


def test_an_optional_path_falls_away_with_its_key(
    run: Callable[..., tuple[Artifact, ...]],
) -> None:
    (artifact,) = run(spec(install="<{ go.nothing }>", place="<{ ci.place }>"))
    assert (artifact.install, artifact.place) == ("", "")


def test_every_hostile_item_is_refused(problems: Callable[..., list[Problem]]) -> None:
    found = problems(spec("<{ item }>", for_each="bad"))
    assert [p.code for p in found] == ["GG241"] * 7  # all but "a b"
    assert found[0].place == Place("profiles/p/p.yaml", 24, 1)
    assert found[0].related == (("written by this entry", Place("templates/t/target.yaml")),)


@pytest.mark.parametrize(
    "more",
    [
        {"path": "../x"},
        {"path": "/x"},
        {"path": "~/x"},
        {"path": "a/../../x"},
        {"path": "."},
        {"path": "a "},
        {"path": "SHA256SUMS"},
        {"path": "./sha256sums"},
        {"place": "../x"},
        {"place": "a\nb"},
        {"install": "etc/x"},
        {"install": "/etc/../x"},
        {"install": "/etc/"},
        {"install": "~x/y"},
    ],
)
def test_paths_that_could_leave_their_root(
    problems: Callable[..., list[Problem]], more: dict[str, str]
) -> None:
    assert [p.code for p in problems(spec(**{"path": "x", **more}))] == ["GG241"]


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("<{ go.nothing }>/x", "nothing is set at go.nothing"),
        ("<{ go }>", "go is a map"),
        ("<{ go.off }>", "go.off is a boolean"),
        ("<{ go.version | upper }>", "the expression 'go.version | upper'"),
    ],
)
def test_what_cannot_stand_in_a_path(
    problems: Callable[..., list[Problem]], path: str, part: str
) -> None:
    (found,) = problems(spec(path))
    assert found.code == "GG244"
    assert part in found.message


def test_for_each_over_text_is_refused(problems: Callable[..., list[Problem]]) -> None:
    (found,) = problems(spec(for_each="go.version"))
    assert (found.code, found.message) == (
        "GG243",
        "for-each: go.version is a string, not a list or a map",
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"path": "a/x"}, {"path": "a/x"}),
        ({"path": "a/x"}, {"path": "A/X"}),
        ({"path": "a"}, {"path": "a/x"}),
        ({"path": "a/x"}, {"path": "a"}),
        ({"path": "caf\u00e9"}, {"path": "cafe\u0301"}),
        ({"path": "a", "place": "p/x"}, {"path": "b", "place": "P/x"}),
    ],
)
def test_two_targets_that_write_one_file(
    tmp_path: Path, one: dict[str, str], other: dict[str, str]
) -> None:
    templates(tmp_path, {"x.fake.j2": "x"})
    first = pinned(tmp_path, CONTEXT, spec(**one))
    at = Place("templates/u/target.yaml", 4, 3)
    second = Target(
        "u", "", (spec(**other, at=at),), (), (), (tmp_path,), "templates/u/target.yaml"
    )
    both = Pinned(first.profile, (*first.targets, second), first.context, "1.27.1")
    with pytest.raises(Rejected) as caught:
        render(both, Engine(dialects=Dialects()))
    (found,) = caught.value.problems
    assert found.code == "GG242"
    assert "targets t and u " in found.message
    assert found.place == at
    assert found.related == (("also here, of t", Place("templates/t/target.yaml")),)


def test_what_cannot_be_read_back_names_its_line(
    problems: Callable[..., list[Problem]],
) -> None:
    (found,) = problems(spec(), text="a\n<{% if go %}>\nx BAD\n<{% endif %}>\n")
    assert found.code == "GG250"
    assert found.place == Place("out/p/t/x", 2, 3)


def test_a_shared_file_is_read_back_once_for_all_profiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates(tmp_path, {"x.fake.j2": "x", "y.fake.j2": "y"})
    shared, own = FileSpec("x.fake.j2", "x", shared=True), FileSpec("y.fake.j2", "y")
    one, dialects = pinned(tmp_path, CONTEXT, shared, own), Dialects()
    texts: list[str] = []
    monkeypatch.setattr(dialects.fake, "parse", texts.append)
    engine = Engine(dialects=dialects)
    for _profile in range(2):
        render(one, engine)
    assert texts == ["x\n", "y\n", "y\n"]


def test_a_shared_file_that_cannot_be_read_back_is_told_for_each_profile(tmp_path: Path) -> None:
    templates(tmp_path, {"x.fake.j2": "BAD"})
    one = pinned(tmp_path, CONTEXT, FileSpec("x.fake.j2", "x", shared=True))
    engine = Engine(dialects=Dialects())
    for _profile in range(2):
        with pytest.raises(Rejected) as caught:
            render(one, engine)
        assert [p.code for p in caught.value.problems] == ["GG250"]


def test_all_problems_of_all_files_are_told(
    run: Callable[..., tuple[Artifact, ...]], tmp_path: Path
) -> None:
    templates(tmp_path, {"a.fake.j2": "<{ go }>", "b.fake.j2": "<{ x() }>"})
    with pytest.raises(Rejected) as caught:
        run(FileSpec("a.fake.j2", "a"), FileSpec("b.fake.j2", "b"), FileSpec("c.fake.j2", "c"))
    assert [p.code for p in caught.value.problems] == ["GG220", "GG206", "GG207"]


def test_artifacts_are_sorted_by_path(run: Callable[..., tuple[Artifact, ...]]) -> None:
    assert [a.path for a in run(spec("b"), spec("a/z"), spec("a-b"))] == ["a-b", "a/z", "b"]


_SEEDED = """
import pathlib, sys
from generator.model import FileSpec
from generator.stages.render import render
from generator.templating.engine import Engine
from tests.unit.templating_fake import Dialects, pinned
context = {"m": {k: {"v": k} for k in "cab"}, "l": ["x", "b", "x"]}
one = pinned(pathlib.Path(sys.argv[1]), context, FileSpec("x.fake.j2", "x"))
print(render(one, Engine(dialects=Dialects())).artifacts)
"""


def test_the_hash_seed_changes_nothing(tmp_path: Path) -> None:
    text = (
        "<{% for k, c in m | items %}><{ k }><{ c | hash10 }><{% endfor %}>"
        "<{ l | unique | join('.') }>\"<{ m | json }><{ {'b': 1, 'a': [m]} | hash10 }>\""
    )
    templates(tmp_path, {"x.fake.j2": text})
    command = [sys.executable, "-c", _SEEDED, str(tmp_path)]
    root = str(Path(__file__).parents[2])
    outputs = {
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, cwd=root, check=True, capture_output=True
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1
