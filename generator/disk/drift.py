"""Changes told to people: a problem for each, with the command that mends it, and the diff.

Texts come from files that anyone may have edited, so nothing of them reaches a terminal raw:
control characters are shown in caret notation, invisible ones as <U+XXXX>.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from generator.disk import sums
from generator.disk.paths import shown
from generator.model import Change, ChangeKind
from generator.problems import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MARKER = rb"(?m)^(?:<{7} |>{7} |\|{7} |={7}\r?$)"


def drift(changes: Iterable[Change]) -> tuple[Problem, ...]:
    """Give one problem for each change (GG400 to GG408), all of them drift."""
    return tuple(_TOLD[change.kind](change) for change in changes)


def _problem(code: str, change: Change, message: str, hint: str) -> Problem:
    return Problem(code, message, Place(shown(change.path), _first_line(change)), hint=hint)


def _first_line(change: Change) -> int:
    """Give the first line on disk that differs, from 1; 0 where there is nothing to compare."""
    if change.old is None or change.new is None or change.kind is ChangeKind.MODE:
        return 0
    old, new = change.old.split(b"\n"), change.new.split(b"\n")
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    return min(same + 1, len(old))


def _render(change: Change, *flags: str) -> str:
    # A profile that is gone can be named no more: a render of all removes what it left.
    one = ["--profile", change.profile] if change.profile else []
    return " ".join(["gogen render", *one, *flags])


def _missing(change: Change) -> Problem:
    return _problem("GG400", change, "rendered, but not on disk", f"run {_render(change)}")


def _stale(change: Change) -> Problem:
    return _problem("GG401", change, "out of date with its profile", f"run {_render(change)}")


def _edited(change: Change) -> Problem:
    throw = f"to give the edit up, run {_render(change, '--force')}"
    keep = f"gogen adopt {shown(change.path)} lets the next render replace it"
    if change.new is None:
        message = "edited by hand, and no longer rendered"
        hint = f"keep what you need of it elsewhere and remove it; {throw}"
    elif re.search(_MARKER, change.old or b""):
        message = "holds the conflict markers of a merge"
        again = _render(change, "--force")
        hint = f"out/ needs no merging: merge profiles and templates, then run {again}"
    elif (change.old or b"").replace(b"\r\n", b"\n") == change.new:
        message = "has CRLF line ends that gogen did not write"
        hint = f"put `out/** -text` into .gitattributes; {throw}"
    else:
        message = "edited by hand since gogen wrote it"
        hint = f"move the edit to the profile or the template; {throw}, or {keep}"
    return _problem("GG402", change, message, hint)


def _foreign(change: Change) -> Problem:
    inside = change.path.startswith(f"{sums.OUT}/")
    if inside and re.search(_MARKER, change.old or b""):
        return _edited(change)  # SHA256SUMS has the markers too, and lists nothing
    if change.obstacle:
        message = f"{change.obstacle} stands where gogen would write a file"
        hint = f"move it away and run {_render(change)}"
    elif change.new is None:
        message = "a file that gogen did not write stands where it would make a folder"
        hint = f"move it away and run {_render(change)}"
    else:
        message = "a file that gogen did not write stands where it would write"
        hint = (
            f"run gogen adopt {shown(change.path)} to hand it over, then {_render(change)}; "
            "or move it away"
        )
    return _problem("GG403", change, message, hint)


def _orphan(change: Change) -> Problem:
    message = "written by gogen, and no longer rendered"
    return _problem("GG404", change, message, f"run {_render(change)}, which removes it")


def _extra(change: Change) -> Problem:
    return _problem(
        "GG405",
        change,
        "neither rendered nor written by gogen",
        "remove it, or keep it outside out/; gogen never removes what it did not write",
    )


def _mode(change: Change) -> Problem:
    message = "should be executable" if change.executable else "should not be executable"
    return _problem("GG406", change, message, f"run {_render(change)}")


def _sums(change: Change) -> Problem:
    if change.old is None:
        message = "missing"
    elif change.new is None:
        message = "left of a profile that renders nothing"
    elif re.search(_MARKER, change.old):
        message = "holds the conflict markers of a merge"
    elif unread := sums.read(change.old, "").unread:
        message = f"line {unread[0]} is not a digest, two spaces and a path below the workspace"
    else:
        message = "does not list the rendered files with their digests"
    return _problem("GG407", change, message, f"run {_render(change)}")


def _unfinished(change: Change) -> Problem:
    message = "a run of gogen was stopped before it had written everything"
    return _problem("GG408", change, message, f"run {_render(change)}, which finishes it")


_TOLD: dict[ChangeKind, Callable[[Change], Problem]] = {
    ChangeKind.MISSING: _missing,
    ChangeKind.STALE: _stale,
    ChangeKind.EDITED: _edited,
    ChangeKind.FOREIGN: _foreign,
    ChangeKind.ORPHAN: _orphan,
    ChangeKind.EXTRA: _extra,
    ChangeKind.MODE: _mode,
    ChangeKind.SUMS: _sums,
    ChangeKind.UNFINISHED: _unfinished,
}


def unified(change: Change) -> str:
    """Give the change as a unified diff from disk to render; "" where no content changes."""
    old, new = f"a/{shown(change.path)}", f"b/{shown(change.path)}"
    if change.kind is ChangeKind.MODE:
        modes = ("100644", "100755") if change.executable else ("100755", "100644")
        return f"--- {old}\n+++ {new}\nold mode {modes[0]}\nnew mode {modes[1]}\n"
    if change.old == change.new or change.kind is ChangeKind.UNFINISHED:
        return ""
    names = (
        old if change.old is not None else "/dev/null",
        new if change.new is not None else "/dev/null",
    )
    before, after = _lines(change.old), _lines(change.new)
    if before is None or after is None:
        return f"Binary files {names[0]} and {names[1]} differ\n"
    if not before and not after:  # an empty file comes or goes
        return f"--- {names[0]}\n+++ {names[1]}\n"
    return "".join(map(_visible, difflib.unified_diff(before, after, *names)))


def _lines(content: bytes | None) -> list[str] | None:
    """Split text at line feeds only, ends kept; None for what is no UTF-8 text."""
    if content is None or not content:
        return []
    if b"\0" in content:
        return None
    try:
        return re.findall(r"[^\n]*\n|[^\n]+", content.decode())
    except UnicodeDecodeError:
        return None


def _visible(line: str) -> str:
    """Make a line of a diff safe to print, and say where the last one of a file does not end."""
    text = line.removesuffix("\n")
    shown_text = "".join(c if c.isprintable() or c == "\t" else _named(c) for c in text)
    return shown_text + ("\n" if line.endswith("\n") else "\n\\ No newline at end of file\n")


def _named(char: str) -> str:
    """Write a character that cannot be seen: ^M for a carriage return, <U+202E> for the rest."""
    return f"^{chr(ord(char) ^ 64)}" if char.isascii() else f"<U+{ord(char):04X}>"
