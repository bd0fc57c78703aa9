r"""How BuildKit reads a Dockerfile, as far as a value's place depends on it.

Facts are of BuildKit's `frontend/dockerfile/parser` and `shell/lex.go`: lines are joined by a
trailing `\`, comments are lines, directives are comments before anything else, `ENV`, `ARG` and
`LABEL` take name=value words whose quotes hold `\`, `"` and `$` escaped by `\`, and the words of
all other instructions know no quotes that hold a blank.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from generator.dialects._scalar import SCRIPT_FOLLOWS
from generator.dialects.base import Misplaced

SLOT = "\0"
PAIRS = frozenset(("ENV", "ARG", "LABEL"))
_ARRAYS = frozenset(("CMD", "ENTRYPOINT", "COPY", "ADD", "VOLUME"))
SHELL_FORMS = frozenset(("RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL", "ONBUILD"))
INSTRUCTIONS = PAIRS | SHELL_FORMS.union(
    ("FROM", "COPY", "ADD", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "VOLUME", "MAINTAINER")
)
DIRECTIVE = re.compile(r"#\s*(syntax|escape|check)\s*=", re.IGNORECASE)
_MAY_BE_DIRECTIVE = re.compile(r"#\s*[A-Za-z0-9\0]*\s*=?")
_HEREDOC = re.compile(r"[0-9]*<<(-?)(['\"]?)([A-Za-z0-9_.-]+)\2")
_LINE = re.compile(r"[^\n\0]+")
_RUNS = {
    "": re.compile(r"[^\\ \t\n'\"\[]+"),
    "'": re.compile(r"[^'\n]+"),
    '"': re.compile(r"[^\\\"\n]+"),
    '["': re.compile(r"[^\\\"\n]+"),
}
"""By quote, characters of arguments that mean themselves."""
BY_ENV = "set it with ENV or ARG before, or make the script a file of its own and COPY it"


class State(NamedTuple):
    r"""Where the text stands.

    `place`: line (at a line's start), comment, name (of an instruction), args, heredoc. `head`:
    only directives so far. `quote`: "", a quote character, "[" in a JSON array, `["` in a string
    of it. `word`: the literal text of the word or line in progress. `flags`: only --flags so far
    (of ENV, ARG and LABEL: only name=value). `inside`: a continuation goes on. `code`: a string of
    the array said that the next is code.
    """

    place: str = "line"
    head: bool = True
    instruction: str = ""
    quote: str = ""
    word: str = ""
    flags: bool = True
    inside: bool = False
    escaped: str = ""
    code: bool = False
    pending: tuple[tuple[str, bool], ...] = ()


START = State()


class Reader:
    """Reads text from a state on; `instructions` are the names read, `line` counts from 1."""

    def __init__(self, state: State) -> None:
        """Begin in `state`."""
        self.state = state
        self.instructions: list[tuple[str, int]] = []
        self.line = 1

    def read(self, text: str) -> None:
        """Read text: runs that only lengthen the word at once, the rest character by character."""
        at = 0
        while at < len(text):
            run = self._run()
            if run and (found := run.match(text, at)):
                self.put(word=self.state.word + found[0])
                at = found.end()
                continue
            char = text[at]
            getattr(self, f"_in_{self.state.place}")(char)
            self.line += char == "\n"
            at += 1

    def _run(self) -> re.Pattern[str] | None:
        """Give the shape of what only lengthens the word here, None where nothing does."""
        state = self.state
        if state.place == "args":
            return None if state.escaped else _RUNS.get(state.quote)
        plain = state.place == "heredoc" or (state.place == "comment" and SLOT not in state.word)
        return _LINE if plain else None

    def put(self, **changes: object) -> None:
        """Change the state."""
        self.state = self.state._replace(**changes)  # type: ignore[arg-type] # checked by use

    def _in_line(self, char: str) -> None:
        if char == "\n":
            self.put(head=self.state.head and self.state.inside)
        elif char in " \t":
            return
        elif char == "#":
            self.put(place="comment", word="#")
        elif self.state.inside:
            self.put(place="args", inside=False)
            self._in_args(char)
        else:
            self.put(place="name", word="", head=False, instruction="", quote="", flags=True)
            self._in_name(char)

    def _in_comment(self, char: str) -> None:
        if char != "\n":
            word = self.state.word + char
            if self.state.head and SLOT in word and "=" in word:
                may_be = word.endswith("=") and _MAY_BE_DIRECTIVE.fullmatch(word)
                _refuse(may_be, "an expression in a directive's name", "put other words first")
            self.put(word=word)
            return
        found = DIRECTIVE.match(self.state.word)
        if found and not self.state.inside:
            late = not self.state.head
            _refuse(late, "a parser directive below other lines is only a comment", "move it up")
            escape = found[1].lower() == "escape"
            _refuse(escape, "an escape directive", "use the default, a backslash")
        self.put(place="line", head=self.state.head and bool(found), word="")

    def _in_name(self, char: str) -> None:
        if char.isalpha():
            self.put(word=self.state.word + char)
            return
        name = self.state.word.upper()
        _refuse(name not in INSTRUCTIONS, f"{name or char!r} is no instruction of a Dockerfile", "")
        self.instructions.append((name, self.line))
        self.put(place="args", instruction=name, word="", escaped="", code=False)
        self._in_args(char)

    def _in_args(self, char: str) -> None:
        if self.state.escaped:
            self._after_backslash(char)
        elif char == "\\" and self.state.quote != "'":
            self.put(escaped="\\")
        elif self.state.quote.startswith("["):
            self._in_json(char)
        elif self.state.quote and char != "\n":
            closed = char == self.state.quote
            self.put(word=self.state.word + char, quote="" if closed else self.state.quote)
        elif char in " \t\n":
            self._end_word(char)
        else:
            self._in_word(char)

    def _after_backslash(self, char: str) -> None:
        if char == "\n":
            self.put(place="line", inside=True, escaped="")
        elif char in " \t":  # a continuation, if nothing but blanks follows
            self.put(escaped="\\ ")
        elif self.state.escaped == "\\ ":
            self.put(escaped="")
            if not self.state.quote:
                self._end_word(" ")
            self._in_args(char)
        else:
            self.put(escaped="", word=self.state.word + "\\" + char)

    def _in_word(self, char: str) -> None:
        instruction, word = self.state.instruction, self.state.word
        if char == "[" and not word and self.state.flags and instruction in _ARRAYS:
            self.put(quote="[", word="", code=False)
        elif char in "'\"" and instruction in PAIRS:
            self.put(quote=char, word=word + char)
        else:
            self.put(word=word + char)

    def _in_json(self, char: str) -> None:
        if char == "\n":
            raise Misplaced("a JSON array that its line does not close")  # noqa: TRY003, EM101  (a reason, told once)
        if self.state.quote == "[":
            changes = {'"': ('["', ""), "]": ("", "]")}.get(char)
            if changes:
                self.put(quote=changes[0], word=changes[1])
        elif char == '"':
            follows = SCRIPT_FOLLOWS.fullmatch(self.state.word) is not None
            self.put(quote="[", code=self.state.code or follows)
        else:
            self.put(word=self.state.word + char)

    def _end_word(self, char: str) -> None:
        word = self.state.word
        _refuse(self.state.quote, f"a {self.state.quote} that its line does not close", "close it")
        if word:
            heredocs = self.state.instruction in ("RUN", "COPY", "ADD")
            if heredocs and (found := _HEREDOC.fullmatch(word)):
                self.put(pending=(*self.state.pending, (found[3], bool(found[1]))))
            self.put(word="", flags=self.state.flags and self._leads(word))
        if char == "\n":
            if self.state.pending:
                self.put(place="heredoc", word="")
            else:
                self.state = State(head=False)

    def _leads(self, word: str) -> bool:
        """Tell whether a word is of those that `flags` knows: --flags, or name=value."""
        if self.state.instruction not in PAIRS:
            return word.startswith("--")
        # Without `=` BuildKit takes all that follows for the value of one name.
        nameless = word.startswith(SLOT) and "=" not in word
        hint = f"write {self.state.instruction} <{{ name }}>=<{{ x }}>"
        _refuse(nameless, "an expression as a name without =", hint)
        return "=" in word

    def _in_heredoc(self, char: str) -> None:
        if char != "\n":
            self.put(word=self.state.word + char)
            return
        (delimiter, tabs), *rest = self.state.pending
        line = self.state.word.lstrip("\t") if tabs else self.state.word
        self.put(word="")
        if line == delimiter:
            self.put(pending=tuple(rest))
            if not rest:
                self.state = State(head=False)


def _refuse(condition: object, reason: str, hint: str) -> None:
    if condition:
        raise Misplaced(reason, hint)
