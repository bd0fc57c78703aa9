"""The engine as a template's author sees it: what may be written, and what is said when not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from generator.model import FileSpec, HomePath, Secret
from generator.problems import Place, Problem, Rejected
from generator.templating.engine import Engine
from generator.templating.jobs import jobs
from tests.unit.templating_fake import Dialects, Fake, pinned, templates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.dialects.base import State

CONTEXT: dict[str, Any] = {
    "go": {"version": "1.27.1", "items": "key", "flags": ["-a", "-ldflags=-s -w"], "on": True},
    "env": {"A": "1", "B": 'say "hi"'},
    "hosts": [{"name": "one", "port": 1}, {"name": "two", "port": 2, "off": True}],
    "words": ["b", "a", "b"],
    "token": Secret("npm"),
    "home": HomePath("go/bin"),
    "empty": [],
}

Run = "Callable[..., str]"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Render a template, with further templates beside it."""

    def rendered(text: str, delimiters: str = "gogen", /, **others: str) -> str:
        files = {name.replace("_", "."): body for name, body in others.items()}
        templates(tmp_path, {"x.fake.j2": text, **{f"{n}.j2": b for n, b in files.items()}})
        spec = FileSpec("x.fake.j2", "x.fake")
        one = pinned(tmp_path, CONTEXT, spec, delimiters=delimiters)
        return Engine(dialects=Dialects()).render(one, jobs(one)[0])

    return rendered


@pytest.fixture
def problems(run: Callable[..., str]) -> Callable[..., list[Problem]]:
    """Give the problems of a template that cannot be rendered."""

    def found(text: str, /, **others: str) -> list[Problem]:
        with pytest.raises(Rejected) as caught:
            run(text, **others)
        return list(caught.value.problems)

    return found


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a <{ go.version }> b", "a 1.27.1 b"),
        ("<{ go.items }>", "key"),
        ("<{ go['items'] }>", "key"),
        ("<{ hosts[1].name }>", "two"),
        ("<{ hosts[-1]['name'] }>", "two"),
        ('"<{ env.B }>"', '"say \\"hi\\""'),
        ("\"<{ 'a\"b' }>\"", '"a\\"b"'),
        ("<{ go.version ~ '-x' ~ 1 }>", "1.27.1-x1"),
        ("<{ 'y' if go.on else 'n' }>", "y"),
        ("<{% if not go.on %}>a<{% elif words %}>b<{% else %}>c<{% endif %}>", "b"),
        ("<{% for w in words %}><{ w }><{ '' if loop.last else '.' }><{% endfor %}>", None),
        ('<{% for w in words %}>"<{ w }>"<{% if not loop.last %}>,<{% endif %}><{% endfor %}>',
         '"b","a","b"'),
        ('<{% for k, v in env | items %}><{ k }>="<{ v }>";<{% endfor %}>',
         'A="1";B="say \\"hi\\"";'),
        ("<{% for h in hosts if h.off is not defined %}><{ h.name }><{% endfor %}>", "one"),
        ("<{% for e in empty %}>x<{% else %}>none<{% endfor %}>", "none"),
        ("<{% set x = go.version %}><{ x }>", "1.27.1"),
        ("<{% with x = words | first %}><{ x }><{% endwith %}>", "b"),
        ('"<{ words | sort | unique | join(" ") }>"', '"a b"'),
        ('"<{ go.flags | goflags }>"', "\"-a '-ldflags=-s -w'\""),
        ('"<{ words | json }>"', "\"json:['b', 'a', 'b']\""),
        ("<{ hosts | selectattr('off') | map(attribute='name') | join('.') }>", "two"),
        ("<{ hosts | rejectattr('port', 'gt', 1) | map(attribute='name') | join }>", "one"),
        ("<{ go.nothing | default('d') }>", "d"),
        ("<{ hosts | length + 1 }>", "3"),
        ("<{ token.name }>", "npm"),
        ('"<{ home.rest }>"', '"go/bin"'),
        ("<{ 's' if token is secret and home is home_path else 'n' }>", "s"),
        ("<{ 'y' if go.version is startswith('1.') and 'a' in words else 'n' }>", "y"),
        ("<{# gone #}>a\n", "a\n"),
        ('"<{% raw %}><{ x }><{% endraw %}>"', '"<{ x }>"'),
        ("a  <{%- if go.on -%}>  b\n<{%- endif %}>", "ab"),
        ('"$(x) <% %> {{ y }} ${{ z }} ${#a}"', '"$(x) <% %> {{ y }} ${{ z }} ${#a}"'),
        ("<{% if go.on %}>\n  a\n<{% endif %}>\nb\n", "  a\nb\n"),
    ],
)  # fmt: skip
def test_renders(run: Callable[..., str], template: str, text: str | None) -> None:
    if text is None:
        with pytest.raises(Rejected, match="is no word"):  # '' is no word of the language
            run(template)
    else:
        assert run(template) == text


def test_the_place_decides_the_encoder(run: Callable[..., str]) -> None:
    template = '"<{ env.B }>" <{ go.version }> "<{ go.version }>"'
    assert run(template) == '"say \\"hi\\"" 1.27.1 "1.27.1"'


def test_a_literal_in_an_expression_is_encoded_like_any_value(
    problems: Callable[..., list[Problem]],
) -> None:
    (found,) = problems("a <{ 'two words' }>")
    assert (found.code, found.message) == ("GG220", "'two words' is no word")


def test_jinjas_own_delimiters(run: Callable[..., str]) -> None:
    assert run("{{ go.version }} <{ x }> {# c #}{% if go.on %}y{% endif %}", "jinja") == (
        "1.27.1 <{ x }> y"
    )


def test_raw_is_written_as_it_stands(run: Callable[..., str]) -> None:
    assert run("<{ env.B | raw }> {<{ env.B | raw }>}") == 'say "hi" {say "hi"}'


def test_an_included_template_sees_the_variables_around_it(run: Callable[..., str]) -> None:
    template = '<{% for w in words %}><{% include "part.fake.j2" %}><{% endfor %}>'
    assert run(template, part_fake='"<{ w }>"\n') == '"b"\n"a"\n"b"\n'


def test_an_embedded_template_is_a_value_of_its_place(run: Callable[..., str]) -> None:
    template = '"<{ embed("in.other.j2") }>"'
    assert run(template, in_other='x "<{ env.B }>"') == '"x \\"say \\\\\\"hi\\\\\\"\\""'


def test_an_embedded_template_may_be_told_its_dialect(run: Callable[..., str]) -> None:
    (problem,) = _problems_of(run, '"<{ embed("in.fake.j2", "nope") }>"', in_fake="x")
    assert problem.message == "there is no dialect 'nope'"
    assert run('"<{ embed("in.fake.j2", dialect="other") }>"', in_fake="x") == '"x"'


def _problems_of(run: Callable[..., str], text: str, /, **others: str) -> tuple[Problem, ...]:
    with pytest.raises(Rejected) as caught:
        run(text, **others)
    return caught.value.problems


@pytest.mark.parametrize(
    ("template", "code", "line", "part"),
    [
        ("a\n<{ go. }>", "GG200", 2, "expected name or number"),
        ("<{% if go.on %}>", "GG200", 1, "unexpected end of template"),
        ("<{% macro m() %}>x<{% endmacro %}>", "GG201", 1, "'macro'"),
        ("<{% call x() %}>y<{% endcall %}>", "GG201", 1, "'call'"),
        ("<{% filter upper %}>y<{% endfilter %}>", "GG201", 1, "'filter'"),
        ("\n<{% set x %}>y<{% endset %}>", "GG201", 2, "'set block'"),
        ("<{% import 'a' as b %}>", "GG201", 1, "'import'"),
        ("<{% from 'a' import b %}>", "GG201", 1, "'import'"),
        ("<{% extends 'a' %}>", "GG201", 1, "'extends'"),
        ("<{% block a %}><{% endblock %}>", "GG201", 1, "'block'"),
        ("<{% autoescape true %}>x<{% endautoescape %}>", "GG201", 1, "'autoescape'"),
        ("<{% do x.y() %}>", "GG200", 1, "unknown tag 'do'"),
        ("<{% for a in b recursive %}><{% endfor %}>", "GG201", 1, "recursive"),
        ("<{% set a, b = words %}>", "GG201", 1, "more than a name"),
        ("<{% set ns.x = words %}>", "GG201", 1, "more than a name"),
        ("<{ 1.5 }>", "GG201", 1, "the float 1.5"),
        ("<{ 2 ** 9 }>", "GG201", 1, "pow in an expression"),
        ("<{ 2 / 3 }>", "GG201", 1, "div in an expression"),
        ("<{ self }>", "GG201", 1, "'self'"),
        ("<{ go.version | raw | upper }>", "GG201", 1, "raw inside an expression"),
        ("<{ go.version | uper }>", "GG205", 1, "there is no filter 'uper'"),
        (
            "<{ words | sort(reverse=true) | join }>",
            "GG205",
            1,
            "the filter 'sort' takes no argument 'reverse'",
        ),
        ("<{ go is definedd }>", "GG205", 1, "there is no test 'definedd'"),
        ("<{ go.items() }>", "GG206", 1, "something other than embed()"),
        ("<{ range(3) }>", "GG206", 1, "something other than embed()"),
        ("<{ loop.cycle('a', 'b') }>", "GG206", 1, "something other than embed()"),
        ("<{ embed(go.version) }>", "GG206", 1, "something other than embed()"),
        ("<{ embed() }>", "GG206", 1, "something other than embed()"),
        ("<{ embed('a', *words) }>", "GG206", 1, "something other than embed()"),
        ("<{ embed('a', other='b') }>", "GG206", 1, "something other than embed()"),
        ("a\n{ b\n<{ go.version }> }", "GG202", 3, "inside a foreign language"),
        ("a\nb\nc }", "GG202", 3, "a } that nothing opens"),
        ('a\n<{% if go.on %}>"<{% endif %}>b"', "GG203", 2, "the branches of this if"),
        ('<{% if go.on %}>"<{% else %}>"<{% endif %}>', "GG208", 1, "ends inside a quote"),
        ('<{% for w in words %}>"<{% endfor %}>', "GG204", 1, "does not end where it began"),
        ('<{% for w in words %}>a<{% else %}>"<{% endfor %}>"', "GG203", 1, "and its else"),
        ('a\n"\n', "GG208", 2, "ends inside a quote"),
        ("<{% include 'in.other.j2' %}>", "GG207", 1, "of another dialect"),
        ("<{% include words %}>", "GG207", 1, "more than one name"),
        ("<{% include ['a', 'b'] %}>", "GG207", 1, "more than one name"),
        ("<{% include 'a' ignore missing %}>", "GG207", 1, "more than one name"),
        ("\"<{% include 'a.fake.j2' %}>\"", "GG207", 1, "an include in the middle"),
        ("<{% include 'none.fake.j2' %}>", "GG207", 1, "there is no template"),
        ("<{% include '../x.fake.j2' %}>", "GG207", 1, "leaves its folder"),
        ("\"<{ embed('none.fake.j2') }>\"", "GG207", 1, "there is no template"),
    ],
)
def test_refuses_to_compile(
    problems: Callable[..., list[Problem]], template: str, code: str, line: int, part: str
) -> None:
    found = problems(template)
    assert [p.code for p in found] == [code], found
    assert (found[0].place.line if found[0].place else 0) == line
    assert part in found[0].message


def test_branches_that_all_open_a_quote_meet(run: Callable[..., str]) -> None:
    template = '<{% if go.on %}>"a<{% elif words %}>"b<{% else %}>"c<{% endif %}><{ env.B }>"'
    assert run(template) == '"asay \\"hi\\""'


def test_every_problem_of_a_template_is_told(problems: Callable[..., list[Problem]]) -> None:
    found = problems("<{ a() }>\n<{ b | uper }>\n<{% block x %}><{% endblock %}>\n<{ c() }>\n")
    assert [(p.code, p.place.line if p.place else 0) for p in found] == [
        ("GG206", 1),
        ("GG205", 2),
        ("GG201", 3),
        ("GG206", 4),
    ]


def test_a_loop_is_read_until_its_state_stands_still(tmp_path: Path) -> None:
    """The encoder is that of every round, not of the first alone."""

    class Widening(Dialects):
        def __init__(self) -> None:
            super().__init__()
            self.fake.join = lambda one, other: "in" if "in" in (one, other) else one  # type: ignore[method-assign]
            self.fake.finish = lambda state: None  # type: ignore[method-assign] # noqa: ARG005

    templates(tmp_path, {"x.fake.j2": '<{% for w in words %}><{ w }>"<{% endfor %}>'})
    one = pinned(tmp_path, {"words": ['a"']}, FileSpec("x.fake.j2", "x.fake"))
    assert Engine(dialects=Widening()).render(one, jobs(one)[0]) == 'a\\""'


def test_an_included_template_ends_as_it_began(problems: Callable[..., list[Problem]]) -> None:
    (found,) = problems('<{% include "part.fake.j2" %}>', part_fake='a\n"\n')
    assert (found.code, found.place) == ("GG208", Place("templates/t/part.fake.j2", 2))


def test_an_include_may_stand_where_a_later_line_is_like_the_start(tmp_path: Path) -> None:
    """As in a Dockerfile, whose head allows directives that no later line has."""

    class Headed(Fake):
        start: State = "head"

        def step(self, state: State, text: str) -> State:
            return super().step("out" if state == "head" and text else state, text)

        def join(self, one: State, other: State) -> State:
            return "out" if {one, other} == {"out", "head"} else super().join(one, other)

    dialects = Dialects()
    dialects.fake = Headed()
    part = '<{% include "y.fake.j2" %}>'
    templates(tmp_path, {"y.fake.j2": "y\n", "x.fake.j2": f'{part}\nx\n{part}\n"{{x}}"'})
    one = pinned(tmp_path, {}, FileSpec("x.fake.j2", "x.fake"))
    assert Engine(dialects=dialects).render(one, jobs(one)[0]) == 'y\nx\ny\n"{x}"'
    templates(tmp_path, {"x.fake.j2": f'a "{part}"'})
    with pytest.raises(Rejected, match="an include in the middle"):
        Engine(dialects=dialects).render(one, jobs(one)[0])


def test_a_template_that_embeds_itself_is_refused(problems: Callable[..., list[Problem]]) -> None:
    (found,) = problems("\"<{ embed('a.fake.j2') }>\"", a_fake="\"<{ embed('x.fake.j2') }>\"")
    assert found.message == "templates/t/x.fake.j2 embeds or includes itself"
    assert found.place == Place("templates/t/a.fake.j2", 1)


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__",
        "''['__class__']",
        "words.append",
        "words.__class__",
        "go.__class__",
        "go.keys",
        "go.get",
        "token.__class__",
        "token.__str__",
        "home.__init__",
        "loop.__class__",
        "'{0.__class__}'.format",
        "go.version.upper",
        "(1).real",
        "words['0']",
        "go[0]",
        "go.version[0]",
        "hosts | map(attribute='__class__') | first",
        "hosts | selectattr('__class__', 'defined') | first",
        "config",
        "dict",
        "lipsum",
        "cycler",
        "namespace",
        "context",
        "environment",
        "trace",
        "true.__class__",
        "none.x",
    ],
)
def test_nothing_but_data_can_be_reached(
    problems: Callable[..., list[Problem]], expression: str
) -> None:
    template = f"<{{% for w in words %}}><{{ {expression} }}><{{ loop.index }}><{{% endfor %}}>"
    codes = {p.code for p in problems(template)}
    assert codes <= {"GG220", "GG222"}
    assert codes


@pytest.mark.parametrize(
    "expression",
    ["'%s' % go", "'a' * 99", "words * 9", "'x' ~ go", "'x' ~ true", "'x' ~ none", "'x' ~ words"],
)
def test_python_makes_no_text_of_values(
    problems: Callable[..., list[Problem]], expression: str
) -> None:
    assert {p.code for p in problems(f'"<{{ {expression} }}>"')} == {"GG220"}


@pytest.mark.parametrize("expression", ["token", "home", "'x' ~ token", "[home] | join"])
def test_a_secret_and_a_home_path_are_no_text(
    problems: Callable[..., list[Problem]], expression: str
) -> None:
    assert {p.code for p in problems(f'"<{{ {expression} }}>"')} == {"GG221"}


@pytest.mark.parametrize("expression", ["1 + 'a'", "1 // 0", "words + 1", "- words", "words < 1"])
def test_an_expression_that_fails_is_named(
    problems: Callable[..., list[Problem]], expression: str
) -> None:
    (found,) = problems(f'\n"<{{ {expression} }}>"')
    assert found.code == "GG223"
    assert "the expression failed" in found.message


def test_a_loop_over_text_is_refused(problems: Callable[..., list[Problem]]) -> None:
    (found,) = problems("<{% for c in go.version %}><{ c }><{% endfor %}>")
    assert "go.version: a loop over a string" in found.message
    assert found.expected == "a list or a map"


def test_an_undefined_name_has_a_near_match(problems: Callable[..., list[Problem]]) -> None:
    (found,) = problems("\n<{ go.verison }>\n")
    assert (found.code, found.message) == ("GG222", "nothing is set at go.verison")
    assert found.hint == 'did you mean "version"?'
    assert found.place == Place("templates/t/x.fake.j2", 2)
    assert found.related == (("go is set here", Place("profiles/p/p.yaml", 2, 1)),)


def test_an_undefined_value_inside_a_map_is_found(problems: Callable[..., list[Problem]]) -> None:
    (found,) = problems("\n\"<{ {'a': [go.nothing]} | json }>\"\n")
    assert (found.code, found.message) == ("GG222", "nothing is set at go.nothing")


def test_a_refused_value_names_both_lines(problems: Callable[..., list[Problem]]) -> None:
    (found,) = problems("a\nb <{ env.B }>\n")
    assert found.code == "GG220"
    assert found.message == "env.B: 'say \"hi\"' is no word"
    assert found.place == Place("profiles/p/p.yaml", 11, 1)
    assert found.related == (("written by this template line", Place("templates/t/x.fake.j2", 2)),)
    assert (found.expected, found.hint) == ("letters, digits, dots and dashes", "quote it")


def test_all_refused_values_of_a_file_are_told(problems: Callable[..., list[Problem]]) -> None:
    found = problems("<{ env.B }>\n<{ go }>\n<{ go.version }>\n<{ words }>\n<{ nothing }>\n")
    lines = [p.related[0][1].line if p.code != "GG222" and p.related else 0 for p in found]
    assert [p.code for p in found] == ["GG220", "GG220", "GG220", "GG222"]
    assert lines == [1, 2, 4, 0]


def test_a_value_refused_in_an_embedded_template_names_that_line(
    problems: Callable[..., list[Problem]],
) -> None:
    (found,) = problems('\n"<{ embed("in.other.j2") }>"', in_other="a\nb\n<{ env.B }>\n")
    assert found.related[0][1] == Place("templates/t/in.other.j2", 3)


def test_a_bug_of_an_encoder_is_not_taken_for_a_template_error(tmp_path: Path) -> None:
    dialects = Dialects()

    def broken(_value: object) -> str:
        raise TypeError

    dialects.fake.encoders = {"word": broken}
    templates(tmp_path, {"x.fake.j2": "<{ a }>"})
    one = pinned(tmp_path, {"a": "b"}, FileSpec("x.fake.j2", "x.fake"))
    with pytest.raises(RuntimeError, match=r"the encoder failed at templates/t/x\.fake\.j2:1"):
        Engine(dialects=dialects).render(one, jobs(one)[0])


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [(b"a\n\xff\n", 2, "is not UTF-8"), (b"\xef\xbb\xbfa\n", 1, "a byte order mark")],
)
def test_a_template_that_is_not_plain_utf8_is_refused(
    tmp_path: Path, data: bytes, line: int, message: str
) -> None:
    (tmp_path / "x.fake.j2").write_bytes(data)
    one = pinned(tmp_path, {}, FileSpec("x.fake.j2", "x.fake"))
    with pytest.raises(Rejected) as caught:
        Engine(dialects=Dialects()).render(one, jobs(one)[0])
    (found,) = caught.value.problems
    assert (found.code, found.place) == ("GG209", Place("templates/t/x.fake.j2", line))
    assert message in found.message


def test_a_template_that_is_a_link_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("x")
    folder = tmp_path / "t"
    folder.mkdir()
    (folder / "x.fake.j2").symlink_to(tmp_path / "outside")
    one = pinned(folder, {}, FileSpec("x.fake.j2", "x.fake"))
    with pytest.raises(Rejected, match="GG441"):
        Engine(dialects=Dialects()).render(one, jobs(one)[0])


def test_raw_uses_are_listed(tmp_path: Path) -> None:
    text = '<{ a | raw }>\n"<{ embed("y.other.j2") }>"\n<{ a | raw }>\n'
    templates(tmp_path, {"x.fake.j2": text, "y.other.j2": "\n<{ a | raw }>", "z.fake.j2": text})
    one = pinned(tmp_path, {"a": "b"}, FileSpec("x.fake.j2", "x.fake"))
    engine = Engine(dialects=Dialects())
    assert engine.raw_uses() == ()
    engine.render(one, jobs(one)[0])
    engine.trace(one, jobs(one)[0])
    assert engine.raw_uses() == (
        Place("templates/t/x.fake.j2", 1),
        Place("templates/t/x.fake.j2", 3),
        Place("templates/t/y.other.j2", 2),
    )
