"""Scalars as text: what the line-oriented dialects accept before they quote anything.

One rule for all of them: a string is itself, an integer its digits, a boolean `true` or `false`
(the words YAML gave it); nothing else has a text of its own. Control characters and halves of
surrogate pairs are refused here, since no two readers agree on them.
"""

from __future__ import annotations

import re

from generator.dialects._refusals import no_text
from generator.dialects.base import Embedded, Unwritable

# C0, DEL and C1; in dialects whose quotes can carry it, a line break or tab is allowed apart.
# Text until used: YAML and its kin import this module for other things.
_CONTROL = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_CONTROL_IN_QUOTES = "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
_EDGE = (" ", "\t")
_FOR_DATA = "write its items one by one, or make text of it: <{ x | join(',') }>"
# A shell runs what follows: -c, alone or among flags of one letter (-ec, -ce, -lc). Of the letters
# only those that shells are given there, so that -src or -sync of other programs mean nothing.
SCRIPT_FOLLOWS = re.compile(r"-[abefhilmnpquvxE]*c[eilux]*")
# Programs of which an argument is a program, wherever it stands among them.
EVALUATORS = frozenset(
    ("awk", "gawk", "mawk", "sed", "perl", "python", "python3", "ruby", "node", "lua", "php")
)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


def text_of(value: object) -> str:
    """Give a scalar's text, whatever characters it holds; raises Unwritable for all else."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
        case _:
            raise no_text(value, _FOR_DATA)


def one_line(value: object) -> str:
    """Give a scalar's text when it is one line without control characters."""
    text = text_of(value)
    _refuse(re.search(_CONTROL, text))
    return text


def lines(value: object) -> str:
    """Give the text of a scalar or an embedded template; only line breaks and tabs are let in."""
    text = value.text if isinstance(value, Embedded) else text_of(value)
    _refuse(re.search(_CONTROL_IN_QUOTES, text))
    return text


def token(value: object, allowed: re.Pattern[str], expected: str) -> str:
    """Give a scalar's text when all of it matches `allowed`: where a grammar has no quotes."""
    text = one_line(value)
    if not allowed.fullmatch(text):
        reason = f"{text!r} cannot stand here unquoted"
        raise Unwritable(reason, expected, "change the value, or move it to a place with quotes")
    return text


def variable(value: object) -> str:
    """Give a scalar's text when it is a name that every program takes for a variable's."""
    return token(value, _VARIABLE, "a variable's name: capital letters, digits and _")


def within_edges(text: str) -> str:
    """Give text that neither begins nor ends with a blank: nobody sees such a blank in review."""
    if text.startswith(_EDGE) or text.endswith(_EDGE):
        reason = f"{text!r} begins or ends with a blank"
        raise Unwritable(reason, "a value without blanks at its edges")
    return text


def comment(value: object) -> str:
    """Give a scalar's text for a comment: one line."""
    return one_line(value)


def _refuse(found: re.Match[str] | None) -> None:
    if found is None:
        return
    what = "a line break" if found[0] in "\n\r\u2028\u2029" else "a control character"
    reason = f"{what} ({found[0]!r}) cannot stand here"
    raise Unwritable(reason, "text without it", "change the value in the profile")
