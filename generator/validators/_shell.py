"""Which shell a script is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.validators.base import File


def is_bash(file: File) -> bool:
    """Say whether a script is for bash, by its first line or its name; else it is for any sh."""
    first = file.content.partition(b"\n")[0]
    return file.path.endswith(".bash") or (first.startswith(b"#!") and b"bash" in first)
