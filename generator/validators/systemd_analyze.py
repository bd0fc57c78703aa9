"""systemd reads units and drop-ins.

`systemd-analyze verify` exits 0 on a key it does not know, so any word is a refusal, but for one
that tells of this machine and not of the unit: that the program to start is not here. A drop-in is
read with a unit made for it, that starts nothing. User units are read by the user's systemd.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators.base import Bench, File, Tool, Validator, bench, refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.problems import Problem

_UNITS = ("service", "socket", "timer", "path", "mount", "target", "slice", "scope")
_NOT_HERE = re.compile(r"Command \S+ is not executable: No such file or directory$")
_FROM = re.compile(r"^(?:(\S+?):(?:(\d+): )?)? ?(.*)$")
_STUBS = {
    "service": "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    "timer": "[Timer]\nOnActiveSec=1\n",
    "socket": "[Socket]\nListenStream=/run/gogen-lint\nAccept=yes\n",
    "path": "[Path]\nPathExists=/run\n",
}


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    groups: dict[PurePosixPath, list[File]] = {}
    for file in filter(VALIDATOR.reads, files):
        folder = PurePosixPath(file.path).parent
        base = folder.parent if folder.suffix == ".d" else folder
        groups.setdefault(base, []).append(file)
    for base, group in sorted(groups.items()):
        yield from _verify(tool, base, group)


def _verify(tool: Tool, base: PurePosixPath, group: list[File]) -> Iterator[Problem]:
    """Let systemd read the units of one folder; `base` is that folder."""
    manager = "user" if "user" in base.parts else "system"
    with bench(tool) as here:
        origins = {}
        for file in group:
            name = str(PurePosixPath(file.path).relative_to(base))
            if name.endswith(".conf") and "/" not in name:
                name = f"gogen-lint.service.d/{name}"  # a drop-in laid out without its unit's name
            here.put(name, file.content)
            origins[name] = file.path
        units = sorted({name.split("/")[0].removesuffix(".d") for name in origins})
        for unit in units:
            if unit not in origins:
                stub = _STUBS.get(unit.rpartition(".")[2], "[Unit]\n")
                here.put(unit, f"[Unit]\nDescription=unit of a drop-in\n{stub}".encode())
        yield from _ask(here, manager, units, origins)


def _ask(
    here: Bench, manager: str, units: list[str], origins: Mapping[str, str]
) -> Iterator[Problem]:
    # The folder comes before the machine's own units, so that `kubelet.service` is ours.
    search = f"{here.folder}:/usr/lib/systemd/{manager}:/lib/systemd/{manager}"
    said = here.run(
        f"--{manager}",
        "verify",
        "--man=no",
        "--recursive-errors=no",
        *(f"./{unit}" for unit in units),
        env={"SYSTEMD_UNIT_PATH": search, "SYSTEMD_LOG_COLOR": "0"},
    )
    told = [line for line in said.text.splitlines() if not _NOT_HERE.search(line)]
    first = next(iter(origins.values()))
    for line in told:
        name, number, reason = _from(line.replace(f"{here.folder}/", ""))
        if name in origins:
            yield refused(VALIDATOR.name, reason, Place(origins[name], number))
        else:
            yield refused(VALIDATOR.name, line.replace(f"{here.folder}/", ""), Place(first))
    if said.code and not said.text:
        yield refused(VALIDATOR.name, f"exit code {said.code}", Place(first))


def _from(line: str) -> tuple[str, int, str]:
    """Take `a.service:3: complaint` or `a.service: complaint` apart; the line is 0 without one."""
    found = _FROM.match(line)
    if found is None or not found[1]:
        return "", 0, line
    return found[1], int(found[2] or 0), found[3]


VALIDATOR = Validator(
    name="systemd-analyze",
    programs=("systemd-analyze",),
    install="apt install systemd",
    check=_check,
    patterns=(
        *(f"*.{suffix}" for suffix in _UNITS),
        *(f"*.{suffix}.d/*.conf" for suffix in _UNITS),
    ),
    dialects=("systemd-unit",),
)
