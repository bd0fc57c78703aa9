"""Templates of a Helm chart: text with actions `{{ … }}` of Go's text/template.

A value of the profile stands in a comment line, in `{{/* a comment */}}` or in a string of an
action. Nowhere else: what a chart writes comes from its values, and what an action writes is YAML
again, so an action that writes a string with a value in it ends in `| quote` or `| toJson`.

Read as Go's lexer does (text/template/parse/lex.go): strings and raw strings hide a `}}`, a
comment follows the delimiter or its trim marker at once, blocks are closed by `end`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from generator.dialects import _scalar
from generator.dialects._reading import read_pieces, skip
from generator.dialects._strings import double, escaped, named, part, refused, unprintable
from generator.dialects.base import Embedded, Misplaced, Slot, Unreadable, Unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from generator.dialects.base import Encoder


@dataclass(frozen=True, slots=True)
class State:
    """A place in a text.

    `mode` is "line" (at the left edge), "text", "comment" (a line that begins with # at the left
    edge), "brace" (after a single {), or of an action "action", "string", "rune", "raw" and
    "note" (inside a comment of Go's). `back` is where its end leads.
    `open` are the blocks at hand, the innermost last; `code` is the action so far without what its
    strings hold; `filled` says that a value of the profile is in one.
    """

    mode: str = "line"
    back: str = "text"
    open: tuple[str, ...] = ()
    code: str = ""
    filled: bool = False


_BLOCKS = ("if", "range", "with", "define", "block")
_HAS_ELSE = ("if", "range", "with")
_STOPS = {'"': "string", "'": "rune", "`": "raw"}
_LINE = re.compile(r"[^{\n]*")
_CODE = re.compile(r"[^\"'`}*]*")
_ESCAPE = r"\\(?:[abfnrtv\\\"']|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3})"
_STRING = re.compile(rf'(?:[^"\\\n]|{_ESCAPE})*')
_RUNE = re.compile(rf"(?:[^'\\\n]|{_ESCAPE})*")
_NOTE = re.compile(r"[^*/]*")
_OPENS_NOTE = re.compile(r"(?:-\s)?/\Z")  # what stands before the * of a comment
_TRIMMED = re.compile(r"(?:-\s+)?(.*?)(?:\s-)?\Z", re.DOTALL)
_WORD = re.compile(r"[a-z]+\b")
_SETS = re.compile(r"\$\w*(?:\s*,\s*\$\w+)?\s*:?=")
_WRITES_DATA = re.compile(r"\|\s*(?:quote|toJson)\s*\Z")
_IN_VALUES = "write it in the chart's values, and {{ .Values.x | quote }} here"


def _edge(state: State, text: str, at: int) -> tuple[State, int]:
    mode = "comment" if text[at] == "#" else "text"
    return replace(state, mode=mode), at


def _body(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_LINE, text, at)
    if end == len(text):
        return state, end
    if text[end] == "\n":
        return replace(state, mode="line"), end + 1
    return replace(state, mode="brace", back=state.mode), end + 1


def _brace(state: State, text: str, at: int) -> tuple[State, int]:
    if text[at] == "{":
        return replace(state, mode="action", code="", filled=False), at + 1
    return replace(state, mode=state.back, back="text"), at


def _action(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_CODE, text, at)
    state = replace(state, code=state.code + text[at:end])
    if end == len(text):
        return state, end
    char = text[end]
    if char == "}" and state.code.endswith("}"):
        return _closed(state, state.code[:-1]), end + 1
    if char == "*" and _OPENS_NOTE.match(state.code):
        return replace(state, mode="note", code="/"), end + 1
    return replace(state, mode=_STOPS.get(char, "action"), code=state.code + char), end + 1


def _closed(state: State, code: str) -> State:
    """Give the state after an action; raises Misplaced for one that Go would not take."""
    bare = _TRIMMED.match(code)
    inner = bare[1].strip() if bare else ""
    found = _WORD.match(inner)
    word = found[0] if found else ""
    after = replace(state, mode=state.back, back="text", code="", filled=False)
    if inner == "/**/":
        return after
    _check_code(inner, word, state)
    if word in _BLOCKS:
        return replace(after, open=(*state.open, word))
    if word == "end":
        return replace(after, open=state.open[:-1])
    if state.filled and word not in ("else", "template") and not _SETS.match(inner):
        _check_output(inner)
    return after


def _check_code(inner: str, word: str, state: State) -> None:
    inside = state.open[-1] if state.open else ""
    wrong = {
        "an action without code": inner in ("", "-"),
        "a comment that is not alone in its action": inner.startswith("/*"),
        "an action whose parentheses do not match": inner.count("(") != inner.count(")"),
        f"an {word} that no block is open for": word in ("else", "end") and not inside,
        f"an else in a {inside}": word == "else" and inside and inside not in _HAS_ELSE,
        "a define inside of a block": word == "define" and inside,
    }
    for reason, is_so in wrong.items():
        if is_so:
            raise Misplaced(reason)


def _check_output(inner: str) -> None:
    if not _WRITES_DATA.search(inner):
        reason = "an action writes a value of the profile as it stands"
        raise Misplaced(reason, 'end it with | quote: {{ "<{ x }>" | quote }}')


def _string(state: State, text: str, at: int) -> tuple[State, int]:
    end = skip(_STRING if state.mode == "string" else _RUNE, text, at)
    if end == len(text):
        return state, end
    if text[end] == "\n":
        reason = "a line break stands in a string"
        raise Misplaced(reason, "write it as \\n")
    if text[end] == "\\":
        reason = "an escape is not whole"
        raise Misplaced(reason, "leave the backslash out, or write what follows it")
    return replace(state, mode="action"), end + 1


def _raw(state: State, text: str, at: int) -> tuple[State, int]:
    end = text.find("`", at)
    return (state, len(text)) if end < 0 else (replace(state, mode="action"), end + 1)


def _note(state: State, text: str, at: int) -> tuple[State, int]:
    """Read on in a comment; `code` is "*" after one."""
    if text[at] == "/" and state.code == "*":
        return replace(state, mode="action", code="/**/"), at + 1
    end = skip(_NOTE, text, at)
    if end == at:
        return replace(state, code=text[at]), at + 1
    return replace(state, code=""), end


_READERS: dict[str, Callable[[State, str, int], tuple[State, int]]] = {
    "line": _edge,
    "text": _body,
    "comment": _body,
    "brace": _brace,
    "action": _action,
    "string": _string,
    "rune": _string,
    "raw": _raw,
    "note": _note,
}
_NO_PLACE = {
    "brace": ("an expression follows a brace", "put a blank between"),
    "action": ("an expression as code of an action", 'write it as a string of it: "<{ x }>"'),
    "rune": ("an expression in a character constant", 'write a string: "<{ x }>"'),
    "raw": ("an expression in a raw string, which has no escapes", 'write "<{ x }>" instead'),
}


def encode_string(value: Any) -> str:
    """Write a value inside "…" of an action; raises Unwritable."""
    return escaped(part(value))


def encode_comment(value: Any) -> str:
    """Write a value in a comment line, where Go reads actions all the same; raises Unwritable."""
    text = _line(value)
    return f"{{{{ {double(text)} }}}}" if "{" in text else text


def encode_note(value: Any) -> str:
    """Write a value in a comment of an action; raises Unwritable."""
    text = _line(value)
    if "*/" in text or text.endswith("*"):
        reason = f"{text!r} would end the comment"
        raise Unwritable(reason, "text without */", "change the value in the profile")
    return text


def _line(value: Any) -> str:
    if value is None or isinstance(value, Embedded) or not isinstance(value, str | int):
        raise refused(value)
    text = _scalar.one_line(value)
    if found := unprintable(text):
        reason = f"{named(found[0])} cannot stand in a comment"
        raise Unwritable(reason, "text that a screen can show", "change the value in the profile")
    return text


@dataclass(frozen=True, slots=True)
class Helm:
    """The dialect of a chart's templates."""

    name: str = "helm"
    patterns: tuple[str, ...] = ("*.tpl",)
    start: State = State()
    encoders: Mapping[str, Encoder] = field(
        default_factory=lambda: {
            "string": encode_string,
            "comment": encode_comment,
            "note": encode_note,
        }
    )

    def step(self, state: State, text: str) -> State:
        """Read literal template text; raises Misplaced."""
        return read_pieces(state, text, _READERS, "Helm")

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        match state.mode:
            case "string":
                return Slot("string", replace(state, filled=True))
            case "comment":
                return Slot("comment", state)
            case "note" if state.code != "*":
                return Slot("note", replace(state, code=""))
            case "note":
                reason = "an expression after the * of a comment"
                raise Misplaced(reason, "put a blank between")
            case mode if mode in _NO_PLACE:
                raise Misplaced(*_NO_PLACE[mode])
            case _:
                reason = "an expression in what the chart writes"
                raise Misplaced(reason, _IN_VALUES)

    def join(self, one: State, other: State) -> State:
        """Give the state after two branches; raises Misplaced where they cannot meet."""
        if one == other:
            return one
        if one.open == other.open and {one.mode, other.mode} <= {"line", "text"}:
            return replace(one, mode="text", back="text")
        reason = "branches end in different places, or in different blocks"
        raise Misplaced(reason, "let each branch hold whole lines and whole blocks")

    def finish(self, state: State) -> None:
        """Raise Misplaced where a file may not end in this state."""
        if state.mode not in ("line", "text", "comment", "brace"):
            reason = "the file ends inside of an action"
            raise Misplaced(reason)
        if state.open:
            reason = f"no end closes a {state.open[-1]}"
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:
        """Write one line of text as a comment, which Helm leaves out of what it writes."""
        return f"{{{{- /* {encode_note(text)} */}}}}"

    def parse(self, text: str) -> None:
        """Read rendered text back; raises Unreadable."""
        state, line = self.start, 0
        try:
            for line, content in enumerate(text.splitlines(keepends=True), 1):  # noqa: B007  (where)
                state = self.step(state, content)
            self.finish(state)
        except Misplaced as problem:
            raise Unreadable(problem.reason, line) from None


DIALECT = Helm()
