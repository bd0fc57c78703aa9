"""The shell dialect: what a value is in every place, and the places that take none."""

from __future__ import annotations

import pytest

from generator.dialects import for_file, get
from generator.dialects.base import Embedded, Misplaced, Structured, Unreadable, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill

SH = get("sh")
EVIL = "a'b $(x)"
WORD = "'a'\\''b $(x)'"


def written(before: str, value: object, after: str = "\n") -> str:
    """Give what the value became between the two texts."""
    text = fill(SH, [before, Put(value), after])
    return text[len(before) : len(text) - len(after)]


@pytest.mark.parametrize(("name", "dialect"), [("a.sh", "sh"), ("a.bash", "sh")])
def test_file_names(name: str, dialect: str) -> None:
    assert for_file(name) == dialect


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(("1.27.1", "1.27.1"), ("https://go.dev/dl/", "https://go.dev/dl/"), ("", "''")),
        *((27, "27"), (True, "true"), (EVIL, WORD), ("a,b", "'a,b'"), ("~", "'~'")),
        *((HomePath("go/bin"), '"$HOME"/go/bin'), (HomePath(""), '"$HOME"')),
        *((HomePath("a b"), "\"$HOME\"/'a b'"), ("a\nb\tc", "'a\nb\tc'")),
        (Embedded("echo 'x'\n", "sh", "x.sh.j2"), "'echo '\\''x'\\''\n'"),
    ],
)
def test_a_word(value: object, text: str) -> None:
    assert written("x=", value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(('a"b\\$(x)`', 'a\\"b\\\\\\$(x)\\`'), ("'", "'"), (27, "27")),
        *((HomePath("go/bin"), "$HOME/go/bin"), (HomePath(""), "${HOME}")),
    ],
)
def test_inside_double_quotes(value: object, text: str) -> None:
    assert written('x="a ', value, ' b"\n') == text


def test_export_takes_names() -> None:
    parts: list[str | Put] = ["export ", Put("A"), "=", Put(EVIL), "; readonly ", Put("A"), "\n"]
    assert fill(SH, parts) == f"export A={WORD}; readonly A\n"
    for value in ("a b", "A=b", "", "PS4", "ENV", "-n", "a[x]", HomePath("go")):
        with pytest.raises(Unwritable):
            written("export ", value, "=b\n")


def test_inside_single_quotes() -> None:
    assert written("x='a ", "it's", "'\n") == "it'\\''s"
    with pytest.raises(Unwritable, match="home path"):
        written("x='", HomePath("go"), "'\n")


@pytest.mark.parametrize(("value", "text"), [(3, "3"), (-3, "(-3)"), ("10", "10")])
def test_arithmetic_takes_integers(value: object, text: str) -> None:
    assert written("echo $((1 + ", value, " ))\n") == text


@pytest.mark.parametrize("value", ["010", "0x10", "a[$(x)]", "", "1+1", True])
def test_arithmetic_takes_nothing_else(value: object) -> None:
    with pytest.raises(Unwritable):
        written("echo $((1 + ", value, "))\n")


@pytest.mark.parametrize(
    "before",
    [
        *("x=", "export x=", "A=b c ", "cmd ", "cmd --flag=", "cmd > ", "cmd 2>>", "cmd <<< "),
        *("if cmd ", "if true; then cmd ", "! cmd ", "sudo cmd ", "sudo A=", "env A=", "{ cmd "),
        *("( cmd ", "a && cmd ", "a || cmd ", "a | cmd ", "x=( ", "x=(a [b]=", "local x="),
        *(
            "y=$(cmd ",
            'y="$(cmd ',
            'y="${a:-"b"}" cmd ',
            "f() { cmd ",
            "f() ( cmd ",
            "f ()\n{ cmd ",
            "[ ",
            "test ",
        ),
        *("for x in ", "for x in a ", "while [ ", "case a in a) cmd ", "cmd a#b ", "cmd \\\n  "),
        *("case a in (a|b) ;; *) cmd ", "cat <<E\n$(x\nE\ncmd ", "cat <<-'E'\n`\n\tE\ncmd "),
        *("cat <<A <<B\n'\nA\n\"\nB\ncmd ", "case a in a) b;; esac; cmd ", "printf '%s\\n' "),
        *("x=`date` cmd ", "cmd <(sort ", "sh -c 'x \"$1\"' sh; cmd ", "eval x; cmd ", "# '\ncmd "),
        *(
            "if [[ a && b ]]; then cmd ",
            "for ((i=0; i<3; i++)); do cmd ",
            "((i++)); cmd ",
            "cmd $x",
        ),
        *("(case a in a) b ;; esac)\ncmd ", "for x\nin ", "function f { cmd ", "done < <(x); cmd "),
        *("bash x.sh; cmd ", "apt-get install bash ", "cmd $((1 + (2))) ", "x=$((${#a} * 2)) cmd "),
        *("cmd '' ", "time cmd ", "case a in a) b ;; esac > ", "cmd 'a\nb' "),
    ],
)
def test_places_of_a_word(before: str) -> None:
    # `$x` right before a value, and a list left open, are the test's own business.
    if before.endswith("$x"):
        before += "/"
    state = SH.step(SH.start, before)
    slot = SH.slot(state)
    assert SH.encoders[slot.encoder](EVIL, *slot.args) == WORD


@pytest.mark.parametrize(
    "before", ["[[ $x == ", "[[ -n ", "case ", "case $x in ", "case $x in a) b ;; ", "[[ a || "]
)
def test_where_a_bare_word_would_be_a_pattern_it_is_quoted(before: str) -> None:
    slot = SH.slot(SH.step(SH.start, before))
    assert SH.encoders[slot.encoder]("1.27", *slot.args) == "'1.27'"


@pytest.mark.parametrize(
    "before",
    [
        *("", "a; ", "a && ", "a | ", "if ", "then ", "{ ", "( ", "a$(", "pre", '"', '"a', "$x/"),
        *("sudo ", "env ", "exec ", "timeout 5 ", "xargs ", "A=b ", "f() ", "do ", "time ", "! "),
        *("eval ", "eval x ", 'eval "a ', "eval 'a ", ". ", "source ./x ", "trap ", "trap '"),
        *(
            "alias a=",
            "let ",
            "read ",
            "unset ",
            "declare x=",
            "export a",
            "export -n x=",
            "local a",
        ),
        *("sh -c ", "bash -c '", "sudo sh -c ", "timeout 5 bash -ec ", "$SHELL -c ", '"$S" -c "'),
        *("sh -ce ", "docker run img sh -ce ", "docker run img sh -vc ", "runuser -u a -c "),
        *("flock f -c ", "script -qc ", "watch ", "parallel ", "busybox awk ", "busybox sh -c "),
        *("local a", "sed s/", "sed 's/", 'awk "', "python3 -c ", "find . -exec ", "ssh host "),
        *("printf ", 'printf "a ', "printf -v x ", "[ -v ", "test -v ", "[[ $x -eq ", "[[ -v "),
        *("PS4=", "export PS1=", "PROMPT_COMMAND=", "BASH_ENV=", "x[", "x=([", "${x:-", '"${x:-'),
        *("`a ", '"`a ', "x=${a#", "cat <<", "cat <<E\n", "cat <<E\na ", "cat <<E ", "cat >&"),
        *(
            "for ",
            "for x ",
            "select ",
            "function ",
            "case a ",
            "case a in a) ",
            "#!",
            "#!/bin/",
            "#",
        ),
        *("cmd \\", "cmd $", "cmd $x", 'cmd "$x', 'cmd "\\', "$((1", "$((a", "$((${x}", '$(("'),
        *("cmd $'", 'cmd $"', "x=`cmd $(a ", "command -v "),
    ],
)
def test_places_that_take_no_value(before: str) -> None:
    with pytest.raises(Misplaced) as refused:
        SH.slot(SH.step(SH.start, before))
    assert refused.value.reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(
            ("cmd ", ">x\n"),
            ("cmd 1", "<x\n"),
            ("[[ ", " -eq 1 ]]\n"),
            ("x='", "\n"),
            ('x="', "\n"),
        ),
        *(("x=$(cmd ", "\n"), ("case a in a) cmd ", "\n"), ("cmd ", "(x)\n"), ("cmd ", " )\n")),
        *(("cmd ", " ;;\n"), ("cmd ", " <<E\n"), ("x=${a:-b", "")),
    ],
)
def test_text_that_a_value_or_the_end_spoils(before: str, after: str) -> None:
    with pytest.raises(Misplaced):
        fill(SH, [before, Put("1"), after])


@pytest.mark.parametrize(
    "value", ["\x00", "\x01", "\r", "\x1b", "\x7f", "\x85", "\ud800", None, ["a"], {"a": 1}]
)
def test_values_no_shell_reads_alike_are_refused(value: object) -> None:
    for before, after in (("x=", "\n"), ("x='", "'\n"), ('x="', '"\n'), ("# ", "\n")):
        with pytest.raises(Unwritable):
            written(before, value, after)


@pytest.mark.parametrize("value", [Secret("t"), Structured([], "json")])
def test_secrets_and_data_are_refused(value: object) -> None:
    with pytest.raises(Unwritable):
        written("x=", value)


def test_comments() -> None:
    assert fill(SH, ["# by ", Put("go 'gen"), "\nx='a'\n"]) == "# by go 'gen\nx='a'\n"
    assert SH.comment("by gogen") == "# by gogen"
    for text in ("a\nrm -r x", "a\rb"):
        with pytest.raises(Unwritable):
            SH.comment(text)
        with pytest.raises(Unwritable):
            fill(SH, ["#!/bin/sh\n# ", Put(text)])


def state(text: str) -> object:
    return SH.step(SH.start, text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a\n", "a\nb c\n"),
        ("cmd ", "cmd --flag"),
        ("cmd a", "cmd b"),
        ("A=", "A=b"),
        ("A=b ", "B=c "),
        ("sudo ", ""),
        ('x="a', 'x="b'),
    ],
)
def test_branches_that_meet(one: str, other: str) -> None:
    assert SH.join(state(one), state(other)) == SH.join(state(other), state(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('x="a', "x=a"),
        ("x='", 'x="'),
        ("su", "a"),
        ("cmd ", ""),
        ("cat <<E\n", "cat\n"),
        ("cat <<E\n", "cat <<F\n"),
        ("case a in\n", "\n"),
        ("x=$(", "x="),
        ("x=$a", "x=b"),
    ],
)
def test_branches_that_cannot_meet(one: str, other: str) -> None:
    with pytest.raises(Misplaced):
        SH.join(state(one), state(other))


def test_the_stricter_command_wins() -> None:
    met = SH.join(state("eval a "), state("echo a "))
    with pytest.raises(Misplaced):
        SH.slot(met)


def test_text_may_be_cut_anywhere() -> None:
    text = (
        "#!/bin/sh\nset -eu\n# it's\nx=$((1 + (2)))\ncat <<-'E O' > /dev/null\n'\n\tE O\n"
        'case "$x" in (a|"b c") echo "${x:-"y"}" ;; *) echo $(date "+%s") `x` ;;& esac\n'
        "[[ $x == a* && ( b < c ) ]] && y=(a 'b') || { exec 3>&1 >>z 2>/dev/null; }\n"
    )
    whole = SH.step(SH.start, text)
    for cut in range(len(text)):
        assert SH.step(SH.step(SH.start, text[:cut]), text[cut:]) == whole
    byte_by_byte = SH.start
    for char in text:
        byte_by_byte = SH.step(byte_by_byte, char)
    assert byte_by_byte == whole
    SH.finish(whole)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a\nx='b\n", (3, 1)),
        ("a\nb )\n", (2, 3)),
        ("a\r\n", (1, 2)),
        ("a\nb;;\n", (2, 2)),
    ],
)
def test_what_does_not_close_is_found(text: str, place: tuple[int, int]) -> None:
    with pytest.raises(Unreadable) as found:
        SH.parse(text)
    assert (found.value.line, found.value.column) == place
