"""The outermost edge: every outcome of a command becomes an exit code and a clear message.

Design §8: 70 is a bug of ours (its traceback goes to a file that the message names), 74 disk or
permission, 130 Ctrl-C; a reader that closes the pipe early is no error.
"""

from __future__ import annotations

import re
import sys
import tempfile
import traceback
from typing import TYPE_CHECKING

import click

from generator.cli.streams import give_up, open_closed
from generator.problems import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

_NO_CHOICE = r"'(.*?)' is not one of "


def run(argv: Sequence[str]) -> int:
    """Run the command line; give the exit code and let no exception out."""
    open_closed()
    try:
        code = _invoke(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        give_up(sys.stdout)
        return Exit.CLEAN
    except (KeyboardInterrupt, click.Abort):
        code = Exit.INTERRUPTED
    except click.ClickException as error:
        error.show()
        if near := _near(error):
            print(near, file=sys.stderr)
        return Exit.INPUT
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"gogen: {where}{error.strerror or error}", file=sys.stderr)
        return Exit.DISK
    except Exception as error:  # noqa: BLE001  (the edge: whatever comes here is a bug of ours)
        return _bug(error)
    if code == Exit.INTERRUPTED:  # typer makes an exit code of Ctrl-C by itself
        print("gogen: interrupted; every file is whole, run it again to finish", file=sys.stderr)
    return code


def _invoke(argv: Sequence[str]) -> int:
    from generator.cli.app import app  # noqa: PLC0415  (its import is inside the boundary)

    result = app(args=list(argv), prog_name="gogen", standalone_mode=False)
    return result if isinstance(result, int) else Exit.CLEAN


def _near(error: click.ClickException) -> str:
    """Give the choice that a wrong word may have meant; click does so for options and commands."""
    parameter = error.param if isinstance(error, click.BadParameter) else None
    word = re.match(_NO_CHOICE, error.message)
    if parameter is None or not isinstance(parameter.type, click.Choice) or not word:
        return ""
    from generator.wording import did_you_mean  # noqa: PLC0415  (only for a usage error)

    near = did_you_mean(word[1], [str(choice) for choice in parameter.type.choices])
    return near[:1].upper() + near[1:]


def _bug(error: Exception) -> int:
    """Keep the traceback in a file and name it."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="gogen-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    print(
        f"gogen: this is a bug of gogen, not of your files: {type(error).__name__}: {error}\n"
        f"       the traceback is in {file.name}; please report it",
        file=sys.stderr,
    )
    return Exit.BUG
