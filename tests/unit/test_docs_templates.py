"""docs/templates.md is true: what it says of manifests, values and escaping is tried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Outcome, Project

TEXT = (ROOT / "docs/templates.md").read_text(encoding="utf-8")
PAGE = " ".join(TEXT.replace("\\|", "|").split())
PROFILE = """\
targets: [app]
toolchains: {current: "1.27.1"}
go: {toolchain: current, platforms: [linux/amd64], flags: ["-ldflags=-s -w", -v]}
host: {verify: ~/.local/bin/gogen}
app:
"""


def said(*phrases: str) -> None:
    """Hold that the page says so: a sentence that goes takes its test with it."""
    for phrase in phrases:
        assert phrase in PAGE


@pytest.fixture
def render(project: Callable[[Mapping[str, str | bytes]], Project]) -> Callable[..., Outcome]:
    """Render a target `app` of one manifest; `app` is its section of the profile."""

    def rendered(manifest: str, app: str = "", /, **templates: str) -> Outcome:
        files = {f"templates/app/{n.replace('_', '.')}.j2": t for n, t in templates.items()}
        made = project(
            {
                "gogen.toml": 'places = ["*.txt"]\n',
                "profiles/p/profile.yaml": PROFILE + "".join(f"  {a}\n" for a in app.split("\n")),
                "templates/app/target.yaml": manifest,
                "templates/app/section.schema.json": "{}",
                **files,
            }
        )
        return made.run("render")

    return rendered


def manifest(**keys: str) -> str:
    """Give a manifest of one file, a.txt of a.txt.j2 unless told otherwise."""
    every = {"template": "a.txt.j2", "path": "app/a.txt", "dialect": "text", **keys}
    lines = "".join(f"\n    {key.replace('_', '-')}: {value}" for key, value in every.items())
    return f"description: of a test\nfiles:\n  -{lines[4:]}\n"


def outputs(outcome: Outcome) -> list[str]:
    assert outcome.code == 0, outcome.text
    return sorted(p.removeprefix("out/p/") for p in outcome.tree if p.startswith("out/p/app/"))


def written(outcome: Outcome, path: str = "app/a.txt") -> str:
    assert outcome.code == 0, outcome.text
    return outcome.tree[f"out/p/{path}"].decode()


@pytest.mark.parametrize("value", ['""', "[]", "{}", "null", "false"])
def test_when_is_not_met_by_what_is_empty(render: Callable[..., Outcome], value: str) -> None:
    said(
        "only where this key is there and not empty",
        '(`""`, `[]`, `{}`, `null` and `false` are empty)',
    )
    asked = manifest(when="app.x")
    assert outputs(render(asked, f"x: {value}", a_txt="a")) == []
    assert outputs(render(asked, "w: 1", a_txt="a")) == []


@pytest.mark.parametrize("value", ["0", "1", "true", "'no'", "[0]", "{a: b}"])
def test_when_is_met_by_anything_else(render: Callable[..., Outcome], value: str) -> None:
    outcome = render(manifest(when="app.x"), f"x: {value}", a_txt="a")
    assert outputs(outcome) == ["app/a.txt"]


def test_for_each_runs_over_lists_and_maps(render: Callable[..., Outcome]) -> None:
    said(
        "one file for each item of this list, or for each `{key, value}` of this map; it is `item`"
    )
    each = manifest(for_each="app.x", path='"app/<{ item.name }>.txt"')
    one = render(each, "x: [{name: a}, {name: b}]", a_txt="<{ item.name }>!")
    assert (outputs(one), written(one, "app/b.txt")) == (["app/a.txt", "app/b.txt"], "b!\n")
    each = manifest(for_each="app.x", path='"app/<{ item.key }>.txt"')
    one = render(each, "x: {a: 1, b: 2}", a_txt="<{ item.value }>")
    assert (outputs(one), written(one, "app/b.txt")) == (["app/a.txt", "app/b.txt"], "2\n")
    assert outputs(render(each, "w: 1", a_txt="a")) == []
    one = render(each, "x: text", a_txt="a")
    assert "GG243" in one.text


def test_a_path_holds_dotted_keys_and_nothing_else(render: Callable[..., Outcome]) -> None:
    said("may hold dotted keys, `<{ item.name }>`, and nothing else")
    path = '"app/<{ app.x.w }>/<{app.z}>.txt"'
    outcome = render(manifest(path=path), "x: {w: b}\nz: c", a_txt="a")
    assert outputs(outcome) == ["app/b/c.txt"]
    for expression in ("app.z | upper", "app['z']", "'a'", "app.z ~ 'a'"):
        outcome = render(manifest(path=f'"<{{ {expression} }}>"'), "z: c", a_txt="a")
        assert "error[GG244]" in outcome.text


@pytest.mark.parametrize("key", ["install", "place"])
def test_a_path_of_one_key_alone_falls_away(render: Callable[..., Outcome], key: str) -> None:
    said("An `install` or `place` that is one key alone falls away where the key is missing")
    asked = manifest(**{key: '"<{ app.x }>"'})
    assert outputs(render(asked, "w: 1", a_txt="a")) == ["app/a.txt"]
    asked = manifest(**{key: '"<{ app.x }>/a"'})
    assert "error[GG244]" in render(asked, "w: 1", a_txt="a").text


def test_the_delimiters_of_jinja(render: Callable[..., Outcome]) -> None:
    said("`delimiters: jinja` takes Jinja's own delimiters for all templates of the folder")
    outcome = render(manifest() + "delimiters: jinja\n", "x: 1", a_txt="{{ app.x }} <{ app.x }>")
    assert written(outcome) == "1 <{ app.x }>\n"


def test_raw_is_the_last_filter_and_listed(render: Callable[..., Outcome]) -> None:
    said("the text as it stands; only as the last filter; a rule lists every use")
    asked = manifest(template="a.sh.j2", path="app/a.sh", dialect="sh")
    outcome = render(asked, "x: echo a; echo b", a_sh="<{ app.x | raw }>")
    assert written(outcome, "app/a.sh") == "echo a; echo b\n"
    assert re.search(r"GG0\d\d\] templates/app/a\.sh\.j2:1", outcome.text)
    for expression in ("app.x | raw | upper", "(app.x | raw) ~ 'a'"):
        outcome = render(asked, "x: a", a_sh=f"<{{ {expression} }}>")
        assert "raw inside an expression" in outcome.text


VALUES = [
    (
        "A tag alone on its line leaves no line behind",
        "a\n<{% if true %}>\nb\n<{% endif %}>\nc",
        "a\nb\nc",
    ),
    ("`<{# comment #}>` vanishes", "a<{# b #}>c", "ac"),
    ("`go.items` is the key `items`", "<{ app.items }>", "key"),
    ("indices of lists (`x[0]`, `x[1:]`)", "<{ app.x[0] }><{ app.x[1:] | join('.') }>", "ab.c"),
    ("`.name` of a secret", "<{ app.token.name }>", "npm"),
    ("`.rest` of a home path", "<{ host.verify.rest }>", ".local/bin/gogen"),
    ("`~` joins strings and numbers", "<{ 'a' ~ 1 }>", "a1"),
    ("Anything undefined is an error wherever it is used", "<{ app.none }>", "GG222"),
    ("except by `is defined` and `| default(x)`", "<{ app.none | default('d') }>", "d"),
    (
        "loops run over lists and maps, not over text",
        "<{% for k in app %}><{ k }><{% endfor %}>",
        "itemstokenx",
    ),
    (
        "loops run over lists and maps, not over text",
        "<{% for k in 'a' %}>b<{% endfor %}>",
        "GG220",
    ),
    (
        "They are no text: `~`, `join` and the like refuse them",
        "<{ app.token ~ 'a' }>",
        "GG221",
    ),
    ("`for` (not `recursive`)", "<{% for k in app.x recursive %}>a<{% endfor %}>", "GG201"),
    ("`set x = …`", "<{% set x = 1 %}><{ x }>", "1"),
    ("`with`", "<{% with x = 1 %}><{ x }><{% endwith %}>", "1"),
    ("`raw`. There are no macros", "<{% raw %}><{ x }><{% endraw %}>", "<{ x }>"),
    ("There are no macros", "<{% macro a() %}><{% endmacro %}>", "GG201"),
    (
        "`goflags` | a list of flags as the text of GOFLAGS",
        "<{ go.flags | goflags }>",
        "'-ldflags=-s -w' -v",
    ),
    (
        "`for k, v in map | items`",
        "<{% for k, v in {'a': 1} | items %}><{ k }><{ v }><{% endfor %}>",
        "a1",
    ),
    ("it ends with one newline", "a\n\n\n", "a"),
]


@pytest.mark.parametrize(("phrase", "template", "text"), VALUES, ids=[v[1] for v in VALUES])
def test_values_and_tags(
    render: Callable[..., Outcome], phrase: str, template: str, text: str
) -> None:
    assert phrase in PAGE
    outcome = render(manifest(), "items: key\ntoken: {$secret: npm}\nx: [a, b, c]", a_txt=template)
    if text.startswith("GG"):
        assert f"error[{text}]" in outcome.text
    else:
        assert written(outcome) == f"{text}\n"


ESCAPED = [
    (
        "In YAML an unquoted `<{ x }>` is a whole scalar, quoted when any reader needs it",
        "a.yaml",
        "a: <{ app.x }>\nb: <{ app.w }>",
        'a: a b\nb: "yes"',
    ),
    (
        'a part of a scalar stands in quotes: `"debian@<{ digest }>"`',
        "a.yaml",
        'a: "debian@<{ app.x }>"',
        'a: "debian@a b"',
    ),
    ("a part of a scalar stands in quotes", "a.yaml", "a: debian@<{ app.x }>", "GG202"),
    (
        "write `key:<{ map | block }>`, without a space",
        "a.yaml",
        "key:<{ app.map | block }>",
        "key:\n  k: 1",
    ),
    ("the value as data on one line", "a.yaml", "a: <{ app.map | json }>", 'a: {"k": 1}'),
    (
        'In a shell an unquoted `<{ x }>` is one word; inside `"…"` it is escaped for there',
        "a.sh",
        'echo <{ app.x }> "<{ app.z }>"',
        "echo 'a b' \"\\$z\"",
    ),
    (
        "(`FROM`, unit names) the value must be of the token's letters",
        "Dockerfile",
        "FROM <{ app.x }>",
        "GG220",
    ),
    (
        "A script in `run: |`, in a ConfigMap or in RUN takes no expression",
        "Dockerfile",
        "FROM a\nRUN echo <{ app.x }>",
        "GG202",
    ),
    ("A script in `run: |`", "a.yaml", "run: |\n  echo <{ app.x }>", "GG202"),
    (
        'write `<{ embed("verify.sh.j2") }>`: it is rendered in its own dialect',
        "a.yaml",
        "a: <{ embed('verify.sh.j2') }>",
        "a: |\n  echo 'a b'",
    ),
    (
        '`embed("x.j2", "sh")` names the dialect',
        "a.yaml",
        "a: <{ embed('verify.sh.j2', 'text') }>",
        "a: |\n  echo a b",
    ),
    (
        "`include` puts a template of the same dialect in place",
        "a.sh",
        "<{% include 'verify.sh.j2' %}>",
        "echo 'a b'",
    ),
    (
        "`include` puts a template of the same dialect in place",
        "a.yaml",
        "<{% include 'verify.sh.j2' %}>",
        "GG207",
    ),
    ("Branches of an `if` end alike", "a.sh", "echo <{% if true %}>'<{% endif %}>a'", "GG203"),
    (
        "A loop ends where it began",
        "a.sh",
        "<{% for i in app.map %}>echo '<{% endfor %}>'",
        "GG204",
    ),
]


@pytest.mark.parametrize(("phrase", "name", "template", "text"), ESCAPED)
def test_escaping(
    render: Callable[..., Outcome], phrase: str, name: str, template: str, text: str
) -> None:
    assert phrase in PAGE
    asked = manifest(template=f"{name}.j2", path=f"app/{name}").replace("    dialect: text\n", "")
    app = "x: a b\nw: 'yes'\nz: $z\nmap: {k: 1}"
    outcome = render(
        asked, app, verify_sh="echo <{ app.x }>\n", **{name.replace(".", "_"): f"{template}\n"}
    )
    if text.startswith("GG"):
        assert f"error[{text}]" in outcome.text
    else:
        assert written(outcome, f"app/{name}") == f"{text}\n"


@pytest.mark.parametrize(
    ("name", "before", "line", "text"),
    [
        ("go.env", "", "<{ name }>=<{ value }>", "GOVCS=a b"),
        ("Dockerfile", "FROM scratch\n", "ENV <{ name }>=<{ value }>", 'ENV GOVCS="a b"'),
        ("a.sh", "", "export <{ name }>=<{ value }>", "export GOVCS='a b'"),
        ("a.fish", "", "set -gx <{ name }> <{ value }>", "set -gx GOVCS 'a b'"),
    ],
)
def test_names(
    render: Callable[..., Outcome], name: str, before: str, line: str, text: str
) -> None:
    said("A name stands where a variable is set", line.removesuffix("<{ value }>"))
    asked = manifest(template=f"{name}.j2", path=f"app/{name}").replace("    dialect: text\n", "")
    loop = f"{before}<{{% for name, value in app | items %}}>\n{line}\n<{{% endfor %}}>\n"
    outcome = render(asked, "GOVCS: a b", **{name.replace(".", "_"): loop})
    assert written(outcome, f"app/{name}") == f"{before}{text}\n"


def test_the_examples_manifest_is_one(render: Callable[..., Outcome]) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    example = example.replace("image.base", "app.base").replace("otel/", "app/")
    outcome = render(
        example, "base: alpine:3.24.1", collector_yaml="a: <{ images[app.base].pinned }>\n"
    )
    assert outputs(outcome) == ["app/collector.yaml"]


@pytest.mark.parametrize(
    ("row", "expression"),
    [
        ("| `toolchain` |", "toolchain"),
        ("| `toolchain` |", "toolchain.platforms[0]"),
        ('| `images["ref"]` |', "images['alpine:3.24.1']"),
        ('| `actions["name"]` |', "actions['actions/checkout']"),
        ("| `profile` |", "profile"),
    ],
)
def test_every_key_that_templates_see_is_named(
    render: Callable[..., Outcome], row: str, expression: str
) -> None:
    asked = manifest() + 'pins: {images: ["alpine:3.24.1"], actions: [actions/checkout]}\n'
    keys = written(render(asked, "w: 1", a_txt=f"<{{ {expression} | keys | join(' ') }}>")).split()
    (line,) = (line for line in TEXT.split("\n") if line.startswith(row))
    assert [key for key in keys if f"`{key}`" not in line] == []


def test_what_is_installed_is_known(render: Callable[..., Outcome]) -> None:
    said("what the profile's targets install on a machine, a list: `path`", "`install`, `mode`")
    listed = "<{% for f in installed %}><{ f.path }> <{ f.install }> <{ f.mode }><{% endfor %}>"
    done = render(manifest(install="~/a.txt", mode='"0755"'), "note: x", a_txt=listed)
    assert done.code == 0, done.text
    assert done.tree["out/p/app/a.txt"] == b"app/a.txt ~/a.txt 0755\n"
