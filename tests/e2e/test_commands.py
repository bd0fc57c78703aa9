"""The command as a user, a script or a broken machine meets it, beyond single problems."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from generator.disk import runlock
from generator.stages import audit as audit_stage
from tests.tools import ROOT, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conftest import Project

    Make = Callable[[Mapping[str, str | bytes]], Project]

COMMANDS = (
    "render check diff explain show lint lock attest sbom adopt profiles targets schema".split()  # noqa: SIM905
)
PROFILE = """targets: [app]
toolchains: {current: "1.27.1"}
go: {toolchain: current, platforms: [linux/amd64], env: {GOPROXY: direct, GOSUMDB: sum.golang.org}}
"""
FILES: dict[str, str | bytes] = {
    "profiles/base/profile.yaml": PROFILE,
    "profiles/child/profile.yaml": (
        'extends: base\ngo: {env: {GOPROXY: "https://go.example", GOSUMDB: null}}\n'
    ),
    "templates/app/target.yaml": (
        "description: one file\nfiles:\n  - {template: app.json.j2, path: app/app.json}\n"
    ),
    "templates/app/app.json.j2": (
        '{\n  "go": <{ toolchain.version }>,\n  "proxy": <{ go.env.GOPROXY }>\n}\n'
    ),
}
OUT = "out/base/app/app.json"


@pytest.fixture
def work(project: Make) -> Project:
    """Give a workspace with two profiles and one target."""
    return project(FILES)


ENVIRONMENT = {"PATH": os.defpath}
GOGEN = (sys.executable, "-m", "generator")


def gogen(
    work: Project, *argv: str, env: Mapping[str, str] = ENVIRONMENT, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, in `folder` or else told where the workspace is."""
    where = () if folder else ("-C", str(work.root))
    return subprocess.run(
        [*GOGEN, *where, *argv],
        cwd=folder or ROOT,
        env={"PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


# --- a machine that will not -------------------------------------------------------------------


@contextmanager
def tmpfs(path: Path, size: str) -> Iterator[None]:
    """Mount a small file system, where that is allowed."""
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_a_full_disk_is_told_and_the_next_run_finishes(work: Project) -> None:
    (work.root / "out").mkdir()
    big = {"templates/app/app.json.j2": '{"a": "' + "x" * 300_000 + '"}\n'}
    work.write(big)
    with tmpfs(work.root / "out", "200k"):
        failed = work.run("render", "base")
        assert failed.code == 74
        assert "error[GG422] out/base/app/app.json\n     = the disk is full\n" in failed.err
        assert "make room" in failed.err
        assert OUT not in failed.tree
        work.write({"templates/app/app.json.j2": FILES["templates/app/app.json.j2"]})
        assert work.run("render", "base").code == 0
        assert work.run("check", "base").code == 0


def test_a_folder_that_may_not_be_written(work: Project) -> None:
    (work.root / "out").mkdir()
    with tmpfs(work.root / "out", "1m"):
        subprocess.run(["mount", "-o", "remount,ro", str(work.root / "out")], check=True)
        failed = work.run("render", "base")
    assert failed.code == 74
    assert "the file system is read-only" in failed.err
    assert "Traceback" not in failed.text


def test_a_folder_without_the_right_to_write(work: Project) -> None:
    if not os.geteuid():
        pytest.skip("root may write everywhere: the read-only disk above is for root")
    out = work.root / "out"
    out.mkdir(mode=0o555)
    out_of_reach = work.run("render", "base")
    out.chmod(0o755)
    assert out_of_reach.code == 74
    assert re.search(r"^error\[GG42[01]\] out/base\S*$", out_of_reach.err, re.MULTILINE)
    assert "hint: make the folder writable" in out_of_reach.err


def test_ctrl_c_while_rendering_leaves_whole_files(work: Project) -> None:
    files: dict[str, str | bytes] = {
        f"profiles/p{number}/profile.yaml": "extends: base\n" for number in range(600)
    }
    work.write(files)
    command = [sys.executable, "-m", "generator", "-C", str(work.root), "render"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        until = time.monotonic() + 300
        while not (work.root / "out").exists() and time.monotonic() < until:
            time.sleep(0.005)
        run.send_signal(signal.SIGINT)
        _out, err = run.communicate(timeout=300)
    assert (run.returncode, err) == (
        130,
        "gogen: interrupted; every file is whole, run it again to finish\n",
    )
    assert all(json.loads(work.tree()[path]) for path in work.tree() if path.endswith("app.json"))
    assert work.run("render").code == 0
    assert work.run("check").code == 0


def test_a_run_waits_for_another_and_gives_up_in_time(
    work: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runlock, "PATIENCE", 0.2)
    folder = os.open(work.root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        blocked = work.run("render")
    finally:
        os.close(folder)
    assert blocked.code == 74
    assert blocked.err == (
        "gogen: waiting for another run in this workspace to end\n"
        "error[GG430] gogen.toml\n"
        "     = another gogen run holds this workspace, still after 0.2 s\n"
        "     = hint: wait for it to end, or stop it\n"
        "1 error\n"
    )
    assert work.run("render").code == 0


def test_a_reader_that_closes_early_is_no_error(work: Project) -> None:
    command = f"{sys.executable} -m generator -C {work.root} show pinned -p base | head -1"
    run = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("{\n", "")


def test_a_closed_standard_output_is_no_crash(work: Project) -> None:
    command = f"{sys.executable} -m generator -C {work.root} profiles >&-"
    run = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_a_bug_of_ours_keeps_its_traceback_in_a_file(
    work: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError(audit_stage.__name__)

    monkeypatch.setattr("generator.pipeline.audit", broken)
    failed = work.run("render")
    assert failed.code == 70
    assert failed.out == ""
    first, second = failed.err.splitlines()
    assert first == (
        "gogen: this is a bug of gogen, not of your files: RuntimeError: generator.stages.audit"
    )
    named = re.search(r"the traceback is in (\S+);", second)
    assert named
    with open(named[1], encoding="utf-8") as file:  # noqa: PTH123  (a path from a message)
        assert "Traceback (most recent call last)" in file.read()
    os.unlink(named[1])  # noqa: PTH108


def test_no_home_is_needed(work: Project) -> None:
    run = gogen(work, "render")
    assert (run.returncode, run.stderr) == (0, "")


# --- what is printed ----------------------------------------------------------------------------


def test_piped_output_is_plain(work: Project) -> None:
    work.run("render")
    work.write({OUT: "{}\n"})
    for environment in ({}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"COLUMNS": "20"}):
        run = gogen(work, "check", env={**ENVIRONMENT, **environment})
        assert "\x1b" not in run.stdout + run.stderr
        assert "error[GG402] out/base/app/app.json:1\n" in run.stderr


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_gets_colour_unless_told_otherwise(
    work: Project, environment: dict[str, str], *, coloured: bool
) -> None:
    primary, secondary = os.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "generator", "-C", str(work.root), "check"],
        cwd=ROOT,
        stdout=secondary,
        stderr=secondary,
        env={"PATH": os.defpath, **environment},
    )
    os.close(secondary)
    said = b""
    try:
        while piece := os.read(primary, 4096):
            said += piece
    except OSError:  # Linux says so when the other side is closed
        pass
    finally:
        os.close(primary)
    assert run.wait(timeout=300) == 1
    assert b"GG400" in said
    assert (b"\x1b[" in said) == coloured


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_whole(project: Make, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    outcome = project({}).run(*[command] * bool(command), "--help")
    assert (outcome.code, outcome.err) == (0, "")
    assert max(map(len, outcome.out.splitlines())) <= 80
    for section in ("Arguments", "Options", "Commands"):
        found = re.search(rf"\n{section}:\n((?:  .*\n)+)", outcome.out)
        for entry in re.split(r"\n(?=  \S)", found[1].rstrip()) if found else ():
            about = re.search(r"\S(?: {2,}|\n +)([A-Z].*)", entry)
            assert about, f"{entry} is not described"
            assert not about[1].endswith("..."), f"{entry} is cut short"
    assert "\nOptions:\n" in outcome.out


def test_no_command_shows_the_help(work: Project) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "generator"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "Commands:" in run.stdout + run.stderr
    assert "Missing command" in work.run().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(work: Project, shell: str) -> None:
    run = gogen(work, env={**ENVIRONMENT, "_GOGEN_COMPLETE": f"source_{shell}"})
    assert run.returncode == 0, run.stderr
    assert f"_GOGEN_COMPLETE=complete_{shell}" in run.stdout


def test_completion_is_installed_for_the_shell(work: Project, tmp_path: Path) -> None:
    # Which shell asks is seen by the process that asks; a command behind it keeps bash from exec.
    ask = (*GOGEN, "-C", str(work.root), "--install-completion")
    shell = (str(require("bash")), "-c", '"$@" && true', "bash", *ask)
    env = {**ENVIRONMENT, "HOME": str(tmp_path)}
    run = subprocess.run(shell, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    installed = tmp_path / ".bash_completions" / "gogen.sh"
    assert str(installed) in run.stdout
    assert "_gogen_completion" in installed.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("gogen render c", ["child"]),
        ("gogen show layers --profile ", ["base", "child"]),
        ("gogen ren", ["render"]),
        ("gogen show p", ["pinned", "plan"]),
        ("gogen check --format ", ["text", "json", "github", "sarif"]),
    ],
)
def test_completion_offers_what_there_is(work: Project, words: str, offered: list[str]) -> None:
    asked = {
        "_GOGEN_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    run = gogen(work, folder=work.root, env={**ENVIRONMENT, **asked})
    assert run.stdout.split() == offered


def test_completion_says_nothing_where_nothing_can_be_read(project: Make) -> None:
    asked = {"_GOGEN_COMPLETE": "complete_bash", "COMP_WORDS": "gogen render ", "COMP_CWORD": "2"}
    broken = project({"profiles/A_b/x.yaml": "a: 1\n"})
    run = gogen(broken, folder=broken.root, env={**ENVIRONMENT, **asked})
    assert (run.stdout.strip(), run.stderr) == ("", "")


# --- where it works -----------------------------------------------------------------------------


def test_it_works_from_a_folder_below(work: Project) -> None:
    below = work.root / "profiles" / "base"
    assert gogen(work, "render", folder=below).returncode == 0
    assert OUT in work.tree()
    adopted = gogen(work, "adopt", "../../out/base/app/app.json", folder=below)
    assert (adopted.returncode, adopted.stderr) == (0, "")
    nowhere = gogen(work, "check", folder=work.root.parent)
    assert nowhere.returncode == 2
    assert "no gogen.toml here" in nowhere.stderr


def test_a_workspace_that_is_no_folder(project: Make) -> None:
    outcome = project({}).run("-C", "/nowhere/at/all", "check")
    assert outcome.code == 2
    assert "/nowhere/at/all is no folder" in outcome.err


# --- the commands -------------------------------------------------------------------------------


def test_check_writes_nothing(work: Project) -> None:
    before = work.tree()
    outcome = work.run("check")
    assert outcome.code == 1
    assert outcome.tree == before


def test_of_several_exit_codes_the_first_by_weight_counts(work: Project) -> None:
    work.run("render")
    work.write({OUT: "{}\n"})
    assert work.run("check").code == 1
    work.write({"profiles/typo/profile.yaml": "extends: base\ntargts: []\n"})
    assert work.run("check").code == 2  # drift and bad input
    work.write({"profiles/new/profile.yaml": 'extends: base\ntoolchains: {current: "1.27.2"}\n'})
    outcome = work.run("check")
    assert outcome.code == 3  # and a pin that the lock lacks
    assert {"GG402", "GG150", "GG001"} <= {*re.findall(r"GG[0-9]{3}", outcome.err)}


def test_warnings_do_not_fail(work: Project) -> None:
    work.write({"profiles/base/profile.yaml": PROFILE.replace("1.27.1", "1.27.0")})
    work.write({"gogen.lock": "{}"})
    assert work.run("lock").code == 0
    assert work.run("render").code == 0


def test_diff_exits_1_only_if_asked(work: Project) -> None:
    plain = work.run("diff", "base")
    assert (plain.code, plain.err) == (0, "")
    assert "+++ b/out/base/app/app.json\n" in plain.out
    assert work.run("diff", "--exit-code").code == 1
    work.run("render")
    assert work.run("diff", "--exit-code") == work.run("diff")


def test_lock_twice_writes_once(work: Project) -> None:
    first = work.run("lock")
    assert (first.code, first.out) == (0, "wrote gogen.lock, 1 pin\n")
    second = work.run("lock")
    assert (second.code, second.out) == (0, "unchanged: gogen.lock, 1 pin\n")
    assert first.tree == second.tree
    assert work.run("lock", "--check").out == "gogen.lock is up to date\n"


def test_profiles_is_a_tree(work: Project) -> None:
    work.write({"profiles/team/api/p.yaml": "extends: [base, child]\n"})
    assert work.run("profiles").out == (
        "base  [app]\n└─ child  [app]\n   └─ team/api (also extends base)  [app]\n"
    )


def test_targets_say_who_renders_them(work: Project) -> None:
    said = work.run("targets").out
    assert re.search(
        r"^app +one file\n +templates/app/target.yaml; profiles: base, child$", said, re.MULTILINE
    )
    assert re.search(r"^docker +\S.*\n +builtin:docker\S*; profiles: none$", said, re.MULTILINE)


@pytest.mark.parametrize("subject", ["profile", "lock", "manifest"])
def test_schemas_are_schemas(work: Project, subject: str) -> None:
    outcome = work.run("schema", subject)
    document = json.loads(outcome.out)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(document)


def test_show_tells_what_each_stage_made(work: Project) -> None:
    assert work.run("show", "layers", "-p", "child").out == (
        "1. child\n     profiles/child/profile.yaml\n2. base\n     profiles/base/profile.yaml\n"
    )
    merged = work.run("show", "merged", "-p", "child").out
    assert re.search(r'GOPROXY: "https://go.example" +# profiles/child/profile.yaml:2:21\n', merged)
    assert "GOSUMDB" not in merged
    pinned = json.loads(work.run("show", "pinned", "-p", "child").out)
    assert pinned["toolchain"]["version"] == "1.27.1"
    assert pinned["profile"]["order"] == ["child", "base"]
    assert "missing  out/child/app/app.json\n" in work.run("show", "plan", "-p", "child").out
    work.run("render")
    assert work.run("show", "plan", "-p", "child").out == "nothing to do\n"


def test_explain_a_key(work: Project) -> None:
    assert work.run("explain", "go.env.GOPROXY", "-p", "child").out == (
        "child: go.env.GOPROXY = https://go.example\n"
        "  set      profiles/child/profile.yaml:2:21\n"
        "  hid      profiles/base/profile.yaml:3:67\n"
        "  read by  out/child/app/app.json (templates/app/app.json.j2:3)\n"
    )
    everywhere = work.run("explain", "go.env.GOPROXY").out
    assert "base: go.env.GOPROXY = direct\n" in everywhere


def test_explain_what_was_removed_and_what_is_read_through_a_reference(work: Project) -> None:
    assert work.run("explain", "go.env.GOSUMDB", "-p", "child").out == (
        "child: go.env.GOSUMDB is removed\n"
        "  removed  profiles/child/profile.yaml:2:52\n"
        "  hid      profiles/base/profile.yaml:3:84\n"
        "  read by  no output\n"
    )
    referring = PROFILE.replace("direct", '"<{ description }>"')
    work.write({"profiles/base/profile.yaml": f"description: direct\n{referring}"})
    said = work.run("explain", "description", "-p", "base").out
    assert said == (
        "base: description = direct\n"
        "  set      profiles/base/profile.yaml:1:14\n"
        "  read by  out/base/app/app.json (templates/app/app.json.j2:3)\n"
    )


def test_explain_a_key_that_is_not_there(work: Project) -> None:
    outcome = work.run("explain", "go.env.GOPROXI")
    assert outcome.code == 2
    assert 'did you mean "go.env.GOPROXY"?' in outcome.err


def test_explain_a_line(work: Project) -> None:
    work.run("render")
    outcome = work.run("explain", "out/child/app/app.json:3")
    assert outcome.out == (
        "out/child/app/app.json:3\n"
        '    "proxy": "https://go.example"\n'
        "  written by  templates/app/app.json.j2:3\n"
        "  from        profiles/child/profile.yaml:2:21  go.env.GOPROXY\n"
    )
    beyond = work.run("explain", f"{OUT}:99")
    assert beyond.code == 2
    assert "has no line 99" in beyond.err


def test_adopt_what_is_no_output(work: Project) -> None:
    work.run("render")
    outcome = work.run("adopt", "out/base/app/ap.json", "gogen.toml")
    assert outcome.code == 2
    assert outcome.err.count("error[GG444]") == 2


def test_lint_names_the_template_line_of_what_a_validator_refuses(work: Project) -> None:
    require("hadolint")
    work.write(
        {
            "templates/app/target.yaml": (
                "description: one\nfiles:\n  - {template: Dockerfile.j2, path: app/Dockerfile}\n"
            ),
            "templates/app/Dockerfile.j2": "# one\nFROM scratch\nRUN cd /srv && ls\n",
        }
    )
    outcome = work.run("lint", "base")
    assert outcome.code == 4, outcome.text
    (problem,) = re.findall(
        r"error\[GG280\] out/base/app/Dockerfile:3\S*\n(?: += .*\n)+", outcome.err
    )
    assert "DL3003" in problem
    assert "written by this template line: templates/app/Dockerfile.j2:3\n" in problem
    assert "ran      hadolint\n" in outcome.out


# --- one revision and another -------------------------------------------------------------------


@pytest.fixture
def history(work: Project) -> Project:
    """Give a workspace whose render is committed."""
    git = require("git")
    assert work.run("render").code == 0
    for argv in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([git, *argv], cwd=work.root, check=True)
    return work


def test_a_changed_line_is_the_cause_of_what_it_moved(history: Project) -> None:
    assert history.run("diff", "--base", "HEAD").out == "no output differs from HEAD\n"
    history.write({"profiles/base/profile.yaml": PROFILE.replace("direct", "'https://a.example'")})
    outcome = history.run("diff", "--base", "HEAD", "--format", "json")
    (cause,) = json.loads(outcome.out)["causes"]
    assert cause["place"] == "profiles/base/profile.yaml:3:67"
    assert cause["cause"] == "go.env.GOPROXY: direct → https://a.example"
    assert [file["path"] for file in cause["files"]] == [OUT]  # the child says otherwise itself
    assert "profiles/base/profile.yaml:3:67" in history.run("diff", "--base", "HEAD").out


def test_what_no_line_explains_stands_apart(history: Project) -> None:
    text = history.tree()[OUT].decode()
    history.write({OUT: text.replace("1.27.1", "1.26.0")})
    subprocess.run([require("git"), "commit", "-qam", "edit"], cwd=history.root, check=True)
    history.write({"profiles/base/profile.yaml": PROFILE.replace("direct", "'https://a.example'")})
    causes = json.loads(history.run("diff", "--base", "HEAD", "--format", "json").out)["causes"]
    assert [cause["place"] for cause in causes] == ["profiles/base/profile.yaml:3:67", None]


def test_a_revision_that_is_none(history: Project) -> None:
    outcome = history.run("diff", "--base", "no-such-branch")
    assert outcome.code == 2
    assert "error[GG180]\n     = --base: git knows no revision" in outcome.err
    assert "hint: give a commit, branch or tag" in outcome.err


def test_a_workspace_in_no_repository(work: Project) -> None:
    require("git")
    outcome = work.run("diff", "--base", "HEAD")
    assert outcome.code == 2
    assert "not a git repository" in outcome.err


# --- formats ------------------------------------------------------------------------------------


@pytest.fixture
def wrong(work: Project) -> Project:
    """Give a workspace with a problem whose text would be a command, and one that is sound."""
    work.write({"profiles/child/profile.yaml": 'extends: base\n"%0A::add,mask::x": 1\n'})
    return work


@pytest.mark.parametrize("command", ["render", "check", "lint", "diff"])
def test_json_is_one_document(wrong: Project, command: str) -> None:
    outcome = wrong.run(command, "--format", "json")
    document = json.loads(outcome.out)
    assert outcome.err == ""
    assert (document["version"], document["command"]) == (1, command)
    assert document["exit"] == outcome.code == 2
    (problem,) = [p for p in document["problems"] if p["code"] == "GG150"]
    assert problem["place"] == {"file": "profiles/child/profile.yaml", "line": 2, "column": 1}
    assert {*problem} == {
        "code", "severity", "message", "place", "expected", "hint", "related",
    }  # fmt: skip


@pytest.mark.parametrize("command", ["render", "check", "lint", "diff"])
def test_github_annotations_are_lines_that_nothing_gets_out_of(
    wrong: Project, command: str
) -> None:
    outcome = wrong.run(command, "--format", "github")
    assert outcome.err == ""
    lines = outcome.out.splitlines()
    assert lines
    assert all(re.match(r"::(error|warning|notice) title=GG[0-9]{3}", line) for line in lines)
    (line,) = [line for line in lines if "GG150" in line]
    assert "file=profiles/child/profile.yaml,line=2,col=1::unknown key" in line
    assert "%0A::add" not in line


@pytest.mark.parametrize("command", ["render", "check", "lint", "diff"])
def test_sarif_has_what_its_schema_requires(wrong: Project, command: str) -> None:
    outcome = wrong.run(command, "--format", "sarif")
    log = json.loads(outcome.out)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "gogen"
    rules = [rule["id"] for rule in driver["rules"]]
    assert len(rules) == len({*rules})
    for result in run["results"]:
        assert result["message"]["text"]
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"none", "note", "warning", "error"}
        for location in (*result.get("locations", ()), *result.get("relatedLocations", ())):
            physical = location["physicalLocation"]
            assert not physical["artifactLocation"]["uri"].startswith("/")
            assert physical.get("region", {"startLine": 1})["startLine"] >= 1
    (found,) = [result for result in run["results"] if result["ruleId"] == "GG150"]
    assert found["locations"][0]["physicalLocation"]["region"] == {"startLine": 2, "startColumn": 1}


def test_formats_of_two_runs_are_the_same(wrong: Project) -> None:
    for name in ("text", "json", "github", "sarif"):
        assert wrong.run("check", "--format", name) == wrong.run("check", "--format", name)
