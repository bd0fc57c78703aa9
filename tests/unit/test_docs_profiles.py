"""docs/profiles.md is true: its tables of merging are tried, row by row, and what else it says."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Outcome, Project

TEXT = (ROOT / "docs/profiles.md").read_text(encoding="utf-8")
SECTION = {
    "type": "object",
    "properties": {
        "list": {"type": "array"},
        "keyed": {
            "type": "array",
            "items": {"type": "object"},
            "x-gogen-merge": {"key": "name"},
        },
    },
}
BASE = """\
targets: [app]
toolchains: {current: "1.27.1", next: "1.27.2"}
go: {platforms: [linux/amd64]}
app:
  list: [a, b]
  keyed: [{name: p, size: 1}, {name: q}]
"""
TARGET = {
    "templates/app/target.yaml": (
        "description: of a test\nfiles:\n  - {template: a.json.j2, path: app/a.json}\n"
    ),
    "templates/app/a.json.j2": "<{ app | json }>\n",
    "templates/app/section.schema.json": json.dumps(SECTION),
    "profiles/base/profile.yaml": BASE,
}


def _rows(heading: str) -> list[tuple[str, str]]:
    """Give the first and last column of the table whose heading holds the parents' list."""
    table = TEXT[TEXT.index(f"| on `{heading}` |") :].partition("\n\n")[0].splitlines()[2:]
    cells = [re.findall(r"`([^`]*)`", row) for row in table]
    return [(row[0], row[-1]) for row in cells]


ROWS = [
    *(("list", *row) for row in _rows("[a, b]")),
    *(("keyed", *row) for row in _rows("[{name: p, size: 1}, {name: q}]")),
]


@pytest.fixture
def render(project: Callable[[Mapping[str, str | bytes]], Project]) -> Callable[..., Outcome]:
    """Render a workspace of these profiles above base."""

    def rendered(**profiles: str) -> Outcome:
        layers = {f"profiles/{n.replace('__', '/')}/p.yaml": t for n, t in profiles.items()}
        made = project({**TARGET, **layers})
        locked = made.run("lock")
        assert locked.code == 0, locked.text
        return made.run("render")

    return rendered


def _app(outcome: Outcome, profile: str) -> Any:
    assert outcome.code == 0, outcome.text
    return json.loads(outcome.tree[f"out/{profile}/app/a.json"])


def test_both_tables_are_read() -> None:
    assert len(ROWS) == 10


@pytest.mark.parametrize(("key", "written", "due"), ROWS)
def test_lists_merge_as_the_tables_say(
    render: Callable[..., Outcome], key: str, written: str, due: str
) -> None:
    outcome = render(child=f"extends: [base]\napp: {{{key}: {written}}}\n")
    assert _app(outcome, "child")[key] == YAML(typ="safe").load(due)


def test_the_last_parent_wins_and_null_takes_away(render: Callable[..., Outcome]) -> None:
    outcome = render(
        one="extends: [base]\ntargets: []\napp: {list: [one]}\n",
        two="extends: [base]\ntargets: []\napp: {list: [two], keyed: null}\n",
        team__api="extends: [one, two]\ntargets: [app]\n",
    )
    assert _app(outcome, "team.api") == {"list": ["two"]}
    assert {path.split("/")[1] for path in outcome.tree if path.startswith("out/")} == {
        "base",
        "team.api",
    }


def test_what_a_deleted_profile_wrote_goes(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    made = project({**TARGET, "profiles/gone/p.yaml": "extends: [base]\n"})
    assert made.run("lock").code == 0
    assert "out/gone/app/a.json" in made.run("render").tree
    (made.root / "profiles/gone/p.yaml").unlink()
    (made.root / "profiles/gone").rmdir()
    outcome = made.run("render")
    assert outcome.code == 0, outcome.text
    assert not [path for path in outcome.tree if path.startswith("out/gone/")]


def test_a_reference_reads_what_a_child_changes(render: Callable[..., Outcome]) -> None:
    outcome = render(
        one='extends: [base]\napp: {list: "<{ go.platforms }>"}\n',
        two="extends: [one]\ngo: {platforms: [linux/arm64]}\n",
    )
    assert _app(outcome, "two")["list"] == ["linux/arm64"]


MIGRATION = "".join(re.findall(r"```yaml\n(toolchains: .*?)```", TEXT, re.DOTALL))


def test_an_exception_covers_its_own_layer(render: Callable[..., Outcome]) -> None:
    outcome = render(one=f"extends: [base]\ntargets: [app]\n{MIGRATION}")
    assert (outcome.code, "GG004" in outcome.err) == (0, False), outcome.text


def test_an_exception_covers_nothing_a_child_adds(render: Callable[..., Outcome]) -> None:
    excepted = MIGRATION.replace("  toolchain: next\n", "")
    outcome = render(
        one=f"extends: [base]\ntargets: []\n{excepted}",
        two="extends: [one]\ntargets: [app]\ngo: {toolchain: next}\n",
    )
    assert outcome.code == 2, outcome.text
    assert "error[GG004] profiles/two/p.yaml:3:" in outcome.err


def test_the_network_table_has_every_key() -> None:
    schema = json.loads((ROOT / "schemas/profile.schema.json").read_text(encoding="utf-8"))
    table = TEXT[TEXT.index("| key | shells") :].partition("\n\n")[0]
    named = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert named == set(schema["properties"]["network"]["properties"])
