"""Values that break naive writers, as strategies and lists: shared by the tests of dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from generator.dialects.base import Unwritable

if TYPE_CHECKING:
    from collections.abc import Callable

PIECES = (
    *"'\"$`\\#%~!*?[]{}()<>|&;=, \t:-_.@^/",
    *("$(touch RAN)", "`touch RAN`", "${HOME}", "$HOME", "$$", "\\$", "%h", "%%", "%n", "{{ x }}"),
    *(
        "${{ x }}",
        "<{ x }>",
        "EOF",
        "a",
        "z9",
        "é",
        "日本",
        "\U0001f600",
        "\xa0",
        "\u2028",
        "\u3000",
    ),
    *("\\n", "\\x41", "\\u0041", "\\", "\\\\", "\n", "\r", "\x00", "\x01", "\x1b", "\x7f", "\x85"),
    *("yes", "null", "-", "--", "-n", "1.20", "0x10", "1e3", "'\\''", "*/", "//", "#include"),
)
WHOLE = (
    *("", " ", "a b", " a", "a ", "-n", "-e x", "~", "~root", "~/x", "yes", "on", "null", "1.20"),
    *("0x10", "0o7", "1e3", "1_000", "=", "<<", "#", "# x", "a#b", "a #b", "%", "100%", "$", "a$"),
    *("a\\", "\\", "\\\\", "'", "''", '"', '""', "a'b\"c", "$(id)", "`id`", "${IFS}", "!!", "*"),
    *("esac", "done", "in", "then", "{", "}", "{a,b}", "[a]", "@", "+", "-", ":", "é", "日本"),
    *("\ud800", "a\nb", "\n", "\t", "a\tb", "a\r", "\x00", "\x7f", "x\x85y", "a\u2028b", "\ufeff"),
)

texts = st.one_of(
    st.sampled_from(WHOLE),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.text(max_size=12),
)
batches = st.lists(texts, min_size=1, max_size=24)
"""Hostile values, many at once: a real reader is started once for all of them."""

names = st.lists(
    st.one_of(st.from_regex(r"T_[A-Z0-9_]{0,6}", fullmatch=True), texts.map("T_{}".format)),
    min_size=1,
    max_size=24,
)
"""Names of variables, many of them hostile; T_ keeps them apart from what a reader knows."""


def writable(values: list[str], write: Callable[[str], str]) -> list[str]:
    """Give the values `write` does not refuse; a refusal must say why."""
    kept, reasons = [], []
    for value in values:
        try:
            write(value)
        except Unwritable as refusal:
            reasons.append(refusal.reason)
        else:
            kept.append(value)
    assert all(reasons)
    return kept
