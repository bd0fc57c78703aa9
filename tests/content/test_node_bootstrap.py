"""node-bootstrap: run for real in three shells, on a folder that stands for a machine.

kubeadm itself validates; what only a cluster could do (join, reset) a stand-in does, file by file
as kubeadm does it. Stand-ins record what they are given and may kill the run at any step.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.tools import find, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conftest import Project

    Make = Callable[..., "Node"]

SHELLS = {"dash": [], "busybox": ["sh"], "bash": ["--posix"]}
TOKEN = "ab12cd.0123456789abcdef"  # noqa: S105  (nobody's)
PIN = f'"sha256:{"0a" * 32}"'

SECTION = """\
kubeadm:
  config: /etc/gogen/join.yaml
  program: /usr/local/libexec/gogen/node-bootstrap
  cri_socket: unix:///run/containerd/containerd.sock
  runtime: containerd.service
  timeouts:
    {discovery_seconds: 300, kubelet_seconds: 240, bootstrap_seconds: 300, start_seconds: 900}
  discovery:
"""
BY_FILE = "    file: {credential: /etc/gogen/credentials/join-kubeconfig}\n"
BY_TOKEN = f"""\
    token:
      endpoint: "[2001:db8::1]:6443"
      ca_cert_hashes: [{PIN}]
      credential: /etc/gogen/credentials/join-token
"""
VARIANTS = {
    "file": BY_FILE,
    "token": BY_TOKEN,
    "metadata-file": f"{BY_TOKEN}  provider_id: true\n  metadata: {{file: /etc/gogen/node}}\n",
    "ec2": f"{BY_TOKEN}  provider_id: true\n"
    '  metadata: {ec2: {endpoint: "http://127.0.0.1:1", name: local-hostname}}\n',
    "go": f"{BY_TOKEN}  require_go: true\n",
}

# Counts the steps of a run, over all its programs, and kills it at the one that is asked for.
STEP = """\
#!/bin/sh
step() {
  read -r n <"$root/count"
  echo $((n + 1)) >"$root/count"
  read -r due <"$root/kill"
  if [ "$n" = "$due" ]; then kill -9 0; fi
}
root=%(root)s
name=%(name)s
echo "$name $*" >>"$root/calls"
export -p >>"$root/calls"
PATH=/usr/bin:/bin
step
"""
PLAIN = '%(real)s "$@"\nrc=$?\nstep\nexit $rc\n'
# What kubeadm join and reset do to the files of a node, one after the other.
KUBEADM = """\
k=$root/etc/kubernetes
read -r mode <"$root/mode"
case $1 in
config)
  %(real)s "$@" || exit
  ;;
join)
  cp "$3" "$root/seen"
  if [ "$mode" = slow ]; then while [ ! -e "$root/go-on" ]; do sleep 0.05; done; fi
  if [ "$mode" = early ]; then exit 1; fi
  mkdir -p "$k/pki"; step
  echo bootstrap >"$k/bootstrap-kubelet.conf"; step
  echo ca >"$k/pki/ca.crt"; step
  if [ "$mode" = half ]; then rm "$k/bootstrap-kubelet.conf"; exit 1; fi
  echo kubelet >"$k/kubelet.conf"; step
  rm "$k/bootstrap-kubelet.conf"
  if [ "$mode" = late ]; then exit 1; fi
  ;;
reset)
  [ "$mode" != stuck ] || exit 1
  rm -f "$k/bootstrap-kubelet.conf"; step
  rm -rf "$k/pki"
  ;;
esac
step
"""
_RENDERED: dict[str, dict[str, bytes]] = {}


@dataclass
class Node:
    """A folder that stands for a machine, with the rendered files of a profile on it."""

    root: Path
    files: Mapping[str, bytes]
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in ("bin", "etc/gogen", "etc/kubernetes", "run", "credentials"):
            (self.root / folder).mkdir(parents=True)
        self.put("etc/gogen/join.yaml", self.files["join.yaml"].decode())
        text = self.files["node-bootstrap.sh"].decode()
        # On the machine that it stands for, / is this folder.
        here = re.compile(r"(?m)^( *(?:kubernetes|run|lock|template|source|verify)=)(?=/)")
        self.put("node-bootstrap", here.sub(rf"\g<1>{self.root}", text))
        self.put("credentials/join-token", f"{TOKEN}\n")
        self.put("credentials/join-kubeconfig", "# who and where\n")
        self.put("mode", "well\n")
        self.env["CREDENTIALS_DIRECTORY"] = str(self.root / "credentials")
        for name in ("curl", "flock", "head", "mkdir", "rm", "tr", "uname"):
            self._stand_in(name, PLAIN, shutil.which(name) or f"/nowhere/{name}")
        self._stand_in("kubeadm", KUBEADM, find("kubeadm") or ":")
        self._stand_in("systemctl", "exit 1\n", "")

    def _stand_in(self, name: str, body: str, real: object) -> None:
        values = {"root": self.root, "name": name, "real": real}
        path = self.root / "bin" / name
        path.write_text((STEP + body) % values, encoding="utf-8")
        path.chmod(0o755)

    def put(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def start(self, shell: str, *argv: str, kill: int = 0) -> subprocess.Popen[str]:
        self.put("count", "1\n")
        self.put("kill", f"{kill}\n")
        return subprocess.Popen(
            [require(shell), *SHELLS[shell], self.root / "node-bootstrap", *argv],
            # Nothing else is there, so nothing can be given a secret unseen.
            env={"PATH": f"{self.root}/bin", **self.env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, shell: str, *argv: str, kill: int = 0) -> tuple[int, str]:
        """Give the exit code and everything printed."""
        process = self.start(shell, *argv, kill=kill)
        out, err = process.communicate(timeout=300)
        return process.returncode, out + err

    @property
    def joined(self) -> bool:
        return (self.root / "etc/kubernetes/kubelet.conf").exists()

    @property
    def calls(self) -> str:
        path = self.root / "calls"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def kubeadm(self) -> list[str]:
        """Give what kubeadm was called for."""
        return re.findall(r"(?m)^kubeadm (\w+)", self.calls)

    def leaks(self, secret: str = TOKEN) -> list[str]:
        """Name the files that hold a secret, but for those that are meant to."""
        meant = {self.root / "seen", self.root / "credentials/join-token"}
        found = [path for path in self.root.rglob("*") if path.is_file() and path not in meant]
        return [str(path) for path in found if secret.encode() in path.read_bytes()]

    def snapshot(self) -> dict[str, int]:
        """Give when each file of the machine last changed, but for the record of calls."""
        own = {"calls", "count", "kill"}
        paths = [path for path in self.root.rglob("*") if path.name not in own]
        return {str(path): path.stat().st_mtime_ns for path in paths}


@pytest.fixture
def node(shipped: Callable[[], Project], tmp_path: Path) -> Make:
    """Make a machine with the files of a variant of the shipped profile."""

    def make(variant: str = "token") -> Node:
        if variant not in _RENDERED:
            project = shipped()
            project.write({"profiles/k8s-node/kubeadm.yaml": SECTION + VARIANTS[variant]})
            outcome = project.run("render", "k8s-node")
            assert outcome.code == 0, outcome.text
            prefix = "out/k8s-node/kubeadm/"
            _RENDERED[variant] = {
                path.removeprefix(prefix): content
                for path, content in outcome.tree.items()
                if path.startswith(prefix)
            }
        return Node(tmp_path / "machine", _RENDERED[variant])

    return make


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("variant", ["token", "file"])
def test_joins_once(node: Make, shell: str, variant: str) -> None:
    require("kubeadm")
    machine = node(variant)
    code, said = machine.run(shell, "--node-name", "worker-1.example.net")
    assert (code, machine.joined) == (0, True), said
    assert "joined as worker-1.example.net" in said
    seen = (machine.root / "seen").read_text(encoding="utf-8")
    assert 'name: "worker-1.example.net"' in seen
    due = TOKEN if variant == "token" else f"{machine.root}/credentials/join-kubeconfig"
    assert f'"{due}"' in seen
    assert "@" not in re.sub("(?m)^ *#.*$", "", seen)
    assert machine.kubeadm() == ["config", "join"]
    assert "systemctl" not in machine.calls
    assert not machine.leaks()
    assert TOKEN not in said
    assert not [*(machine.root / "run/gogen").iterdir()]

    before = machine.snapshot()
    assert machine.run(shell)[0] == 0
    assert machine.snapshot() == before


@pytest.mark.parametrize("shell", SHELLS)
def test_a_secret_is_for_root_alone(node: Make, shell: str) -> None:
    machine = node()
    machine.put("mode", "slow\n")
    process = machine.start(shell)
    config = machine.root / "run/gogen/join.yaml"
    try:
        _until((machine.root / "seen").exists)
        assert config.stat().st_mode & 0o777 == 0o600
        assert config.parent.stat().st_mode & 0o777 == 0o700
        # Two at once: the second leaves the first alone, its file too.
        code, said = machine.run(shell)
        assert (code, "another run" in said) == (7, True), said
        assert config.exists()
    finally:
        machine.put("go-on", "")
        process.communicate(timeout=300)
    assert process.returncode == 0
    assert not config.exists()


def _until(ready: Callable[[], bool]) -> None:
    for _ in range(6000):
        if ready():
            return
        time.sleep(0.05)
    pytest.fail("it never came")


def test_the_lock_outlives_a_run_that_was_killed(node: Make) -> None:
    machine = node()
    machine.put("mode", "slow\n")
    process = machine.start("dash")
    _until((machine.root / "seen").exists)
    process.kill()  # the shell alone: its kubeadm goes on
    assert machine.run("dash")[0] == 7
    machine.put("go-on", "")
    process.communicate(timeout=300)
    _until(lambda: machine.joined)
    machine.put("mode", "well\n")
    code, said = machine.run("dash")
    assert (code, machine.leaks()) == (0, []), said


@pytest.mark.parametrize("shell", SHELLS)
def test_killed_at_any_step_it_is_finished_by_the_next_run(node: Make, shell: str) -> None:
    machine = node()
    machine._stand_in("kubeadm", KUBEADM, ":")  # validates elsewhere: here it is the steps
    for kill in range(1, 100):
        shutil.rmtree(machine.root / "etc/kubernetes", ignore_errors=True)
        code, said = machine.run(shell, kill=kill)
        if code == 0:
            break
        assert code == -9, said
        code, said = machine.run(shell)
        if code == 6:
            assert "half joined" in said
            assert "--reset" in said
            assert not machine.joined
            code, said = machine.run(shell, "--reset")
        assert (code, machine.joined, machine.leaks()) == (0, True, []), f"{kill}: {said}"
        assert TOKEN not in said
    # Debian's busybox has rm, mkdir, tr and the like in itself: only programs are steps.
    assert kill > (9 if shell == "busybox" else 15)


@pytest.mark.parametrize("kill", range(1, 12))
def test_a_reset_that_is_killed_is_told_or_finished(node: Make, kill: int) -> None:
    machine = node()
    machine._stand_in("kubeadm", KUBEADM, ":")
    _half_join(machine)
    machine.run("dash", "--reset", kill=kill)
    code, said = machine.run("dash")
    if code == 6:
        code, said = machine.run("dash", "--reset")
    assert (code, machine.joined) == (0, True), said


def _half_join(machine: Node, name: str = "pki/ca.crt") -> None:
    path = machine.root / "etc/kubernetes" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("half\n", encoding="utf-8")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", ["pki/ca.crt", "bootstrap-kubelet.conf"])
def test_a_half_joined_node_is_left_alone(node: Make, shell: str, name: str) -> None:
    machine = node()
    _half_join(machine, name)
    for argv in ((), ("--dry-run",), ("--reset", "--dry-run")):
        code, said = machine.run(shell, *argv)
        assert (code, machine.kubeadm()) == (6, []), said
        assert "--reset" in said
    code, said = machine.run(shell, "--reset")
    assert (code, machine.kubeadm()) == (0, ["reset", "config", "join"]), said
    assert "reset --force --cri-socket unix:///run/containerd/containerd.sock" in machine.calls


@pytest.mark.parametrize(
    ("mode", "code", "says"),
    [
        ("early", 9, "left nothing behind"),
        ("half", 6, "left the node half joined"),
        ("late", 9, "see whether the node is Ready"),
    ],
)
def test_says_what_a_failed_join_left(node: Make, mode: str, code: int, says: str) -> None:
    machine = node()
    machine.put("mode", f"{mode}\n")
    got, said = machine.run("dash")
    assert (got, says in said) == (code, True), said
    assert not machine.leaks()


def test_a_reset_that_fails_is_told(node: Make) -> None:
    machine = node()
    _half_join(machine)
    machine.put("mode", "stuck\n")
    assert machine.run("dash", "--reset")[0] == 9
    assert machine.kubeadm() == ["reset"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_reset_by_hand_leaves_the_join_to_the_unit(node: Make, shell: str) -> None:
    machine = node()
    _half_join(machine)
    del machine.env["CREDENTIALS_DIRECTORY"]
    code, said = machine.run(shell, "--reset")
    assert (code, machine.kubeadm()) == (0, ["reset"]), said
    assert "systemctl restart gogen-node-join.service" in said


@pytest.mark.parametrize("shell", SHELLS)
def test_a_run_without_room_or_rights_is_tried_again(node: Make, shell: str) -> None:
    machine = node()
    machine.root.joinpath("run/gogen-node-join.lock").mkdir()
    code, said = machine.run(shell)
    assert (code, machine.kubeadm()) == (3, []), said
    assert "gogen-node-join.lock cannot be written" in said


def test_a_joined_node_is_never_reset(node: Make) -> None:
    machine = node()
    for name in ("kubelet.conf", "pki/ca.crt", "bootstrap-kubelet.conf"):
        _half_join(machine, name)
    machine.root.joinpath("run/gogen").mkdir()
    machine.put("run/gogen/join.yaml", TOKEN)  # of a run that was killed
    code, said = machine.run("dash", "--reset")
    assert (code, machine.kubeadm()) == (0, [])
    assert "remove it" in said
    assert not machine.leaks()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_dry_run_joins_nothing(node: Make, shell: str) -> None:
    require("kubeadm")
    machine = node()
    code, said = machine.run(shell, "--dry-run", "--node-name", "worker-1")
    assert (code, machine.kubeadm(), machine.joined) == (0, ["config"], False), said
    assert "could join as worker-1" in said
    assert not machine.leaks()


def test_what_kubeadm_refuses_is_not_joined(node: Make) -> None:
    require("kubeadm")
    machine = node()
    template = machine.root / "etc/gogen/join.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("taints:", "taint:"), encoding="utf-8")
    code, said = machine.run("dash")
    assert (code, machine.kubeadm()) == (8, ["config"])
    assert 'unknown field "nodeRegistration.taint"' in said


HOSTILE = [
    "",
    "Worker",
    "a b",
    "a\nb",
    "a'b",
    '"\n  token: "x',
    "$(touch pwned)",
    "`touch pwned`",
    "-a",
    "a-",
    ".a",
    "a..b",
    "a.-b",
    "*",
    "@TOKEN@",
    "é",
    "a" * 254,
    "x" * 10_000,
]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_name_that_is_none_is_refused(node: Make, shell: str) -> None:
    machine = node("metadata-file")
    for name in HOSTILE:
        lines = f"name={name}\nprovider_id=aws:///eu-1a/i-0\n"
        machine.put("etc/gogen/node", lines)
        code, said = machine.run(shell)
        assert (code, machine.kubeadm()) == (5, []), (name, said)
        assert len(said) < 400
    assert not [*machine.root.rglob("pwned")]


def test_a_name_in_the_arguments_is_held_to_the_same(node: Make) -> None:
    machine = node("metadata-file")
    for name in filter(None, HOSTILE):
        code, said = machine.run("dash", "--node-name", name)
        assert (code, machine.kubeadm()) == (5, []), (name, said)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_id_or_token_that_is_none_is_refused(node: Make, shell: str) -> None:
    machine = node("metadata-file")
    for wrong in ("", "i-0", "aws://", "aws:///a b", 'aws:///a"b', "AWS:///a", "a://" + "b" * 300):
        machine.put("etc/gogen/node", f"name=a\nprovider_id={wrong}\n")
        code, said = machine.run(shell)
        assert (code, machine.kubeadm()) == (5, []), (wrong, said)
    machine.put("etc/gogen/node", "# written at first boot\nname=a\n\nprovider_id=gce://p/z/i")
    for wrong in ("", "x", TOKEN.upper(), f"{TOKEN}\n{TOKEN}", f"{TOKEN}\r", f" {TOKEN}", "." * 23):
        machine.put("credentials/join-token", wrong)
        code, said = machine.run(shell)
        assert (code, machine.kubeadm()) == (5, []), (wrong, said)
        assert not wrong.strip() or wrong not in said or len(wrong) < 2
    machine.put("credentials/join-token", TOKEN)
    code, said = machine.run(shell)
    assert code == 0, said
    assert '"gce://p/z/i"' in (machine.root / "seen").read_text(encoding="utf-8")


def test_what_lacks_is_named(node: Make) -> None:
    machine = node()
    credentials = machine.env.pop("CREDENTIALS_DIRECTORY")
    assert machine.run("dash")[0] == 3
    machine.env["CREDENTIALS_DIRECTORY"] = f"{credentials}/$(x)"
    assert machine.run("dash")[0] == 5
    machine.env["CREDENTIALS_DIRECTORY"] = credentials
    (machine.root / "credentials/join-token").unlink()
    code, said = machine.run("dash")
    assert (code, "join-token is not there" in said) == (3, True)
    (machine.root / "etc/gogen/join.yaml").unlink()
    code, said = machine.run("dash")
    assert (code, "join.yaml is not there" in said) == (3, True)
    (machine.root / "bin/kubeadm").unlink()
    code, said = machine.run("dash")
    assert (code, "install the package kubeadm" in said) == (3, True)


@pytest.mark.parametrize("argv", [["--force"], ["x"], ["--node-name"], ["--provider-id", "a://b"]])
def test_usage_is_checked(node: Make, argv: list[str]) -> None:
    machine = node()
    assert machine.run("dash", *argv)[0] == 2
    assert not machine.kubeadm()


def test_the_host_name_is_the_name(node: Make) -> None:
    machine = node("file")
    assert machine.run("dash")[0] == 0
    seen = (machine.root / "seen").read_text(encoding="utf-8")
    assert f'name: "{os.uname().nodename.lower()}"' in seen


@pytest.mark.parametrize("shell", SHELLS)
def test_a_node_without_the_pinned_go_does_not_join(node: Make, shell: str) -> None:
    machine = node("go")
    code, said = machine.run(shell)
    assert (code, machine.kubeadm()) == (10, []), said
    verify = machine.root / "usr/local/libexec/gogen/verify"
    verify.parent.mkdir(parents=True)
    for answer in (1, 0):
        verify.write_text(f'#!/bin/sh\necho "$*" "$GOENV" "$PATH"\nexit {answer}\n')
        verify.chmod(0o755)
        code, said = machine.run(shell)
        assert (code, machine.joined) == (0 if answer == 0 else 10, answer == 0), said
        assert "--deep /etc/gogen/go.env /" in said
        assert "/go/bin:" in said


class _Metadata(BaseHTTPRequestHandler):
    """EC2's metadata service; it may lie: `answers` by path are a status, bytes or None, late."""

    answers: Mapping[str, int | bytes | None]
    session = "AQAEAsession-=="

    def do_PUT(self) -> None:
        ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        self._answer(self.session.encode() if ttl.isdigit() else 400)

    def do_GET(self) -> None:
        if self.headers.get("X-aws-ec2-metadata-token") != self.session:
            self._answer(401)
            return
        self._answer(self.answers.get(self.path.removeprefix("/latest/meta-data/"), 404))

    def _answer(self, answer: int | bytes | None) -> None:
        if answer is None:
            time.sleep(2)
            answer = b"late"
        self.send_response(answer if isinstance(answer, int) else 200)
        body = answer if isinstance(answer, bytes) else b"<html>no</html>"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:  # an answer that is too long is not read to its end
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def _service(answers: Mapping[str, int | bytes | None]) -> Iterator[str]:
    handler = type("Handler", (_Metadata,), {"answers": answers})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


GOOD: Mapping[str, int | bytes | None] = {
    "local-hostname": b"ip-10-0-0-1.eu-central-1.compute.internal",
    "placement/availability-zone": b"eu-central-1a",
    "instance-id": b"i-0123456789abcdef0",
}


def _ask(machine: Node, shell: str, **answers: int | bytes | None) -> tuple[int, str]:
    """Run it with a metadata service that gives these answers, those of GOOD else."""
    require("curl")
    named = {key.replace("_", "-"): answer for key, answer in answers.items()}
    with _service({**GOOD, **named}) as address:
        script = machine.root / "node-bootstrap"
        text = script.read_text(encoding="utf-8")
        assert "--max-time 10 " in text
        text = re.sub(r"127\.0\.0\.1:\d+", address, text)
        if None in named.values():  # else a busy machine may take its time
            text = text.replace("--max-time 10 ", "--max-time 1 ")
        script.write_text(text, encoding="utf-8")
        return machine.run(shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_cloud_tells_the_name(node: Make, shell: str) -> None:
    machine = node("ec2")
    machine.env["http_proxy"] = "http://127.0.0.1:9"  # of no use to the metadata
    code, said = _ask(machine, shell)
    assert code == 0, said
    seen = (machine.root / "seen").read_text(encoding="utf-8")
    assert 'name: "ip-10-0-0-1.eu-central-1.compute.internal"' in seen
    assert 'value: "aws:///eu-central-1a/i-0123456789abcdef0"' in seen
    assert _Metadata.session not in machine.calls


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("name", "code"),
    [
        (b"", 5),
        (b"a\n", 5),
        (b"a\nb", 5),
        (b"a\n0", 5),
        (b"a\0b", 5),
        (b"$(touch pwned)", 5),
        (b'a"\n  taints: []\n#', 5),
        (b"a b", 5),
        (b"<html><body>Sign in</body></html>", 5),
        (b"a" * 10_000_000, 4),
        (404, 4),
        (500, 4),
        (302, 5),
        (None, 4),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_cloud_that_lies_is_refused(node: Make, shell: str, name: bytes, code: int) -> None:
    machine = node("ec2")
    got, said = _ask(machine, shell, local_hostname=name)
    assert (got, machine.kubeadm()) == (code, []), said
    assert len(said) < 400
    assert not [*machine.root.rglob("pwned")]


@pytest.mark.parametrize("wrong", [b"i-0/../x", b'i"', b"", b"i-0 1"])
def test_an_instance_that_lies_is_refused(node: Make, wrong: bytes) -> None:
    machine = node("ec2")
    code, said = _ask(machine, "dash", instance_id=wrong)
    assert (code, machine.kubeadm()) == (5, []), said


def test_a_cloud_that_is_not_there_is_told(node: Make) -> None:
    require("curl")
    machine = node("ec2")
    code, said = machine.run("dash")
    assert (code, "does not give api/token" in said) == (4, True), said
