"""Problems told in four formats."""

from __future__ import annotations

import json
from pkgutil import iter_modules

import pytest

from generator import reports
from generator.problems import Exit, Place, Problem, Severity
from generator.reports import Format
from generator.reports.base import Report

PLACE = Place("profiles/dev/go.yaml", 14, 13)
ERROR = Problem(
    "GG006",
    "GOPATH lies inside GOROOT (/usr/local/go)",
    PLACE,
    expected="a folder of your own",
    hint="leave GOPATH out",
    related=(("first set here", Place("profiles/base/go.yaml", 3, 1)),),
)
WARNING = Problem("GG002", "end of life\nsince 2025-02-11", severity=Severity.WARNING)


def lines(file: str, line: int) -> str | None:
    return "    GOPATH: /usr/local/go" if (file, line) == (PLACE.file, PLACE.line) else None


def test_formats_are_the_modules() -> None:
    modules = {module.name for module in iter_modules(reports.__path__)}
    assert modules - {"base"} == {*Format}


def test_text_shows_the_line_and_the_way_out() -> None:
    text = reports.render(Format.TEXT, Report("check", (ERROR, WARNING, ERROR), read_line=lines))
    assert text == (
        "warning[GG002]\n"
        "     = end of life\n"
        "       since 2025-02-11\n"
        "error[GG006] profiles/dev/go.yaml:14:13\n"
        "  14 |     GOPATH: /usr/local/go\n"
        "     = GOPATH lies inside GOROOT (/usr/local/go)\n"
        "     = expected: a folder of your own\n"
        "     = first set here: profiles/base/go.yaml:3:1\n"
        "     = hint: leave GOPATH out\n"
        "1 error, 1 warning\n"
    )


def test_what_several_profiles_share_is_told_once() -> None:
    where = (Place("profiles/a/go.yaml", 1, 1), Place("profiles/b/go.yaml", 2, 1))
    problems = [
        Problem("GG141", "unknown reference x", PLACE, hint=hint, related=(("asked for", at),))
        for hint, at in zip(("a has y", "b has z"), where, strict=True)
    ]
    (told,) = Report("check", (*problems, *problems)).sorted()
    assert told.hint == "a has y"
    assert told.related == (("asked for", where[0]), ("asked for", where[1]))


def test_text_of_nothing_is_nothing() -> None:
    assert reports.render(Format.TEXT, Report("check", ())) == ""


def test_text_shows_no_control_characters_of_a_file() -> None:
    problem = Problem("GG101", "a control character", Place("a", 1, 1))
    text = reports.render(
        Format.TEXT,
        Report("check", (problem,), read_line=lambda _f, _n: "k:\tv\x1b[31m" + "x" * 500),
    )
    excerpt = text.splitlines()[1]
    assert "\x1b" not in text
    assert excerpt.startswith("   1 | k:\\tv\\x1b[31mxxx")
    assert excerpt.endswith("…")


def test_colour_is_asked_for() -> None:
    assert "\x1b[1;31merror[GG006]" in reports.render(
        Format.TEXT, Report("c", (ERROR,), colour=True)
    )
    assert "\x1b" not in reports.render(Format.TEXT, Report("c", (ERROR,)))


def test_json_is_stable_and_holds_the_commands_data() -> None:
    document = json.loads(reports.render(Format.JSON, Report("check", (ERROR,), {"changes": []})))
    assert document == {
        "version": 1,
        "command": "check",
        "exit": 2,
        "changes": [],
        "problems": [
            {
                "code": "GG006",
                "severity": "error",
                "message": "GOPATH lies inside GOROOT (/usr/local/go)",
                "place": {"file": "profiles/dev/go.yaml", "line": 14, "column": 13},
                "expected": "a folder of your own",
                "hint": "leave GOPATH out",
                "related": [
                    {
                        "label": "first set here",
                        "place": {"file": "profiles/base/go.yaml", "line": 3, "column": 1},
                    }
                ],
            }
        ],
    }


def test_github_annotates_the_line() -> None:
    assert reports.render(Format.GITHUB, Report("check", (WARNING, ERROR))).splitlines() == [
        "::warning title=GG002::end of life%0Asince 2025-02-11",
        (
            "::error title=GG006,file=profiles/dev/go.yaml,line=14,col=13::"
            "GOPATH lies inside GOROOT (/usr/local/go)%0Aexpected: a folder of your own"
            "%0Afirst set here: profiles/base/go.yaml:3:1%0Ahint: leave GOPATH out"
        ),
    ]


def test_github_lets_no_text_become_a_command() -> None:
    problem = Problem("GG101", "x\n::set-env name=A::b%", Place("a,b:c", 1))
    text = reports.render(Format.GITHUB, Report("check", (problem,)))
    assert text.count("\n") == 1
    assert "file=a%2Cb%3Ac," in text
    assert text.endswith("::x%0A::set-env name=A::b%25\n")


def test_sarif_points_to_the_line() -> None:
    run = json.loads(reports.render(Format.SARIF, Report("check", (ERROR, WARNING))))["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["GG002", "GG006"]
    warning, error = run["results"]
    assert (warning["level"], error["level"], error["ruleIndex"]) == ("warning", "error", 1)
    assert error["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "profiles/dev/go.yaml"},
        "region": {"startLine": 14, "startColumn": 13},
    }
    assert error["relatedLocations"][0]["message"] == {"text": "first set here"}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), Exit.CLEAN),
        (("GG400",), Exit.DRIFT),
        (("GG400", "GG006"), Exit.INPUT),
        (("GG006", "GG260"), Exit.OUTPUT),
        (("GG260", "GG001"), Exit.LOCK),
        (("GG001", "GG500"), Exit.SOURCE),
        (("GG500", "GG420"), Exit.DISK),
        (("GG420", "GG900"), Exit.BUG),
        (("GG240",), Exit.INPUT),
        (("GG250",), Exit.OUTPUT),
        (("GG441",), Exit.INPUT),
    ],
)
def test_the_first_of_the_precedence_is_the_exit_code(
    codes: tuple[str, ...], expected: Exit
) -> None:
    problems = tuple(Problem(code, "x") for code in codes)
    assert Report("check", problems).exit is expected


def test_warnings_do_not_change_the_exit_code() -> None:
    assert Report("check", (WARNING,)).exit is Exit.CLEAN
