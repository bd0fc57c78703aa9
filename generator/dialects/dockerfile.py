r"""Dockerfiles.

`ENV`, `ARG` and `LABEL` values are written inside `"…"` with `\`, `"` and `$` escaped, so that no
build argument changes them. Where the grammar has no quotes (images, stages, paths, flags) a value
is a token; in the JSON form of `CMD` and `ENTRYPOINT` it is JSON. The shell of `RUN` and of shell
forms is a foreign language and takes none. No line break can stand anywhere. Home paths and
embedded templates are refused: a build has no home, and its heredocs are expanded.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from generator.dialects import _dockerfile_machine as machine
from generator.dialects import _scalar
from generator.dialects._reading import STRANGE
from generator.dialects.base import Misplaced, Slot, Unreadable, Unwritable
from generator.problems import position

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.dialects.base import Encoder, State

_TOKEN = re.compile(r"[A-Za-z0-9._/:@+~=-]+")
_WHOLE_TOKEN = re.compile(r"[A-Za-z0-9._/:@+~][A-Za-z0-9._/:@+~=-]*")
_NAME = re.compile(rf"(?:[A-Za-z_]|{machine.SLOT})[A-Za-z0-9_.-]*")
_SPECIAL = re.compile(r'[\\"$]')
_MAY_BE_DIRECTIVE = re.compile(r"\s*[A-Za-z0-9]*\s*=")
_AFTER_VARIABLE = re.compile(r"(?<!\\)\$(?:[A-Za-z0-9_]*|\{[^}]*)$")
_BESIDE = ("an expression right after a variable or quote", "write variables as ${NAME}, apart")
_EXPECTED = "letters, digits and . _ / : @ + ~ = -"


def _part(value: object) -> str:
    return _scalar.token(value, _TOKEN, _EXPECTED)


def _whole(value: object) -> str:
    return _scalar.token(value, _WHOLE_TOKEN, f"{_EXPECTED}, not first = or -")


def _pair(value: object) -> str:
    """Write the whole value of a pair: bare when a token, else quoted."""
    if isinstance(value, str) and _WHOLE_TOKEN.fullmatch(value):
        return value
    return f'"{_in_double(value)}"'


def _in_double(value: object) -> str:
    return _SPECIAL.sub(r"\\\g<0>", _scalar.one_line(value))


def _in_single(value: object) -> str:
    text = _scalar.one_line(value)
    if "'" in text:
        reason = f"{text!r} holds a ', which nothing escapes inside '…'"
        raise Unwritable(reason, hint='use "…"')
    return text


def _json(value: object) -> str:
    return json.dumps(_scalar.one_line(value), ensure_ascii=False)[1:-1]


def _first_comment(value: object) -> str:
    text = _scalar.comment(value)
    if _MAY_BE_DIRECTIVE.match(text):
        reason = f"{text!r} would make the comment a parser directive"
        raise Unwritable(reason, "a comment without = after its first word")
    return text


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The Dockerfile dialect; its states are those of `_dockerfile_machine`."""

    name: str = "dockerfile"
    patterns: tuple[str, ...] = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile")
    start: State = machine.START
    encoders: Mapping[str, Encoder] = field(
        default_factory=lambda: {
            "name": _scalar.variable,
            "part": _part,
            "whole": _whole,
            "pair": _pair,
            "dq": _in_double,
            "sq": _in_single,
            "json": _json,
            "comment": _scalar.comment,
            "first-comment": _first_comment,
        }
    )

    def step(self, state: State, text: str) -> State:
        """Read literal text."""
        reader = machine.Reader(cast("machine.State", state))
        reader.read(text)
        return reader.state

    def slot(self, state: State) -> Slot:
        """Say how a value is written here."""
        at = cast("machine.State", state)
        after = at._replace(word=at.word + machine.SLOT)
        match at.place:
            case "comment":
                return _comment_slot(at, after)
            case "args" if not at.escaped:
                return Slot(_argument(at), after)
            case "args":
                raise Misplaced("an expression right after a backslash")  # noqa: TRY003, EM101  (a reason, told once)
            case "heredoc":
                raise Misplaced("an expression inside a heredoc", machine.BY_ENV)  # noqa: TRY003, EM101  (a reason, told once)
            case _:
                reason = "an expression where an instruction is due"
                raise Misplaced(reason, "write the instruction out")

    def join(self, one: State, other: State) -> State:
        """Let two branches differ in the word in progress only."""
        a, b = cast("machine.State", one), cast("machine.State", other)
        if a == b:
            return a
        # Of a comment's two beginnings the one counts that could still become a directive.
        words = ((_may_direct(at), len(at.word), at.word) for at in (a, b))
        longer = max(words)[-1]
        merged = a._replace(word=longer, head=a.head and b.head, flags=a.flags and b.flags)
        aligned = b._replace(word=longer, head=merged.head, flags=merged.flags)
        if merged != aligned or a.place in ("name", "heredoc") or bool(a.word) != bool(b.word):
            reason = "the branches end at different places of an instruction"
            raise Misplaced(reason, "put whole lines, or whole words, into each branch")
        return merged

    def finish(self, state: State) -> None:
        """Refuse an end inside quotes, a JSON array, a heredoc or a continuation."""
        reader = machine.Reader(cast("machine.State", state))
        reader.read("\n")
        if reader.state.place != "line" or reader.state.inside:
            reason = "the file ends inside an instruction"
            raise Misplaced(reason)

    def comment(self, text: str) -> str | None:
        """Write a # line that is no parser directive."""
        return f"# {_first_comment(text)}"

    def parse(self, text: str) -> None:
        """Check instructions, quotes, arrays and heredocs; FROM comes first but for ARG."""
        if found := STRANGE.search(text):
            reason = f"control character {found[0]!r} in a Dockerfile"
            raise Unreadable(reason, *position(text, found.start()))
        reader = machine.Reader(machine.START)
        try:
            reader.read(text)
            self.finish(reader.state)
        except Misplaced as problem:
            raise Unreadable(problem.reason, reader.line) from None
        name, line = next((i for i in reader.instructions if i[0] != "ARG"), ("", reader.line))
        if name != "FROM":
            reason = f"{name or 'the end'} before any FROM"
            raise Unreadable(reason, line)


def _comment_slot(at: machine.State, after: machine.State) -> Slot:
    found = machine.DIRECTIVE.match(at.word)
    if at.head and found:
        if found[1].lower() != "syntax":
            reason = f"an expression in a {found[1].lower()} directive"
            raise Misplaced(reason, "write it out")
        return Slot("part", after)
    may_direct = _may_direct(at)
    if may_direct and at.word.strip(f"# \t{machine.SLOT}"):
        reason = "an expression that could make a parser directive of the comment"
        raise Misplaced(reason, "put it first in the comment, or two words before it")
    return Slot("first-comment" if may_direct else "comment", after)


def _may_direct(at: machine.State) -> bool:
    """Tell whether what follows could make a parser directive of a comment at the file's head.

    Whatever the expressions before gave, their texts count as none: they could be empty.
    """
    text = at.word.replace(machine.SLOT, "")
    return at.head and re.fullmatch(r"#\s*[A-Za-z0-9]*\s*=?\s*", text) is not None


def _argument(at: machine.State) -> str:
    """Give the encoder for a value among an instruction's arguments."""
    if at.instruction in ("ONBUILD", "SHELL", "MAINTAINER"):
        reason = f"an expression in {at.instruction}"
        raise Misplaced(reason, "write it out")
    if at.instruction in machine.PAIRS:
        return _pair_argument(at)
    if at.quote:
        return _array_argument(at)
    if at.flags and at.word.startswith("--") and "=" in at.word:
        return "part"
    if at.instruction in machine.SHELL_FORMS:
        reason = f"an expression in the shell of {at.instruction}"
        raise Misplaced(reason, machine.BY_ENV)
    if at.word.endswith(("'", '"', "<")) or _AFTER_VARIABLE.search(at.word):
        raise Misplaced(_BESIDE[0], _BESIDE[1])
    return "part" if at.word else "whole"


def _pair_argument(at: machine.State) -> str:
    if not at.word and at.flags and at.instruction != "LABEL":
        return "name"
    name, equals, begun = at.word.partition("=")
    if not equals or not _NAME.fullmatch(name):
        reason = f"an expression in the name of {at.instruction}"
        raise Misplaced(reason, f"write {at.instruction} NAME=<{{ x }}>")
    if at.quote:
        if at.quote == '"' and _AFTER_VARIABLE.search(begun):
            raise Misplaced(_BESIDE[0], _BESIDE[1])
        return "dq" if at.quote == '"' else "sq"
    if not begun:
        return "pair"
    reason = "an expression as a part of an unquoted value"
    raise Misplaced(reason, f'write {at.instruction} NAME="…<{{ x }}…"')


def _array_argument(at: machine.State) -> str:
    if at.quote != '["':
        reason = "an expression in a JSON array outside its strings"
        raise Misplaced(reason, 'write ["…<{ x }>…"]')
    if at.instruction in ("CMD", "ENTRYPOINT"):
        if not at.code:
            return "json"
        reason = f"an expression in what {at.instruction} runs"
        raise Misplaced(reason, machine.BY_ENV)
    return "part"


DIALECT = Dockerfile()
