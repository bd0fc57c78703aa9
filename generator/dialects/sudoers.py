r"""sudoers: who may run what as whom.

The grammar has no quotes but in Defaults, so a value must be a token of its place: a user or
group, the name of an alias, a command's path, one word of its arguments. `, : = # \` are escaped
in commands; what sudo would take for a pattern (`* ? [ ] ^`), and what sudo and sudo-rs read
differently (blanks, quotes, backslashes), is refused. A command without arguments allows every
argument: the template writes `""` for none.

The grammar is sudoers(5)'s; the tests read it back with cvtsudoers and visudo.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from generator.dialects import _scalar
from generator.dialects._reading import read_back
from generator.dialects.base import Misplaced, Slot, Unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.dialects.base import Encoder, State

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
_ALIAS = re.compile(r"[A-Z][A-Z0-9_]*")
_ALIAS_PART = re.compile(r"[A-Z0-9_]+")
_PATH = re.compile(r"/[A-Za-z0-9_./@%+,:=#~-]*[A-Za-z0-9_@%+~-]")
_ARGUMENT = re.compile(r"[A-Za-z0-9_./@%+,:=#~{}-]+")
_DIGEST = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_QUOTED = re.compile(r"[A-Za-z0-9_./@%+,:=~ -]*")
_HASH = re.compile(r"sha(224|256|384|512)")
_NOTHING = re.compile(r"(?!)")
_ALIAS_LINE = re.compile(r"(User|Runas|Host|Cmnd|Cmd)_Alias")
_RESERVED = re.compile(
    r"ALL|CHROOT|CWD|NOTAFTER|NOTBEFORE|ROLE|TIMEOUT|TYPE|APPARMOR_PROFILE"
    r"|(NO)?(EXEC|FOLLOW|INTERCEPT|LOG_INPUT|LOG_OUTPUT|MAIL|PASSWD|SETENV)"
)
_ESCAPES = str.maketrans({char: f"\\{char}" for char in ",:=#"})


class At(NamedTuple):
    r"""Where the text stands.

    `place`: line, comment, include, head (before a blank tells what a line is), alias (its name),
    names (users, groups, hosts), runas, command, digest (before one), arguments, defaults, quoted.
    `line` is the word that began the line where it matters, `word` what is literal of the word in
    progress (`\0` for a value), `escaped` a backslash that the next character follows.
    """

    place: str = "line"
    line: str = ""
    word: str = ""
    escaped: bool = False


START = At()
"""The start of a line."""


def _name(value: object) -> str:
    text = _scalar.token(value, _NAME, "a name of letters, digits and . _ @ -, no _ or @ first")
    if _ALIAS.fullmatch(text):
        return _scalar.token(value, _NOTHING, "a name that sudo takes for no alias")
    return text


def _alias(value: object, before: str) -> str:
    shape = _ALIAS_PART if before else _ALIAS
    text = _scalar.token(value, shape, "the name of an alias: capital letters, digits and _")
    if _RESERVED.fullmatch(before + text):
        return _scalar.token(value, _NOTHING, "a word that sudoers does not reserve")
    return text


def _path(value: object) -> str:
    text = _scalar.token(value, _PATH, "the absolute path of one program, without patterns")
    return text.translate(_ESCAPES)


def _argument(value: object) -> str:
    expected = "one word of letters, digits and _ . / @ % + , : = # ~ { } -, no pattern"
    return _scalar.token(value, _ARGUMENT, expected).translate(_ESCAPES)


def _quoted(value: object) -> str:
    return _scalar.token(value, _QUOTED, "letters, digits, blanks and _ . / @ % + , : = ~ -")


def _digest(value: object) -> str:
    return _scalar.token(value, _DIGEST, "a digest in hexadecimals or base64")


def _comment(value: object) -> str:
    text = _scalar.comment(value)
    if text.endswith("\\"):
        reason = f"{text!r} ends in a backslash, which would join the next line"
        raise Unwritable(reason, "text that ends otherwise")
    return text


@dataclass(frozen=True, slots=True)
class Sudoers:
    """Lines of aliases, Defaults and user specifications."""

    name: str = "sudoers"
    patterns: tuple[str, ...] = ("sudoers", "*.sudoers")
    start: State = START
    encoders: Mapping[str, Encoder] = field(
        default_factory=lambda: {
            "name": _name,
            "alias": _alias,
            "path": _path,
            "argument": _argument,
            "quoted": _quoted,
            "digest": _digest,
            "comment": _comment,
        }
    )

    def step(self, state: State, text: str) -> State:
        """Read literal text."""
        at = cast("At", state)
        for char in text:
            at = _next(at, char)
        return at

    def slot(self, state: State) -> Slot:
        """Say how a value is written here: a whole word, or the rest of an alias's name."""
        at = cast("At", state)
        if at.place == "comment":
            return Slot("comment", at)
        after = at._replace(word=f"{at.word}\0", place="head" if at.place == "line" else at.place)
        if at.place == "quoted":
            return Slot("quoted", after)
        if at.escaped or "\0" in at.word:
            reason = "an expression as a part of a word"
            raise Misplaced(reason, "write each word as one value, with a blank or comma between")
        if at.word in ("", "%") and at.place in ("line", "head", "names", "runas"):
            return Slot("name", after)
        return _slot_of_command(at, after)

    def join(self, one: State, other: State) -> State:
        """Let two branches differ in the word in progress alone."""
        a, b = cast("At", one), cast("At", other)
        word = max(a.word, b.word, key=lambda text: (len(text), text))
        if a._replace(word=word) != b._replace(word=word):
            reason = "the branches end at different places of a line"
            raise Misplaced(reason, "put whole lines, or whole words, into each branch")
        return a._replace(word=word)

    def finish(self, state: State) -> None:
        """Refuse an end inside quotes or a line that says nothing yet."""
        at = cast("At", state)
        if at.escaped or _next(at, "\n").place != "line":
            reason = "the file ends inside a line"
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:
        """Write a # line; `#include` is no comment to sudo, so a blank follows the sign."""
        return f"# {_comment(text)}"

    def parse(self, text: str) -> None:
        """Check that each line is one of sudoers, and closed."""
        read_back(text, START, _next, self.finish, "a sudoers file")


def _slot_of_command(at: At, after: At) -> Slot:
    """Say how a value is written in a command or as the name of an alias."""
    literal = at.word.rpartition("!")[2] if at.place == "head" else at.word
    binding = at.place == "head" and at.word.startswith("Defaults!")
    if at.place == "alias" or binding or (at.place == "command" and literal):
        if literal and not _ALIAS.fullmatch(literal):
            reason = "an expression as a part of a word that is no alias"
            raise Misplaced(reason, "write the whole path as one value")
        return Slot("alias", after, (literal,))
    if at.place == "command":
        return Slot("path", after._replace(place="arguments"))
    if at.place in ("arguments", "digest") and not at.word:
        return Slot({"arguments": "argument"}.get(at.place, at.place), after)
    reason = "an expression where sudoers takes no value"
    raise Misplaced(reason, "write it out, or make it a user, an alias, a command or an argument")


def _next(at: At, char: str) -> At:
    if at.escaped:
        return _after_backslash(at, char)
    if char == "\\" and at.place not in ("comment", "include", "line"):
        return at._replace(escaped=True)
    if char == "\n":
        return _end_line(at)
    return _PLACES[at.place](at, char)


def _after_backslash(at: At, char: str) -> At:
    at = at._replace(escaped=False)
    if char != "\n":
        return at._replace(word=f"{at.word}\\{char}")
    return at if at.place == "quoted" else _PLACES[at.place](at, " ")


def _end_line(at: At) -> At:
    if at.place == "quoted":
        reason = "a quote that its line does not close"
        raise Misplaced(reason, "close it")
    begun = at.place in ("head", "alias", "runas", "digest") or (at.place, at.line) == ("names", "")
    if begun and at.word != "Defaults":
        reason = "a line that ends before it says what may be run"
        raise Misplaced(reason, "write USER HOST = (RUNAS) COMMAND")
    return START


def _in_line(at: At, char: str) -> At:
    if char in " \t":
        return at
    if char == "#":
        return At("comment", word="#")
    return At("include") if char == "@" else At("head", word=char)


def _in_comment(at: At, char: str) -> At:
    word = at.word + char if len(at.word) < len("#include") else at.word
    return At("include") if word == "#include" else at._replace(word=word)


def _in_include(at: At, _char: str) -> At:
    return at


def _in_head(at: At, char: str) -> At:
    if char not in " \t=,":
        return at._replace(word=at.word + char)
    if _ALIAS_LINE.fullmatch(at.word):
        return At("alias", line=at.word)
    if at.word.startswith("Defaults"):
        return At("defaults", line=at.word)
    return _in_names(At("names", word=at.word), char)


def _in_alias(at: At, char: str) -> At:
    if char == "=":
        kind = "command" if at.line.startswith("Cm") else "names"
        return At(kind, line=at.line)
    return at if char in " \t" else at._replace(word=_grown(at, char))


def _in_names(at: At, char: str) -> At:
    if char == "=" and not at.line:
        return At("command")
    if char == ":" and at.line:
        return At("alias", line=at.line)
    return at._replace(word="" if char in " \t," else _grown(at, char))


def _in_runas(at: At, char: str) -> At:
    if char == ")":
        return at._replace(place="command", word="")
    return at._replace(word="" if char in " \t,:" else _grown(at, char))


def _in_command(at: At, char: str) -> At:
    if char == "(" and not at.word:
        return at._replace(place="runas")
    if char == ":" and _HASH.fullmatch(at.word):
        return at._replace(place="digest", word="")
    if char in ",:":  # a tag ends in a colon, and so does the list of commands of a host
        return at._replace(word="")
    if char in " \t":
        return at._replace(place="arguments" if at.word[:1] == "/" else "command", word="")
    return at._replace(word=_grown(at, char))


def _in_digest(at: At, char: str) -> At:
    if char in " \t,":
        return at._replace(place="command", word="")
    return at._replace(word=_grown(at, char))


def _in_arguments(at: At, char: str) -> At:
    if char == ",":
        return at._replace(place="command", word="")
    return at._replace(word="" if char in " \t" else _grown(at, char))


def _in_defaults(at: At, char: str) -> At:
    if char == '"':
        return at._replace(place="quoted", word="")
    return at


def _in_quoted(at: At, char: str) -> At:
    return at._replace(place="defaults", word="") if char == '"' else at


def _grown(at: At, char: str) -> str:
    """Give the word in progress with one character more; nothing grows on to a value."""
    if at.word.endswith("\0"):
        reason = f"{char!r} right after a whole word"
        raise Misplaced(reason, "end the word there, or make the value the whole of it")
    return at.word + char


_PLACES: Mapping[str, Callable[[At, str], At]] = {
    "line": _in_line,
    "comment": _in_comment,
    "include": _in_include,
    "head": _in_head,
    "alias": _in_alias,
    "names": _in_names,
    "runas": _in_runas,
    "command": _in_command,
    "digest": _in_digest,
    "arguments": _in_arguments,
    "defaults": _in_defaults,
    "quoted": _in_quoted,
}

DIALECT = Sudoers()
