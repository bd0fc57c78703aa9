"""The workflow: what its steps do is done here, with the real programs."""

from __future__ import annotations

import io
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.tools import ROOT, SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.conftest import Project

WORKFLOW = "out/ci-runner/github-actions/workflow.yml"
HELLO = ROOT / "tests/content/hello"
HASH = "0" * 64


def _jobs(tree: Mapping[str, bytes]) -> Any:
    return YAML(typ="safe").load(io.BytesIO(tree[WORKFLOW]))["jobs"]


def _script(tree: Mapping[str, bytes], job: str, name: str) -> str:
    (step,) = (s for s in _jobs(tree)[job]["steps"] if s["name"] == name)
    return str(step["run"])


# A program whose build compiles little of the standard library.
SMALL = "package main\n\nfunc main() { println() }\n"

GO_THAT_WRITES_ITS_FOLDER = """\
#!/bin/sh
case $1 in
list) echo main ;;
build) mkdir -p "$3" && pwd >"$3/command" ;;
esac
"""


def _run(script: str, folder: Path, **env: str) -> tuple[int, str]:
    """Run a step as a runner does for `shell: bash`."""
    done = subprocess.run(
        [require("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": SEARCH, "HOME": str(folder), "GOTOOLCHAIN": "local", **env},
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a build cache that the tests of this file share."""
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """Give a copy of the module that the workflow tests."""
    require("go")
    copy = tmp_path / "module"
    shutil.copytree(HELLO, copy)
    return copy


def test_it_is_placed_where_github_reads_it(rendered: Mapping[str, bytes]) -> None:
    assert rendered[".github/workflows/go.yml"] == rendered[WORKFLOW]


def test_the_image_waits_for_all_other_jobs(rendered: Mapping[str, bytes]) -> None:
    jobs = _jobs(rendered)
    assert set(jobs["image"]["needs"]) == set(jobs) - {"image"}


def test_no_step_holds_an_expression_in_its_script(rendered: Mapping[str, bytes]) -> None:
    scripts = [s["run"] for job in _jobs(rendered).values() for s in job["steps"] if "run" in s]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_two_builds_in_two_folders_are_the_same(
    rendered: Mapping[str, bytes], module: Path, tmp_path: Path
) -> None:
    (module / "main.go").write_text(SMALL, encoding="utf-8")
    script = _script(rendered, "module", "Build twice, compare")
    flags = "-trimpath -buildvcs=false"
    code, said = _run(script, module, RUNNER_TEMP=str(tmp_path / "runner"), GOFLAGS=flags)
    assert code == 0, said


def test_builds_that_hold_their_folder_are_told_apart(
    rendered: Mapping[str, bytes], tmp_path: Path
) -> None:
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(GO_THAT_WRITES_ITS_FOLDER, encoding="utf-8")
    go.chmod(0o755)
    folder = tmp_path / "module"
    folder.mkdir()
    script = _script(rendered, "module", "Build twice, compare")
    path = f"{go.parent}:{SEARCH}"
    code, said = _run(script, folder, RUNNER_TEMP=str(tmp_path / "runner"), PATH=path)
    assert code == 1
    assert "the second build differs" in said


def test_a_module_of_packages_alone_has_nothing_to_build(
    rendered: Mapping[str, bytes], module: Path, tmp_path: Path
) -> None:
    (module / "main.go").write_text("package hello\n", encoding="utf-8")
    (module / "main_test.go").unlink()
    script = _script(rendered, "module", "Build twice, compare")
    assert _run(script, module, RUNNER_TEMP=str(tmp_path)) == (0, "no command to build\n")


@pytest.fixture
def lint(rendered: Mapping[str, bytes], module: Path, cache: str) -> Callable[[], tuple[int, str]]:
    """Run the step that lints, on the copy of the module."""
    script = _script(rendered, "module", "Lint")
    return lambda: _run(script, module, GOCACHE=cache, GOPROXY="off")


def test_lint_passes_what_is_right(lint: Callable[[], tuple[int, str]]) -> None:
    code, said = lint()
    assert code == 0, said


@pytest.mark.parametrize(
    ("file", "edit", "word"),
    [
        ("main.go", ("\tfmt.Println", "    fmt.Println"), "not formatted"),
        ("main.go", ("greeting(runtime.Version())", '"%d", runtime.Version()'), "Println"),
        ("go.mod", ("go 1.27.0", "go 1.27.0\n\nrequire example.com/x v1.0.0"), "example.com/x"),
    ],
)
def test_lint_finds_what_is_wrong(
    lint: Callable[[], tuple[int, str]], module: Path, file: str, edit: tuple[str, str], word: str
) -> None:
    text = (module / file).read_text(encoding="utf-8")
    assert edit[0] in text
    (module / file).write_text(text.replace(*edit), encoding="utf-8")
    code, said = lint()
    assert code != 0
    assert word in said


class _Repository:
    """A repository of three commits: sources, a change elsewhere, a change of an input."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")
        self.commits = [self.commit(name) for name in ("in put/a", "other", "in put/b")]

    def git(self, *args: str) -> str:
        done = subprocess.run(
            [require("git"), *args], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, name: str) -> str:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(name, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", name)
        return self.git("rev-parse", "HEAD")


@pytest.mark.parametrize(
    ("before", "head", "changed"),
    [(0, 1, "false"), (1, 2, "true"), (0, 2, "true"), (None, 1, "true")],
)
def test_an_image_is_built_when_its_inputs_changed(
    rendered: Mapping[str, bytes],
    tmp_path: Path,
    before: int | None,
    head: int,
    changed: str,
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    repository = _Repository(folder)
    repository.git("checkout", "-q", repository.commits[head])
    base = "0" * 40 if before is None else repository.commits[before]
    output = tmp_path / "output"
    script = _script(rendered, "image", "See whether its inputs changed")
    code, said = _run(
        script, folder, BEFORE=base, INPUTS="in put\nabsent", GITHUB_OUTPUT=str(output)
    )
    assert code == 0, said
    assert output.read_text(encoding="utf-8") == f"changed={changed}\n"


def test_drift_is_checked_only_by_a_gogen_with_its_hash(
    shipped: Callable[[], Project], rendered: Mapping[str, bytes]
) -> None:
    assert "drift" not in _jobs(rendered)
    project = shipped()
    requirement = f"gogen==0.1.0 --hash=sha256:{HASH}"
    ci = (project.root / "profiles/ci-runner/ci.yaml").read_text(encoding="utf-8")
    gogen = f'\n  gogen: {{python: "3.14", requirements: ["{requirement}"]}}\n'
    project.write({"profiles/ci-runner/ci.yaml": ci + gogen})
    outcome = project.run("render", "ci-runner")
    assert outcome.code == 0, outcome.text
    (check,) = (s for s in _jobs(outcome.tree)["drift"]["steps"] if s["name"] == "Check")
    assert check["env"] == {"REQUIREMENTS": requirement}
    assert "--require-hashes" in check["run"]


def test_a_gogen_without_its_hash_is_refused(shipped: Callable[[], Project]) -> None:
    project = shipped()
    ci = (project.root / "profiles/ci-runner/ci.yaml").read_text(encoding="utf-8")
    bare = '\n  gogen: {python: "3.14", requirements: ["gogen==0.1.0"]}\n'
    project.write({"profiles/ci-runner/ci.yaml": ci + bare})
    outcome = project.run("render", "ci-runner")
    assert outcome.code == 2
    assert "ci.gogen.requirements" in outcome.text
