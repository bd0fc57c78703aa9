"""The Dockerfile dialect: what a value is in every instruction, and where none may stand."""

from __future__ import annotations

import pytest

from generator.dialects import for_file, get
from generator.dialects.base import Embedded, Misplaced, Structured, Unreadable, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import NO_NAMES, Put, fill

DOCKERFILE = get("dockerfile")
IMAGE = "docker.io/library/debian:trixie@sha256:0a"


def written(before: str, value: object, after: str = "\n") -> str:
    """Give what the value became between the two texts."""
    text = fill(DOCKERFILE, [before, Put(value), after])
    return text[len(before) : len(text) - len(after)]


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.dev", "go.Dockerfile", "a.dockerfile"])
def test_file_names(name: str) -> None:
    assert for_file(name) == "dockerfile"


@pytest.mark.parametrize(
    ("before", "value", "after", "text"),
    [
        ("FROM ", IMAGE, " AS build\n", IMAGE),
        ("FROM debian AS ", "build", "\n", "build"),
        ("FROM --platform=", "linux/arm64", " debian\n", "linux/arm64"),
        ("# syntax=", "docker/dockerfile:1", "\n", "docker/dockerfile:1"),
        ("ENV A=", "b", "\n", "b"),
        ("ENV A=", "b c", "\n", '"b c"'),
        ("ENV A=", 27, "\n", '"27"'),
        ("ENV A=", "", "\n", '""'),
        ("ENV A=b B=", '$x"\\', "\n", '"\\$x\\"\\\\"'),
        ('ENV A="x ', '$x"\\', '"\n', '\\$x\\"\\\\'),
        ('ENV A="${PATH}:', "/a b", '"\n', "/a b"),
        ("ENV A=b \\\n# note\n    B=", "c d", "\n", '"c d"'),
        ("ARG A=", "b c", "\n", '"b c"'),
        ("LABEL a.b-c='", '$x"\\', "'\n", '$x"\\'),
        ("COPY --from=", IMAGE, " a b\n", IMAGE),
        ("COPY a ", "/b", "\n", "/b"),
        ('COPY ["a", "', "/b", '"]\n', "/b"),
        ("ADD --checksum=sha256:", "0a", " https://x/y /z\n", "0a"),
        ("WORKDIR /a/", "b", "\n", "b"),
        ("USER ", 1000, "\n", "1000"),
        ('CMD ["go", "', 'a "b" $c \\', '"]\n', 'a \\"b\\" $c \\\\'),
        ("RUN --mount=type=secret,id=", "npm", " true\n", "npm"),
        ("HEALTHCHECK --interval=", "5s", " CMD true\n", "5s"),
        ("FROM a\nRUN <<E\n$(\"'\nE\nENV A=", "b", "\n", "b"),
        ("FROM a\nRUN [ -f x ] && a 'b\nENV A=", "b", "\n", "b"),
        ("FROM a\n# it's = ", "a = b", "\n", "a = b"),
    ],
)
def test_places_of_a_value(before: str, value: object, after: str, text: str) -> None:
    assert written(before, value, after) == text


@pytest.mark.parametrize(
    "before",
    [
        *("", "FROM a\n", "RU", "RUN ", "RUN echo ", "RUN a \\\n && ", 'RUN ["', "RUN a --x="),
        *("CMD ", "CMD echo ", "ENTRYPOINT ", 'ENTRYPOINT ["sh", "-c", "', 'CMD ["bash", "-ec", "'),
        *("HEALTHCHECK CMD ", "SHELL [", 'SHELL ["', "ONBUILD ENV A=", "MAINTAINER ", "CMD ["),
        *(
            "LABEL ",
            "ENV A ",
            "ENV A",
            "ENV A=b",
            "ENV A=b\\",
            "ENV A b=c ",
            "ENV $",
            'ENV "',
            'ENV A="$B',
            'ENV A="${B',
        ),
        *(
            "LABEL a",
            "ARG A ",
            "FROM $A",
            "FROM ${A",
            "FROM '",
            "RUN <<E\n",
            "COPY <<E /x\na ",
            "COPY <<",
        ),
        *("# escape=", "# check=", "# sy =", "# a ", "#a"),
        *('CMD ["sh", "-ce", "', 'ENTRYPOINT ["bash", "-lcx", "'),
    ],
)
def test_places_that_take_no_value(before: str) -> None:
    with pytest.raises(Misplaced):
        DOCKERFILE.slot(DOCKERFILE.step(DOCKERFILE.start, before))


@pytest.mark.parametrize(
    "text",
    [
        *("FRUM a\n", 'ENV A="b\n', "ENV A='b\n", "FROM a\n# syntax=x\n", "# a\n# syntax=x\n"),
        *(
            'CMD ["a"\n',
            "FROM a\nRUN <<E\n",
            "FROM a\nRUN a \\\n",
            "# escape=`\n",
            "\n# syntax=x\n",
        ),
    ],
)
def test_text_that_cannot_stand(text: str) -> None:
    with pytest.raises(Misplaced):
        fill(DOCKERFILE, [text])


@pytest.mark.parametrize(
    "value",
    [
        *("a b", "a;b", "$x", "a\nb", "", "-x", "=x", "'", '"', "\\", "a,b", "é", None, ["a"]),
        *(Secret("s"), HomePath("go"), Embedded("x", "sh", "x.sh.j2"), Structured({}, "json")),
    ],
)
def test_what_is_no_token_is_refused_where_nothing_quotes(value: object) -> None:
    with pytest.raises(Unwritable):
        written("FROM ", value)


@pytest.mark.parametrize(
    "parts",
    [
        ("#", Put("syntax"), Put("=x")),
        ("# ", Put("syntax"), " ", Put("=x")),
        ("# ", Put("syn"), Put(""), Put("tax = x")),
        ("# syntax=a\n# ", Put("check"), Put("=skip=all")),
    ],
)
def test_values_side_by_side_make_no_directive(parts: tuple[str | Put, ...]) -> None:
    with pytest.raises(Unwritable, match="parser directive"):
        fill(DOCKERFILE, [*parts, "\nFROM a\n"])


def test_a_value_and_a_word_make_no_directive() -> None:
    with pytest.raises(Misplaced, match="parser directive"):
        fill(DOCKERFILE, ["# ", Put(""), "syn", Put("tax=x"), "\n"])


def test_of_two_branches_the_one_counts_that_may_be_a_directive() -> None:
    begun, told = (DOCKERFILE.step(DOCKERFILE.start, t) for t in ("# syntax", "# a b c d e f"))
    for joined in (DOCKERFILE.join(begun, told), DOCKERFILE.join(told, begun)):
        with pytest.raises(Misplaced, match="directive"):
            DOCKERFILE.slot(joined)


def test_values_side_by_side_in_a_comment() -> None:
    values = ("# ", Put("a"), ": ", Put("b=c"), "\n# ", Put("d"), Put("e f=g"), "\n")
    assert fill(DOCKERFILE, values) == "# a: b=c\n# de f=g\n"


@pytest.mark.parametrize("before", ["ENV ", "ARG ", "ENV A=b ", 'ENV A="b c" \\\n'])
def test_a_name_is_a_value_of_capital_letters(before: str) -> None:
    if before.endswith("\n"):
        before += "B=c "
    text = fill(DOCKERFILE, [before, Put("GO386"), "=", Put("a b"), "\n"])
    assert text == f'{before}GO386="a b"\n'
    for name in NO_NAMES:
        with pytest.raises(Unwritable):
            fill(DOCKERFILE, [before, Put(name), "=x\n"])
    for after in ("\n", " x\n", " =x\n", Put("B")):
        with pytest.raises(Misplaced):
            fill(DOCKERFILE, [before, Put("A"), after])


@pytest.mark.parametrize("value", ["a\nb", "a\r", "\x00", "\t", HomePath("go"), Secret("s"), None])
def test_what_no_quotes_hold_is_refused(value: object) -> None:
    for before, after in (("ENV A=", "\n"), ('ENV A="', '"\n'), ('CMD ["', '"]\n'), ("# ", "\n")):
        with pytest.raises(Unwritable):
            written(before, value, after)
    with pytest.raises(Unwritable, match="nothing escapes"):
        written("ENV A='", "it's", "'\n")


@pytest.mark.parametrize(
    "text", ["syntax=evil", " Escape = `", "check=skip=all", "a=b", "a\nRUN x"]
)
def test_a_comment_never_becomes_a_directive(text: str) -> None:
    with pytest.raises(Unwritable):
        DOCKERFILE.comment(text)
    with pytest.raises(Unwritable):
        written("# ", text)


def test_comments() -> None:
    assert DOCKERFILE.comment("generated by gogen; do not edit: x=y") is not None
    assert written("# ", "generated by gogen", "\nFROM a\n") == "generated by gogen"
    with pytest.raises(Misplaced):
        fill(DOCKERFILE, ["# ", Put("syntax"), "=evil\n"])


def test_branches() -> None:
    def state(text: str) -> object:
        return DOCKERFILE.step(DOCKERFILE.start, text)

    pairs = (
        ("FROM a\n", "FROM a\nRUN b\n"),
        ("RUN a \\\n", "RUN a \\\n  b \\\n"),
        ("FROM a", "FROM bc"),
        ("RUN <<E\nx\nE\n", "FROM a\n"),
    )
    for one, other in pairs:
        met = DOCKERFILE.join(state(one), state(other))
        assert met == DOCKERFILE.join(state(other), state(one))
    for one, other in (("FROM a", ""), ('ENV A="', "ENV A="), ("RUN a", "CMD a"), ("FR", "FROM ")):
        with pytest.raises(Misplaced):
            DOCKERFILE.join(state(one), state(other))


@pytest.mark.parametrize(
    ("text", "line"),
    [("ARG A\nRUN x\nFROM a\n", 2), ("# only\n", 2), ("FROM a\nFOO b\n", 2), ("FROM a\r\n", 1)],
)
def test_what_is_no_dockerfile_is_found(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as found:
        DOCKERFILE.parse(text)
    assert found.value.line == line
