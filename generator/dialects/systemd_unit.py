r"""systemd unit files and drop-ins.

What a value is depends on its key. `Exec…=` takes words: bare when nothing in them is special,
else in "…" with C escapes, `%` and `$` doubled. `Environment=` takes values inside the quotes of
`"K=…"`: the same without the dollars, which are not expanded there. `Description=` is free text
with `%` doubled. Every other key takes tokens (unit names, paths, users, times), which hold no
specifier, quote or blank. A home path is `%h/…`: right in units of a user's own manager.

Quotes, escapes and specifiers are those of systemd.unit(5), systemd.service(5) and
extract-word.c; the tests read them back with `systemd --user --test`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

from generator.dialects import _scalar
from generator.dialects._reading import read_back
from generator.dialects.base import Misplaced, Slot, Unreadable, Unwritable
from generator.model import HomePath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import Encoder, State

_BARE = re.compile(r"[A-Za-z0-9_./:@+,=-]+")
_TOKEN = re.compile(r"[A-Za-z0-9_./:@+,=~-]+")
_PATH = re.compile(r"/[A-Za-z0-9_./:@+,=~-]*")
_CALENDAR = re.compile(r"[A-Za-z0-9_./:,*~-][A-Za-z0-9_./:,*~ -]*")
_EXPECTED = "letters, digits and _ . / : @ + , = ~ -"
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_SECTION = re.compile(r"\[[A-Za-z][A-Za-z0-9 -]*\][ \t]*")
_BY_ENVIRONMENT = 'write Environment="NAME=<{ x }>" and use "$NAME" in the script'
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "%": "%%"})
_ESCAPES_SINGLE = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "%": "%%"})


class At(NamedTuple):
    r"""Where the text stands: place is line, comment, section, key or value.

    `kind` of value: exec, environment, text, calendar or token. `quote` is the open quote, `word`
    the literal text of the word in progress (`\0` for a value), `words` counts those before it.
    """

    place: str = "line"
    kind: str = ""
    quote: str = ""
    word: str = ""
    words: int = 0
    escaped: bool = False
    joined: bool = False
    code: bool = False


START = At()
"""The start of a file or line."""


def _kind(key: str) -> str:
    if key.startswith("Exec"):
        return "exec"
    return {"Environment": "environment", "Description": "text", "OnCalendar": "calendar"}.get(
        key, "token"
    )


def _quoted(value: object, kind: str, quote: str = '"') -> str:
    """Write a value for the inside of quotes."""
    if isinstance(value, HomePath):
        return f"%h/{_quoted(value.rest, kind, quote)}" if value.rest else "%h"
    table = _ESCAPES if quote == '"' else _ESCAPES_SINGLE
    text = _scalar.lines(value).translate(table)
    return text.replace("$", "$$") if kind == "exec" else text


def _word(value: object) -> str:
    """Write a whole word of a command line."""
    if isinstance(value, str) and _BARE.fullmatch(value):
        return value
    return f'"{_quoted(value, "exec")}"'


def _token(value: object) -> str:
    if isinstance(value, HomePath):
        return f"%h/{_token(value.rest)}" if value.rest else "%h"
    return _scalar.token(value, _TOKEN, _EXPECTED)


def _program(value: object) -> str:
    if isinstance(value, HomePath):
        return _token(value)
    return _scalar.token(value, _PATH, "an absolute path without blanks")


def _text(value: object) -> str:
    text = _scalar.within_edges(_scalar.one_line(value))
    if text.endswith("\\"):
        reason = f"{text!r} ends in a backslash, which would join the next line"
        raise Unwritable(reason, "text that ends otherwise")
    return text.replace("%", "%%")


def _calendar(value: object) -> str:
    return _scalar.within_edges(_scalar.token(value, _CALENDAR, "a calendar expression"))


@dataclass(frozen=True, slots=True)
class SystemdUnit:
    """Sections of Key=value lines."""

    name: str = "systemd-unit"
    patterns: tuple[str, ...] = (
        *("*.service", "*.socket", "*.timer", "*.target", "*.path", "*.slice", "*.mount"),
    )
    start: State = START
    encoders: Mapping[str, Encoder] = field(
        default_factory=lambda: {
            "word": _word,
            "quoted": _quoted,
            "program": _program,
            "token": _token,
            "text": _text,
            "calendar": _calendar,
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
        if at.place == "comment":
            return Slot("comment", at)
        if at.place != "value" or at.escaped:
            reason = "an expression where a key or section is due"
            raise Misplaced(reason, "write it out: Key=<{ x }>")
        if at.word.endswith("%") and not at.word.endswith("%%"):
            reason = "an expression right after %"
            raise Misplaced(reason, "write %% for a percent sign")
        after = at._replace(word=f"{at.word}\0")
        if at.kind == "exec":
            return _exec_slot(at, after)
        if at.kind != "environment":
            return Slot(at.kind, after)
        if at.quote and "=" in at.word:
            return Slot("quoted", after, (at.kind, at.quote))
        reason = "an expression in Environment= outside the quotes of a value"
        raise Misplaced(reason, 'write Environment="NAME=<{ x }>"')

    def join(self, one: State, other: State) -> State:
        """Let two branches differ in the word in progress and in how many came before."""
        a, b = cast("At", one), cast("At", other)
        word = max(a.word, b.word, key=lambda text: (len(text), text))
        merged = a._replace(word=word, words=min(a.words, b.words), code=a.code or b.code)
        aligned = b._replace(word=word, words=merged.words, code=merged.code)
        if merged != aligned or a.place == "key" or bool(a.words) != bool(b.words):
            reason = "the branches end at different places of a line"
            raise Misplaced(reason, "put whole lines, or whole words, into each branch")
        return merged

    def finish(self, state: State) -> None:
        """Refuse an end inside quotes, a key, a section or a joined line."""
        at = cast("At", state)
        if at.escaped or at.joined or _next(at, "\n").place != "line":
            reason = "the file ends inside a line"
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:
        """Write a # line."""
        return f"# {_scalar.comment(text)}"

    def parse(self, text: str) -> None:
        """Check sections, keys and quotes; a line before the first section is an error."""
        read_back(text, START, _next, self.finish, "a unit file")
        for number, begun in enumerate(text.split("\n"), 1):
            if begun.startswith("["):
                return
            if begun.strip() and begun.lstrip()[0] not in "#;":
                reason = "an assignment outside of any section"
                raise Unreadable(reason, number)


def _exec_slot(at: At, after: At) -> Slot:
    if at.code:
        reason = "an expression in what a shell or interpreter runs, or ':' keeps from $"
        raise Misplaced(reason, _BY_ENVIRONMENT)
    if at.words == 0:
        if at.word.strip("@-+!") or at.quote:
            reason = "an expression as a part of a program's name"
            raise Misplaced(reason, "write the name out, or make it one value")
        return Slot("program", after)
    if at.quote:
        if re.search(r"(?<!\$)(\$\$)*\$(\{[^}]*|[A-Za-z0-9_]*)$", at.word):
            reason = "an expression right after a variable"
            raise Misplaced(reason, "write the variable as ${NAME}")
        return Slot("quoted", after, (at.kind, at.quote))
    if at.word:
        reason = "an expression as a part of an unquoted word"
        raise Misplaced(reason, 'quote the whole word: "--flag=<{ x }>"')
    return Slot("word", after)


def _next(at: At, char: str) -> At:
    if at.place == "value":
        return _in_value(at, char)
    return _PLACES[at.place](at, char)


def _in_line(at: At, char: str) -> At:
    if char in " \t\n":
        return at
    if char in "#;":
        return At("comment")
    return At("section" if char == "[" else "key", word=char)


def _in_comment(at: At, char: str) -> At:
    return START if char == "\n" else at


def _in_section(at: At, char: str) -> At:
    if char != "\n":
        return at._replace(word=at.word + char)
    if not _SECTION.fullmatch(at.word):
        reason = f"{at.word!r} is no section"
        raise Misplaced(reason, "write [Service]")
    return START


def _in_key(at: At, char: str) -> At:
    if char == "=" and _KEY.fullmatch(at.word.rstrip(" \t")):
        return At("value", kind=_kind(at.word.rstrip(" \t")))
    if char in "=\n":
        reason = f"{at.word!r} begins no line of Key=value"
        raise Misplaced(reason, "write Key=value")
    return at._replace(word=at.word + char)


def _in_value(at: At, char: str) -> At:
    if at.escaped:
        return _after_backslash(at, char)
    if at.joined and char not in " \t":
        if char in "#;":
            reason = "a comment inside a joined line"
            raise Misplaced(reason, "put it above the first of the lines")
        at = at._replace(joined=False)
    if char == "\\":
        return at._replace(escaped=True)
    if at.kind not in ("exec", "environment"):
        return START if char == "\n" else at._replace(word=at.word + char)
    return _in_words(at, char)


def _after_backslash(at: At, char: str) -> At:
    if char != "\n":
        return at._replace(escaped=False, word=f"{at.word}\\{char}")
    joined = at._replace(escaped=False, joined=True)
    return joined if at.quote else _end_word(joined)


def _in_words(at: At, char: str) -> At:
    if char == "\n":
        if at.quote:
            reason = f"a {at.quote} that its line does not close"
            raise Misplaced(reason, "close it")
        return START
    if at.quote:
        closed = char == at.quote
        return at._replace(quote="" if closed else at.quote, word=at.word + char)
    if char in " \t":
        return _end_word(at)
    if at.word.endswith("\0"):
        reason = f"{char!r} right after a whole word"
        raise Misplaced(reason, 'quote the whole word: "<{ x }>…"')
    return at._replace(quote=char if char in "\"'" else "", word=at.word + char)


def _end_word(at: At) -> At:
    if not at.word:
        return at
    plain = at.word.strip("\"'")
    no_dollars = at.words == 0 and ":" in plain.partition("/")[0]
    runs = at.words == 0 and plain.rpartition("/")[2] in _scalar.EVALUATORS
    script = no_dollars or runs or bool(_scalar.SCRIPT_FOLLOWS.fullmatch(plain))
    code = at.kind == "exec" and script
    return at._replace(word="", words=at.words + 1, code=at.code or code)


_PLACES = {"line": _in_line, "comment": _in_comment, "section": _in_section, "key": _in_key}

DIALECT = SystemdUnit()
