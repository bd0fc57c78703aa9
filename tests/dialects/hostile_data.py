"""Text and nested data that data formats (YAML, JSON, TOML) trip over, as strategies and a list."""

from __future__ import annotations

from hypothesis import strategies as st

WORDS = (
    *("", " ", "a", "yes", "No", "on", "OFF", "y", "N", "true", "False", "null", "Null", "~", "="),
    *(
        "<<",
        "1",
        "-1",
        "1.20",
        "1e3",
        "e3",
        "E+6",
        "0o7",
        "0x10",
        "0b1",
        "1_000",
        "12:30:45",
        "2024-01-01",
    ),
    *("2024-01-01T00:00:00Z", ".5", ".inf", "-.INF", ".nan", "+1", "0", "010", "4Gi", "100m", "1s"),
    *(
        "-",
        "--",
        "---",
        "...",
        "- a",
        "-c",
        "? a",
        ": a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "# a",
        "[",
        "]",
    ),
    *(
        "{",
        "}",
        ",",
        "[a, b]",
        "{a: 1}",
        "&a",
        "*a",
        "!a",
        "!!int 1",
        "|",
        ">",
        "|-",
        "%",
        "%YAML 1.2",
    ),
    *(
        "%h",
        "%%",
        "@a",
        "`id`",
        "$(id)",
        "$$(A)",
        "$$",
        "$",
        "$HOME",
        "${HOME}",
        "${{",
        "}}",
        "{{ a }}",
    ),
    *(
        "${{ secrets.A }}",
        "'",
        "''",
        '"',
        '""',
        "\\",
        "\\n",
        "\\\\",
        "a'b",
        'a"b',
        "<{ a }>",
        "<%",
        "%>",
    ),
    *(
        "a b",
        " a",
        "a ",
        "a\tb",
        "\t",
        "\n",
        "a\n",
        "a\n\n",
        "\na",
        " a\nb",
        "a\n b\n",
        "a\n \nb",
        "\n\n",
    ),
    *(
        "a\n ",
        "\t\na",
        "a\n\tb\n",
        "a\r\nb",
        "\r",
        "\0",
        "\x01",
        "\x07",
        "\x1b[0m",
        "\x7f",
        "\x85",
        "\x9f",
    ),
    *(
        "\xa0",
        "\u2028",
        "\u2029",
        "\ufeff",
        "\ufffe",
        "\uffff",
        "\u202e",
        "\u200b",
        "é",
        "日本",
        "😀",
    ),
    *(
        "C:\\x",
        "https://a.b/c?d=e&f=g#h",
        "a=b",
        "A=1 B=2",
        ";",
        "&&",
        "|| true",
        "!",
        "!!",
        "*",
        "?",
    ),
)
"""Words of one language or another, and the characters that readers trip over."""

_ALPHABET = st.characters(codec="utf-8")


def hostile(*, lines: bool = True, controls: bool = True) -> st.SearchStrategy[str]:
    """Give hostile text; without `lines` it holds no line break, without `controls` no C0 or C1."""
    joined = st.lists(st.sampled_from(WORDS), max_size=4).map("".join)
    free = st.text(_ALPHABET, max_size=12)
    mixed = st.tuples(joined, free, joined).map("".join)
    text = st.one_of(st.sampled_from(WORDS), joined, mixed)
    if not lines:
        text = text.map(lambda s: "".join(c for c in s if c not in "\n\r\x85\u2028\u2029\x0b\x0c"))
    if not controls:
        text = text.map(lambda s: "".join(c for c in s if c in "\n\t" or c.isprintable()))
    return text


def data() -> st.SearchStrategy[object]:
    """Give nested maps and lists of what profiles hold."""
    integers = st.integers(-(2**63), 2**63 - 1)
    scalars = st.one_of(hostile(), integers, st.booleans(), st.none())
    return st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(hostile(), inner, max_size=3)
        ),
        max_leaves=8,
    )
