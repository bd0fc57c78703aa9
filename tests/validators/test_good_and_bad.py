"""Every validator on a file that is right, and on files whose faults its program passes over."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from generator.problems import Place
from generator.validators import File, Tool, get, names
from tests.tools import SEARCH, require

CONFIG_MAP = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: go-env\ndata:\n  GOFLAGS: -trimpath\n"
)
POD_SECURITY_POLICY = """\
apiVersion: policy/v1beta1
kind: PodSecurityPolicy
metadata: {name: x}
"""
KUSTOMIZATION = (
    "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - a.yaml\n"
)
DOCKERFILE = "FROM debian:trixie-slim@sha256:" + "0" * 64 + "\nWORKDIR /src\nUSER 65532\nCOPY . .\n"
WORKFLOW = """\
name: go
on:
  push:
    branches: [main]
permissions: {}
concurrency:
  group: go-${{ github.ref }}
  cancel-in-progress: true
jobs:
  test:
    name: Test
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read # to read the code
    steps:
      - name: Check out
        uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
"""
SCRIPT = '#!/bin/sh\nset -eu\nif [ "${1-}" = go ]; then\n  echo "$1"\nfi\n'
SERVICE = """\
[Unit]
Description=Check the toolchain

[Service]
Type=oneshot
ExecStart=/usr/bin/env true

[Install]
WantedBy=default.target
"""
GO_ENV = "# by gogen\nGOFLAGS=-trimpath -buildvcs=false\nGOTOOLCHAIN=go1.22.5\nGOAMD64=v1\n"
SUDOERS = 'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart app.service ""\n'
PLAYBOOK = """\
---
- name: Install
  hosts: all
  roles:
    - role: it
"""
TASKS = """\
---
- name: Copy
  ansible.builtin.copy:
    src: a
    dest: /etc/a
    mode: "0644"
"""
CHART = "apiVersion: v2\nname: gogen\nversion: 1.0.0\nicon: https://example.com/a.svg\n"


@dataclass(frozen=True)
class Good:
    validator: str
    files: dict[str, str]
    dialect: str = "text"


@dataclass(frozen=True)
class Bad:
    """Files that must be refused, at `place`, with `said` in the message."""

    what: str
    validator: str
    files: dict[str, str]
    place: Place
    said: str
    dialect: str = "text"
    tools: tuple[str, ...] = field(default=())


GOOD = [
    Good("kustomize", {"o/kustomization.yaml": KUSTOMIZATION, "o/a.yaml": CONFIG_MAP}),
    Good("kubernetes-validate", {"o/kustomization.yaml": KUSTOMIZATION, "o/a.yaml": CONFIG_MAP}),
    Good(
        "helm",
        {
            "c/Chart.yaml": CHART,
            "c/values.yaml": "name: x\n",
            "c/templates/a.yaml": CONFIG_MAP.replace("go-env", "{{ .Values.name }}"),
        },
    ),
    Good("ansible-lint", {"a/site.yml": PLAYBOOK, "a/roles/it/tasks/main.yml": TASKS}, "ansible"),
    Good("hadolint", {"docker/Dockerfile": DOCKERFILE}, "dockerfile"),
    Good("actionlint", {".github/workflows/go.yml": WORKFLOW}),
    Good("zizmor", {".github/workflows/go.yml": WORKFLOW}),
    Good("systemd-analyze", {"systemd/user/check.service": SERVICE}, "systemd-unit"),
    Good(
        "systemd-analyze",
        {"systemd/kubelet.service.d/20-gogen.conf": "[Service]\nEnvironment=A=%%h\n"},
        "systemd-unit",
    ),
    Good("systemd-analyze", {"t/a.timer": "[Timer]\nOnCalendar=daily\nUnit=basic.target\n"}),
    Good("visudo", {"host/sudoers.d/50-gogen": SUDOERS}),
    Good("shellcheck", {"go/env.sh": SCRIPT}, "sh"),
    Good("shellcheck", {"go/env.sh": "NOTE='costs $(id) and $HOME'\nexport NOTE\n"}, "sh"),
    Good("shfmt", {"go/env.sh": SCRIPT}, "sh"),
    Good("shfmt", {"go/env.sh": SCRIPT.replace("  ", "\t")}, "sh"),
    Good("sh", {"go/env.sh": SCRIPT}, "sh"),
    Good("shellcheck", {"go/a.bash": '#!/usr/bin/env bash\na=(1 2)\necho "${a[@]}"\n'}, "sh"),
    Good("sh", {"go/a.bash": "a=(1 2)\n"}, "sh"),
    Good("shfmt", {"go/a.bash": "a=(1 2)\n"}, "sh"),
    Good("fish", {"go/env.fish": "if true\n    set -gx GOFLAGS -trimpath\nend\n"}, "fish"),
    Good("go-env", {"go/env": GO_ENV}, "go-env"),
]
BAD = [
    Bad(
        "a deprecated field, only told on standard error",
        "kustomize",
        {"o/kustomization.yaml": KUSTOMIZATION + "commonLabels:\n  a: b\n", "o/a.yaml": CONFIG_MAP},
        Place("o/kustomization.yaml"),
        "'commonLabels' is deprecated",
    ),
    Bad(
        "a resource that is not there",
        "kustomize",
        {"o/kustomization.yaml": KUSTOMIZATION},
        Place("o/kustomization.yaml"),
        "a.yaml",
    ),
    Bad(
        "nothing to build",
        "kustomize",
        {"o/kustomization.yaml": KUSTOMIZATION.replace("- a.yaml", "[]")},
        Place("o/kustomization.yaml"),
        "it builds nothing",
    ),
    Bad(
        "a removed kind, only a warning",
        "kubernetes-validate",
        {
            "o/kustomization.yaml": KUSTOMIZATION,
            "o/a.yaml": POD_SECURITY_POLICY,
        },
        Place("o/a.yaml"),
        "Couldn't find schema for kind PodSecurityPolicy",
    ),
    Bad(
        "a key that is misspelt",
        "kubernetes-validate",
        {
            "o/kustomization.yaml": KUSTOMIZATION,
            "o/a.yaml": CONFIG_MAP.replace("\ndata:", "\ndat:"),
        },
        Place("o/a.yaml"),
        "'dat' was unexpected",
    ),
    Bad(
        "a wrong value that only a patch brings in",
        "kubernetes-validate",
        {
            "base/kustomization.yaml": KUSTOMIZATION,
            "base/a.yaml": CONFIG_MAP,
            "over/kustomization.yaml": KUSTOMIZATION.replace("a.yaml", "../base")
            + "patches:\n  - target: {kind: ConfigMap, name: go-env}\n"
            "    patch: |-\n      - {op: add, path: /dat, value: {}}\n",
        },
        Place("over/kustomization.yaml"),
        "'dat' was unexpected",
        tools=("kubectl",),
    ),
    Bad(
        "a version that is none",
        "helm",
        {"c/Chart.yaml": CHART.replace("1.0.0", "one"), "c/templates/a.yaml": CONFIG_MAP},
        Place("c/Chart.yaml"),
        "version 'one' is not a valid SemVer",
    ),
    Bad(
        "a version that is only warned of",
        "helm",
        {"c/Chart.yaml": CHART.replace("1.0.0", "v1.0.0"), "c/templates/a.yaml": CONFIG_MAP},
        Place("c/Chart.yaml"),
        "version 'v1.0.0' is not a valid SemVerV2",
    ),
    Bad(
        "a template of a chart that fails",
        "helm",
        {"c/Chart.yaml": CHART, "c/templates/a.yaml": "a: {{ fail }}\n"},
        Place("c/templates/a.yaml", 1, 6),
        "wrong number of args for fail",
    ),
    Bad(
        "only style, for which ansible-lint exits 0 in a weaker profile",
        "ansible-lint",
        {"a/roles/it/tasks/main.yml": TASKS.replace("ansible.builtin.", "")},
        Place("a/roles/it/tasks/main.yml", 3, 3),
        "fqcn[action-core]",
        "ansible",
    ),
    Bad(
        "a module that is none",
        "ansible-lint",
        {
            "a/site.yml": PLAYBOOK,
            "a/roles/it/tasks/main.yml": TASKS.replace("copy:", "copi:"),
        },
        Place("a/roles/it/tasks/main.yml", 2, 3),
        "ansible.builtin.copi",
        "ansible",
    ),
    Bad(
        "no tag",
        "hadolint",
        {"docker/Dockerfile": "FROM debian\n"},
        Place("docker/Dockerfile", 1, 1),
        "DL3006",
        "dockerfile",
    ),
    Bad(
        "only style, for which hadolint exits 0",
        "hadolint",
        {"docker/Dockerfile": DOCKERFILE + "RUN echo `date`\n"},
        Place("docker/Dockerfile", 5, 1),
        "SC2006",
        "dockerfile",
    ),
    Bad(
        "no instruction that is known",
        "hadolint",
        {"docker/Dockerfile": DOCKERFILE + "RUNN x\n"},
        Place("docker/Dockerfile", 5, 4),
        "DL1000",
        "dockerfile",
    ),
    Bad(
        "an unknown event",
        "actionlint",
        {".github/workflows/go.yml": WORKFLOW.replace("push:", "psh:")},
        Place(".github/workflows/go.yml", 3, 3),
        'unknown Webhook event "psh"',
    ),
    Bad(
        "not YAML",
        "actionlint",
        {"out/ci/github-actions/go.yml": "a: [\n"},
        Place("out/ci/github-actions/go.yml", 1),
        "could not parse as YAML",
    ),
    Bad(
        "an action by tag, found though the exit code is 0",
        "zizmor",
        {
            ".github/workflows/go.yml": WORKFLOW.replace(
                "3d3c42e5aac5ba805825da76410c181273ba90b1", "v7"
            )
        },
        Place(".github/workflows/go.yml", 18, 15),
        "unpinned-uses",
    ),
    Bad(
        "no name, which only the pedantic persona minds",
        "zizmor",
        {".github/workflows/go.yml": WORKFLOW.replace("    name: Test\n", "")},
        Place(".github/workflows/go.yml", 10, 3),
        "anonymous-definition",
    ),
    Bad(
        "an unknown key, only a warning",
        "systemd-analyze",
        {"systemd/check.service": SERVICE.replace("Type=", "Typ=")},
        Place("systemd/check.service", 5),
        "Unknown key",
    ),
    Bad(
        "an unknown key in a drop-in of a unit that is not here",
        "systemd-analyze",
        {"systemd/kubelet.service.d/20-gogen.conf": "[Service]\nEnvironmnt=A=1\n"},
        Place("systemd/kubelet.service.d/20-gogen.conf", 2),
        "Unknown key",
    ),
    Bad(
        "an unknown key in a drop-in that lies by itself",
        "systemd-analyze",
        {"systemd/20-gogen.conf": "[Service]\nEnvironmnt=A=1\n"},
        Place("systemd/20-gogen.conf", 2),
        "Unknown key",
        "systemd-unit",
    ),
    Bad(
        "an unknown key in a user unit",
        "systemd-analyze",
        {"systemd/user/check.service": SERVICE.replace("Type=", "Typ=")},
        Place("systemd/user/check.service", 5),
        "Unknown key",
    ),
    Bad(
        "a unit without anything to start",
        "systemd-analyze",
        {"systemd/check.service": "[Service]\nType=simple\n"},
        Place("systemd/check.service"),
        "ExecStart",
    ),
    Bad(
        "no sudoers",
        "visudo",
        {"host/sudoers.d/50-gogen": "deploy ALL=(root NOPASSWD\n"},
        Place("host/sudoers.d/50-gogen", 1, 18),
        "syntax error",
    ),
    Bad(
        "an alias that nothing defines",
        "visudo",
        {"host/sudoers.d/50-gogen": "DEPLOYERS ALL=(root) /usr/bin/true\n"},
        Place("host/sudoers.d/50-gogen", 1, 35),
        "DEPLOYERS",
    ),
    Bad(
        "a word that splits",
        "shellcheck",
        {"go/env.sh": SCRIPT.replace('echo "$1"', "echo $1")},
        Place("go/env.sh", 4, 8),
        "SC2086",
        "sh",
    ),
    Bad(
        "an array, which POSIX does not have",
        "shellcheck",
        {"go/env.sh": "a=(1 2)\n"},
        Place("go/env.sh", 1, 3),
        "SC3030",
        "sh",
    ),
    Bad(
        "crooked layout",
        "shfmt",
        {"go/env.sh": SCRIPT.replace("; then\n", "\nthen\n")},
        Place("go/env.sh", 1),
        "laid out otherwise",
        "sh",
    ),
    Bad(
        "no shell at all",
        "shfmt",
        {"go/env.sh": "if true; then\n"},
        Place("go/env.sh", 1, 10),
        "must be followed by",
        "sh",
    ),
    Bad(
        "an if that nothing ends",
        "sh",
        {"go/env.sh": SCRIPT.replace("fi\n", "")},
        Place("go/env.sh", 5),
        "unexpected",
        "sh",
    ),
    Bad(
        "a block that nothing ends",
        "fish",
        {"go/env.fish": "set -gx A b\nif true\n"},
        Place("go/env.fish", 2),
        "Missing end",
        "fish",
    ),
    Bad(
        "a key that go passes over",
        "go-env",
        {"go/env": GO_ENV + "GOFLAG=-x\n"},
        Place("go/env", 5),
        "go does not know 'GOFLAG'",
        "go-env",
    ),
    Bad(
        "a line that go passes over for its space",
        "go-env",
        {"go/env": GO_ENV + " GOPROXY=off\n"},
        Place("go/env", 5),
        "go does not know ' GOPROXY'",
        "go-env",
    ),
    Bad(
        "a key twice, of which the last wins",
        "go-env",
        {"go/env": GO_ENV + "GOAMD64=v2\n"},
        Place("go/env", 4),
        "go reads GOAMD64 as 'v2'",
        "go-env",
    ),
    Bad(
        "quotes that brick every go command",
        "go-env",
        {"go/env": GO_ENV.replace("go1.22.5", '"local"')},
        Place("go/env", 3),
        "invalid GOTOOLCHAIN",
        "go-env",
    ),
    Bad(
        "flags that cannot be parsed",
        "go-env",
        {"go/env": 'GOFLAGS=-ldflags="-s -w"\n'},
        Place("go/env"),
        "parsing $GOFLAGS",
        "go-env",
    ),
    Bad(
        "a GOROOT that bricks go",
        "go-env",
        {"go/env": "GOROOT=/nowhere\n"},
        Place("go/env"),
        "/nowhere",
        "go-env",
    ),
]


def tool(name: str) -> Tool:
    """Find the validator's program, or skip."""
    validator = get(name)
    return Tool(require(validator.programs[0]), SEARCH)


def given(files: dict[str, str], dialect: str) -> tuple[File, ...]:
    return tuple(File(path, text.encode(), dialect) for path, text in files.items())


@pytest.mark.parametrize("case", GOOD, ids=lambda case: f"{case.validator}-{min(case.files)}")
def test_passes_what_is_right(case: Good) -> None:
    files = given(case.files, case.dialect)
    validator = get(case.validator)
    assert any(map(validator.reads, files))
    assert [str(problem) for problem in validator.check(tool(case.validator), files)] == []


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case.validator}: {case.what}")
def test_refuses(case: Bad) -> None:
    for name in case.tools:
        require(name)
    files = given(case.files, case.dialect)
    validator = get(case.validator)
    assert any(map(validator.reads, files))
    problems = tuple(validator.check(tool(case.validator), files))
    assert {problem.code for problem in problems} == {"GG280"}
    assert case.place in {problem.place for problem in problems}, problems
    assert case.said in "; ".join(p.message for p in problems if p.place == case.place)
    assert all(problem.message.startswith(f"{case.validator}: ") for problem in problems)


def test_every_validator_has_a_good_and_a_bad_file() -> None:
    due = set(names()) - {"schema"}  # it reads by a schema: test_schema.py
    assert {case.validator for case in GOOD} == due
    assert {case.validator for case in BAD} == due


def test_zizmor_leaves_no_file_out() -> None:
    files = given(
        {".github/workflows/a.yml": WORKFLOW, ".github/workflows/b.yml": "a: [\n"}, "yaml"
    )
    [problem] = get("zizmor").check(tool("zizmor"), files)
    assert (problem.code, problem.place) == ("GG280", Place(".github/workflows/b.yml"))
    assert "invalid YAML syntax" in problem.message


def test_systemd_reads_templates_of_units() -> None:
    files = given(
        {
            "systemd/check@.service": SERVICE.replace("true", "echo %i"),
            "systemd/kubelet@.service.d/20-gogen.conf": "[Service]\nNicee=1\n",
        },
        "systemd-unit",
    )
    problems = tuple(get("systemd-analyze").check(tool("systemd-analyze"), files))
    assert {problem.place for problem in problems} == {
        Place("systemd/kubelet@.service.d/20-gogen.conf", 2)
    }


def test_two_profiles_may_have_the_same_unit() -> None:
    bad = SERVICE.replace("Type=", "Typ=")
    files = given({"out/a/systemd/x.service": SERVICE, "out/b/systemd/x.service": bad}, "text")
    problems = tuple(get("systemd-analyze").check(tool("systemd-analyze"), files))
    assert [problem.place for problem in problems] == [Place("out/b/systemd/x.service", 5)]
