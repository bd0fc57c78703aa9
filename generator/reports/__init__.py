"""The forms in which problems are shown: every module here but `base` is one format.

A format is a member of `Format` and a module of that name, which exports `render(report) -> str`;
`cli` picks it by name and prints what it gives.
"""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from generator.reports.base import Report


class Format(StrEnum):
    """How a command shows its problems."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


def render(format_: Format, report: Report) -> str:
    """Write a report in a format; text ends with a line break unless it is empty."""
    return cast("str", import_module(f"{__name__}.{format_}").render(report))
