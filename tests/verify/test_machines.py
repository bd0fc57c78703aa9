"""Machines behind real sshd processes: one right, one wrong in each property, and some mute."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tests.e2e.command import MAIN
from tests.tools import ROOT, SEARCH, require
from tests.verify import fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.verify.fleet import Machine, Machines

ENV = "file ~/.config/go/env"
VERIFY = "~/.local/libexec/verify"
DROP_IN = "~/.config/systemd/user/a.service.d/20-gogen.conf"


def other_release(machine: Machine) -> None:
    """Put a go there that says it is another."""
    go = machine.home / "sdk" / "bin" / "go"
    go.rename(go.with_name("real"))
    go.write_text('#!/bin/sh\n"${0%/*}/real" "$@" | sed "s/go1[.][0-9.]*/go1.2.3/"\n')
    go.chmod(0o755)


def other_tool(machine: Machine) -> None:
    tool = machine.home / "sdk" / "bin" / "gofmt"
    content = tool.read_bytes()
    tool.unlink()  # it is a link to the others' file
    tool.write_bytes(content + b"\0")


def other_tree(machine: Machine) -> None:
    version = machine.home / "sdk" / "VERSION"
    version.unlink()
    version.write_text("go1.2.3\n")


def other_machine(machine: Machine) -> None:
    uname = machine.home / "stand-in" / "uname"
    uname.write_text("#!/bin/sh\necho Linux riscv64\n")
    uname.chmod(0o755)


SPOILT: dict[str, tuple[Callable[[Machine], object], set[str]]] = {
    "right": (lambda _: None, set()),
    "version": (other_release, {"version", "sentinels"}),
    "tree": (other_tree, {"goroot"}),
    "tool": (other_tool, {"sentinels"}),
    "goroot": (lambda m: m.login('export GOROOT="$HOME/sdk"'), {"goroot-unset"}),
    "goroot-kept": (
        lambda m: m.edit(".config/go/env", "GOPROXY", f"GOROOT={m.home}/sdk\nGOPROXY"),
        {"goroot-unset", ENV},
    ),
    "variable": (lambda m: m.login("export GOPROXY=off"), {"setting GOPROXY"}),
    "setting": (
        lambda m: m.edit(".config/go/env", "CGO_ENABLED=0", "CGO_ENABLED=1"),
        {"setting CGO_ENABLED", ENV},
    ),
    "flags": (lambda m: m.login("export GOFLAGS=-race"), {"setting GOFLAGS"}),
    "other": (lambda m: m.login("export GONOSUMDB='*'"), {"other settings"}),
    "gobin": (lambda m: m.login("export GOBIN=/opt/bin"), {"setting GOBIN", "gobin"}),
    "order": (lambda m: m.login('PATH="$HOME/sdk/bin:$PATH"'), {"path"}),
    "proxy": (lambda m: m.login("unset HTTPS_PROXY"), {"variable HTTPS_PROXY"}),
    "content": (
        lambda m: m.edit(".local/libexec/verify", "set -eu", "set -u"),
        {f"file {VERIFY}"},
    ),
    "lost": (lambda m: (m.home / ".local/libexec/verify").unlink(), {f"file {VERIFY}"}),
    "open": (lambda m: (m.home / ".local/libexec/verify").chmod(0o777), {f"mode {VERIFY}"}),
    "no-program": (lambda m: (m.home / ".local/libexec/verify").chmod(0o644), {f"mode {VERIFY}"}),
    "drop-in": (
        lambda m: m.edit("stand-in/shown", "20-gogen.conf", "10-other.conf"),
        {"drop-in a.service 20-gogen.conf"},
    ),
    "not-reloaded": (
        lambda m: m.edit("stand-in/shown", "Reload=no", "Reload=yes"),
        {"unit a.service", "drop-in a.service 20-gogen.conf"},
    ),
    "machine": (other_machine, {"platform"}),
}
"""What is done to each machine, and all that is to be found wrong on it."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fleet.workspace(tmp_path_factory.mktemp("verify") / "workspace")


@pytest.fixture(scope="module")
def machines(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    yield from fleet.serving(tmp_path_factory.mktemp("machines"), root / "out" / "host")


class Run:
    """All machines asked once, with everything written that can be."""

    def __init__(self, root: Path, machines: Machines, folder: Path) -> None:
        made = {name: machines.make(name) for name in SPOILT}
        for name, (spoil, _) in SPOILT.items():
            spoil(made[name])
        self.made = made
        self.config = machines.config()
        self.junit, self.metrics, self.handed = (
            folder / name for name in ("junit.xml", "gogen.prom", "handed")
        )
        hand = folder / "a command.py"
        hand.write_text(
            "import sys\nwith open(sys.argv[1], 'a') as f: f.write(sys.stdin.read())\n"
            "print('heard')\n"
        )
        self.done = fleet.gogen(
            root,
            *("verify", "host", "--hosts", ",".join(f"ssh://{name}" for name in SPOILT)),
            *("--ssh-config", str(self.config), "--format", "json"),
            *("--junit", str(self.junit), "--metrics", str(self.metrics)),
            *("--on-fail", f"'{sys.executable}' '{hand}' {self.handed}"),
        )
        self.document: dict[str, Any] = json.loads(self.done.stdout)
        self.hosts = {host["host"]: host for host in self.document["hosts"]}


@pytest.fixture(scope="module")
def run(root: Path, machines: Machines, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(root, machines, tmp_path_factory.mktemp("reports"))


def wrong(host: dict[str, Any]) -> set[str]:
    return {c["property"] for c in host["checks"] if c["outcome"] == "differs"}


def test_what_is_wrong_is_found_and_nothing_else(run: Run) -> None:
    assert {name: wrong(host) for name, host in run.hosts.items()} == {
        f"ssh://{name}": found for name, (_, found) in SPOILT.items()
    }
    assert {h["outcome"] for n, h in run.hosts.items() if n != "ssh://right"} == {"differs"}
    assert run.hosts["ssh://right"]["outcome"] == "right"


def test_a_difference_names_host_expected_and_found(run: Run) -> None:
    assert (run.done.returncode, run.document["exit"]) == (1, 1)
    told = {p["message"]: p for p in run.document["problems"]}
    problem = told["ssh://variable: setting GOPROXY: off"]
    assert problem["code"] == "GG600"
    assert problem["expected"] == "https://proxy.golang.org,direct"
    line = next(m for m in told if m.startswith("ssh://content: "))
    assert "'set -u'" in line
    assert "'set -eu'" in told[line]["expected"]


def test_the_manager_was_asked_for_the_unit(run: Run) -> None:
    asked = (run.made["right"].home / "stand-in" / "asked").read_text()
    assert "--user show -p LoadState,FragmentPath,DropInPaths" in asked
    assert asked.rstrip().endswith("-- a.service")


def test_each_host_that_is_wrong_is_handed_over_once(run: Run) -> None:
    records = [json.loads(line) for line in run.handed.read_text().splitlines()]
    assert [r["host"] for r in records] == [f"ssh://{n}" for n, (_, w) in SPOILT.items() if w]
    assert {r["host"].removeprefix("ssh://"): wrong(r) for r in records} == {
        name: found for name, (_, found) in SPOILT.items() if found
    }
    assert records[0]["profile"] == "host"
    assert run.done.stderr.count("heard") == len(records)


def test_reports_tell_the_same(run: Run) -> None:
    samples = run.metrics.read_text().splitlines()
    label = '{host="ssh://variable",profile="host",property="setting GOPROXY"}'
    assert f"gogen_verify_property_matches{label} 0" in samples
    assert 'gogen_verify_host_reachable{host="ssh://variable",profile="host"} 1' in samples
    assert run.metrics.stat().st_mode & 0o777 == 0o644
    assert 'failures="1"' in run.junit.read_text()


def test_nothing_is_left_behind(run: Run, root: Path) -> None:
    """The suite ran elsewhere: out/ is what was rendered."""
    assert fleet.gogen(root, "check").returncode == 0
    assert [p.name for p in run.metrics.parent.iterdir() if p.name.startswith(".")] == []


def ask(
    root: Path, run: Run, *argv: str
) -> tuple[int, dict[str, dict[str, Any]], list[dict[str, Any]]]:
    done = fleet.gogen(
        root, "verify", "host", "--ssh-config", str(run.config), "--format", "json", *argv
    )
    document = json.loads(done.stdout)
    hosts = {host["host"]: host for host in document["hosts"]}
    return done.returncode, hosts, document["problems"]


def test_all_is_right(root: Path, run: Run) -> None:
    code, hosts, problems = ask(root, run, "--hosts", "right")
    assert (code, problems) == (0, [])
    assert hosts["ssh://right"]["outcome"] == "right"
    outcomes = {c["outcome"] for c in hosts["ssh://right"]["checks"]}
    assert outcomes == {"right", "skipped"}


def test_silence_is_never_success(root: Path, run: Run, machines: Machines) -> None:
    """No sshd, a login that never ends, one that ends at once: none is right, others still are."""
    slow, brief = machines.make("slow"), machines.make("brief")
    slow.login("exec sleep 300")
    brief.login("exit 7")
    machines.config()
    wanted = ("--hosts", "right,slow", "--hosts", "nowhere,brief")
    code, hosts, problems = ask(root, run, *wanted, "--timeout", "4")
    if [h["outcome"] for h in hosts.values()].count("timed-out") > 1:  # a busy machine
        code, hosts, problems = ask(root, run, *wanted, "--timeout", "40")
    assert code == 6
    assert {name: host["outcome"] for name, host in hosts.items()} == {
        "ssh://right": "right",
        "ssh://slow": "timed-out",
        "ssh://nowhere": "unreachable",
        "ssh://brief": "unreachable",
    }
    assert sorted(p["code"] for p in problems) == ["GG610", "GG610", "GG611"]
    assert "refused" in hosts["ssh://nowhere"]["reason"]
    assert 4 <= hosts["ssh://slow"]["seconds"] < 300


def test_a_host_that_is_wrong_and_one_that_is_mute(root: Path, run: Run) -> None:
    code, hosts, _ = ask(root, run, "--hosts", "flags,nowhere")
    assert code == 6
    assert [h["outcome"] for h in hosts.values()] == ["differs", "unreachable"]


def test_the_suite_runs_by_itself(root: Path, run: Run) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
            *(f"--ssh-config={run.config}", "--hosts=ssh://right,ssh://flags,ssh://nowhere"),
            root / "out" / "host" / "testinfra",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={"PATH": SEARCH, "HOME": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 1, done.stdout
    assert "ssh://flags: setting GOFLAGS: expected -trimpath; found -race" in done.stdout
    assert "ssh://nowhere: reachable: expected an answer; found ssh: connect" in done.stdout
    assert "2 failed" in done.stdout


def test_this_machine_is_asked_without_a_word(root: Path, run: Run) -> None:
    home = run.made["right"].home
    path = f"{home}/stand-in:{home}/go/bin:{home}/sdk/bin:{SEARCH}"
    env = {
        "HOME": str(home),
        "PATH": path,
        "GOBIN": f"{home}/go/bin",
        "GOPATH": f"{home}/go",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "NO_PROXY": "127.0.0.1",
    }
    done = fleet.gogen(root, "verify", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "right    version" in done.stdout
    assert done.stdout.endswith("host: 1 host: 1 right\n")


@pytest.mark.parametrize("shell", ["bash", "dash", "fish"])
def test_a_login_is_looked_at_in_the_shell_of_its_user(
    root: Path, machines: Machines, shell: str
) -> None:
    machine = machines.make(f"user-of-{shell}")
    if shell == "fish":
        (machine.home / ".profile").unlink()
        config = machine.home / ".config" / "fish" / "config.fish"
        config.parent.mkdir()
        text = (root / "out" / "host" / "go" / "env.fish").read_text()
        config.write_text(f'echo Welcome\n{text}set -gx PATH "$HOME/stand-in" $PATH\n')
    login = {"HOME": str(machine.home), "SHELL": str(require(shell))}
    done = fleet.gogen(root, "verify", "--environment", "login", env=login)
    assert (done.returncode, done.stderr) == (0, "")


KUBECTL = """\
#!/bin/sh
# Stands in for a cluster: the pod is a folder, its variables are those of its specification.
printf '%s\\n' "$*" >'{home}/asked'
while [ "$1" != -- ]; do shift; done
shift
exec env -i HOME='{home}' PATH='{home}/go/bin:{home}/sdk/bin:/usr/bin:/bin' GOPATH='{home}/go' \\
  GOENV='{home}/.config/go/env' GOBIN='{home}/go/bin' HTTPS_PROXY=http://proxy.example:3128 \\
  NO_PROXY=127.0.0.1 "$@"
"""


def test_a_pod_is_asked_as_it_runs(root: Path, run: Run, tmp_path: Path) -> None:
    home = run.made["lost"].home  # what is not installed does not count in a container
    (tmp_path / "kubectl").write_text(KUBECTL.format(home=home))
    (tmp_path / "kubectl").chmod(0o755)
    env = {"PATH": f"{tmp_path}:{SEARCH}"}
    pod = "kubectl://builder?namespace=build&container=go"
    done = fleet.gogen(root, "verify", "--hosts", pod, "--format", "json", env=env)
    assert done.returncode == 0, done.stdout
    (host,) = json.loads(done.stdout)["hosts"]
    assert host["host"] == pod
    skipped = {c["property"].split()[0]: c["found"] for c in host["checks"] if c["found"]}
    assert skipped["file"] == skipped["unit"] == "nothing is installed in a container"
    assert (home / "asked").read_text().startswith("-n build -c go exec builder -- /bin/sh -c")


@pytest.mark.usefixtures("run")  # who else is known to ssh
def test_ctrl_c_ends_all_that_was_started(root: Path, machines: Machines) -> None:
    endless = machines.make("endless")
    endless.login('echo >"$HOME/asked"; exec sleep 300')
    with subprocess.Popen(
        [
            *(sys.executable, "-c", MAIN, "--workspace", str(root), "verify"),
            *("--hosts", "endless", "--ssh-config", str(machines.config())),
        ],
        env={"PATH": SEARCH, "HOME": str(root), "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        try:
            fleet.until((endless.home / "asked").is_file)
            children = fleet.children(command.pid)
            assert children
            command.send_signal(signal.SIGINT)
            assert command.communicate(timeout=300)[1].startswith("gogen: interrupted")
        finally:
            command.kill()
    assert command.returncode == 130
    fleet.until(lambda: not any(fleet.runs(child) for child in children))


class _Proxy(BaseHTTPRequestHandler):
    """A module proxy that knows every version, or a portal that says yes to everything."""

    portal = False
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        version = self.path.rpartition("/")[2].removesuffix(".info")
        body = "<html>" if self.portal else json.dumps({"Version": version})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_proxy_is_asked_by_its_own_client(
    machines: Machines, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    root = fleet.workspace(tmp_path_factory.mktemp("proxied") / "workspace", f"{url},direct")
    machines.make("proxied", root / "out" / "host")
    config = ("--hosts", "proxied", "--ssh-config", str(machines.config()))

    def asked(*argv: str) -> tuple[int, dict[str, Any]]:
        done = fleet.gogen(root, "verify", *config, "--format", "json", *argv)
        (host,) = json.loads(done.stdout)["hosts"]
        (check,) = [c for c in host["checks"] if c["property"] == f"proxy {url}"]
        return done.returncode, check

    try:
        code, check = asked()
        assert (code, check["outcome"], _Proxy.asked) == (0, "skipped", [])
        code, check = asked("--network")
        assert (code, check["outcome"]) == (0, "right")
        assert _Proxy.asked[0].startswith("/golang.org/toolchain/@v/v0.0.1-go")
        _Proxy.portal = True
        code, check = asked("--network")
        assert (code, check["outcome"]) == (1, "differs")
        assert "invalid character" in check["found"]
    finally:
        server.shutdown()
        server.server_close()
    code, check = asked("--network")
    assert (code, check["outcome"]) == (1, "differs")
    assert "refused" in check["found"]
