"""Go's folders: absolute, apart from the toolchain and from the sources, and on PATH.

GOROOT is never set: go finds it from its own place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model import HomePath
from generator.problems import Severity
from generator.rules.base import Finding, Rule, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Pointer
    from generator.rules.base import Output, Subject

FOLDERS = ("GOBIN", "GOCACHE", "GOMODCACHE", "GOPATH", "GOTMPDIR")
_TOOLCHAINS = (  # where Go's own installers, distributions and gogen put a toolchain
    "/opt/gogen",
    "/usr/lib/go",
    "/usr/lib/golang",
    "/usr/local/go",
    "~/.local/share/gogen",
    "~/sdk",
)
_CHECKOUTS = ("/github/workspace", "/src", "/workspace", "/workspaces")
"""Roots where containers of the docker target, dev containers and CI systems mount sources."""

# Each begins with the literal, which is sought a hundred times as fast as a line's start.
_GOROOT = (
    r"(?m)GOROOT(?<![A-Za-z0-9_$]GOROOT)(?:=(?=[^\s'\"]|['\"][^'\"])|[\"']?:[ \t]+\S"
    r"|(?:(?<=ENV GOROOT)|(?<=-gx GOROOT)|(?<=-Ux GOROOT))[ \t]+\S"
    r"|(?:(?<=name: GOROOT)|(?<=name: [\"']GOROOT)[\"'])[ \t]*$)"
)
_WORKDIR = r"WORKDIR[ \t]+[\"']?([^\s\"']+)"
_GOPATH = (
    r"GOPATH(?<![A-Za-z0-9_$]GOPATH)(?:=|:?[ \t]+)[\"']?"
    r"(\$\{\{ *github\.workspace *\}\}|[^\s\"']+)"
)
_WINDOWS = r"[A-Za-z]:[\\/][^:\x00\r\n]*"


def _no_goroot(subject: Subject) -> Iterator[Finding]:
    for name, value, pointer in subject.settings:
        if name == "GOROOT":
            yield Finding(
                f"GOROOT is set to {shown(value)}: with another go on PATH every build breaks",
                pointer,
                expected="no GOROOT",
                hint="leave it out: go finds its own from where it is; put its bin on go.path",
            )


def _no_goroot_written(output: Output, subject: Subject) -> Iterator[Finding]:
    told = {shown(value) for name, value, _ in subject.settings if name == "GOROOT"}
    for match in re.finditer(_GOROOT, output.text):
        line = output.line_of(match.start())
        if not output.in_comment(match.start()) and not any(value in line for value in told):
            yield Finding(
                f"GOROOT is set here: {line.strip()}",
                offset=match.start(),
                expected="no GOROOT",
                hint="take it out of the template: go finds its own",
            )


def inside(path: str, folder: str) -> bool:
    """Tell whether a path is a folder or lies in it."""
    return path == folder or path.startswith(f"{folder}/") or folder == "/"


def _apart(subject: Subject) -> Iterator[Finding]:
    for name, value, pointer in subject.settings:
        if name not in FOLDERS:
            continue
        path = shown(value).rstrip("/") or "/"
        for folder in _TOOLCHAINS:
            if inside(path, folder) or (name == "GOPATH" and inside(folder, path)):
                yield Finding(
                    f"{name} {path} and the toolchain's folder {folder} overlap: go would write "
                    "into the toolchain",
                    pointer,
                    expected="a folder of its own: ~/go, /go, /var/cache/…",
                    hint=f"move {name}, or leave it out",
                )
                break


def _paths(subject: Subject) -> Iterator[tuple[str, str | HomePath, Pointer]]:
    """Give everything of a profile that must be one folder or file on the machine."""
    yield from (setting for setting in subject.settings if setting[0] in FOLDERS)
    for number, folder in enumerate(subject.items("go", "path")):
        yield "go.path", folder, ("go", "path", number)
    for section, key in (("go", "goenv"), ("host", "verify")):
        value = subject.section(section).get(key)
        if value is not None:
            yield f"{section}.{key}", value, (section, key)


def _absolute(subject: Subject) -> Iterator[Finding]:
    windows = all(os == "windows" for os, _ in subject.platforms)
    for name, value, pointer in _paths(subject):
        path = shown(value)
        wrong = "" if windows and re.fullmatch(_WINDOWS, path) else _wrong(name, value)
        if wrong:
            yield Finding(
                f"{name} is {path!r}: {wrong}",
                pointer,
                expected="one absolute path, or ~/…",
                hint="go and the shell would read something else",
            )


def _wrong(name: str, value: str | HomePath) -> str:
    path = shown(value)
    if isinstance(value, str) and not value.startswith("/"):
        return "it is not absolute"
    if ":" in path and name in FOLDERS:
        return "a colon makes it a list"
    if any(c in path for c in "\0\r\n"):
        return "it holds a line break or NUL"
    return ""


def _apart_from_sources(subject: Subject) -> Iterator[Finding]:
    modules = {f"/{module['path'].strip('/')}" for module in subject.items("modules")}
    checkouts = {*_CHECKOUTS, _workspace(subject)} - {""}
    for name, value, pointer in subject.settings:
        path = shown(value).rstrip("/")
        at_module = any(path.endswith(module) for module in modules)
        if name == "GOPATH" and (path in checkouts or at_module):
            yield _at_sources(path, pointer)


def _workspace(subject: Subject) -> str:
    """Give the folder that builder pods have sources in, "" where they have none."""
    return str(subject.section("kubernetes", "builder", "workspace").get("path", "")).rstrip("/")


def _at_sources(path: str, pointer: Pointer = (), offset: int = 0) -> Finding:
    return Finding(
        f"GOPATH {path} is where the sources are: go ignores a go.mod in the root of GOPATH",
        pointer,
        offset,
        expected="a folder of its own: ~/go, /go, /var/cache/…",
        hint="move GOPATH, or leave it out (default ~/go)",
    )


def _apart_from_workdir(output: Output, _subject: Subject) -> Iterator[Finding]:
    roots = {match[1].rstrip("/") for match in re.finditer(_WORKDIR, output.text)}
    for match in re.finditer(_GOPATH, output.text):
        path = match[1].rstrip("/")
        here = path in roots or path.startswith("${{")
        if here and not output.in_comment(match.start()):
            yield _at_sources(path, offset=match.start(1))


def _on_path(subject: Subject) -> Iterator[Finding]:
    folders = {shown(p).rstrip("/") for p in subject.items("go", "path")}
    folders |= {path.rstrip("/") for path in subject.items("host", "path")}
    key = next((key for key in ("GOBIN", "GOPATH") if key in subject.env), None)
    value = subject.env.get(key) if key else None
    if not folders or not isinstance(value, str | HomePath):
        return
    bin_folder = shown(value).rstrip("/") + ("" if key == "GOBIN" else "/bin")
    if bin_folder not in folders:
        yield Finding(
            f"{bin_folder} is not on PATH: commands that go install puts there are not found",
            ("go", "env", str(key)),
            expected=f"{bin_folder} in go.path",
            hint=f"add {bin_folder} to go.path",
        )


def _no_foreign_install(subject: Subject) -> Iterator[Finding]:
    goos, goarch = subject.env.get("GOOS"), subject.env.get("GOARCH")
    foreign = [
        f"{os}/{arch}"
        for os, arch in subject.platforms
        if (goos or os, goarch or arch) != (os, arch)
    ]
    if "GOBIN" in subject.env and foreign:
        yield Finding(
            f"GOBIN is set, and {goos or '*'}/{goarch or '*'} is built for on {foreign[0]}: "
            "go install refuses cross-compiled binaries when GOBIN is set",
            ("go", "env", "GOBIN"),
            expected="GOBIN, or GOOS and GOARCH",
            hint="leave GOOS and GOARCH to the commands that cross-compile",
        )


def _host_target(subject: Subject) -> Iterator[Finding]:
    for key in ("GOOS", "GOARCH"):
        if subject.interactive and key in subject.env:
            yield Finding(
                f"{key}={subject.env[key]} where people log in: go run, go test and go generate "
                "break on every other machine",
                ("go", "env", key),
                expected=f"no {key}",
                hint=f"set {key} for the command that cross-compiles",
            )


RULES = (
    Rule(
        "GG005",
        "GOROOT is set",
        Severity.ERROR,
        profile=_no_goroot,
        output=_no_goroot_written,
        words=("GOROOT",),
    ),
    Rule("GG006", "a Go folder overlaps the toolchain", Severity.ERROR, profile=_apart),
    Rule("GG007", "a path that is not absolute, or is a list", Severity.ERROR, profile=_absolute),
    Rule(
        "GG008",
        "GOPATH is the root of the sources",
        Severity.ERROR,
        profile=_apart_from_sources,
        output=_apart_from_workdir,
        dialects=frozenset({"dockerfile", "github-actions"}),
        words=("GOPATH",),
    ),
    Rule("GG009", "GOBIN is not on PATH", Severity.WARNING, profile=_on_path),
    Rule("GG010", "GOBIN with a foreign target", Severity.ERROR, profile=_no_foreign_install),
    Rule("GG011", "GOOS or GOARCH where people work", Severity.WARNING, profile=_host_target),
)
