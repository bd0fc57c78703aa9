"""Who moves the pins: what Renovate reads, and the scheduled workflow's steps, done for real."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

HASH = "0" * 64
PROFILE = """\
targets: [go, updates]
toolchains: {current: "1.27.0"}
go: {toolchain: current, platforms: [linux/amd64]}
"""
UPDATES = f"""\
updates:
  workflow:
    name: update
    place: .github/workflows/update.yml
    schedule: "17 5 * * 1"
    runner: ubuntu-24.04
    timeout_minutes: 15
    branch: gogen/update
    gogen: {{python: "3.14", requirements: ["gogen==0.1.0 --hash=sha256:{HASH}"]}}
"""
WORKFLOW = ".github/workflows/update.yml"

# What the runner's Python would make: an environment whose gogen is this one.
PYTHON = f"""\
#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\n' >"$3/bin/pip"
printf '#!/bin/sh\\nexec "{sys.executable}" -m generator "$@"\\n' >"$3/bin/gogen"
chmod +x "$3/bin/pip" "$3/bin/gogen"
"""

# GitHub's client: it notes what it is told, and knows of a request once one was made.
GH = """\
#!/bin/sh
printf '%s|' "$@" >>"$NOTES/gh"
echo >>"$NOTES/gh"
case "$1 $2" in
"pr create") touch "$NOTES/open" ;;
"pr close") rm "$NOTES/open" ;;
"pr list") [ ! -e "$NOTES/open" ] || echo 7 ;;
esac
"""


@pytest.mark.parametrize(
    "text",
    [
        'toolchains:\n  current: "1.27.1"\n',
        'targets: [go]\ntoolchains: {current: "1.27.1", next: "1.28.0"}\n',
        'toolchains:\n  # why\n  next: "1.28.0"\n\n  current: "1.27.1" # and why\n',
        'toolchains: {next: "1.28.0", current: "1.27.1"}\ngo: {toolchain: current}\n',
        "toolchains: # all\n\n  current: '1.27.1'\n",
        'toolchains:\n  next: "1.28.0"\ngo:\n  env:\n    current: "1.2.3"\n',
        'go:\n  current: "1.2.3"\n# toolchains:\n#   current: "1.2.3"\n',
    ],
)
def test_renovate_finds_the_current_toolchain_and_nothing_else(
    rendered: Mapping[str, bytes], text: str
) -> None:
    renovate = json.loads(rendered["out/ci-runner/updates/renovate.json"])
    (manager,) = renovate["customManagers"]
    (pattern,) = manager["matchStrings"]
    # RE2 and Python differ in how a group is named.
    found = re.findall(pattern.replace("(?<", "(?P<"), text)
    data = YAML(typ="safe").load(text)
    current = data.get("toolchains", {}).get("current")
    assert found == ([current] if current else [])


def test_what_gogen_writes_is_left_to_it(rendered: Mapping[str, bytes]) -> None:
    renovate = json.loads(rendered["out/ci-runner/updates/renovate.json"])
    left = renovate["packageRules"][0]
    assert left["enabled"] is False
    files = ("/.go-version", ".github/workflows/go.yml")
    placed = [path for path in rendered if path.endswith(files) and not path.startswith("out/")]
    assert len(placed) == len(files)
    for path in placed:
        assert any(Path(path).match(glob) for glob in left["matchFileNames"]), path
    assert {"out/**", "gogen.lock", "gogen.lock.d/**"} <= set(left["matchFileNames"])


class Runner(NamedTuple):
    """A runner's folders: the checkout, its origin, what the steps leave, what was noted."""

    project: Project
    origin: Path
    temporary: Path
    notes: Path
    bin: Path

    def git(self, *args: str) -> str:
        """Ask the origin."""
        done = subprocess.run(
            [require("git"), "-C", self.origin, *args], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def step(self, name: str) -> tuple[int, str]:
        """Run a step of the placed workflow as a runner does for `shell: bash`."""
        job = _job((self.project.root / WORKFLOW).read_bytes())
        (step,) = (each for each in job["steps"] if each.get("name") == name)
        own = {k: str(v) for k, v in step.get("env", {}).items() if "${{" not in str(v)}
        done = subprocess.run(
            [require("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.project.root,
            env={
                "PATH": f"{self.bin}{os.pathsep}{SEARCH}",
                "HOME": str(self.temporary),
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "GITHUB_SHA": self.git("rev-parse", "main"),
                "RUNNER_TEMP": str(self.temporary),
                "NOTES": str(self.notes),
                "BASE": "main",
                **own,
            },
            check=False,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def run(self) -> None:
        """Do what a scheduled run does; both steps must be right."""
        for name in ("Bump", "Open the pull request"):
            code, said = self.step(name)
            assert code == 0, said

    def told(self) -> list[str]:
        """Give the calls of GitHub's client that change something."""
        calls = (self.notes / "gh").read_text(encoding="utf-8").splitlines()
        return [call for call in calls if not call.startswith("pr|list")]


def _job(workflow: bytes) -> Any:
    return YAML(typ="safe").load(io.BytesIO(workflow))["jobs"]["move"]


@pytest.fixture
def runner(
    project: Callable[[Mapping[str, str | bytes]], Project], tmp_path: Path
) -> Callable[[str], Runner]:
    def make(profile: str) -> Runner:
        files = {
            "gogen.toml": 'places = [".github/workflows/*.yml"]\n',
            "gogen.lock": "{}\n",
            "profiles/base/profile.yaml": profile,
            "profiles/base/updates.yaml": UPDATES,
        }
        workspace = project(files)
        for command in (("lock",), ("render",)):
            outcome = workspace.run(*command)
            assert outcome.code == 0, outcome.text
        folders = [tmp_path / name for name in ("origin.git", "temporary", "notes", "bin")]
        for folder in folders:
            folder.mkdir()
        for name, text in {"python": PYTHON, "gh": GH}.items():
            (folders[3] / name).write_text(text, encoding="utf-8")
            (folders[3] / name).chmod(0o755)
        git = (require("git"), "-C", workspace.root, "-c", "user.name=a", "-c", "user.email=a@b.c")
        for args in (
            ("init", "-q", "-b", "main"),
            ("add", "-A"),
            ("commit", "-qm", "start"),
            ("init", "-q", "--bare", "-b", "main", folders[0]),
            ("remote", "add", "origin", folders[0]),
            ("push", "-q", "origin", "main"),
        ):
            subprocess.run([*git, *args], check=True)
        return Runner(workspace, *folders)

    return make


def test_what_is_outdated_moves_in_one_request(runner: Callable[[str], Runner]) -> None:
    one = runner(PROFILE)
    one.run()
    assert one.git("rev-list", "--count", "main..gogen/update") == "1"
    changed = one.git("diff", "--name-only", "main", "gogen/update").splitlines()
    assert {"profiles/base/profile.yaml", "gogen.lock", "out/base/go/.go-version"} <= set(changed)
    assert one.project.run("check").code == 0
    title = one.git("log", "-1", "--format=%s", "gogen/update")
    (call,) = one.told()
    assert call.startswith(f"pr|create|--base|main|--head|gogen/update|--title|{title}|")
    body = (one.temporary / "body").read_text(encoding="utf-8")
    assert title in body
    assert "1.27.0" in body


def test_a_run_with_the_same_outcome_pushes_nothing(runner: Callable[[str], Runner]) -> None:
    one = runner(PROFILE)
    one.run()
    before = one.git("rev-parse", "gogen/update")
    require_git = (require("git"), "-C", one.project.root)
    subprocess.run([*require_git, "reset", "-q", "--hard", "origin/main"], check=True)
    one.run()
    assert one.git("rev-parse", "gogen/update") == before
    assert [call.split("|")[1] for call in one.told()] == ["create", "edit"]


def _merged(one: Runner) -> None:
    """Let the base have all that the request asks for, the request itself left open."""
    git = (require("git"), "-C", one.project.root)
    for args in (
        ("push", "-q", "origin", "HEAD:main"),
        ("checkout", "-q", "-B", "main", "origin/main"),
    ):
        subprocess.run([*git, *args], check=True)


def test_a_request_for_what_came_otherwise_is_closed(runner: Callable[[str], Runner]) -> None:
    one = runner(PROFILE)
    one.run()
    _merged(one)
    one.run()
    call = one.told()[-1]
    assert call == "pr|close|7|--comment|There is nothing left to move on main.|"
    assert one.step("Open the pull request")[0] == 0
    assert [call.split("|")[1] for call in one.told()] == ["create", "close"], "it is closed once"
    assert one.git("rev-parse", "gogen/update"), "the branch is not missed, and stays"


def test_a_request_stays_open_while_not_all_is_known(runner: Callable[[str], Runner]) -> None:
    one = runner(PROFILE)
    one.run()
    _merged(one)
    assert one.step("Bump")[0] == 0
    for why in ("left", "unasked"):
        file = one.temporary / why
        assert file.read_text(encoding="utf-8") == ""
        file.write_text("5\n", encoding="utf-8")
        assert one.step("Open the pull request")[0] == (why == "left")
        file.write_text("", encoding="utf-8")
    _added(one, "people@example.org")
    assert one.step("Open the pull request")[0] == 0
    assert [call.split("|")[1] for call in one.told()] == ["create"]


def test_where_nobody_answers_the_bump_says_so(runner: Callable[[str], Runner]) -> None:
    one = runner(PROFILE.replace("1.27.0", "1.27.2"))
    one.project.write({"gogen.toml": '[sources]\norder = ["go.dev https://localhost:1/"]\n'})
    assert one.step("Bump")[0] == 0
    assert (one.temporary / "unasked").read_text(encoding="utf-8") == "5\n"


def _added(one: Runner, name: str) -> str:
    """Let somebody add a commit to the request's branch; give its id."""
    git = (require("git"), "-C", one.project.root)
    for args in (
        ("fetch", "-q", "origin", "gogen/update"),
        ("checkout", "-q", "-B", "theirs", "FETCH_HEAD"),
        ("-c", f"user.email={name}", "commit", "-q", "--allow-empty", "-m", "more"),
        ("push", "-q", "origin", "HEAD:gogen/update"),
        ("checkout", "-q", "-B", "main", "origin/main"),
    ):
        subprocess.run([*git, *args], check=True)
    return one.git("rev-parse", "gogen/update")


def test_what_somebody_added_to_the_branch_is_not_replaced(
    runner: Callable[[str], Runner],
) -> None:
    one = runner(PROFILE)
    one.run()
    theirs = _added(one, "people@example.org")
    one.project.write({"profiles/base/more.yaml": "description: other content\n"})
    assert one.step("Bump")[0] == 0
    code, said = one.step("Open the pull request")
    assert (code, "gogen/update has commits of others" in said) == (1, True), said
    assert one.git("rev-parse", "gogen/update") == theirs


def test_the_branch_that_requests_go_to_is_never_pushed(runner: Callable[[str], Runner]) -> None:
    one = runner(PROFILE)
    one.project.write(
        {"profiles/base/updates.yaml": UPDATES.replace("branch: gogen/update", "branch: main")}
    )
    assert one.project.run("render").code == 0
    before = one.git("rev-parse", "main")
    assert one.step("Bump")[0] == 0
    code, said = one.step("Open the pull request")
    assert (code, "must be another one" in said) == (1, True), said
    assert one.git("rev-parse", "main") == before
    assert not (one.notes / "gh").exists()


def test_where_nothing_is_outdated_nothing_is_asked_for(runner: Callable[[str], Runner]) -> None:
    one = runner(PROFILE.replace("1.27.0", "1.27.2"))
    one.run()
    assert not (one.notes / "gh").exists()
    assert "gogen/update" not in one.git("branch", "--list", "gogen/update")


def test_a_refused_move_fails_the_run_and_keeps_no_other(runner: Callable[[str], Runner]) -> None:
    one = runner(PROFILE)
    one.project.write({"out/base/go/.go-version": "1.26.0\n"})  # by hand
    assert one.step("Bump")[0] == 0
    code, said = one.step("Open the pull request")
    assert code == 1
    assert "refused" in said
    assert not (one.notes / "gh").exists()
    assert one.git("branch", "--list", "gogen/update") == ""


def test_a_token_is_a_secret_by_name(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    files = {
        "gogen.toml": 'places = [".github/workflows/*.yml"]\n',
        "profiles/base/profile.yaml": PROFILE.replace("1.27.0", "1.27.1"),
        "profiles/base/updates.yaml": f"{UPDATES}    token: {{$secret: BOT_TOKEN}}\n",
    }
    workspace = project(files)
    outcome = workspace.run("render")
    assert outcome.code == 0, outcome.text
    for reader in ("actionlint", "zizmor"):
        require(reader)
    linted = workspace.run("lint")
    assert linted.code == 0, linted.text
    (step,) = (s for s in _job(outcome.tree[WORKFLOW])["steps"] if "request" in s.get("name", ""))
    assert step["env"] == {"BASE": "${{ github.ref_name }}", "BRANCH": "gogen/update"} | {
        "GH_TOKEN": "${{ secrets.BOT_TOKEN }}"
    }
    workspace.write({"profiles/base/updates.yaml": f"{UPDATES}    token: ghp_x\n"})
    assert workspace.run("render").code == 2
