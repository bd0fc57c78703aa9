"""systemd: units wanted by what there is, drop-ins that sort and stay drop-ins, text as it is read.

Which targets there are, and which specifiers, is systemd.special(7) and systemd.unit(5); that
drop-ins of all folders are read in the order of their names is there too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Hidden, Rule, shown, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import HomePath, Pointer
    from generator.rules.base import Output, Subject

_WANTED = r"(?m)^[ \t]*(WantedBy|RequiredBy|UpheldBy)[ \t]*=[ \t]*(.*)$"
_SYSTEM_TARGETS = words(
    "cryptsetup.target emergency.target getty.target graphical.target halt.target initrd.target "
    "kexec.target local-fs.target multi-user.target network-online.target network.target "
    "nss-lookup.target poweroff.target reboot.target remote-fs.target rescue.target swap.target "
    "sysinit.target time-set.target time-sync.target"
)


def _user_units(output: Output, _subject: Subject) -> Iterator[Finding]:
    if not any("systemd/user/" in path for path in (output.artifact.path, output.artifact.install)):
        return
    for match in re.finditer(_WANTED, output.text):
        for target in _SYSTEM_TARGETS.intersection(match[2].split()):
            yield Finding(
                f"{match[1]}={target} in a unit of a user: their manager has no such target, "
                "and the unit never starts",
                offset=match.start(2) + match[2].index(target),
                expected="default.target",
                hint="or graphical-session.target, timers.target, sockets.target",
            )


_PACKAGED = "10-kubeadm.conf"
_PREFIX = r"[0-9]{2}-"
_STARTS = r"(?m)^[ \t]*(ExecStart[ \t]*=|ExecStartPre[ \t]*=.*\b(?:kubeadm|node-bootstrap)\b).*$"


def _kubelet(output: Output, subject: Subject) -> Iterator[Finding]:
    artifact = output.artifact
    folder = subject.section("node", "kubelet").get("config_dir")
    if (
        folder
        and artifact.install.startswith(f"{folder}/")
        and not artifact.install.endswith(".conf")
    ):
        yield Finding(
            f"the kubelet skips {output.name}: it reads the files of {folder} that end in .conf",
            expected="20-gogen.conf",
            hint="name it in the target's manifest",
        )
    homes = [path for path in (artifact.path, artifact.install) if "kubelet.service.d/" in path]
    names = sorted({path.rpartition("/")[2] for path in homes})
    for name in names:
        if not re.match(_PREFIX, name) or name <= _PACKAGED:
            yield Finding(
                f"drop-in {name} is not read after {_PACKAGED}, which sets what it changes",
                expected="two digits from 11 to 99, a hyphen: 20-gogen.conf",
                hint="name it in the target's manifest",
            )
    for match in re.finditer(_STARTS, output.text) if homes else ():
        yield Finding(
            f"a kubelet drop-in that starts something: {match[0].strip()}",
            offset=match.start(1),
            expected="EnvironmentFile= and Environment= alone",
            hint="the package's ExecStart stands; what joins a node is a unit of its own",
        )


_VARIABLE = r"\$(?:\{(?!ORIGIN\})[A-Za-z_]\w*[^}]*\}|(?!ORIGIN\b)[A-Za-z_]\w*)"
"""$NAME or ${NAME}; $ORIGIN is the dynamic linker's, and meant to reach it."""
_SPECIFIER = r"%(?![%AaBbCDdEfGgHhIiJjLlMmNnOoPpqSsTtUuVvWwYyZ])"
_ASSIGNMENT = r"(?m)^[ \t]*(?:export[ \t]+)?\w+=(.*)$"
_ENVIRONMENT = r"(?m)^[ \t]*Environment[ \t]*=(.*)$"


def _literal(subject: Subject) -> Iterator[Finding]:
    """Find variables in values: the files they are written to expand none."""
    for name, value, pointer in _values(subject):
        match = re.search(_VARIABLE, shown(value))
        if match and not isinstance(value, Hidden):
            yield Finding(
                f"{name} is {shown(value)!r}: {match[0]} is not expanded, go reads a dollar",
                pointer,
                expected="the value itself, ~/… for the home folder",
                hint="write <{ section.key }> to take another value of the profile",
            )


def _values(subject: Subject) -> Iterator[tuple[str, str | HomePath, Pointer]]:
    yield from subject.settings
    for key in ("flags", "path"):
        for number, value in enumerate(subject.items("go", key)):
            yield f"go.{key}", value, ("go", key, number)
    goenv = subject.section("go").get("goenv")
    if goenv is not None:
        yield "go.goenv", goenv, ("go", "goenv")


def _written(output: Output, subject: Subject) -> Iterator[Finding]:
    unit = output.artifact.dialect == "systemd-unit"
    for line in re.finditer(_ENVIRONMENT if unit else _ASSIGNMENT, output.text):
        for match in re.compile(_VARIABLE).finditer(output.text, line.start(1), line.end(1)):
            if not _meant(output.text, line.start(1), match.start()) and not subject.says(match[0]):
                yield Finding(
                    f"{match[0]} is not expanded by what reads this file",
                    offset=match.start(),
                    expected="the value itself",
                    hint="write a full list of folders for PATH, or a wrapper script",
                )
    if unit:
        yield from _specifiers(output)


def _meant(text: str, start: int, dollar: int) -> bool:
    """Tell whether a dollar is escaped, or in single quotes: then it was written on purpose."""
    return text[dollar - 1] == "\\" or text.count("'", start, dollar) % 2 == 1


def _specifiers(output: Output) -> Iterator[Finding]:
    for match in re.finditer(_SPECIFIER, output.text.replace("%%", "  ")):
        if not output.in_comment(match.start()):
            yield Finding(
                f"% that begins no specifier: {output.line_of(match.start()).strip()}",
                offset=match.start(),
                expected="%%",
                hint="double it; systemd drops a line whose specifier it does not know",
            )


RULES = (
    Rule(
        "GG040",
        "a user's unit wanted by a target of the system",
        Severity.ERROR,
        output=_user_units,
        words=("edBy",),
    ),
    Rule(
        "GG041",
        "a kubelet drop-in that sorts wrong or starts things",
        Severity.ERROR,
        output=_kubelet,
    ),
    Rule(
        "GG042",
        "a variable that is not expanded, a % that is",
        Severity.ERROR,
        profile=_literal,
        output=_written,
        dialects=frozenset({"go-env", "systemd-env", "systemd-unit"}),
        words=("$", "%"),
    ),
)
