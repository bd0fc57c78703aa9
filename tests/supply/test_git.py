"""Tags of actions and their commits, from real repositories: by file, git daemon and smart HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from generator.lock.model import ActionPin
from generator.problems import Problem, Rejected
from generator.supply.git import Repositories
from generator.supply.gitprogram import Git
from tests.servers.https import Reply, Request, page, serving
from tests.servers.repository import Repository, daemon, repository
from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "acme/setup"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """An action with releases, annotated and not, moving tags, and what is no release."""
    made = repository(tmp_path_factory.mktemp("made") / NAME)
    for tag in ("v1.2.3", "v1.10.0", "v2.0.0-rc.1", "1.11.0", "v1.10", "v01.11.0", "v1.10.0.1"):
        made.commit({"action.yml": tag})
        made.git("tag", tag)
    made.commit({"action.yml": "v1.10.1"})
    made.git("tag", "-a", "-m", "release", "v1.10.1")
    made.git("tag", "v1")
    made.commit({"action.yml": "later"})
    return made


@pytest.fixture
def action(made: Repository, tmp_path: Path) -> Repository:
    """A copy of it for one test."""
    return Repository(shutil.copytree(made.folder, tmp_path / "hub" / NAME))


def source(action: Repository) -> Repositories:
    hub = action.folder.parent.parent
    return Repositories(Git(require("git"), {"PATH": SEARCH}), f"file://{hub}/")


def problem(call: Callable[[], object]) -> Problem:
    with pytest.raises(Rejected) as caught:
        call()
    (found,) = caught.value.problems
    return found


def commit(action: Repository, tag: str) -> str:
    return action.git("rev-parse", f"refs/tags/{tag}^{{commit}}")


@pytest.mark.parametrize(
    ("asked", "tag"),
    [("", "v1.10.1"), ("v1", "v1.10.1"), ("v1.10", "v1.10.1"), ("v1.2", "v1.2.3")],
)
def test_the_newest_release_is_the_highest_version(
    action: Repository, asked: str, tag: str
) -> None:
    """An annotated tag is peeled; a pre-release, a moving tag and odd numbers are none."""
    pin = source(action).action(NAME, asked)
    assert pin == ActionPin(tag, commit(action, tag), ("git",))


def test_a_line_is_not_another_that_begins_like_it(action: Repository) -> None:
    action.git("tag", "v10.0.0")
    action.git("tag", "v1.20.0")
    found = [source(action).action(NAME, asked) for asked in ("", "v1", "v1.2", "v10")]
    assert [pin and pin.tag for pin in found] == ["v10.0.0", "v1.20.0", "v1.2.3", "v10.0.0"]


@pytest.mark.parametrize("tag", ["v1.2.3", "v1.10.1", "v2.0.0-rc.1"])
def test_a_tag_is_its_commit(action: Repository, tag: str) -> None:
    pin = source(action).action(NAME, tag)
    assert pin == ActionPin(tag, commit(action, tag), ("git",))


def test_the_tags_of_releases_are_listed_by_number(action: Repository) -> None:
    assert source(action).action_tags(NAME) == ("v1.2.3", "v1.10.0", "v1.10.1")


def test_a_tag_that_is_not_there_is_not_known(action: Repository) -> None:
    assert source(action).action(NAME, "v9.9.9") is None


@pytest.mark.parametrize("line", ["v9", "v1.3"])
def test_a_line_without_a_release_is_told(action: Repository, line: str) -> None:
    found = problem(lambda: source(action).action(NAME, line))
    assert found.code == "GG572"
    assert found.message.endswith(f"no tag is a release of {line}")
    assert found.hint == "its newest is v1.10.1"


def test_a_pin_is_confirmed_with_what_it_had(action: Repository) -> None:
    pin = ActionPin("v1.10.1", commit(action, "v1.10.1"), ("tag-read",))
    assert source(action).confirm_action(NAME, pin).proofs == ("git", "tag-read")


def test_a_tag_that_moved_since_it_was_locked_is_refused(action: Repository) -> None:
    pin = source(action).action(NAME, "v1.10.0")
    assert pin
    now = action.commit({"action.yml": "evil"})
    action.git("tag", "-f", "v1.10.0")
    found = problem(lambda: source(action).confirm_action(NAME, pin))
    assert found.code == "GG571"
    assert pin.commit in found.message
    assert now in found.message


def test_the_tag_object_is_not_taken_for_the_commit(action: Repository) -> None:
    """A pin with the id of an annotated tag runs the same files, and is not what was released."""
    pin = ActionPin("v1.10.1", action.git("rev-parse", "refs/tags/v1.10.1"))
    assert problem(lambda: source(action).confirm_action(NAME, pin)).code == "GG571"


def test_a_tag_that_is_gone_is_refused(action: Repository) -> None:
    pin = ActionPin("v1.10.0", commit(action, "v1.10.0"))
    action.git("tag", "-d", "v1.10.0")
    found = problem(lambda: source(action).confirm_action(NAME, pin))
    assert (found.code, "is there no more" in found.message) == ("GG571", True)


@pytest.mark.parametrize("beside", [True, False])
def test_a_branch_with_a_tags_name_is_refused(action: Repository, beside: bool) -> None:  # noqa: FBT001  (a parameter)
    pin = ActionPin("v1.10.1", commit(action, "v1.10.1"))
    action.git("branch", "v1.10.1", "main")
    if not beside:
        action.git("tag", "-d", "v1.10.1")
    for call in (
        lambda: source(action).action(NAME, "v1.10.1"),
        lambda: source(action).confirm_action(NAME, pin),
    ):
        found = problem(call)
        assert found.code == "GG570"
        assert f"is a branch at {action.git('rev-parse', 'main')[:12]}" in found.message
        assert ("beside the tag" in found.message) is beside


@pytest.mark.parametrize(
    "name", ["x", "../x", "a/..", "a/b/c", "-a/b", "a/-b", "a/b c", "a//b", "a/b\n", "", "a/b?c"]
)
def test_a_name_of_no_repository_is_refused(made: Repository, name: str) -> None:
    assert problem(lambda: source(made).action(name)).code == "GG573"


def test_every_protocol_says_the_same(action: Repository) -> None:
    pin = source(action).action(NAME)
    git = Git(require("git"), {"PATH": SEARCH})
    hub = action.folder.parent.parent
    with daemon(hub) as address:
        assert Repositories(git, address).action(NAME) == pin
    with serving({"*": lambda asked: smart(hub, asked)}, tls=False) as server:
        assert Repositories(git, server.url).action(NAME) == pin
    with serving({"*": lambda asked: smart(hub, asked)}) as server:
        trusting = Git(require("git"), {"PATH": SEARCH}, server.ca_file)
        assert Repositories(trusting, server.url).action(NAME) == pin
        assert problem(lambda: Repositories(git, server.url).action(NAME)).code == "GG567"
        unread = Git(require("git"), {"PATH": SEARCH}, str(hub / "none.pem"))
        assert (
            "none.pem cannot be read" in problem(lambda: Repositories(unread).action(NAME)).message
        )


def smart(hub: Path, asked: Request) -> Reply:
    """Answer with git's own CGI program; of the old protocol, which lists refs at once."""
    path, _mark, query = asked.path.partition("?")
    env = {
        "PATH": SEARCH,
        "GIT_PROJECT_ROOT": str(hub),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
    }
    argv = [str(require("git")), "http-backend"]
    said = subprocess.run(argv, env=env, capture_output=True, check=True).stdout
    head, _blank, body = said.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return Reply(body, int(headers.pop("Status", "200")[:3]), headers)


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (page(), "GG569", "neither a branch nor a tag"),
        (Reply(b"", 301, {"Location": "https://elsewhere.example/x"}), "GG567", "error: 301"),
        (Reply(b"", 401, {"WWW-Authenticate": 'Basic realm="x"'}), "GG567", "terminal prompts"),
        (Reply(b"", 404), "GG567", "not found"),
        (Reply(b"1" * 40 + b"\trefs/tags/\x1b[2Jv1.0.0\n"), "GG569", "no line of a list"),
        (Reply(b"1" * 40 + b"\trefs/tags/--x y\n"), "GG572", "no tag is a release"),
        (Reply(b"1" * 64 + b"\trefs/tags/v1.0.0\n"), "GG569", "no line of a list"),
    ],
)
def test_a_server_of_pages_or_lies_is_refused(reply: Reply, code: str, words: str) -> None:
    with serving({"*": reply}, tls=False) as server:
        git = Git(require("git"), {"PATH": SEARCH}, patience=10)
        found = problem(lambda: Repositories(git, server.url).action(NAME))
    assert (found.code, words in found.message) == (code, True), found.message
    assert found.message.isprintable()


def test_a_password_of_netrc_goes_to_its_host_only(action: Repository, tmp_path: Path) -> None:
    """Git itself reads ~/.netrc, and nothing else of the user's."""
    (tmp_path / ".netrc").write_text("machine localhost login reader password s3cret\n")
    hub = action.folder.parent.parent

    def closed(asked: Request) -> Reply:
        return (
            smart(hub, asked)
            if "authorization" in asked.headers
            else Reply(b"", 401, {"WWW-Authenticate": 'Basic realm="x"'})
        )

    with serving({"*": closed}, tls=False) as server:
        git = Git(require("git"), {"PATH": SEARCH, "HOME": str(tmp_path)})
        assert Repositories(git, server.url).action(NAME)
        by_number = server.url.replace("localhost", "127.0.0.1")
        assert problem(lambda: Repositories(git, by_number).action(NAME)).code == "GG567"
