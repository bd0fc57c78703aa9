"""The streams a command prints to: closed by the caller, left by the reader, or in colour."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def open_closed() -> None:
    """Send what is printed to a stream that the caller closed (`>&-`) nowhere."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - lasts as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - the same


def put(text: str, stream: TextIO) -> None:
    """Write text; a reader that is gone (`gogen check | head -1`) changes no exit code."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        give_up(stream)


def give_up(stream: TextIO) -> None:
    """Take a stream's reader for gone: what is still buffered, or follows, goes nowhere.

    Without this the interpreter complains of the broken pipe at its end.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def shows_colour(stream: TextIO) -> bool:
    """Tell whether a stream shows colours: a terminal that is not told otherwise (no-color.org)."""
    environment = os.environ  # noqa: TID251  (cli may read it; NO_COLOR has no option to hang on)
    return (
        bool(stream.isatty())
        and not environment.get("NO_COLOR")
        and environment.get("TERM", "dumb") != "dumb"
    )
