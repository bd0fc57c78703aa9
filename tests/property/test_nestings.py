"""Each nesting, end to end: a value in a file in a file, read by one real reader after another.

The templates are rendered by the engine as a target's are. A hostile value stands in a script or
settings file; that file stands whole in a manifest or workflow; YAML's reader gives it back, the
kubelet or GitHub do their part, and the innermost reader (sh, the go command, a JSON or TOML
parser) must give the value. Nothing that a value holds may run: the folder stays empty.
"""

from __future__ import annotations

import json
import subprocess
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from ruamel.yaml import YAML

from generator.dialects import get
from generator.dialects.base import Unwritable
from generator.model import FileSpec
from generator.problems import Rejected
from generator.templating.engine import Engine
from generator.templating.jobs import jobs
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import batches
from tests.property.test_encode_go_env import NAMES
from tests.property.test_encode_go_env import read as go_reads
from tests.property.test_encode_kubernetes import expand
from tests.tools import require
from tests.unit.templating_fake import pinned, templates

if TYPE_CHECKING:
    from pathlib import Path

SETTING = (
    "<{{% if settings.{name} is defined %}}>\n{name}=<{{ settings.{name} }}>\n<{{% endif %}}>\n"
)
TEMPLATES = {
    "print.sh.j2": (
        "#!/bin/sh\n# prints its values\nset -eu\n"
        "<{% for value in values %}>\n"
        "printf '%s\\0' <{ value }> \"a<{ value }>b\" 'c<{ value }>d'\n"
        "<{% endfor %}>\n"
    ),
    "go.env.j2": "# settings\n" + "".join(SETTING.format(name=name) for name in NAMES),
    "data.json.j2": '{"values": <{ values | json }>, "first": "x<{ values[0] }>"}\n',
    "data.toml.j2": 'values = <{ values | json }>\nfirst = "x<{ values[0] }>"\n',
    "map.yaml.j2": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nested\n"
        'data:\n  print.sh: <{ embed("print.sh.j2") }>\n  go.env: <{ embed("go.env.j2") }>\n'
        '  data.json: <{ embed("data.json.j2") }>\n  data.toml: "end"\n'
        '  other: {data.toml: <{ embed("data.toml.j2") }>}\n'
    ),
    "pod.yaml.j2": (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: nested\nspec:\n  containers:\n"
        "    - name: a\n      command: [/bin/sh, -euc]\n      args:\n"
        '        - <{ embed("print.sh.j2") }>\n      env:\n        - name: SCRIPT\n'
        '          value: <{ embed("print.sh.j2") }>\n'
    ),
    "workflow.yml.j2": (
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
        '      - run: <{ embed("print.sh.j2") }>\n        shell: sh\n'
    ),
}
FILES = (
    FileSpec("map.yaml.j2", "map.yaml", dialect="kubernetes"),
    FileSpec("pod.yaml.j2", "pod.yaml", dialect="kubernetes"),
    FileSpec("workflow.yml.j2", "workflow.yml", dialect="github-actions"),
)


class Rendered:
    """Renders the templates above with values, one file at a time."""

    def __init__(self, folder: Path) -> None:
        templates(folder, TEMPLATES)
        self.folder = folder
        self.engine = Engine()

    def __call__(self, path: str, values: list[str]) -> Any:
        settings = dict(zip(NAMES, values, strict=False))
        one = pinned(self.folder, {"values": values, "settings": settings}, *FILES)
        job = next(job for job in jobs(one) if job.path == path)
        text = self.engine.render(one, job)
        get(job.dialect).parse(text)
        return YAML(typ="safe").load(text)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    return Rendered(tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an empty folder to run scripts in."""
    return tmp_path_factory.mktemp("room")


def taken(values: list[str], *dialects: str) -> list[str]:
    """Give the values that the innermost languages can hold at all, at least one."""
    before = {"sh": "a ", "go-env": "GOBIN=", "toml": "a = "}
    kept = []
    for value in values:
        try:
            for name in dialects:
                fill(get(name), [before[name], Put(value), "\n"])
        except Unwritable:
            continue
        kept.append(value)
    return kept or ["a"]


def run(script: str, room: Path) -> list[str]:
    """Run a script with the system's sh and give what it printed, NUL by NUL."""
    done = subprocess.run(
        [require("sh"), "-c", script], cwd=room, env={}, check=True, capture_output=True
    )
    assert not list(room.iterdir())
    assert not done.stderr
    return done.stdout.decode().split("\0")[:-1]


def printed(values: list[str]) -> list[str]:
    return [text for value in values for text in (value, f"a{value}b", f"c{value}d")]


@given(values=batches)
@example(values=["$(touch ran)", "`touch ran`", "'; touch ran; '", '"; touch ran; "', "a\nb\n"])
def test_shell_in_a_config_map(rendered: Rendered, room: Path, values: list[str]) -> None:
    values = taken(values, "sh", "go-env")
    data = rendered("map.yaml", values)["data"]
    assert run(data["print.sh"], room) == printed(values)


@given(values=batches)
@example(values=["$(touch ran)", "$$(HOME)", "$(SCRIPT)", "$$", "$", "$("])
def test_shell_in_a_command_the_kubelet_expands(
    rendered: Rendered, room: Path, values: list[str]
) -> None:
    values = taken(values, "sh")
    container = rendered("pod.yaml", values)["spec"]["containers"][0]
    assert run(expand(container["args"][0]), room) == printed(values)
    assert run(expand(container["env"][0]["value"]), room) == printed(values)


@given(values=batches)
@example(values=["${{ github.token }}"])
@example(values=["$", "{{ github.token }}", "${", "{ github.token }}"])
def test_shell_in_a_workflow(rendered: Rendered, room: Path, values: list[str]) -> None:
    values = taken(values, "sh")
    if any("${{" in value for value in values):
        with pytest.raises(Rejected, match="evaluate"):
            rendered("workflow.yml", values)
        return
    script = rendered("workflow.yml", values)["jobs"]["a"]["steps"][0]["run"]
    assert "${{" not in script
    assert run(script, room) == printed(values)


@given(values=batches)
def test_go_settings_in_a_config_map(rendered: Rendered, room: Path, values: list[str]) -> None:
    values = [value for value in taken(values, "sh", "go-env") if value][: len(NAMES)] or ["a"]
    text = rendered("map.yaml", values)["data"]["go.env"]
    file = room.parent / "go.env"
    file.write_bytes(text.encode())
    expected = dict(zip(NAMES, values, strict=False))
    assert go_reads(file, tuple(expected)) == expected


@given(values=batches)
def test_json_and_toml_in_a_config_map(rendered: Rendered, values: list[str]) -> None:
    values = taken(values, "sh", "go-env", "toml")
    data = rendered("map.yaml", values)["data"]
    expected = {"values": values, "first": f"x{values[0]}"}
    assert json.loads(data["data.json"]) == expected
    assert tomllib.loads(data["other"]["data.toml"]) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("map.yaml.j2", "data:\n  a.sh: |\n    echo <{ values[0] }>\n"),
        ("pod.yaml.j2", "spec:\n  containers:\n    - args: [-c, <{ values[0] }>]\n"),
        ("pod.yaml.j2", 'spec:\n  containers:\n    - args: [-c, "ls <{ values[0] }>"]\n'),
        ("workflow.yml.j2", "jobs:\n  a:\n    steps:\n      - run: <{ values[0] }>\n"),
        ("workflow.yml.j2", "jobs:\n  a:\n    steps:\n      - run: ls <{ values[0] }>\n"),
    ],
)
def test_an_expression_inside_a_foreign_language_is_refused(
    tmp_path: Path, name: str, text: str
) -> None:
    rendered = Rendered(tmp_path)
    templates(tmp_path, {name: text})
    with pytest.raises(Rejected) as refusal:
        rendered(name.removesuffix(".j2"), ["$(id)"])
    assert {problem.code for problem in refusal.value.problems} <= {"GG202", "GG220"}
    assert all(
        "embed" in problem.hint or "quotes" in problem.hint for problem in refusal.value.problems
    )
