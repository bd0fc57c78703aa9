"""Shell scripts: POSIX sh, and bash where it only adds.

A value is data wherever it stands, never code. As a word it is bare when every shell reads it as
itself and one single-quoted word otherwise; inside "…" and '…' it is escaped for there; in
arithmetic it is an integer; in a comment, one line. `_sh_machine` says which of these it is, and
refuses every other place. Line breaks and tabs are carried (quotes hold them in every shell);
other control characters are refused: bash uses some of them inside itself. A boolean is the word
`true` or `false`. A home path is written over `$HOME`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from generator.dialects import _scalar
from generator.dialects import _sh_machine as machine
from generator.dialects._reading import STRANGE
from generator.dialects.base import Misplaced, Slot, Unreadable, Unwritable
from generator.model import HomePath
from generator.problems import position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import Encoder, State

# No character here is special to any shell anywhere in a word; = and ~ are not at its start.
_BARE = re.compile(r"[A-Za-z0-9_./:@+-][A-Za-z0-9_./:@+=-]*")
_SPECIAL_IN_DOUBLE = re.compile(r'[\\`$"]')
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")


def _word(value: object, quoted: int = 0) -> str:
    """Write a value as one word, or as a part of one; `quoted` forbids the bare form."""
    if isinstance(value, HomePath):
        return f'"$HOME"/{_word(value.rest)}' if value.rest else '"$HOME"'
    text = _scalar.lines(value)
    if _BARE.fullmatch(text) and not quoted:
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def _in_double(value: object) -> str:
    if isinstance(value, HomePath):
        return f"$HOME/{_in_double(value.rest)}" if value.rest else "${HOME}"
    return _SPECIAL_IN_DOUBLE.sub(r"\\\g<0>", _scalar.lines(value))


def _in_single(value: object) -> str:
    if isinstance(value, HomePath):
        reason = "a home path inside '…', where the shell expands nothing"
        raise Unwritable(reason, hint='take the quotes away, or use "…"')
    return _scalar.lines(value).replace("'", "'\\''")


def _name(value: object) -> str:
    text = _scalar.token(value, _NAME, "a variable's name")
    if text in machine.EVALUATED:
        reason = f"{text} is a variable that shells evaluate"
        raise Unwritable(reason, "another name")
    return text


def _integer(value: object) -> str:
    text = _scalar.token(value, _INTEGER, "an integer without leading zeros")
    return f"({text})" if text.startswith("-") else text


@dataclass(frozen=True, slots=True)
class Sh:
    """The shell dialect; its states are those of `_sh_machine`."""

    name: str = "sh"
    patterns: tuple[str, ...] = ("*.sh", "*.bash")
    start: State = machine.START
    encoders: Mapping[str, Encoder] = field(
        default_factory=lambda: {
            "word": _word,
            "name": _name,
            "dq": _in_double,
            "sq": _in_single,
            "arith": _integer,
            "comment": _scalar.comment,
        }
    )

    def step(self, state: State, text: str) -> State:
        """Read literal text."""
        reader = machine.Reader(cast("machine.State", state))
        reader.read(text)
        return reader.state()

    def slot(self, state: State) -> Slot:
        """Say how a value is written here."""
        reader = machine.Reader(cast("machine.State", state))
        if reader.held[:1] in ("$", "\\"):
            reason = f"an expression right after {reader.held!r}"
            raise Misplaced(reason, "write variables as ${name}; a value needs no backslash")
        reader.read("", final=True)
        if refused := machine.refusal(reader):
            raise Misplaced(*refused)
        return _slot(reader)

    def join(self, one: State, other: State) -> State:
        """Let two branches differ in their words, not in what they leave open."""
        return machine.join(cast("machine.State", one), cast("machine.State", other))

    def finish(self, state: State) -> None:
        """Refuse an end inside a quote, substitution, here-document or case."""
        _end(machine.Reader(cast("machine.State", state)))

    def comment(self, text: str) -> str | None:
        """Write a # line."""
        return f"# {_scalar.comment(text)}"

    def parse(self, text: str) -> None:
        """Check that quotes, substitutions, here-documents and cases all close."""
        if found := STRANGE.search(text):
            reason = f"control character {found[0]!r} in a shell script"
            raise _unreadable(reason, text, found.start())
        reader = machine.Reader(machine.START)
        try:
            reader.read(text)
        except Misplaced as problem:
            raise _unreadable(problem.reason, text, reader.offset) from None
        try:
            _end(reader)
        except Misplaced as problem:
            raise _unreadable(problem.reason, text, len(text)) from None


def _slot(reader: machine.Reader) -> Slot:
    kind = reader.top.kind
    if kind in ("dq", "sq", "comment"):
        return Slot(kind, reader.state())
    if kind == "arith":
        reader.put(word="0")
        return Slot("arith", reader.state())
    top = reader.top
    if (top.kind, top.pos, top.cmd, top.word) == ("list", "args", "export", None):
        reader.add("_")  # a name like any other: what follows its = is a value
        return Slot("name", reader.state())
    reader.add(machine.SLOT)
    if kind == "list":
        return Slot("word", reader.state())
    if kind == "cond":
        reader.put(cmd="seen")
    return Slot("word", reader.state(), (1,))  # bare, a pattern's or keyword's characters count


def _end(reader: machine.Reader) -> None:
    reader.read("", final=True)
    reader.read("\n", final=True)
    if len(reader.stack) > 1:
        reason = f"the file ends inside {machine.describe(reader.top)}"
        raise Misplaced(reason, "close it")


def _unreadable(reason: str, text: str, offset: int) -> Unreadable:
    return Unreadable(reason, *position(text, offset))


DIALECT = Sh()
