"""Every rule finds what it is for, and only that: cases found by walking `tests/rules/<CODE>/`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from generator.problems import Severity
from generator.rules import all_rules
from tests.rules.cases import Case, read
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from generator.problems import Problem
    from tests.conftest import Project

HERE = Path(__file__).parent
DOCS = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
CODES = [rule.code for rule in all_rules()]


def cases(kind: str) -> list[Any]:
    found = sorted(HERE.glob(f"GG*/{kind}*.yaml"))
    return [pytest.param(path, id=str(path.relative_to(HERE))) for path in found]


def told(problems: Iterable[Problem]) -> str:
    return "\n".join(f"{p.severity} {p.place}: {p.message}" for p in problems) or "nothing"


@pytest.mark.parametrize("path", cases("ok"))
def test_nothing_is_found(path: Path, tmp_path: Path) -> None:
    found = read(path).found(tmp_path)
    assert not found, told(found)


@pytest.mark.parametrize("path", cases("bad"))
def test_all_of_it_is_found(path: Path, tmp_path: Path) -> None:
    case = read(path)
    found = case.found(tmp_path)
    assert len(found) == len(case.data["finds"]), told(found)
    for due in case.data["finds"]:
        assert any(fits(problem, due) for problem in found), f"{due} not in\n{told(found)}"
    for problem in found:
        assert problem.hint
        assert not problem.message.endswith(".")


def fits(problem: Problem, due: Mapping[str, str]) -> bool:
    rule = next(rule for rule in all_rules() if rule.code == problem.code)
    severity = Severity(due["severity"]) if "severity" in due else rule.severity
    place = str(problem.place).removeprefix("profiles/case/").removeprefix("out/case/")
    return (
        f"{place}:".startswith(f"{due['at']}:")
        and due["says"] in problem.message
        and problem.severity is severity
    )


@pytest.mark.parametrize("code", CODES)
def test_every_rule_has_cases(code: str) -> None:
    folder = HERE / code
    assert sorted(folder.glob("ok*.yaml")), f"no ok case of {code}"
    assert sorted(folder.glob("bad*.yaml")), f"no bad case of {code}"


def test_cases_are_of_rules() -> None:
    assert {path.name for path in HERE.glob("GG*")} == set(CODES)


def test_codes_are_used_once() -> None:
    assert len(CODES) == len(set(CODES))


def test_the_docs_list_the_rules() -> None:
    rows = re.findall(r"^\| (GG\d{3}) \| (\w+)[^|]* \|", DOCS, re.MULTILINE)
    assert rows == [(rule.code, rule.severity.value) for rule in all_rules()]


@pytest.mark.parametrize(
    ("code", "dialect", "text"),
    [
        ("GG032", "sh", "sh curl "),
        ("GG032", "sh", "- bash -c wget "),
        ("GG034", "github-actions", "run: ${{ ( "),
        ("GG035", "dockerfile", "ADD --x=y "),
        ("GG043", "sh", "https://a"),
        ("GG043", "sh", "TOKEN_"),
    ],
)
def test_a_long_line_ends(code: str, dialect: str, text: str, tmp_path: Path) -> None:
    file = {"dialect": dialect, "text": text * 20_000}  # 160 kB: seconds where time is squared
    found = Case(HERE / code / "long.yaml", {"outputs": {"x": file}}).found(tmp_path)
    assert not found, told(found)


BASE = """
targets: [go]
toolchains: {current: "1.27.1"}
go:
  toolchain: current
  platforms: [linux/amd64]
  flags: [-trimpath]
  env:
    GOPATH: /usr/local/go
"""
EXCEPTED = """
  exceptions:
    - {rule: GG006, reason: "a toolchain of our own that is replaced at night"}
"""


def test_a_breach_is_told_with_its_line_and_refused(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    outcome = project({"profiles/base/go.yaml": BASE}).run("render", "base")
    assert outcome.code == 2
    assert "error[GG006] profiles/base/go.yaml:9:13" in outcome.text
    assert "hint" in outcome.text
    assert not any(path.startswith("out/") for path in outcome.tree)


def test_a_version_that_is_no_release_is_told_before_the_lock(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    outcome = project({"profiles/base/go.yaml": BASE.replace("1.27.1", "1.27")}).run(
        "check", "base"
    )
    assert outcome.code == 2
    assert "error[GG003] profiles/base/go.yaml:3:23" in outcome.text
    assert "GG001" not in outcome.text


def test_an_exception_lets_it_pass(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    outcome = project({"profiles/base/go.yaml": BASE + EXCEPTED}).run("render", "base")
    assert outcome.code == 0, outcome.text
    assert "GG006" not in outcome.text


def test_breaches_are_told_beside_what_cannot_be_written(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    files = {
        "profiles/base/go.yaml": BASE.replace("[go]", "[go, x]"),
        "templates/x/target.yaml": 'description: "x"\nfiles: [{template: x.sh.j2, path: x/x.sh}]\n',
        "templates/x/x.sh.j2": "<{ nothing }>\n",
    }
    outcome = project(files).run("check", "base")
    assert outcome.code == 2
    assert "[GG006]" in outcome.text
    assert "templates/x/x.sh.j2:1" in outcome.text


def test_raw_is_listed_and_harmless(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    files = {
        "profiles/base/go.yaml": BASE.replace("/usr/local/go", "/go").replace("[go]", "[x]"),
        "templates/x/target.yaml": 'description: "x"\nfiles: [{template: x.txt.j2, path: x/x}]\n',
        "templates/x/x.txt.j2": "one\n<{ header | raw }>\n",
    }
    outcome = project(files).run("render", "base")
    assert outcome.code == 0, outcome.text
    assert "info[GG080] templates/x/x.txt.j2:2" in outcome.text
