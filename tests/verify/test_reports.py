"""What is known of machines, passed on: each form read back by its reader."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from generator.problems import Exit, Rejected, exit_code
from generator.verify import handing, junit, metrics, table, verdicts
from generator.verify.hosts import expand, shown
from generator.verify.model import Check, Host, State, Verdict
from tests.tools import ROOT, SEARCH, require

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = 'ssh://a"b\\c\nd\x07é'
RIGHT = Check("version", Verdict.RIGHT, "go1.27.1", "go1.27.1")
WRONG = Check("setting GOFLAGS", Verdict.DIFFERS, "-trimpath", "-race\x1b[2J")
SKIPPED = Check("unit a.service", Verdict.SKIPPED, found="there is no systemd")
HOSTS = (
    Host("local", State.RIGHT, (RIGHT, SKIPPED), "", 1.5),
    Host(HOSTILE, State.DIFFERS, (RIGHT, WRONG, SKIPPED), "", 0.25),
    Host("ssh://gone", State.UNREACHABLE, (), "refused", 10),
    Host("ssh://slow", State.TIMED_OUT, (RIGHT,), "no end after 60 seconds", 60),
)


def test_metrics_are_read_and_named_as_prometheus_wants(tmp_path: Path) -> None:
    file = tmp_path / "gogen.prom"
    text = metrics.as_text("p", HOSTS)
    file.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [require("prometheus-reader"), "metrics", file], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    host = 'host="ssh://a\\"b\\\\c\\nd\x07é",profile="p"'
    samples = [line for line in text.split("\n") if line and not line.startswith("#")]
    assert samples == [
        'gogen_verify_host_reachable{host="local",profile="p"} 1',
        f"gogen_verify_host_reachable{{{host}}} 1",
        'gogen_verify_host_reachable{host="ssh://gone",profile="p"} 0',
        'gogen_verify_host_reachable{host="ssh://slow",profile="p"} 0',
        'gogen_verify_property_matches{host="local",profile="p",property="version"} 1',
        f'gogen_verify_property_matches{{{host},property="version"}} 1',
        f'gogen_verify_property_matches{{{host},property="setting GOFLAGS"}} 0',
    ]


@pytest.mark.parametrize("file", sorted(ROOT.glob("out/*/testinfra/gogen.rules.yml")), ids=str)
def test_alerts_are_what_prometheus_loads(file: Path) -> None:
    done = subprocess.run(
        [require("prometheus-reader"), "rules", file], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    # They ask for series that are written.
    text = file.read_text()
    assert "(gogen_verify_property_matches == 0)" in text
    assert "gogen_verify_host_reachable == 0" in text


def test_junit_tells_every_property() -> None:
    root = ET.fromstring(junit.as_text("p", HOSTS))  # noqa: S314  (our own text)
    suites = {suite.get("name"): suite for suite in root}
    hostile = suites['ssh://a"b\\c\nd\N{REPLACEMENT CHARACTER}é']
    assert [hostile.get(k) for k in ("tests", "failures", "errors", "skipped")] == [*"3101"]
    failure = hostile.find("testcase[@name='setting GOFLAGS']/failure")
    assert failure is not None
    assert (failure.text or "").startswith("expected: -trimpath\nfound:    -race")
    gone = suites["ssh://gone"].find("testcase/error")
    assert gone is not None
    assert (gone.get("type"), gone.get("message")) == ("unreachable", "refused")
    assert suites["ssh://slow"].get("errors") == "1"


def test_the_table_of_many_has_a_line_each() -> None:
    assert table.as_text("p", HOSTS, colour=False).splitlines() == [
        "right        local" + " " * 16 + "1 of 1 right",
        'differs      ssh://a"b\\c\\nd\\x07é  1 of 2 right; wrong: setting GOFLAGS',
        "unreachable  ssh://gone" + " " * 11 + "refused",
        "timed-out    ssh://slow" + " " * 11 + "no end after 60 seconds",
        "p: 4 hosts: 1 right, 1 differs, 1 unreachable, 1 timed-out",
    ]


def test_the_table_of_one_has_a_line_a_property() -> None:
    text = table.as_text("p", [HOSTS[1]], colour=True)
    assert text.splitlines()[:2] == [
        "\x1b[32mright  \x1b[0m  version          go1.27.1",
        "\x1b[31mdiffers\x1b[0m  setting GOFLAGS  -race\\x1b[2J",
    ]


def test_who_gives_no_answer_weighs_more_than_who_differs() -> None:
    found = [*verdicts.problems("p", HOSTS)]
    assert [p.code for p in found] == ["GG600", "GG610", "GG611"]
    assert exit_code(found) is Exit.UNKNOWN
    assert exit_code(found[:1]) is Exit.DRIFT
    assert found[0].expected == "-trimpath"
    assert found[0].message.endswith("setting GOFLAGS: -race\\x1b[2J")


def test_every_property_has_a_way_out() -> None:
    names = ("go", "version", "setting A", "file ~/x", "drop-in a b", "proxy u", "other settings")
    hosts = [Host("h", State.DIFFERS, (Check(n, Verdict.DIFFERS, "a", "b"),)) for n in names]
    assert all(p.hint and "{" not in p.hint for p in verdicts.problems("p", hosts))


def test_a_command_is_split_and_no_shell_runs_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = "import sys; open(sys.argv[1], 'a').write(repr(sys.argv[2:]) + sys.stdin.read())"
    command = handing.words(f"'{sys.executable}' -c \"{code}\" {out} $HOME '*' \\;", SEARCH)
    assert list(handing.hand_over(command, "p", HOSTS[:2], 20)) == []
    told, record = out.read_text().split("]", 1)
    assert told == "['$HOME', '*', ';'"
    assert '"property": "setting GOFLAGS"' in record
    assert '"property": "version"' not in record


@pytest.mark.parametrize(
    ("code", "seconds", "says"),
    [("exit 3", 60, "exits 3"), ("sleep 60", 1, "no end after 1 seconds")],
)
def test_a_command_that_fails_is_told(code: str, seconds: int, says: str) -> None:
    command = handing.words(f"sh -c '{code}'", SEARCH)
    (problem,) = handing.hand_over(command, "p", HOSTS[2:3], seconds)
    assert (problem.code, problem.exit) == ("GG613", Exit.UNKNOWN)
    assert problem.message == f"ssh://gone: --on-fail {command[0]} -c '{code}': {says}"


def test_words_become_hosts_once_each() -> None:
    words = ("web1, ssh://web1", "local", "local://", "kubectl://p?namespace=n", "u@web2:22")
    assert expand(words, None) == (
        "ssh://web1",
        "local",
        "kubectl://p?namespace=n",
        "ssh://u@web2:22",
    )
    assert expand((), None) == ("local",)


@pytest.mark.parametrize("word", ["-oProxyCommand=x", "ssh://u@-oX", "ssh://", "telnet://a"])
def test_a_word_that_is_no_host_is_refused(word: str) -> None:
    with pytest.raises(Rejected) as caught:
        expand((word,), None)
    assert [p.code for p in caught.value.problems] == ["GG622"]


def test_a_password_is_not_shown() -> None:
    assert shown("ssh://ada:s3:cret@web1:22?sudo=true") == "ssh://ada@web1:22?sudo=true"
    assert shown("ssh://web1:22") == "ssh://web1:22"
