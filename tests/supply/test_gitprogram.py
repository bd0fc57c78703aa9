"""Git runs on repositories of others within bounds, with nothing of the machine's settings."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator.problems import Rejected
from generator.supply.gitnames import check_address, is_ref
from generator.supply.gitprogram import Git
from generator.supply.gittree import blob_id, tree_id
from tests.servers.repository import Repository, daemon, repository
from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def git(**settings: object) -> Git:
    return Git(require("git"), {"PATH": SEARCH}, **settings)  # type: ignore[arg-type]


def code(call: Callable[[], object]) -> tuple[str, str]:
    """Give the code and the message of the one problem that a call ends with."""
    with pytest.raises(Rejected) as caught:
        call()
    (problem,) = caught.value.problems
    return problem.code, problem.message


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    made = repository(tmp_path / "origin")
    made.commit({"profiles/base/go.yaml": "go: 1\n", "README": "hello\n"})
    made.git("tag", "v1")
    made.commit({"profiles/base/go.yaml": "go: 2\n"})
    made.git("tag", "-a", "-m", "the second", "v2")
    return made


def test_refs_are_listed_with_annotated_tags_peeled(origin: Repository) -> None:
    first, second = origin.git("rev-parse", "v1"), origin.git("rev-parse", "HEAD")
    assert git().ls_remote(origin.url) == {
        "refs/heads/main": second,
        "refs/tags/v1": first,
        "refs/tags/v2": origin.git("rev-parse", "refs/tags/v2"),
        "refs/tags/v2^{}": second,
    }


def test_the_daemon_says_the_same_as_the_disk(origin: Repository) -> None:
    with daemon(origin.folder.parent) as base:
        assert git().ls_remote(f"{base}/origin") == git().ls_remote(origin.url)


@pytest.mark.parametrize("what", ["refs/tags/v1", "refs/tags/v2", "refs/heads/main", "v1", "main"])
def test_a_commit_is_fetched_by_name_and_by_id(
    origin: Repository, what: str, tmp_path: Path
) -> None:
    commit = origin.git("rev-parse", f"{what}^{{commit}}")
    asked = what if what.startswith("refs/") else commit
    with daemon(origin.folder.parent) as base:
        assert git().fetch(f"{base}/origin", asked, tmp_path / "got") == commit
    assert Repository(tmp_path / "got").git("rev-list", "--all", "--count") == "1"


def test_a_fetched_tree_has_the_very_bytes_and_its_own_id(
    origin: Repository, tmp_path: Path
) -> None:
    """`git archive` would leave out one file here and rewrite another."""
    attributes = "gone export-ignore\nsubst export-subst\n*.txt text eol=crlf\n"
    files = {"gone": "kept", "subst": "$Format:%H$\n", "a.txt": "1\n", "a/b": "x", "a-b": "y"}
    commit = origin.commit({".gitattributes": attributes, **files, "ä/ö": b"\0\xff"})
    (origin.folder / "a" / "run").write_text("#!/bin/sh\n")
    (origin.folder / "a" / "run").chmod(0o755)
    (origin.folder / "link").symlink_to("a/b")
    commit = origin.commit({})
    got = tmp_path / "got"
    assert git().fetch(origin.url, commit, got) == commit
    tree = git().tree(got, commit)
    entries = git().entries(got, tree)
    assert entries["subst"].content == b"$Format:%H$\n"
    assert entries["gone"].content == b"kept"
    assert entries["a/run"].mode == "100755"
    assert (entries["link"].mode, entries["link"].content) == ("120000", b"a/b")
    assert all(blob_id(entry.content) == entry.id for entry in entries.values())
    assert tree_id({path: (e.mode, e.content) for path, e in entries.items()}) == tree
    assert tree == origin.git("rev-parse", "HEAD^{tree}")
    below = git().entries(got, git().tree(got, commit, "profiles/base"))
    assert {path: entry.content for path, entry in below.items()} == {"go.yaml": b"go: 2\n"}


def test_a_submodule_is_an_entry_without_bytes(origin: Repository, tmp_path: Path) -> None:
    head = origin.git("rev-parse", "HEAD")
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    origin.git("commit", "-q", "-m", "sub")
    commit = git().fetch(origin.url, "refs/heads/main", tmp_path / "got")
    entry = git().entries(tmp_path / "got", git().tree(tmp_path / "got", commit))["sub"]
    assert entry == ("160000", head, b"")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("-uhelper", "protocol is none"),
        ("--upload-pack=touch /tmp/x", "protocol is none"),
        ("ext::sh -c touch% /tmp/x", "protocol is none"),
        ("git@github.com:owner/name", "protocol is none"),
        ("/srv/repository", "protocol is none"),
        ("http://git.example/x", "not encrypted"),
        ("git://git.example/x", "not encrypted"),
        ("git://127.evil.example/x", "not encrypted"),
        ("https://user:hunter2@git.example/x", "password"),
        ("https://token@git.example/x", "password"),
        ("ssh://-oProxyCommand=x@git.example/x", "password"),
        ("ssh://-oProxyCommand=x/x", "is no host"),
        ("https:///x", "is no host"),
        ("https://git.example:0/x", "is no host"),
        ("https://git.example:99999/x", "ort "),
        ("file://elsewhere/x", "is no host"),
        ("https://git.example", "path of a repository"),
        ("https://git.example/-x", "path of a repository"),
        ("https://git.example//x", "path of a repository"),
        ("https://git.example/x?y", "path of a repository"),
        ("https://git.example/x#y", "path of a repository"),
        ("https://git.example/x y", "letters"),
        ("https://git.example/x\\y", "letters"),
        ("https://git.example/\x1b[2J", "letters"),
    ],
)
def test_an_address_that_git_must_not_see_is_refused(url: str, why: str) -> None:
    got, message = code(lambda: git().ls_remote(url))
    assert (got, why in message, "hunter2" in message) == ("GG566", True, False), message
    assert message.isprintable()


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/actions/checkout",
        "https://git.example:8443/~owner/x.git",
        "https://[::1]:1/x",
        "ssh://git@git.example:2222/x",
        "ssh://git.example/x",
        "file:///srv/x",
        "http://localhost:80/x",
        "git://127.0.0.1:9418/x",
    ],
)
def test_an_ordinary_address_is_right(url: str) -> None:
    assert check_address(url) == url.partition(":")[0]


@pytest.mark.parametrize(
    "name",
    ["v1", "refs/v1", "refs/tags/", "refs/tags/a b", "refs/tags/a\x1b[2J", "refs/tags/.a",
     "refs/tags/a..b", "refs/tags/a:b", "refs/tags/a.lock", "refs/tags/*", "+refs/tags/a",
     "refs/tags/a@{1}", "refs/tags/a/", "refs/tags//a", "refs/tags/a^{}", "refs/tags/\u202ea"],
)  # fmt: skip
def test_a_name_that_git_forbids_is_no_ref(name: str) -> None:
    assert not is_ref(name)
    assert code(lambda: git().fetch("file:///x", name, Path("/nowhere")))[0] == "GG569"


def test_settings_of_the_machine_and_of_the_workspace_are_not_read(
    origin: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them would send git to another repository."""
    evil = repository(tmp_path / "evil")
    evil.commit({"README": "evil\n"})
    rewrite = f'[url "{evil.url}"]\n\tinsteadOf = {origin.url}\n'
    home = tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".gitconfig").write_text(rewrite)
    (home / ".config" / "git" / "config").write_text(rewrite)
    workspace = repository(tmp_path / "workspace")
    with (workspace.folder / ".git" / "config").open("a") as config:
        config.write(rewrite)
    monkeypatch.chdir(workspace.folder)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    assert evil.git("rev-parse", "main") in workspace.git("ls-remote", origin.url)
    settings = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{evil.url}.insteadOf",
        "GIT_CONFIG_VALUE_0": origin.url,
    }
    environment = {"PATH": SEARCH, "HOME": str(home), "GIT_DIR": "/nowhere", **settings}
    refs = Git(require("git"), environment).ls_remote(origin.url)
    assert refs["refs/heads/main"] == origin.git("rev-parse", "main")


def test_a_repository_that_is_not_there_is_told_in_gits_words(tmp_path: Path) -> None:
    got, message = code(lambda: git().ls_remote(f"file://{tmp_path}/nowhere"))
    assert got == "GG567"
    assert "does not appear to be a git repository" in message


def test_a_commit_that_is_not_there_is_told(origin: Repository, tmp_path: Path) -> None:
    with daemon(origin.folder.parent) as base:
        got, message = code(lambda: git().fetch(f"{base}/origin", "0" * 39 + "1", tmp_path / "got"))
    assert got == "GG567"
    assert "not our ref" in message


def test_a_folder_that_the_commit_lacks_is_told(origin: Repository, tmp_path: Path) -> None:
    commit = git().fetch(origin.url, "refs/tags/v1", tmp_path / "got")
    assert code(lambda: git().tree(tmp_path / "got", commit, "nowhere"))[0] == "GG567"


def test_a_tag_of_a_commit_is_not_taken_for_it(origin: Repository, tmp_path: Path) -> None:
    tag = origin.git("rev-parse", "refs/tags/v2")
    got, message = code(lambda: git().fetch(origin.url, tag, tmp_path / "got"))
    assert (got, "is no commit, but a tag" in message) == ("GG569", True)


@pytest.mark.parametrize("named", ["", "/usr/bin/env false"])
def test_no_git_is_told(named: str, tmp_path: Path) -> None:
    program = tmp_path / "git"
    if named:
        program.write_text("#!/bin/sh\necho git version 2.30.2\n")
        program.chmod(0o755)
    got, message = code(lambda: Git(program).ls_remote("https://git.example/x"))
    assert (got, "2.30.2" in message) == ("GG565", bool(named))


def _packet(text: bytes) -> bytes:
    return b"%04x%s" % (len(text) + 4, text)


@contextmanager
def speaker(*said: bytes, again: bool = False) -> Iterator[str]:
    """Serve one connection that says these bytes by git's protocol, then waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve() -> None:
            with server.accept()[0] as one:
                one.recv(1024)
                try:
                    one.sendall(b"".join(said))
                    while again:
                        one.sendall(b"".join(said[-1:]) * 1000)
                except OSError:
                    return
                done.wait(10)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"git://127.0.0.1:{server.getsockname()[1]}/x"
        done.set()
        thread.join()


ZERO = b"1" * 40


@pytest.mark.parametrize("name", [b"refs/heads/\x1b[2Jmain", b"refs/tags/--upload-pack=x y"])
def test_a_server_that_names_what_is_no_ref_is_refused(name: bytes) -> None:
    lines = _packet(ZERO + b" HEAD\0agent=x\n") + _packet(ZERO + b" " + name + b"\n") + b"0000"
    with speaker(lines) as url:
        got, message = code(lambda: git(patience=5).ls_remote(url))
    assert got in {"GG567", "GG569"}
    assert message.isprintable()


def test_a_server_that_hangs_is_left(tmp_path: Path) -> None:
    with speaker() as url:
        got, message = code(lambda: git(patience=0.3).ls_remote(url))
    assert (got, "did not end within 0.3 seconds" in message) == ("GG568", True)
    assert not list(tmp_path.iterdir())


def test_a_list_of_refs_without_end_is_cut_off() -> None:
    line = _packet(ZERO + b" refs/tags/" + b"v" * 900 + b"%d\n")
    with speaker(_packet(ZERO + b" HEAD\0agent=x\n"), line, again=True) as url:
        got, _message = code(lambda: git(patience=0.7).ls_remote(url))
    assert got == "GG568"


def test_a_program_that_prints_without_end_is_cut_off(tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_text(
        '#!/bin/sh\ncase $1 in version) echo git version 2.40.0 ;; *) yes "$0" ;; esac\n'
    )
    program.chmod(0o755)
    one = Git(program, {"PATH": os.defpath})
    got, message = code(lambda: one.ls_remote("https://git.example/x"))
    assert (got, "printed more than 33554432 bytes" in message) == ("GG568", True)


def test_a_repository_that_is_too_large_is_not_fetched(origin: Repository, tmp_path: Path) -> None:
    origin.commit({"noise": os.urandom(3 << 20)})
    small = git(largest=1 << 20)
    got, message = code(lambda: small.fetch(origin.url, "refs/heads/main", tmp_path / "got"))
    assert (got, "got more than 1048576 bytes" in message) == ("GG568", True)


def test_files_that_are_much_larger_than_their_packets_are_not_read(
    origin: Repository, tmp_path: Path
) -> None:
    origin.commit({"zeros": bytes(9 << 20)})
    size = (9 << 20) + len("go: 2\n") + len("hello\n")
    small = git(largest=1 << 20)
    commit = small.fetch(origin.url, "refs/heads/main", tmp_path / "got")
    tree = small.tree(tmp_path / "got", commit)
    got, message = code(lambda: small.entries(tmp_path / "got", tree))
    assert (got, message) == ("GG568", f"the files of git tree {tree} have {size} bytes")


def test_a_tree_that_would_write_elsewhere_is_not_fetched(
    origin: Repository, tmp_path: Path
) -> None:
    blob = origin.git("rev-parse", "HEAD:README")
    (tmp_path / "tree").write_bytes(b"100644 ..\0" + bytes.fromhex(blob))
    argv = ("hash-object", "-t", "tree", "-w", "--literally", str(tmp_path / "tree"))
    commit = origin.git("commit-tree", "-m", "evil", origin.git(*argv))
    origin.git("tag", "evil", commit)
    got, message = code(lambda: git().fetch(origin.url, "refs/tags/evil", tmp_path / "got"))
    assert (got, "hasDotdot" in message) == ("GG567", True)


def test_what_git_started_ends_with_it(tmp_path: Path) -> None:
    """Git talks through helpers; one that hangs is not left behind."""
    program = tmp_path / "git"
    said = tmp_path / "helper"
    program.write_text(
        "#!/bin/sh\ncase $1 in version) echo git version 2.40.0; exit ;; esac\n"
        f'sleep 300 & echo $! > "{said}"\nwait\n'
    )
    program.chmod(0o755)
    for patience in (0.5, 5, 50):
        one = Git(program, {"PATH": os.defpath}, patience=patience)
        assert code(partial(one.ls_remote, "https://git.example/x"))[0] == "GG568"
        # A busy machine may not have come that far.
        if said.exists() and said.read_text().strip():
            break
    helper = Path("/proc") / said.read_text().strip()
    for _ in range(15_000):
        if not helper.exists() or ") Z " in (helper / "stat").read_text():
            return
        time.sleep(0.02)
    pytest.fail("the helper still runs")
