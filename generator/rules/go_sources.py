"""Where modules and toolchains come from, and what verifies them.

GOPROXY is read as modfetch/proxy.go of cmd/go does, the checksum database's exceptions are those
of useSumDB in modfetch/sumdb.go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from generator.problems import Severity
from generator.rules.base import Finding, Hidden, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Subject

_GOPROXY = ("go", "env", "GOPROXY")
_SCHEMES = ("file", "http", "https")
_TOOLCHAIN_MODULE = "golang.org/toolchain"
_NO_DATABASE = ("GONOSUMDB", "GOPRIVATE")


def _text(subject: Subject, key: str) -> str:
    value = subject.env.get(key)
    return value if isinstance(value, str) else ""


def proxies(subject: Subject) -> Iterator[Finding]:
    """Find what go refuses in GOPROXY, or never gets to."""
    if "GOPROXY" not in subject.env or isinstance(subject.env["GOPROXY"], Hidden):
        return
    entries = [entry.strip() for entry in re.split("[,|]", _text(subject, "GOPROXY"))]
    if not any(entries):
        yield _bad_proxy("the list has no entry")
        return
    ended = ""
    for entry in entries:
        if ended:
            yield _bad_proxy(f"{entry!r} after {ended} is never asked")
        elif not entry:
            yield _bad_proxy("an empty entry", Severity.WARNING)
        elif entry in ("direct", "off"):
            ended = entry
        else:
            wrong = _bad_url(entry)
            if wrong:
                yield _bad_proxy(f"{_masked(entry)!r}: {wrong}")


def _bad_proxy(what: str, severity: Severity | None = None) -> Finding:
    return Finding(
        f"GOPROXY: {what}",
        _GOPROXY,
        expected="URLs, then direct or off, with , or | between them",
        hint="for example https://proxy.golang.org,direct",
        severity=severity,
    )


def _bad_url(entry: str) -> str:
    """Say what go would say of an entry that is neither direct nor off, "" where it takes it."""
    if re.search(r"\s", entry):
        return "a space inside an entry"
    if ":/" not in entry and not entry.startswith("/") and re.search("[.:]", entry):
        entry = f"https://{entry}"  # as go does
    try:
        url = urlsplit(entry)
    except ValueError:
        return "not a URL"
    if not url.scheme:
        return "no scheme"
    if url.scheme not in _SCHEMES:
        return f"the scheme {url.scheme} is none of https, http, file"
    if url.scheme == "file" and (url.netloc or url.query or url.fragment):
        return "a file URL with more than a path"
    return "" if url.scheme == "file" or url.netloc else "no host"


_CREDENTIAL = r"://[^\s/@:,|\"'$(<{\[]+(?P<password>:[^\s/@,|\"'$(<{\[]+)?@"
_BY_NAME = r"(?i)(?:ftp|https?)$"


def credential(text: str) -> re.Match[str] | None:
    """Give the user information of a URL that can sign in, None where there is none.

    A name alone is a credential for http (a token); for ssh or git it is only a name.
    """
    if "@" not in text or "://" not in text:
        return None
    for match in re.finditer(_CREDENTIAL, text):
        start = match.start()
        if match["password"] or re.search(_BY_NAME, text[max(0, start - len("https")) : start]):
            return match
    return None


def _masked(text: str) -> str:
    return re.sub(_CREDENTIAL, "://…@", text)


def _no_credentials(subject: Subject) -> Iterator[Finding]:
    for pointer, text in subject.texts:
        if credential(text):
            yield Finding(
                f"a credential in a URL: {_masked(text)}",
                pointer,
                expected="a URL without user name and password",
                hint="sign in by GOAUTH or netrc, which stay out of every output",
            )


def _verified(subject: Subject) -> Iterator[Finding]:
    if _text(subject, "GOSUMDB") == "off":
        yield Finding(
            "GOSUMDB is off: modules are verified by nobody",
            ("go", "env", "GOSUMDB"),
            expected="sum.golang.org",
            hint="name private modules in GOPRIVATE, and leave the database on for all others",
        )
    for key in (*_NO_DATABASE, "GOINSECURE"):
        if "*" in (pattern.strip() for pattern in _text(subject, key).split(",")):
            yield Finding(
                f"{key} is *: it holds for every module there is",
                ("go", "env", key),
                expected="the patterns of your own modules",
                hint="name them: example.com/*",
                severity=Severity.WARNING,
            )


def _no_database(subject: Subject) -> str:
    """Say why the checksum database is not asked about toolchains, "" where it is."""
    if _text(subject, "GOSUMDB") == "off":
        return "GOSUMDB=off"
    private = _text(subject, "GONOSUMDB") or _text(subject, "GOPRIVATE")
    key = "GONOSUMDB" if _text(subject, "GONOSUMDB") else "GOPRIVATE"
    matches = (_matches(pattern.strip()) for pattern in private.split(","))
    return f"{key}={private}" if any(matches) else ""


def _matches(pattern: str) -> bool:
    """Tell whether a pattern of GOPRIVATE is for the toolchain module (module.MatchPrefixPatterns).

    As many parts of the path are compared as the pattern has, each as path.Match does.
    """
    from fnmatch import fnmatchcase  # noqa: PLC0415  (only a profile with private modules needs it)

    parts, wanted = _TOOLCHAIN_MODULE.split("/"), pattern.split("/")
    return (
        bool(pattern)
        and len(wanted) <= len(parts)
        and all(map(fnmatchcase, parts[: len(wanted)], wanted))
    )


def _may_switch(subject: Subject) -> bool:
    """Tell whether go may fetch another toolchain; without GOTOOLCHAIN it may."""
    value = _text(subject, "GOTOOLCHAIN")
    return value not in ("local", "path") and not value.endswith("+path")


def _from_one_folder(subject: Subject) -> bool:
    listed = _text(subject, "GOPROXY")
    return listed.startswith("file://") and not re.search("[,|]", listed)


def _no_unverified_toolchain(subject: Subject) -> Iterator[Finding]:
    reason = _no_database(subject)
    if reason and _from_one_folder(subject) and _may_switch(subject):
        yield Finding(
            f"a toolchain from {_text(subject, 'GOPROXY')} would run unverified: of a single "
            f"file:// proxy go trusts it with {reason}",
            _GOPROXY,
            expected="GOTOOLCHAIN=local, or the checksum database",
            hint="set GOTOOLCHAIN: local and verify the toolchain by the lock",
        )


def _switch_can_work(subject: Subject) -> Iterator[Finding]:
    if not _may_switch(subject):
        return
    name = _text(subject, "GOTOOLCHAIN") or "auto, go's default"
    for key in ("GOPROXY", "GOSUMDB"):
        trusted = key == "GOSUMDB" and _from_one_folder(subject)  # GG016 tells of that
        if _text(subject, key) == "off" and not trusted:
            yield Finding(
                f"GOTOOLCHAIN is {name}, and {key} is off: fetching another toolchain fails",
                ("go", "env", key),
                expected="GOTOOLCHAIN=local or go1.N.P+path",
                hint="set GOTOOLCHAIN: local where nothing is fetched",
            )


RULES = (
    Rule("GG013", "GOPROXY that go refuses or reads otherwise", Severity.ERROR, profile=proxies),
    Rule("GG014", "a credential in a URL", Severity.ERROR, profile=_no_credentials),
    Rule("GG015", "modules that nobody verifies", Severity.ERROR, profile=_verified),
    Rule(
        "GG016",
        "a toolchain that nobody verifies",
        Severity.ERROR,
        profile=_no_unverified_toolchain,
    ),
    Rule("GG017", "a toolchain switch that must fail", Severity.ERROR, profile=_switch_can_work),
)
