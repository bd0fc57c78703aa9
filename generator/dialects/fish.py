r"""fish scripts.

A value is data: as a word bare or in '…' (where fish reads `\'` and `\\` as escapes, and nothing
else), inside "…" with `\`, `"` and `$` escaped. It cannot name a command, stand in a command
substitution, be a pattern of `case` (fish matches quoted ones too), or be an argument of what runs
its arguments. A home path is written over `$HOME`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from generator.dialects import _scalar
from generator.dialects._reading import read_back
from generator.dialects.base import Misplaced, Slot, Unwritable
from generator.model import HomePath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import Encoder, State

SLOT = "\0"
_BARE = re.compile(r"[A-Za-z0-9_./:@+-][A-Za-z0-9_./:@+=-]*")
_DOUBLE = re.compile(r'[\\"$]')
_SINGLE = re.compile(r"[\\']")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_VARIABLE = re.compile(r"\$+[A-Za-z0-9_]*$")
_OPENING = frozenset(("and", "or", "not", "!", "begin", "if", "while", "else", "time"))
_WRAPPERS = frozenset(("exec", "command", "builtin", "env", "sudo", "doas", "nohup", "xargs"))
_CODE = frozenset(
    (
        *("eval", "source", ".", "alias", "abbr", "bind", "complete", "trap", "function", "math"),
        *("fish", "sh", "bash", "dash", "zsh", "ksh", "su", "ssh", "sed", "awk", "perl", "python3"),
        *("python", "ruby", "node", "case", "for", "read"),
    )
)
_SHELLS = frozenset(("fish", "sh", "bash", "dash", "ash", "zsh", "ksh"))
_FIRST = {"set": "name", "printf": "format"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BY_VARIABLE = 'set it first (set name <{ x }>) and use "$name" here'


class At(NamedTuple):
    """Where the text stands.

    `place`: list, double, single or comment. `pos`: command or args. `cmd`: class of the command
    ("code", "wrapper", "name" or "format" while that is due, ""). `word`: the word in progress,
    None for none. `depth`: open parentheses.
    """

    place: str = "list"
    pos: str = "command"
    cmd: str = ""
    word: str | None = None
    depth: int = 0
    escaped: bool = False


START = At()
"""The start of a file or command."""
_NAME_DUE = At(pos="args", cmd="name")
_REFUSED = {
    "code": ("an expression as an argument that is run or matched as code", _BY_VARIABLE),
    "format": ("an expression in printf's format", "write printf '%s\\n' <{ x }>"),
    "name": ("an expression as a part of a variable's name", "make it the whole name"),
}


def _word(value: object) -> str:
    if isinstance(value, HomePath):
        return f'"$HOME"/{_word(value.rest)}' if value.rest else '"$HOME"'
    text = _scalar.lines(value)
    return text if _BARE.fullmatch(text) else f"'{_in_single(text)}'"


def _name(value: object) -> str:
    return _scalar.token(value, _NAME, "a variable's name")


def _in_double(value: object) -> str:
    if isinstance(value, HomePath):
        return f"$HOME/{_in_double(value.rest)}"
    return _DOUBLE.sub(r"\\\g<0>", _scalar.lines(value))


def _in_single(value: object) -> str:
    if isinstance(value, HomePath):
        reason = "a home path inside '…', where fish expands nothing"
        raise Unwritable(reason, hint='take the quotes away, or use "…"')
    return _SINGLE.sub(r"\\\g<0>", _scalar.lines(value))


@dataclass(frozen=True, slots=True)
class Fish:
    """The fish dialect."""

    name: str = "fish"
    patterns: tuple[str, ...] = ("*.fish",)
    start: State = START
    encoders: Mapping[str, Encoder] = field(
        default_factory=lambda: {
            "list": _word,
            "name": _name,
            "double": _in_double,
            "single": _in_single,
            "comment": _scalar.comment,
        }
    )

    def step(self, state: State, text: str) -> State:
        """Read literal text."""
        at = cast("At", state)
        for char in text:
            at = _next(at, char)
        return at

    def slot(self, state: State) -> Slot:
        """Say how a value is written here."""
        at = cast("At", state)
        if at.place != "comment" and (refused := _refusal(at)):
            raise Misplaced(*refused)
        after = at._replace(word=(at.word or "") + SLOT) if at.place == "list" else at
        return Slot("name" if at == _NAME_DUE else at.place, after)

    def join(self, one: State, other: State) -> State:
        """Let two branches differ in an argument in progress."""
        a, b = cast("At", one), cast("At", other)
        if a == b:
            return a
        longer = max(a.word or "", b.word or "", key=lambda word: (len(word), word))
        if a._replace(word=longer) == b._replace(word=longer) and a.pos == "args":
            return a._replace(word=longer)
        reason = "the branches end at different places of a command"
        raise Misplaced(reason, "put whole commands, or whole words, into each branch")

    def finish(self, state: State) -> None:
        """Refuse an end inside quotes or a command substitution."""
        at = cast("At", state)
        if at.place in ("double", "single") or at.depth or at.escaped:
            reason = "the file ends inside quotes, parentheses or a joined line"
            raise Misplaced(reason, "close it")

    def comment(self, text: str) -> str | None:
        """Write a # line."""
        return f"# {_scalar.comment(text)}"

    def parse(self, text: str) -> None:
        """Check that quotes and parentheses close."""
        read_back(text, START, _next, self.finish, "a fish script")


def _refusal(at: At) -> tuple[str, str] | None:
    word = at.word or ""
    if at.depth:
        return "an expression in a command substitution", _BY_VARIABLE
    if at.escaped or (at.place != "single" and _VARIABLE.search(word)):
        return "an expression right after a variable or backslash", "put it into a word of its own"
    if at.pos == "command":
        named = not _ASSIGNMENT.match(word)
        return ("an expression as (a part of) a command's name", _BY_VARIABLE) if named else None
    return None if at == _NAME_DUE else _REFUSED.get(at.cmd)


def _next(at: At, char: str) -> At:
    if at.escaped:
        kept = at.word if char == "\n" else (at.word or "") + "\\"
        return at._replace(escaped=False, word=kept)
    if char == "\\" and at.place != "comment":
        return at._replace(escaped=True)
    return _PLACES[at.place](at, char)


def _in_list(at: At, char: str) -> At:
    if char == "#" and at.word is None:
        return at._replace(place="comment")
    if char in "\n;|&" and not at.depth:
        return START
    return _IN_LIST.get(char, _add)(at, char)


def _add(at: At, char: str) -> At:
    return at._replace(word=(at.word or "") + char)


def _quote(at: At, char: str) -> At:
    return _add(at, "'")._replace(place="double" if char == '"' else "single")


def _blank(at: At, _char: str) -> At:
    return _end_word(at)


def _parenthesis(at: At, char: str) -> At:
    depth = at.depth + (1 if char == "(" else -1)
    if depth < 0:
        reason = "a ) that closes nothing"
        raise Misplaced(reason)
    return at._replace(depth=depth, word=(at.word or "") + char)


def _redirect(at: At, char: str) -> At:
    word = at.word or ""
    if SLOT in word and not word.strip("0123456789" + SLOT):
        reason = f"{char} right after a value: digits there name a file descriptor"
        raise Misplaced(reason, "put a blank before it")
    return _end_word(at)


def _in_comment(at: At, char: str) -> At:
    if char != "\n":
        return at
    return at._replace(place="list") if at.depth else START


def _in_double_quotes(at: At, char: str) -> At:
    if char == "(" and (at.word or "").endswith("$"):
        reason = "a command substitution inside quotes, which old fish does not know"
        raise Misplaced(reason, "take it out of the quotes")
    return at._replace(place="list" if char == '"' else "double", word=(at.word or "") + char)


def _in_single_quotes(at: At, char: str) -> At:
    return at._replace(place="list", word=(at.word or "") + "'") if char == "'" else at


def _end_word(at: At) -> At:
    word = at.word
    if word is None or at.depth:
        return at._replace(word=None)
    if at.pos == "args":
        return at._replace(word=None, cmd=_after_argument(at.cmd, word))
    if word in _OPENING or _ASSIGNMENT.match(word):
        return at._replace(word=None)
    if word in _WRAPPERS or (at.cmd == "wrapper" and word[0] in "-0123456789"):
        return at._replace(word=None, cmd="wrapper")
    name = word.rpartition("/")[2]
    risky = name in _CODE or "$" in word or "'" in word
    return At(pos="args", cmd="code" if risky else _FIRST.get(name, ""))


def _after_argument(cmd: str, word: str) -> str:
    """Give the class of a command once `word` is one of its arguments."""
    if cmd == "" and word.rpartition("/")[2] in _SHELLS:
        return "maybe-shell"
    if cmd == "maybe-shell" and _scalar.SCRIPT_FOLLOWS.fullmatch(word):
        return "code"
    return "" if cmd in _FIRST.values() and not word.startswith("-") else cmd


_IN_LIST = {
    **dict.fromkeys("\"'", _quote),
    **dict.fromkeys("()", _parenthesis),
    **dict.fromkeys("<>", _redirect),
    **dict.fromkeys(" \t", _blank),
}
_PLACES = {
    "list": _in_list,
    "comment": _in_comment,
    "double": _in_double_quotes,
    "single": _in_single_quotes,
}

DIALECT = Fish()
