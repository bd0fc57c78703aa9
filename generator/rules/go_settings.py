"""Go's variables: settable in the file they are in, and writable to every reader of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Pointer
    from generator.rules.base import Output, Subject

# KnownEnv of internal/cfg of Go 1.27, less what checkEnvWrite of cmd/go/internal/envcmd refuses.
SETTABLE = words(
    "AR CC CGO_CFLAGS CGO_CFLAGS_ALLOW CGO_CFLAGS_DISALLOW CGO_CPPFLAGS CGO_CPPFLAGS_ALLOW "
    "CGO_CPPFLAGS_DISALLOW CGO_CXXFLAGS CGO_CXXFLAGS_ALLOW CGO_CXXFLAGS_DISALLOW CGO_ENABLED "
    "CGO_FFLAGS CGO_FFLAGS_ALLOW CGO_FFLAGS_DISALLOW CGO_LDFLAGS CGO_LDFLAGS_ALLOW "
    "CGO_LDFLAGS_DISALLOW CXX FC GCCGO GO111MODULE GO386 GOAMD64 GOARCH GOARM GOARM64 GOAUTH GOBIN "
    "GOCACHE GOCACHEPROG GOEXPERIMENT GOFIPS140 GOFLAGS GOINSECURE GOMIPS GOMIPS64 GOMODCACHE "
    "GONOPROXY GONOSUMDB GOOS GOPATH GOPPC64 GOPRIVATE GOPROXY GORISCV64 GOSUMDB GOTMPDIR "
    "GOTOOLCHAIN GOVCS GOWASM GO_EXTLINK_ENABLED PKG_CONFIG"
)
_WAYS = {
    "GODEBUG": "say it in go.mod: godebug default=go1.27",
    "GOENV": "say go.goenv",
    "GOROOT": "leave it out: go finds its own",
}
_LINE = r"(?m)^([A-Z][A-Z0-9_]*)="
_UNWRITABLE = r"[\0\r\n\v]|^\s|\s$"


def _settable(subject: Subject) -> Iterator[Finding]:
    for key in ("GODEBUG", "GOENV"):
        if key in subject.env:
            yield _refused(key, ("go", "env", key))


def _settable_written(output: Output, subject: Subject) -> Iterator[Finding]:
    for match in re.finditer(_LINE, output.text):
        if match[1] not in SETTABLE and match[1] not in subject.env:
            yield _refused(match[1], offset=match.start())


def _refused(key: str, pointer: Pointer = (), offset: int = 0) -> Finding:
    return Finding(
        f"{key} cannot be set in a go env file: go passes over it or fails",
        pointer,
        offset,
        expected="a variable that go env -w takes",
        hint=_WAYS.get(key, "leave it out, or set it where the command runs"),
    )


def _writable(subject: Subject) -> Iterator[Finding]:
    for name, value, pointer in _values(subject):
        if isinstance(value, str) and re.search(_UNWRITABLE, value):
            yield Finding(
                f"{name} is {value!r}: readers would split it, or cut its blanks off",
                pointer,
                expected="one line without blanks at its ends",
                hint="in YAML, | and > end in a line break: |- and >- do not",
            )


def _values(subject: Subject) -> Iterator[tuple[str, object, Pointer]]:
    for key, value in subject.env.items():
        yield key, value, ("go", "env", key)
    for number, flag in enumerate(subject.items("go", "flags")):
        yield f"flag {number + 1}", flag, ("go", "flags", number)


RULES = (
    Rule(
        "GG022",
        "a variable that a go env file cannot set",
        Severity.ERROR,
        profile=_settable,
        output=_settable_written,
        dialects=frozenset({"go-env"}),
    ),
    Rule("GG023", "a value that readers would change", Severity.ERROR, profile=_writable),
)
