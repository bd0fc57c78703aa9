"""What the code imports, pyproject declares; what pyproject declares, the locks hold by hash."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Any

import pytest

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCKS = sorted((ROOT / ".ci" / "requirements").glob("*.txt"))


@cache
def settings() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def plain(requirement: str) -> str:
    """Give the normalised name of a distribution (PEP 503), whatever follows it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def imported(folder: str) -> Iterator[str]:
    """Give every module the sources name in an import, by its first part."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def foreign(folder: str) -> set[str]:
    """Give the distributions that the sources import."""
    ours = {"__future__", "generator", "tests", *sys.stdlib_module_names}
    known = packages_distributions()
    modules = {name for name in imported(folder) if name not in ours}
    return {plain(known[name][0]) for name in modules if name != "ruamel"} | (
        {"ruamel-yaml"} if "ruamel" in modules else set()  # a namespace of several distributions
    )


def test_every_import_of_the_package_is_declared() -> None:
    declared = {plain(one) for one in settings()["project"]["dependencies"]}
    extras = settings()["project"]["optional-dependencies"]
    optional = {plain(one) for extra in extras.values() for one in extra}
    assert foreign("generator") <= declared | optional
    # One more is declared: the C loader of ruamel.yaml, found by ruamel.yaml itself.
    assert declared | optional <= foreign("generator") | {"ruamel-yaml-clib"}


def test_only_verify_imports_its_extra() -> None:
    extra = {plain(one) for one in settings()["project"]["optional-dependencies"]["verify"]}
    rooms = [path for path in (ROOT / "generator").iterdir() if path.is_dir()]
    users = {room.name for room in rooms if foreign(f"generator/{room.name}") & extra}
    assert users == {"verify"}


def test_every_import_of_the_tests_is_declared() -> None:
    declared = {plain(one) for one in settings()["project"]["dependencies"]}
    for group in ("test", "readers"):
        declared |= {plain(one) for one in settings()["dependency-groups"][group]}
    assert foreign("tests") <= declared


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_no_machine_and_no_index(lock: Any) -> None:
    text = lock.read_text(encoding="utf-8")
    assert (
        re.findall(
            r"https?:|--index|--find-links|--trusted|file:|(?:^|[\s=])/\w", text, re.MULTILINE
        )
        == []
    )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_package_of_a_lock_has_hashes(lock: Any) -> None:
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert packages
    assert [
        line for line in packages if not re.search(r"==\S+.* --hash=sha256:[0-9a-f]{64}", line)
    ] == []


def test_the_locks_hold_what_pyproject_asks() -> None:
    held = {lock.stem: lock.read_text(encoding="utf-8") for lock in LOCKS}
    asked = {"run": settings()["project"]["dependencies"], **settings()["dependency-groups"]}
    assert held.keys() == asked.keys()
    missing = [
        one
        for name, requirements in asked.items()
        for one in requirements
        if not re.search(rf"^{re.escape(plain(one))}==", held[name], re.MULTILINE)
    ]
    assert missing == []
