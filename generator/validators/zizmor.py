"""zizmor looks for insecure workflows, offline, as its pedantic self.

It leaves out a file that it cannot parse and audits the rest with success, hence
`--strict-collection`; and it exits 0 in JSON, so every finding counts.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from generator.problems import Place
from generator.validators._workflows import DIALECTS, PATTERNS, laid_out
from generator.validators.base import File, Tool, Validator, refused, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.problems import Problem

_OPTIONS = ("--offline", "--persona=pedantic", "--strict-collection", "--no-config")
_FORM = ("--format", "json-v1", "--no-progress", "--quiet")
_UNREAD = re.compile(r"failed to load file://(\S+)")
_REASON = re.compile(r"^\s*0: (.*)$", re.MULTILINE)


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    with laid_out(tool, filter(VALIDATOR.reads, files)) as (here, origins):
        said = here.run(*_OPTIONS, *_FORM, "--", *origins)
    if not said.out.strip():
        yield _stopped(said.err, origins)
        return
    for finding in json.loads(said.out):
        if not finding["ignored"]:
            yield refused(
                VALIDATOR.name, finding["desc"], _place(finding, origins), finding["ident"]
            )


def _stopped(error: str, origins: Mapping[str, str]) -> Problem:
    """Lay an end without findings to the file that could not be read, where one is named."""
    file, reason = _UNREAD.search(error), _REASON.search(error)
    if file and file[1] in origins:
        said = reason[1] if reason else "cannot be read"
        return refused(VALIDATOR.name, said, Place(origins[file[1]]))
    return unusable(VALIDATOR.name, error)


def _place(finding: Mapping[str, Any], origins: Mapping[str, str]) -> Place:
    """Give the finding's primary location; zizmor counts rows and columns from 0."""
    locations = finding["locations"]
    primary = next((at for at in locations if at["symbolic"]["kind"] == "Primary"), locations[0])
    file = origins[primary["symbolic"]["key"]["Local"]["verbatim_path"]]
    start = primary["concrete"]["location"]["start_point"]
    return Place(file, start["row"] + 1, start["column"] + 1)


VALIDATOR = Validator(
    name="zizmor",
    programs=("zizmor",),
    install="pip install zizmor",
    check=_check,
    dialects=DIALECTS,
    patterns=PATTERNS,
)
