"""Tracing: each piece of an output knows its template line and the keys it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from generator.model import FileSpec
from generator.problems import Rejected
from generator.templating.engine import Engine
from generator.templating.jobs import jobs
from tests.unit.templating_fake import Dialects, pinned, templates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.model import Pointer
    from generator.templating.tracing import Span, Traced

CONTEXT: dict[str, Any] = {
    "header": "generated",
    "go": {"version": "1.27.1", "env": {"A": "1", "B": "2"}, "on": True},
    "words": ["b", "a"],
    "pairs": [["x", "y"]],
    "modules": [
        {"name": "one", "toolchain": {"version": "1.27.1"}},
        {"name": "two", "toolchain": {"version": "1.27.2"}, "off": "no"},
    ],
}

Trace = "Callable[..., Traced]"


@pytest.fixture
def trace(tmp_path: Path) -> Callable[..., Traced]:
    def traced(text: str, /, for_each: str = "", **others: str) -> Traced:
        files = {f"{name.replace('_', '.')}.j2": body for name, body in others.items()}
        templates(tmp_path, {"x.fake.j2": text, **files})
        spec = FileSpec("x.fake.j2", "x", for_each=for_each)
        path = "<{ item.name }>" if for_each == "modules" else "x"
        spec = FileSpec("x.fake.j2", path, for_each=for_each)
        one = pinned(tmp_path, CONTEXT, spec)
        engine = Engine(dialects=Dialects())
        job = jobs(one)[-1]
        found = engine.trace(one, job)
        assert found.text == engine.render(one, job)
        assert found.text == "".join(found.text[s.start : s.end] for s in _flat(found.spans))
        return found

    return traced


def _flat(spans: tuple[Span, ...]) -> list[Span]:
    """Give one span for each piece (the lines of an embedded text may have several)."""
    return list({(span.start, span.end): span for span in spans}.values())


def reads(found: Traced, text: str) -> list[tuple[Pointer, ...]]:
    """Give what the spans with a text have read."""
    return [s.reads for s in found.spans if found.text[s.start : s.end] == text]


@pytest.mark.parametrize(
    ("template", "text", "read"),
    [
        ("<{ header }>", "generated", [("header",)]),
        ("<{ go.version }>", "1.27.1", [("go", "version")]),
        ("<{ go['env'].A }>", "1", [("go", "env", "A")]),
        ("<{ modules[1].name }>", "two", [("modules", 1, "name")]),
        ("<{ modules | map(attribute='name') | first }>", "one", [("modules",)]),
        ("<{ (modules | first).name }>", "one", [("modules",), ("modules", 0, "name")]),
        ("<{ go.version ~ words[0] }>", "1.27.1b", [("go", "version"), ("words", 0)]),
        ("<{% set x = go.version %}><{ x }>", "1.27.1", [("go", "version")]),
        ("<{% set e = go.env %}><{ e.B }>", "2", [("go", "env", "B")]),
        ("<{% with x = words[1] %}><{ x }><{% endwith %}>", "a", [("words", 1)]),
        ("<{% for w in words %}><{ w }><{% endfor %}>", "a", [("words", 1)]),
        ("<{% for w in words | sort %}><{ w }><{% endfor %}>", "a", [("words",)]),
        ("<{% for k, v in go.env | items %}><{ v }><{% endfor %}>", "2", [("go", "env", "B")]),
        ("<{% for p in go.env | items %}><{ p[1] }><{% endfor %}>", "2", [("go", "env", "B")]),
        ("<{% for a, b in pairs %}><{ b }><{% endfor %}>", "y", [("pairs", 0, 1)]),
        ("<{% for m in modules if m.off is not defined %}><{ m.name }><{% endfor %}>", "one",
         [("modules", 0, "name")]),
        ("<{% for m in modules | selectattr('off') %}><{ m.name }><{% endfor %}>", "two",
         [("modules", 1, "name")]),
        ('"<{ go.env | json }>"', "json:{'A': '1', 'B': '2'}", [("go", "env")]),
        ("<{ go.missing | default('d') }>", "d", [("go", "missing")]),
        ("<{ 'lit' }>", "lit", []),
    ],
)  # fmt: skip
def test_reads(trace: Callable[..., Traced], template: str, text: str, read: list[Pointer]) -> None:
    assert [list(found) for found in reads(trace(template), text)][-1] == read


@pytest.mark.parametrize(
    ("template", "controls"),
    [
        ("<{% if go.on %}>hit<{% endif %}>", [("go", "on")]),
        ("<{% if go.off is defined %}>x<{% elif go.on %}>hit<{% endif %}>",
         [("go", "off"), ("go", "on")]),
        ("<{% if go.off is defined %}>x<{% else %}>hit<{% endif %}>", [("go", "off")]),
        ("<{% for w in words %}><{% if loop.last %}>hit<{% endif %}><{% endfor %}>",
         [("words",)]),
        ("<{% if go.on %}>x<{% endif %}>hit", []),
        ("<{% for w in words %}>x<{% endfor %}>hit", []),
        ("<{% if go.on %}><{% set x = 1 %}><{% endif %}>hit", []),
    ],
)  # fmt: skip
def test_controls(trace: Callable[..., Traced], template: str, controls: list[Pointer]) -> None:
    found = trace(template)
    (hit,) = [s for s in found.spans if found.text[s.start : s.end] == "hit"]
    assert list(hit.controls) == controls


def test_lines_of_the_output_lead_to_lines_of_the_template(trace: Callable[..., Traced]) -> None:
    found = trace("a\nb <{ go.version }>\n<{% if go.on %}>\n\nc\n<{% endif %}>\nd\n")
    assert found.text == "a\nb 1.27.1\n\nc\nd\n"
    lines = [{s.template_line for s in found.at_line(n)} for n in range(1, 6)]
    assert lines == [{1}, {2}, {4}, {5}, {7}]
    assert found.at_line(0) == found.at_line(6) == ()


def test_an_included_template_names_its_own_lines(trace: Callable[..., Traced]) -> None:
    found = trace('a\n<{% include "in.fake.j2" %}>\nb', in_fake="c\n<{ go.version }>\n")
    shown = [(s.template, s.template_line) for s in found.at_line(3)]
    assert shown[0] == ("templates/t/in.fake.j2", 2)
    assert [(s.template, s.template_line) for s in found.at_line(4)] == [
        ("templates/t/x.fake.j2", 3)
    ]


def test_an_embedded_template_leads_through_to_its_lines(trace: Callable[..., Traced]) -> None:
    body = "first\n<{% for w in words %}>\n<{ w }> <{ go.version }>\n<{% endfor %}>\n"
    found = trace('x\n<{% if go.on %}>"<{ embed("in.other.j2") }>"<{% endif %}>', in_other=body)
    assert found.text == 'x\n"first\nb 1.27.1\na 1.27.1\n"'
    spans = [s for s in found.at_line(4) if s.reads]
    assert {(s.template, s.template_line) for s in spans} == {("templates/t/in.other.j2", 3)}
    assert {pointer for s in spans for pointer in s.reads} == {("words", 1), ("go", "version")}
    assert spans[0].controls == (("go", "on"), ("words",))


def test_an_embedded_text_that_is_rewritten_keeps_its_causes(
    trace: Callable[..., Traced],
) -> None:
    found = trace('"<{ embed("in.other.j2") }>"', in_other='"<{ go.version }>" x')
    (span,) = [s for s in found.spans if s.reads]
    assert found.text[span.start : span.end] == '\\"1.27.1\\" x'
    assert span.reads == (("go", "version"),)


@pytest.mark.parametrize(
    "written", ["<{ [e, 'x'] | hash10 }>", "<{ e | hash10 }>", '"<{ {"k": e} | json }>"']
)
def test_what_is_made_of_an_embedded_text_keeps_its_causes(
    trace: Callable[..., Traced], written: str
) -> None:
    body = '<{% if go.on %}>"<{ embed("deep.other.j2") }>"<{% endif %}>'
    text = '<{% set e = embed("in.other.j2") %}>' + written
    found = trace(text, in_other=body, deep_other="<{ go.version }>")
    (span,) = [s for s in found.spans if s.reads]
    assert set(span.reads) == {("go", "on"), ("go", "version")}


def test_a_hash_keeps_the_causes_of_its_value(trace: Callable[..., Traced]) -> None:
    found = trace("<{ [go.env, words[1]] | hash10 }>")
    (span,) = found.spans
    assert span.reads == (("go", "env"), ("words", 1))


@pytest.mark.parametrize(
    ("for_each", "template", "read"),
    [
        ("modules", "<{ item.toolchain.version }>", ("modules", 1, "toolchain", "version")),
        ("words", "<{ item }>", ("words", 1)),
        ("go.env", "<{ item.value }>", ("go", "env", "B")),
    ],
)
def test_an_item_leads_to_the_list_it_is_of(
    tmp_path: Path, for_each: str, template: str, read: Pointer
) -> None:
    templates(tmp_path, {"x.fake.j2": template})
    paths = {"modules": "<{ item.name }>", "words": "<{ item }>z", "go.env": "<{ item.key }>"}
    one = pinned(tmp_path, CONTEXT, FileSpec("x.fake.j2", paths[for_each], for_each=for_each))
    engine = Engine(dialects=Dialects())
    found = {engine.trace(one, job).spans[0].reads for job in jobs(one)}
    assert (read,) in found
    assert len(found) == 2


def test_a_container_that_stands_twice_is_known_by_its_shortest_place(tmp_path: Path) -> None:
    shared = {"version": "1"}
    context = {"modules": [{"toolchain": shared}], "toolchain": shared}
    templates(tmp_path, {"x.fake.j2": "<{ toolchain.version }>-<{ modules[0].toolchain.version }>"})
    one = pinned(tmp_path, context, FileSpec("x.fake.j2", "x"))
    short, _, by_module = Engine(dialects=Dialects()).trace(one, jobs(one)[0]).spans
    assert short.reads == (("toolchain", "version"),)
    assert by_module.reads == (("modules", 0, "toolchain"), ("toolchain", "version"))


def test_a_refused_value_is_told_when_tracing_too(trace: Callable[..., Traced]) -> None:
    with pytest.raises(Rejected, match=r"go\.env: no text: dict"):
        trace("<{ go.env }>")
