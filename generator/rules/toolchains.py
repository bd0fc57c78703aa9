"""Go releases: exact, supported, the same everywhere, and never switched by go itself.

How versions compare is internal/gover of Go's source, what GOTOOLCHAIN may say is
cmd/go/internal/toolchain/select.go, and the end of a line is that of the lock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model import Pointer
    from generator.rules.base import Subject

_VERSION = r"1\.(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*)|(beta|rc)([1-9][0-9]*))?"
_RELEASE = r"1\.(0|[1-9][0-9]*)(\.(?:0|[1-9][0-9]*))?"
_FIRST_WITH_ZERO = 21  # of the line 1.21 the first release was 1.21.0, of those before 1.20
_GO_IMAGE = r"(?:[\w.-]+(?::[0-9]+)?/)*golang:(?P<tag>[\w.-]+)"
_TAG_VERSION = r"1\.[0-9]+(?:\.[0-9]+|(?:beta|rc)[0-9]+)?(?=-|$)"
_NAME = r"go(?P<version>[0-9][0-9a-z.]*)(?:[- \t][^+/\\]*)?"
_MODES = ("auto", "path")
_SEALED = (("ci",), ("image",), ("kubernetes", "builder"), ("node", "kubelet"))
_EXCEPT = "add {rule: GG004, reason: …} to go.exceptions while a migration lasts"


def order(version: str) -> tuple[int, ...]:
    """Order versions as go does: 1.22 < 1.22rc1 < 1.22.0; () where it is none."""
    match = re.fullmatch(_VERSION, version)
    if not match:
        return ()
    minor, patch, kind, number = match.groups()
    if kind:
        return int(minor), ("beta", "rc").index(kind) + 1, int(number)
    if patch is None and int(minor) >= _FIRST_WITH_ZERO:
        return int(minor), 0, 0
    return int(minor), 3, int(patch or 0)


def exact(version: str) -> bool:
    """Tell whether a version is a release: 1.27.1 and 1.20, not 1.27 nor a release candidate."""
    match = re.fullmatch(_RELEASE, version)
    return match is not None and (match[2] is not None or int(match[1]) < _FIRST_WITH_ZERO)


def _images(subject: Subject) -> Iterator[tuple[Pointer, str, str]]:
    """Give the images of Go itself: pointer, reference, the version in the tag, "" where none."""
    for pointer, text in subject.texts:
        match = "golang:" in text and re.fullmatch(_GO_IMAGE, text)
        if match:
            version = re.match(_TAG_VERSION, match["tag"])
            yield pointer, text, version[0] if version else ""


def _named(subject: Subject) -> Iterator[tuple[Pointer, str]]:
    """Give the names of toolchains in use and where each is named; the profile's own first."""
    own = subject.section("go").get("toolchain") or "current"
    yield ("go", "toolchain"), own
    for number, module in enumerate(subject.items("modules")):
        yield ("modules", number, "toolchain"), module.get("toolchain") or own


def _versions(subject: Subject) -> Mapping[str, str]:
    return subject.section("toolchains")


def _supported(subject: Subject) -> Iterator[Finding]:
    pinned = [subject.pins["toolchain"], *(m["toolchain"] for m in subject.pins["modules"])]
    ended = {toolchain["version"]: toolchain["eol"] for toolchain in pinned if toolchain["eol"]}
    for (_, name), toolchain in zip(_named(subject), pinned, strict=True):
        day = ended.pop(toolchain["version"], None)
        if day:
            yield Finding(
                f"go {toolchain['version']} gets no security fixes since {day}, "
                f"when its line {toolchain['language']} ended",
                ("toolchains", name),
                expected="a release of one of the two newest lines",
                hint="move toolchains to a supported release and run gogen lock",
            )


def _releases_are_exact(subject: Subject) -> Iterator[Finding]:
    for name, version in _versions(subject).items():
        if not exact(version):
            yield _not_exact(f'"{version}" is not an exact Go release', version, name)
    for number, module in enumerate(subject.items("modules")):
        line = module.get("go")
        if line and not exact(line):
            yield Finding(
                f'the go line "{line}" is no release: it gives other builds than "{line}.0"',
                ("modules", number, "go"),
                expected=f'"{line}.0"' if order(line) else 'a release: "1.26.0"',
                hint="write the first release that has what the module needs",
            )
    for pointer, ref, version in _images(subject):
        if not exact(version):
            yield Finding(
                f"image {ref} names no exact Go release",
                pointer,
                expected="golang:<{ toolchains.current }>-…",
                hint="write the version as a reference: it then moves with the profile",
            )


def _not_exact(message: str, version: str, name: str) -> Finding:
    bare = version.removeprefix("go").removeprefix("v")
    expected = f'"{bare}"' if exact(bare) else '"1.N.P"'
    return Finding(message, ("toolchains", name), expected=expected, hint="name a release in full")


def _one_release(subject: Subject) -> Iterator[Finding]:
    yield from _off_current(subject)
    yield from _go_lines(subject)
    own = subject.pins["toolchain"]["version"]
    for pointer, ref, version in _images(subject):
        if version != own:
            yield Finding(
                f"image {ref} holds go {version}, the profile is on go {own}",
                pointer,
                expected=ref.replace(version, own),
                hint="write the version as <{ toolchains.current }>",
            )
    named = re.fullmatch(_NAME, _toolchain_base(subject))
    if named and named["version"] != own and exact(named["version"]):
        yield Finding(
            f"GOTOOLCHAIN is {subject.env['GOTOOLCHAIN']}, the profile is on go {own}",
            ("go", "env", "GOTOOLCHAIN"),
            expected=f"go{own}",
            hint='write it as "go<{ toolchains.current }>"',
        )


def _off_current(subject: Subject) -> Iterator[Finding]:
    versions = _versions(subject)
    current = versions.get("current")
    named = list(_named(subject))
    for number, (pointer, name) in enumerate(named):
        says = number == 0 or name != named[0][1]  # a module that follows the profile says nothing
        if says and versions.get(name) != current:
            who = f"module {subject.items('modules')[number - 1]['name']}" if number else "go"
            yield Finding(
                f"{who} is built by {name} ({versions.get(name)}), current is {current}",
                pointer,
                expected=f"current ({current})",
                hint=_EXCEPT,
            )


def _go_lines(subject: Subject) -> Iterator[Finding]:
    pinned = subject.pins["modules"]
    for number, module in enumerate(subject.items("modules")):
        line, version = module.get("go"), pinned[number]["toolchain"]["version"]
        if line and order(line) > order(version):
            yield Finding(
                f"module {module['name']} asks for go {line}, newer than its toolchain {version}",
                ("modules", number, "go"),
                expected=f"at most {version}",
                hint="raise the toolchain, or lower the go line to what the module needs",
            )


def _toolchain_base(subject: Subject) -> str:
    """Give what GOTOOLCHAIN says before its +auto or +path, "" where it is not text."""
    value = subject.env.get("GOTOOLCHAIN", "")
    return value.partition("+")[0] if isinstance(value, str) else ""


def _ports(subject: Subject) -> Iterator[Finding]:
    goos, goarch = subject.env.get("GOOS"), subject.env.get("GOARCH")
    toolchain = subject.pins["toolchain"]
    ports = toolchain["ports"]
    if not ports or not (goos or goarch):
        return
    key = "GOOS" if goos else "GOARCH"
    for os, arch in subject.platforms:
        pair = f"{goos or os}/{goarch or arch}"
        if pair not in ports:
            yield Finding(
                f"go {toolchain['version']} cannot build for {pair}",
                ("go", "env", key),
                expected="a pair of go tool dist list",
                hint="say both GOOS and GOARCH, or neither",
            )
            return


def _no_switch(subject: Subject) -> Iterator[Finding]:
    value = subject.env.get("GOTOOLCHAIN")
    if value is None:
        yield from _may_switch(subject, "GOTOOLCHAIN is not set, and go's default is auto")
        return
    if not isinstance(value, str):
        return
    wrong = bad_toolchain(value)
    if wrong:
        yield Finding(
            f"GOTOOLCHAIN is {value!r}: {wrong}",
            ("go", "env", "GOTOOLCHAIN"),
            expected="local, go1.N.P or go1.N.P+path",
            hint="with it every go command fails",
            severity=Severity.ERROR,
        )
    elif value == "auto" or value.endswith("+auto"):
        yield from _may_switch(subject, f"GOTOOLCHAIN is {value}")


def _may_switch(subject: Subject, what: str) -> Iterator[Finding]:
    sealed = next((keys for keys in _SEALED if subject.section(*keys)), None)
    if sealed and not subject.interactive:
        yield Finding(
            f"{what}: a go.mod decides which Go runs where this profile describes a sealed place",
            ("go", "env", "GOTOOLCHAIN"),
            expected="local, or go1.N.P+path",
            hint="set GOTOOLCHAIN: local",
        )


def bad_toolchain(value: str) -> str:
    """Say what go would say of a GOTOOLCHAIN, "" where it takes it."""
    if value in _MODES:
        return ""
    base, plus, mode = value.partition("+")
    named = re.fullmatch(_NAME, base)
    if base != "local" and not (named and order(named["version"])):
        return "neither local, auto, path nor a toolchain's name"
    if plus and mode not in _MODES:
        return "only +auto and +path may follow"
    if named and not _is_toolchain(named["version"]):
        return f"go{named['version']} is a language version, not a toolchain"
    return ""


def _is_toolchain(version: str) -> bool:
    return bool(order(version)) and order(version)[1] != 0


RULES = (
    Rule("GG002", "a Go release without support", Severity.WARNING, profile=_supported),
    Rule("GG003", "a Go version that is no release", Severity.ERROR, early=_releases_are_exact),
    Rule("GG004", "more than one Go release", Severity.ERROR, profile=_one_release),
    Rule("GG012", "a GOOS/GOARCH go cannot build for", Severity.ERROR, profile=_ports),
    Rule(
        "GG018", "GOTOOLCHAIN that switches or is not valid", Severity.WARNING, profile=_no_switch
    ),
)
