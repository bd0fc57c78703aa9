"""What a repository, a checkout or a kill can do to a layer: told in words, no byte changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from generator.layers.remote import Access
from generator.locking import update_lock
from generator.pipeline import Compiler
from generator.sources import Sources
from generator.supply.gitprogram import Git
from generator.supply.gittree import blob_id
from generator.workspace import open_workspace
from tests.killing import killed
from tests.layers.upstream import APP, BASE, address, extends, offline, online, refused
from tests.servers.repository import Repository, repository
from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Project

LAYERS = "gogen.lock.d/layers"


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    made = repository(tmp_path / "platform")
    made.commit({"profiles/base/go.yaml": BASE, "profiles/base/more.yaml": "description: x\n"})
    made.git("tag", "v1.0.0")
    return made


@pytest.fixture
def follower(
    origin: Repository,
    project: Callable[[dict[str, str | bytes]], Project],
    monkeypatch: pytest.MonkeyPatch,
) -> Project:
    online(monkeypatch)
    made = project({**APP, **extends(address(origin))})
    assert made.run("lock").code == 0
    assert made.run("render").code == 0
    return made


def vendored(workspace: Project) -> dict[str, bytes]:
    files = workspace.tree().items()
    return {p: content for p, content in files if p.startswith(f"{LAYERS}/")}


def home(origin: Repository) -> str:
    return f"{LAYERS}/platform-{origin.git('rev-parse', 'v1.0.0')[:12]}/profiles/base"


def test_a_file_that_was_edited_is_named_and_fetched_again(
    origin: Repository, follower: Project
) -> None:
    before = follower.tree()
    path = f"{home(origin)}/go.yaml"
    follower.write({path: BASE.replace("linux/amd64", "linux/arm64")})
    for command in ("render", "check", "diff", "profiles"):
        outcome = refused(follower, "GG579", command)
        assert f"error[GG579] {path}\n" in outcome.text
        assert outcome.code == 3
    refused(follower, "GG579", "lock", "--check")
    assert follower.run("lock").code == 0
    assert follower.tree() == before


def test_line_ends_that_a_checkout_changed_are_named(origin: Repository, follower: Project) -> None:
    path = f"{home(origin)}/go.yaml"
    follower.write({path: BASE.replace("\n", "\r\n")})
    assert "has CRLF line ends" in refused(follower, "GG579", "check").text


def test_a_file_that_is_gone_is_named(origin: Repository, follower: Project) -> None:
    (follower.root / home(origin) / "more.yaml").unlink()
    outcome = refused(follower, "GG578", "check")
    assert "error[GG578] profiles/mine/profile.yaml:1:11\n" in outcome.text
    assert f"no file {home(origin)}/more.yaml" in outcome.text
    assert outcome.code == 3


def test_a_link_is_not_read(origin: Repository, follower: Project, tmp_path: Path) -> None:
    path = follower.root / home(origin) / "go.yaml"
    path.rename(tmp_path / "go.yaml")
    path.symlink_to(tmp_path / "go.yaml")
    refused(follower, "GG578", "check")
    folder = follower.root / LAYERS
    folder.rename(tmp_path / "layers")
    folder.symlink_to(tmp_path / "layers")
    refused(follower, "GG441", "check")
    refused(follower, "GG441", "lock")


def test_a_file_that_is_too_much_is_named_and_removed(
    origin: Repository, follower: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = follower.tree()
    follower.write({f"{home(origin)}/evil.yaml": "go: {}\n", f"{LAYERS}/old-1/x.yaml": "a: 1\n"})
    assert follower.run("check").code == 0  # nothing reads it
    outcome = refused(follower, "GG580", "lock", "--check")
    assert outcome.text.count("[GG580]") == 2
    offline(monkeypatch, tmp_path)
    assert follower.run("lock").code == 0
    assert follower.tree() == before


def test_a_lock_whose_files_are_not_its_trees_is_refused(
    origin: Repository, follower: Project
) -> None:
    """Whoever edits a vendored file, and its id in the lock, has the tree's against them."""
    path = f"{home(origin)}/go.yaml"
    old, new = BASE, BASE.replace("linux/amd64", "linux/arm64")
    lock = (follower.root / "gogen.lock").read_text()
    lock = lock.replace(blob_id(old.encode()), blob_id(new.encode()))
    follower.write({path: new, "gogen.lock": lock})
    outcome = refused(follower, "GG579", "check")
    assert "error[GG579] gogen.lock\n" in outcome.text


def test_a_lock_whose_tree_is_not_its_commits_is_refused(
    origin: Repository, follower: Project
) -> None:
    """Whoever edits the tree's id too has no commit of the repository for it."""
    path, new = f"{home(origin)}/go.yaml", BASE.replace("linux/amd64", "linux/arm64")
    lock = (follower.root / "gogen.lock").read_text()
    tree = origin.git("rev-parse", "v1.0.0:profiles/base")
    lock = lock.replace(blob_id(BASE.encode()), blob_id(new.encode()))
    origin.commit({"profiles/base/go.yaml": new})
    forged = origin.git("rev-parse", "HEAD:profiles/base")
    follower.write({path: new, "gogen.lock": lock.replace(tree, forged)})
    outcome = refused(follower, "GG579", "check")
    assert f"its commit has the tree {tree} there" in outcome.text
    proof = f"{home(origin)}.json"
    data = json.loads((follower.root / proof).read_bytes())
    data["trees"][1]["base"] = f"40000 {forged}"
    follower.write({proof: json.dumps(data)})
    assert "it has another tree than" in refused(follower, "GG579", "check").text
    data["trees"][1]["base"] = "40000 none"
    lies = ("[]", "{", '{"commit": [], "trees": []}', '{"commit": [""], "trees": [3]}')
    for lie in (*lies, json.dumps(data)):
        follower.write({proof: lie})
        assert f"error[GG579] {proof}\n" in refused(follower, "GG579", "check").text
    (follower.root / proof).unlink()
    assert proof in refused(follower, "GG578", "check").text
    assert follower.run("lock").code == 0
    assert follower.run("check").code == 0


def test_two_commits_of_one_ref_in_the_lock_are_refused(
    origin: Repository, follower: Project
) -> None:
    """Two branches that each locked a layer merge without a conflict."""
    first = origin.git("rev-parse", "HEAD")
    second = origin.commit({"profiles/other/go.yaml": BASE})
    one, two = address(origin, "base", "main"), address(origin, "other", "main")
    follower.write({"profiles/o/profile.yaml": f"extends: {one}\n"})
    assert follower.run("lock").code == 0
    follower.write({"profiles/o/profile.yaml": f"extends: {json.dumps([one, two])}\n"})
    lock = json.loads((follower.root / "gogen.lock").read_bytes())
    lock["layers"][one]["commit"] = first
    lock["layers"][two] = {**lock["layers"][one], "commit": second}
    follower.write({"gogen.lock": json.dumps(lock)})
    outcome = refused(follower, "GG577", "check")
    assert first in outcome.text
    assert second in outcome.text
    assert follower.run("lock").code == 0
    lock = json.loads((follower.root / "gogen.lock").read_bytes())
    assert lock["layers"][one]["commit"] == lock["layers"][two]["commit"] == second
    assert follower.run("lock", "--check").code == 0


def test_a_tag_that_moved_is_refused_with_both_commits(
    origin: Repository, follower: Project
) -> None:
    first = origin.git("rev-parse", "v1.0.0")
    second = origin.commit({"profiles/new/go.yaml": BASE})
    origin.git("tag", "-f", "v1.0.0")
    follower.write({"profiles/o/profile.yaml": f"extends: {address(origin, 'new')}\n"})
    outcome = refused(follower, "GG582", "lock")
    assert f"refs/tags/v1.0.0 of {origin.url} moved to {second}; it is locked as {first}" in (
        outcome.text
    )
    assert outcome.code == 5
    origin.git("tag", "-d", "v1.0.0")
    assert "is gone" in refused(follower, "GG582", "lock").text


def test_a_repository_that_was_rewritten_is_refused(origin: Repository, follower: Project) -> None:
    follower.write({"profiles/o/profile.yaml": f"extends: {address(origin, ref='main')}\n"})
    assert follower.run("lock").code == 0
    lost = origin.commit({"profiles/base/go.yaml": BASE + "# lost\n"})
    follower.write({"profiles/o/profile.yaml": f"extends: {address(origin, ref='main')}\n"})
    lock = (follower.root / "gogen.lock").read_text()
    url = address(origin, ref="main")
    row = next(line for line in lock.splitlines() if url in line)
    follower.write({"gogen.lock": lock.replace(row, row.replace(lost_of(row), lost))})
    origin.git("reset", "-q", "--hard", "v1.0.0")
    origin.git("reflog", "expire", "--expire=now", "--all")
    origin.git("gc", "-q", "--prune=now")
    outcome = refused(follower, "GG583", "lock")
    assert f"gives commit {lost} no more" in outcome.text
    assert outcome.code == 5


def lost_of(row: str) -> str:
    """Give the commit that a line of the lock names."""
    return str(json.loads(row.partition(": ")[2].rstrip(","))["commit"])


@pytest.mark.parametrize(
    ("ref", "why"),
    [("v1.0.1", 'did you mean "v1.0.0"?'), ("both", "it is a tag and a branch")],
)
def test_a_ref_that_is_none_or_two_is_refused(
    origin: Repository, follower: Project, ref: str, why: str
) -> None:
    origin.git("tag", "both")
    origin.git("branch", "both")
    follower.write(extends(address(origin, ref=ref)))
    outcome = refused(follower, "GG581", "lock")
    assert why in outcome.text
    assert "profiles/mine/profile.yaml:1:11" in outcome.text


def test_a_head_that_is_no_branch_is_refused(origin: Repository, follower: Project) -> None:
    origin.git("checkout", "-q", "--detach")
    follower.write(extends(address(origin, ref="")))
    assert "HEAD is no branch" in refused(follower, "GG581", "lock").text


def link(folder: Path) -> None:
    (folder / "go.yaml").unlink()
    (folder / "go.yaml").symlink_to("/etc/passwd")


def executable(folder: Path) -> None:
    (folder / "go.yaml").chmod(0o755)


def many(folder: Path) -> None:
    for number in range(101):
        (folder / f"{number}.txt").touch()


def large(folder: Path) -> None:
    (folder / "go.yaml").write_bytes(b"#" * (1 << 20) + b"\n")


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.rename(file.with_suffix(".txt"))


def capitals(folder: Path) -> None:
    (folder / "GO.yaml").write_text("targets: []\n")


def hostile(folder: Path) -> None:
    (folder / "a\x1b[31m.yaml").write_text("targets: []\n")


def submodule(folder: Path) -> None:
    inner = repository(folder / "sub")
    inner.commit({"x": "y"})


def gone(folder: Path) -> None:
    folder.rename(folder.parent / "other")


def a_file(folder: Path) -> None:
    folder.rename(folder.parent / "other")
    folder.write_text("targets: []\n")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (link, "go.yaml is a link"),
        (executable, "go.yaml is executable"),
        (many, "103 names are in it"),
        (large, "its files have 1048592 bytes"),
        (empty, "there is no YAML file in it"),
        (capitals, "two names differ in capitals only"),
        (hostile, r"'a\\x1b[31m.yaml' is no name"),
        (submodule, "sub is a submodule"),
        (gone, "has no folder profiles/base"),
        (a_file, "has no folder profiles/base"),
    ],
)
def test_a_folder_that_is_no_layer_is_refused(
    origin: Repository, follower: Project, make: Callable[[Path], None], why: str
) -> None:
    make(origin.folder / "profiles" / "base")
    origin.commit({})
    origin.git("tag", "bad")
    follower.write(extends(address(origin, ref="bad")))
    outcome = refused(follower, "GG584", "lock")
    assert why in outcome.text
    assert outcome.code == 5


def test_a_layer_that_its_own_repository_lacks_is_refused_at_its_line(
    origin: Repository, follower: Project
) -> None:
    origin.commit({"profiles/base/more.yaml": "extends: lost\n"})
    origin.git("tag", "bad")
    follower.write(extends(address(origin, ref="bad")))
    outcome = refused(follower, "GG584", "lock")
    assert "profiles/base/more.yaml:1:10\n" in outcome.text
    assert "has no folder profiles/lost" in outcome.text


def test_what_a_layer_says_wrong_changes_nothing(origin: Repository, follower: Project) -> None:
    origin.commit({"profiles/base/more.yaml": "image: {}\n" * 2})
    origin.git("tag", "bad")
    follower.write(extends(address(origin, ref="bad")))
    refused(follower, "GG108", "lock")
    origin.commit({"profiles/base/more.yaml": "modules: 3\n"})
    origin.git("tag", "-f", "bad")
    refused(follower, "GG152", "lock")


def test_nobody_answers_or_there_is_no_git(
    origin: Repository, follower: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    follower.write(extends(address(f"{origin.url}-gone")))
    outcome = refused(follower, "GG567", "lock")
    assert "error[GG567] profiles/mine/profile.yaml:1:11\n" in outcome.text
    offline(monkeypatch, tmp_path)
    refused(follower, "GG565", "lock")


def test_a_kill_at_any_step_leaves_the_old_or_the_new(
    origin: Repository, follower: Project
) -> None:
    """The next command finishes what a killed `gogen lock` had decided."""
    old = follower.tree()
    second = extends(address(origin, ref="v2"))
    origin.commit({"profiles/base/go.yaml": BASE + "# more\n"})
    origin.git("tag", "v2")
    git = Git(require("git"), {"PATH": SEARCH})
    profile = (follower.root / "profiles/mine/profile.yaml").read_bytes()
    follower.write(second)
    assert follower.run("lock").code == 0
    new = follower.tree()
    assert {p for p in new if p.startswith(f"{home(origin)}/")} == set()

    def lock() -> None:
        update_lock(Compiler(Sources(open_workspace(follower.root))), lambda: Access(git))

    seen, tree = set(), old
    for at in range(1, 400, 6):  # every step of a transaction has its own test
        _put_back(follower, old, profile)
        follower.write(second)
        alive = not killed(lock, at)
        outcome = follower.run("lock", "--check")
        tree = {p: c for p, c in outcome.tree.items() if not p.startswith(".gogen-staged/")}
        assert tree in ({**old, **bytes_of(second)}, new), f"step {at}: {outcome.text}"
        seen.add(outcome.code)
        if alive:
            break
    assert seen == {0, 3}
    assert tree == new


def bytes_of(files: dict[str, str]) -> dict[str, bytes]:
    return {path: content.encode() for path, content in files.items()}


def _put_back(workspace: Project, tree: dict[str, bytes], profile: bytes) -> None:
    for path in workspace.tree().keys() - tree.keys():
        (workspace.root / path).unlink()
    workspace.write({**tree, "profiles/mine/profile.yaml": profile})
