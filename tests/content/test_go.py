"""The Go files: read by real shells and the real go, and by a go that lies."""

from __future__ import annotations

import re
import shutil
import subprocess
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHELLS = {"dash": [], "busybox": ["sh"], "bash": ["--posix"], "fish": []}
PROFILES = ["base", "build-pod", "ci-runner", "dev-laptop", "k8s-node"]

# Answers `go env NAME` from the file beside it, as the go it stands for would.
FAKE_GO = """\
#!/bin/sh
[ "$1" = env ] || exit 2
while IFS='=' read -r key value; do
  if [ "$key" = "$2" ]; then printf '%s\\n' "$value"; fi
done <"${0%/*}/answers"
"""


def _source(shell: str, script: Path, home: Path, then: str, **env: str) -> list[str]:
    """Source a script twice in a shell and give the lines that `then` prints."""
    name = script.with_suffix(".fish" if shell == "fish" else ".sh")
    source = f"source {name}" if shell == "fish" else f". {name}"
    done = subprocess.run(
        [require(shell), *SHELLS[shell], "-c", f"{source}; {source}; {then}"],
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", **env},
        check=True,
        capture_output=True,
        text=True,
    )
    assert not done.stderr
    return done.stdout.splitlines()


def _put(rendered: Mapping[str, bytes], profile: str, folder: Path) -> Path:
    for name in ("env.sh", "env.fish", "go.env", "verify.sh"):
        (folder / name).write_bytes(rendered[f"out/{profile}/go/{name}"])
    return folder / "env"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_laptop_finds_its_own_folders_first_and_once(
    rendered: Mapping[str, bytes], tmp_path: Path, shell: str
) -> None:
    script = _put(rendered, "dev-laptop", tmp_path)
    home = tmp_path / "home of $USER"
    home.mkdir()
    print_path = "string join : $PATH" if shell == "fish" else 'echo "$PATH"'
    (path,) = _source(shell, script, home, print_path)
    assert path == f"{home}/go/bin:{home}/.local/share/gogen/current/bin:/usr/bin:/bin"


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_of_an_older_shell_survives(
    rendered: Mapping[str, bytes], tmp_path: Path, shell: str
) -> None:
    script = _put(rendered, "dev-laptop", tmp_path)
    old = {"GOROOT": "/old", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "auto"}
    lines = _source(shell, script, tmp_path, "env", **old)
    assert not {line for line in lines if line.partition("=")[0] in old}
    assert f"GOENV={tmp_path}/.config/go/env" in lines
    assert f"GOPATH={tmp_path}/go" in lines


@pytest.mark.parametrize("profile", PROFILES)
def test_go_reads_the_settings_that_the_profile_means(
    rendered: Mapping[str, bytes], tmp_path: Path, profile: str
) -> None:
    _put(rendered, profile, tmp_path)
    lines = (tmp_path / "go.env").read_text(encoding="utf-8").splitlines()
    due = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    names = [name for name in due if name != "GOTOOLCHAIN"]
    done = subprocess.run(
        [require("go"), "env", *names],
        # The test's own go runs, whatever release the profile asks for.
        env={"HOME": str(tmp_path), "GOENV": str(tmp_path / "go.env"), "GOTOOLCHAIN": "local"},
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [due[name] for name in names]


def test_goroot_is_set_nowhere(rendered: Mapping[str, bytes]) -> None:
    setting = re.compile(
        rb"^\W*(export |ENV |set -\w+ |- name: )?\"?GOROOT\"?( |=)\"?[/~$\w]", re.MULTILINE
    )
    # A check of hosts, in Python, has a variable that holds what go says of itself.
    outputs = {p: t for p, t in rendered.items() if p.startswith("out/") and not p.endswith(".py")}
    assert outputs
    assert not [path for path, text in outputs.items() if setting.search(text)]


class _Machine:
    """A folder that stands for a machine: a go that answers as told, and its tree."""

    def __init__(self, folder: Path, script: bytes) -> None:
        self.folder = folder
        self.script = folder / "verify.sh"
        self.script.write_bytes(script)
        self.tree = folder / "tree"
        go = folder / "bin" / "go"
        go.parent.mkdir()
        go.write_text(FAKE_GO, encoding="utf-8")
        go.chmod(0o755)
        self.answers = {
            "GOVERSION": "go1.27.1",
            "GOARCH": "ppc64le",
            "GOHOSTARCH": "ppc64le",
            "GOHOSTOS": "linux",
            "GOROOT": str(self.tree),
            "CGO_ENABLED": "0",
            "GOPROXY": "https://proxy.golang.org,direct",
            "GOSUMDB": "sum.golang.org",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-trimpath -buildvcs=false",
        }

    def expect(self, line: str) -> None:
        """Let the script expect one thing of this platform's tree."""
        text = self.script.read_text(encoding="utf-8")
        arm = re.compile(r"^'linux/ppc64le'\)\n.*?;;$", re.MULTILINE | re.DOTALL)
        text, count = arm.subn(lambda _arm: f"'linux/ppc64le')\n  {line}\n  ;;", text)
        assert count == 1
        self.script.write_text(text, encoding="utf-8")

    def verify(self, *args: str, shell: str = "dash", **env: str) -> tuple[int, str]:
        answers = "".join(f"{key}={value}\n" for key, value in self.answers.items())
        (self.folder / "bin" / "answers").write_text(answers, encoding="utf-8")
        done = subprocess.run(
            [require(shell), *SHELLS[shell], self.script, *args],
            env={"PATH": f"{self.folder}/bin:/usr/bin:/bin", **env},
            check=False,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stderr


@pytest.fixture
def machine(rendered: Mapping[str, bytes], tmp_path: Path) -> _Machine:
    """Give a machine on which all is as the profile ci-runner means it."""
    folder = tmp_path / "machine"
    folder.mkdir()
    script = rendered["out/ci-runner/go/verify.sh"].replace(b"'linux/arm64')", b"'linux/ppc64le')")
    machine = _Machine(folder, script)
    machine.expect(":")
    return machine


@pytest.mark.parametrize("shell", ["dash", "busybox", "bash"])
def test_a_right_go_passes(machine: _Machine, shell: str) -> None:
    assert machine.verify(shell=shell) == (0, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GOVERSION", "go1.27.2"),
        ("GOVERSION", "go1.27"),
        ("GOTOOLCHAIN", "auto"),
        ("GOSUMDB", "off"),
        ("GOFLAGS", ""),
        ("GOHOSTOS", "plan9"),
    ],
)
def test_a_go_that_is_another_is_named(machine: _Machine, name: str, value: str) -> None:
    machine.answers[name] = value
    code, said = machine.verify()
    assert code == 1
    assert said.startswith("gogen: ")
    assert value in said


def test_a_set_goroot_is_named(machine: _Machine) -> None:
    code, said = machine.verify(GOROOT="/usr/lib/go")
    assert (code, said) == (
        1,
        "gogen: GOROOT is set (/usr/lib/go): unset it, go finds its own\n",
    )


def test_without_go_it_fails(machine: _Machine) -> None:
    shutil.rmtree(machine.folder / "bin")
    (machine.folder / "bin").mkdir()
    done = subprocess.run(
        [require("dash"), machine.script],
        env={"PATH": str(machine.folder / "bin")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "no go on PATH" in done.stderr


SUM = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of an empty file


@pytest.mark.parametrize(("content", "code"), [("", 0), ("x", 1)])
def test_a_tool_of_another_build_is_found(machine: _Machine, content: str, code: int) -> None:
    (machine.tree / "bin").mkdir(parents=True)
    (machine.tree / "bin" / "go").write_text(content, encoding="utf-8")
    machine.expect(f"sentinel bin/go {SUM}")
    found, said = machine.verify()
    assert found == code, said
    assert ("is not the one of this release" in said) == bool(code)


def _hash1(files: Mapping[str, bytes]) -> str:
    """Give Hash1 of golang.org/x/mod/sumdb/dirhash in hex: the hash of the files' hashes."""
    lines = [f"{sha256(text).hexdigest()}  {name}\n" for name, text in sorted(files.items())]
    return sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_the_whole_tree_is_compared_by_the_public_hash(machine: _Machine, shell: str) -> None:
    due = _hash1({"m@v/bin/go": b"go\n", "m@v/src/_go.mod": b"module std\n"})
    archive = {"bin/go": "go\n", "src/go.mod": "module std\n", "api/go1.txt": "", "test/x": ""}
    # As the go command leaves a module: the hidden file stays beside its copy.
    for tree in (archive, {**archive, "src/_go.mod": "module std\n"}):
        for name, text in tree.items():
            (machine.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (machine.tree / name).write_text(text, encoding="utf-8")
        machine.expect(f'tree {due} "m@v"')
        assert machine.verify("--deep", shell=shell) == (0, "")
    (machine.tree / "src" / "go.mod").write_text("module evil\n", encoding="utf-8")
    assert machine.verify(shell=shell) == (0, "")
    code, said = machine.verify("--deep", shell=shell)
    assert code == 1
    assert "is not the tree of this release" in said
