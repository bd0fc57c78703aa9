"""Templates of other targets: found as their own target finds them, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from generator.model import FileSpec, Target
from generator.problems import Place, Problem, Rejected
from generator.templating.engine import Engine
from generator.templating.jobs import jobs
from tests.unit.templating_fake import Dialects, pinned, templates

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model import Pinned

CONTEXT: dict[str, Any] = {"a": "b", "words": ["x", "y"], "bad": "two words"}


class Case:
    """A template of target `t`, and a target `go` that has its own folder before the built-in's."""

    def __init__(self, root: Path) -> None:
        self.folders = {name: root / name for name in ("t", "go", "builtin")}
        for folder in self.folders.values():
            folder.mkdir()
        folders = (self.folders["go"], self.folders["builtin"])
        manifest = "templates/go/target.yaml"
        self.go = Target("go", "of a test", (), (), (), folders, manifest)
        self.engine = Engine(root / "cache", Dialects(), {"go": self.go})

    def pinned(self, text: str, /, **files: str) -> Pinned:
        """Write a template, and files of `go` ("own") or of the built-in it extends."""
        templates(self.folders["t"], {"x.fake.j2": text})
        for name, body in files.items():
            folder = "go" if name.startswith("own_") else "builtin"
            file = name.removeprefix("own_").replace("_", ".")
            templates(self.folders[folder], {f"{file}.j2": body})
        return pinned(self.folders["t"], CONTEXT, FileSpec("x.fake.j2", "x.fake"))

    def render(self, text: str, /, **files: str) -> str:
        one = self.pinned(text, **files)
        return self.engine.render(one, jobs(one)[0])

    def problem(self, text: str, /, **files: str) -> Problem:
        with pytest.raises(Rejected) as caught:
            self.render(text, **files)
        (found,) = caught.value.problems
        return found


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_a_template_of_another_target_is_embedded(case: Case) -> None:
    assert case.render('"<{ embed("go:in.other.j2") }>"', in_other='"<{ a }>"') == '"\\"b\\""'


def test_a_template_of_another_target_is_included(case: Case) -> None:
    text = '<{% for w in words %}><{% include "go:part.fake.j2" %}><{% endfor %}>'
    assert case.render(text, part_fake="<{ w }>\n") == "x\ny\n"


def test_the_workspaces_file_wins_over_the_built_ins(case: Case) -> None:
    text = '<{ embed("go:in.other.j2") }>'
    assert case.render(text, in_other="built-in", own_in_other="own") == "own"


def test_names_inside_are_of_the_target_that_they_stand_in(case: Case) -> None:
    text = '<{ embed("go:a.fake.j2") }> <{ embed("b.fake.j2") }>'
    templates(case.folders["t"], {"b.fake.j2": "mine"})
    inner = '<{ embed("b.fake.j2") }>'
    assert case.render(text, a_fake=inner, b_fake="theirs") == "theirs mine"


def test_the_delimiters_are_those_of_the_target(case: Case) -> None:
    jinja = case.go._replace(delimiters="jinja")
    case.engine = Engine(None, Dialects(), {"go": jinja})
    assert case.render('<{ embed("go:in.fake.j2") }>', in_fake="{{ a }}") == "b"


def test_compiled_templates_of_two_targets_are_two(case: Case) -> None:
    """The same text of one name, compiled by another engine from the same cache."""
    text = '<{ embed("go:in.fake.j2") }> <{ embed("in.fake.j2") }>'
    templates(case.folders["t"], {"in.fake.j2": "<{ a }>"})
    for _ in range(2):
        assert case.render(text, in_fake="<{ a }>") == "b b"
        case.engine = Engine(case.folders["t"].parent / "cache", Dialects(), {"go": case.go})
    one = case.pinned(text)
    spans = case.engine.trace(one, jobs(one)[0]).spans
    assert {"templates/t/in.fake.j2", "builtin:builtin/in.fake.j2"} <= {s.template for s in spans}


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("goo:in.fake.j2", "there is no target 'goo'", 'did you mean "go"?'),
        ("x:in.fake.j2", "there is no target 'x'", "there are: go"),
        ("go:inn.fake.j2", "there is no template 'inn.fake.j2'", 'did you mean "in.fake.j2"?'),
        ("go:zz", "there is no template 'zz'", "it belongs beside templates/go/target.yaml"),
        ("go:", "the template name '' leaves its folder", ""),
        ("go:../t/x.fake.j2", "the template name '../t/x.fake.j2' leaves its folder", ""),
        ("go:/etc/passwd", "the template name '/etc/passwd' leaves its folder", ""),
        ("../go:in.fake.j2", "there is no target '../go'", "there are: go"),
        (":x.fake.j2", "there is no template ':x.fake.j2'", 'did you mean "x.fake.j2"?'),
    ],
)
@pytest.mark.parametrize("tag", ['\n"<{{ embed("{}") }}>"\n', '\n<{{% include "{}" %}}>\n'])
def test_what_is_not_there_is_told_at_the_templates_line(
    case: Case, tag: str, name: str, message: str, hint: str
) -> None:
    found = case.problem(tag.format(name), in_fake="x")
    assert (found.code, found.message) == ("GG207", message)
    assert found.hint == hint
    assert found.place == Place("templates/t/x.fake.j2", 2)


def test_a_value_refused_in_there_names_that_line(case: Case) -> None:
    found = case.problem('"<{ embed("go:in.fake.j2") }>"', own_in_fake="\n<{ bad }>\n")
    assert found.related[0][1] == Place("templates/go/in.fake.j2", 2)


def test_two_targets_that_embed_each_other_are_refused(case: Case) -> None:
    case.engine = Engine(None, Dialects(), {"go": case.go, "t": _target_t(case)})
    found = case.problem('"<{ embed("go:a.fake.j2") }>"', own_a_fake='"<{ embed("t:x.fake.j2") }>"')
    assert found.message == "templates/t/x.fake.j2 embeds or includes itself"
    assert found.place == Place("templates/go/a.fake.j2", 1)


def _target_t(case: Case) -> Target:
    return case.pinned("").targets[0]
