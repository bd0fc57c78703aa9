"""sudoers: every place takes tokens of its own, and sudo's own readers read them back."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from generator.dialects import for_file, get
from generator.dialects.base import Misplaced, Unreadable, Unwritable
from generator.model import HomePath, Secret
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import batches, writable
from tests.tools import require

if TYPE_CHECKING:
    from pathlib import Path

SUDOERS = get("sudoers")
ALIAS = "Cmnd_Alias A = "
USER = "deploy ALL = (root) NOSETENV: "


def written(before: str, value: object, after: str = "\n") -> str:
    """Give what the value became between the two texts."""
    text = fill(SUDOERS, [before, Put(value), after])
    return text[len(before) : len(text) - len(after)]


@pytest.mark.parametrize("name", ["sudoers", "gogen.sudoers"])
def test_file_names(name: str) -> None:
    assert for_file(name) == "sudoers"


@pytest.mark.parametrize(
    ("before", "value", "after", "text"),
    [
        ("", "deploy", " ALL = /bin/x\n", "deploy"),
        ("%", "a.b-c_d", " ALL = /bin/x\n", "a.b-c_d"),
        ("root, ", "Abc@example.org", " ALL = /bin/x\n", "Abc@example.org"),
        ("deploy ALL = (", "app", ") /bin/x\n", "app"),
        ("User_Alias PEOPLE = a, ", "deploy", "\n", "deploy"),
        ("Cmnd_Alias ", "RESTART", " = /bin/x\n", "RESTART"),
        ("Cmnd_Alias GOGEN_", "1", " = /bin/x\n", "1"),
        ("Defaults!GOGEN_", "A", " use_pty\n", "A"),
        (f"{USER}GOGEN_", "A", "\n", "A"),
        (USER, "/bin/x", "\n", "/bin/x"),
        (USER, "/opt/a:b,c=d#e", ' ""\n', "/opt/a\\:b\\,c\\=d\\#e"),
        (f"{ALIAS}/bin/x a, \\\n    ", "/bin/y", " b\n", "/bin/y"),
        (f"{ALIAS}/bin/x ", "--a=b:c,d#e", "\n", "--a\\=b\\:c\\,d\\#e"),
        (f"{ALIAS}sha256:", "0a", " /bin/x\n", "0a"),
        ('Defaults secure_path="', "/usr/sbin:/usr/bin", '"\n', "/usr/sbin:/usr/bin"),
        ("# ", "why: *", "\n", "why: *"),
    ],
)
def test_places_of_a_value(before: str, value: object, after: str, text: str) -> None:
    assert written(before, value, after) == text


@pytest.mark.parametrize(
    "before",
    [
        *("dep", "!", "Defaults", "Defaults ", "Defaults secure_path="),
        *(f"{USER}/bin/", f"{ALIAS}/bin/x --a=", f"{ALIAS}/bin/x a\\", "@include ", "#include "),
        *("Cmnd_Alias a", f"{ALIAS}sha256:a", "Defaults!/bin/x"),
    ],
)
def test_places_that_take_no_value(before: str) -> None:
    with pytest.raises(Misplaced):
        SUDOERS.slot(SUDOERS.step(SUDOERS.start, before))


@pytest.mark.parametrize(
    ("before", "value"),
    [
        *(("", value) for value in ("", "ALL", "OPS", "a b", "a,b", "%a", "#0", "_a", "a\n", "é")),
        *(("", value) for value in (None, ["a"], Secret("a"), HomePath("a"))),
        *((USER, value) for value in ("x", "/", "/bin/", "/bin/*", "/a b", "/a\\", "ALL", "!/x")),
        *((USER, value) for value in ('/a"', "/a[b]", "/a?", HomePath("x"))),
        *((f"{ALIAS}/x ", value) for value in ("", '""', "*", "a b", "^a$", "a\\", "a\nb", "[a]")),
        *(("Cmnd_Alias ", value) for value in ("ALL", "TYPE", "a", "1A", "NOEXEC")),
        *(("Cmnd_Alias NO", "EXEC"), ("# ", "a\n"), ("# ", "a\\"), ('Defaults a="', 'a"')),
    ],
)
def test_what_cannot_be_written_is_refused(before: str, value: object) -> None:
    with pytest.raises(Unwritable):
        written(before, value)


def test_a_word_ends_after_a_whole_value() -> None:
    for before in ("", "%", "User_Alias A = ", "deploy ALL = (", f"{ALIAS}/bin/x ", USER):
        with pytest.raises(Misplaced):
            fill(SUDOERS, [before, Put("/x" if before == USER else "x"), "y\n"])


def test_branches() -> None:
    def state(text: str) -> object:
        return SUDOERS.step(SUDOERS.start, text)

    assert SUDOERS.join(state(f"{ALIAS}/x a"), state(f"{ALIAS}/x b")) is not None
    with pytest.raises(Misplaced):
        SUDOERS.join(state(f"{ALIAS}/x a"), state(f"{ALIAS}/x a, "))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# a\ndeploy\n", 2),
        ("deploy ALL\n", 1),
        ("Cmnd_Alias A\n", 1),
        ('Defaults a="b\n', 1),
        ("deploy ALL = (root\n", 1),
        ("deploy ALL = /bin/x \\", 1),
        ("deploy ALL = /bin/x\r\n", 1),
    ],
)
def test_what_is_no_sudoers_is_found(text: str, line: int) -> None:
    with pytest.raises(Unreadable) as found:
        SUDOERS.parse(text)
    assert found.value.line == line


def read(text: str, folder: Path) -> Any:
    """Give what sudo reads in a file, as cvtsudoers tells; visudo must find nothing in it."""
    path = folder / "read"
    path.write_text(text, encoding="utf-8")
    said = subprocess.run(
        [require("visudo"), "-csf", path], capture_output=True, text=True, check=False, timeout=300
    )
    assert said.returncode == 0, f"{text}{said.stdout}{said.stderr}"
    told = subprocess.run(
        [require("cvtsudoers"), "-f", "json", path],
        capture_output=True,
        check=True,
        timeout=300,
    ).stdout
    return json.loads(told)


@given(values=batches)
@settings(max_examples=40)
def test_sudo_reads_the_words_that_were_written(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = writable(values, lambda value: written(f"{ALIAS}/bin/x ", value))
    lines = [fill(SUDOERS, [f"Cmnd_Alias A{n} = /x ", Put(v), "\n"]) for n, v in enumerate(kept)]
    found = read(
        "".join([*lines, "Cmnd_Alias Z = /bin/z\n"]) + uses(len(kept)), folder(tmp_path_factory)
    )
    assert {
        name: commands[0]["command"] for name, commands in found["Command_Aliases"].items()
    } == {"Z": "/bin/z", **{f"A{n}": f"/x {value}" for n, value in enumerate(kept)}}


@given(values=batches)
@settings(max_examples=40)
def test_sudo_reads_the_programs_and_users_that_were_written(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    paths = writable([f"/{value}" for value in values], lambda value: written(USER, value))
    names = writable(values, lambda value: written("", value, " ALL = /bin/x\n"))
    lines = [fill(SUDOERS, ["root ALL = ", Put(path), "\n"]) for path in ["/bin/x", *paths]]
    lines += [fill(SUDOERS, [Put(name), " ALL = (%", Put(name), ") /bin/x\n"]) for name in names]
    found = read("".join(lines), folder(tmp_path_factory))["User_Specs"]
    commands = [spec["Cmnd_Specs"][0] for spec in found]
    assert [c["Commands"][0]["command"] for c in commands][: len(paths) + 1] == ["/bin/x", *paths]
    assert [spec["User_List"][0]["username"] for spec in found][len(paths) + 1 :] == names
    assert [c["runasusers"][0]["usergroup"] for c in commands if "runasusers" in c] == names


def uses(count: int) -> str:
    """Give lines that use the aliases: visudo warns of one that nobody uses."""
    return "".join(f"root ALL = {name}\n" for name in ("Z", *(f"A{n}" for n in range(count))))


def folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("sudoers")
