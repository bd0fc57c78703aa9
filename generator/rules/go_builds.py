"""How Go builds: flags go takes, settings that give the same bytes, a C compiler where cgo is on.

GOFLAGS is read as cmd/go/internal/base/goflags.go does, its fields as cmd/internal/quoted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule, words
from generator.rules.sdk import without_compiler

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.rules.base import Output, Subject

# Every flag that some command of go 1.27 knows (go itself was asked, one flag at a time): those
# that need a value, and those that do not.
WITH_VALUE = words(
    "C asmflags bench benchtime blockprofile blockprofilerate buildmode c compiler count covermode "
    "coverpkg coverprofile cpu cpuprofile debug-actiongraph debug-runtime-trace debug-trace "
    "dropexclude dropgodebug dropignore dropreplace droprequire dropretract droptool dropuse "
    "exclude exec f fuzz fuzzminimizetime fuzztime gccgoflags gcflags go godebug ignore "
    "installsuffix ldflags list memprofile memprofilerate mod modfile module mutexprofile "
    "mutexprofilefraction o outputdir overlay p parallel pgo pkgdir replace require retract reuse "
    "run shuffle skip tags timeout tool toolchain toolexec trace use vet vettool"
)
WITHOUT_VALUE = words(
    "a artifacts asan benchmem buildvcs cache changed compat compiled cover d deps diff e export "
    "failfast find fix fmt fullpath fuzzcache i insecure json linkshared m modcache modcacherw "
    "msan n print r race retracted short t test testcache trimpath u v vendor versions w work x"
)
_FLAG = r"(?s)--?(?P<name>[^=-][^=]*)(?P<value>=.*)?"
_FIELD = r"""'([^']*)'|"([^"]*)"|([^\s'"]\S*)|(\S.*)"""
_QUOTED = r"""(?s)=(["']).*\1"""
_GOFLAGS = r"(?m)^GOFLAGS=(.*)$"
_EXPECTED = "-name or -name=value, known to some go command"


def _flags(subject: Subject) -> Iterator[Finding]:
    for number, flag in enumerate(subject.items("go", "flags")):
        wrong = isinstance(flag, str) and (_bad_entry(flag) or _bad_flag(flag))
        if wrong:
            yield Finding(
                f"flag {flag}: {wrong}",
                ("go", "flags", number),
                expected=_EXPECTED,
                hint="with it go fails, or leaves the flag out without a word",
            )


def _bad_entry(flag: str) -> str:
    """Say what is wrong with an entry of go.flags as one flag, not yet quoted."""
    if re.search(r"\s--?[a-z]", flag) and "=" not in flag.split(maxsplit=1)[0]:
        return "two flags in one entry: write one an entry"
    if re.search(_QUOTED, flag):
        return "the quotes are part of the value: leave them out, gogen quotes"
    if "'" in flag and '"' in flag:
        return "GOFLAGS cannot hold a flag with both kinds of quotes"
    return ""


def _bad_flag(flag: str) -> str:
    """Say what go would say of a field of GOFLAGS, "" where it takes it."""
    match = re.fullmatch(_FLAG, flag)
    if not match:
        return "no flag"
    name = match["name"]
    if name == "w":
        return "it is of go env alone; for the linker write -ldflags=-w"
    if name in WITHOUT_VALUE:
        return ""
    if name not in WITH_VALUE:
        return "no go command knows it"
    return "" if match["value"] else "it needs a value"


def _flags_written(output: Output, subject: Subject) -> Iterator[Finding]:
    told = subject.items("go", "flags")
    for match in re.finditer(_GOFLAGS, output.text):
        for field in re.finditer(_FIELD, match[1]):
            one, other, bare, broken = field.groups()
            flag = one or other or bare or ""
            wrong = "a quote that does not end" if broken else _bad_flag(flag)
            if wrong and flag not in told:
                yield Finding(
                    f"GOFLAGS holds {field[0]}: {wrong}",
                    offset=match.start(1) + field.start(),
                    expected=_EXPECTED,
                    hint="quote a flag with spaces as a whole: '-ldflags=-s -w'",
                )


def _reproducible(subject: Subject) -> Iterator[Finding]:
    if not subject.section("go").get("reproducible"):
        return
    flags = set(subject.items("go", "flags"))
    if not flags & {"-trimpath", "-trimpath=true"}:
        yield _differs("go.flags lacks -trimpath: the build's folder is in the binary", "flags")
    if "-buildvcs=false" not in flags:
        yield _differs("go.flags lacks -buildvcs=false: tags and stray files count", "flags")
    if "GOAMD64" not in subject.env and any(arch == "amd64" for _, arch in subject.platforms):
        yield _differs("GOAMD64 is not set: a machine may set another level", "env", "GOAMD64")
    cgo = subject.env.get("CGO_ENABLED")
    if cgo != "0":
        what = "not set" if cgo is None else cgo
        yield _differs(
            f"CGO_ENABLED is {what}: the machine's C compiler is an input", "env", "CGO_ENABLED"
        )


def _differs(what: str, *keys: str) -> Finding:
    return Finding(
        f"reproducible is true, and {what}",
        ("go", *keys),
        expected='-trimpath, -buildvcs=false, GOAMD64 and CGO_ENABLED: "0"',
        hint="set it, or say reproducible: false",
    )


_COMPILER = r"gcc(-[0-9]+)?|clang(-?[0-9]+)?|build-base|build-essential"
# The headers' packages, or one that needs them: gcc of Fedora and RHEL requires glibc-devel, of
# Debian only recommends libc6-dev, which images leave out.
_HEADERS = {
    "apk": r"musl-dev|libc-dev|build-base",
    "apt": r"libc6-dev|build-essential",
    "dnf": r"glibc-devel|gcc",
    "microdnf": r"glibc-devel|gcc",
}
_INSTEAD = {"apk": "gcc, musl-dev", "apt": "gcc, libc6-dev"}


def _compiler(subject: Subject) -> Iterator[Finding]:
    race = {"-race", "-race=true"} & set(subject.items("go", "flags"))
    for number, family in enumerate(subject.items("image", "families")):
        pointer = ("image", "families", number)
        lacks = _lacking(family) if family["cgo"] else ""
        if lacks:
            yield Finding(
                f"family {family['name']} builds with cgo and installs no {lacks}",
                (*pointer, "packages"),
                expected=_INSTEAD.get(family["packager"], "gcc, glibc-devel"),
                hint="add the packages, or say cgo: false",
            )
        if race and family["libc"] == "musl":
            yield Finding(
                f"-race in an image of family {family['name']}: the race detector is not "
                "reliable on musl",
                (*pointer, "libc"),
                expected="a glibc family",
                hint="run tests with -race in a family with glibc",
                severity=Severity.WARNING,
            )
    yield from _builder_compiler(subject)
    needs_cgo = any(os != "darwin" for os, _ in subject.platforms)
    if race and needs_cgo and subject.env.get("CGO_ENABLED") == "0":
        yield Finding(
            "-race needs cgo, and CGO_ENABLED is 0: every build fails",
            ("go", "env", "CGO_ENABLED"),
            expected='CGO_ENABLED: "1"',
            hint="give -race to the test command instead of go.flags",
        )


def _builder_compiler(subject: Subject) -> Iterator[Finding]:
    image = subject.section("kubernetes", "builder").get("image", "")
    if subject.env.get("CGO_ENABLED") == "1" and without_compiler(image):
        yield Finding(
            f"CGO_ENABLED is 1, and the builder's image {image} holds no C compiler",
            ("kubernetes", "builder", "image"),
            expected="an image with a C compiler and the headers of its C library",
            hint='build one from a family with cgo, or say CGO_ENABLED: "0"',
        )


def _lacking(family: Mapping[str, list[str]]) -> str:
    """Name what a family with cgo does not install, "" where it has both."""
    packages = family["packages"]
    headers = _HEADERS[str(family["packager"])]
    if not any(re.fullmatch(_COMPILER, package) for package in packages):
        return "C compiler"
    return (
        ""
        if any(re.fullmatch(headers, package) for package in packages)
        else "headers of its C library"
    )


RULES = (
    Rule(
        "GG019",
        "GOFLAGS that go refuses",
        Severity.ERROR,
        profile=_flags,
        output=_flags_written,
        dialects=frozenset({"go-env"}),
        words=("GOFLAGS",),
    ),
    Rule("GG020", "builds that differ", Severity.WARNING, profile=_reproducible),
    Rule("GG021", "cgo without a C compiler", Severity.ERROR, profile=_compiler),
)
