"""The structure, held: who may import whom, who may write, how large a module may grow."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = ROOT / "generator"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.name != "__init__.py")

# Each part and the parts it may import besides itself, the lowest first.
MAY_IMPORT = {
    "problems": set(),
    "model": {"problems"},
    "dialects": {"problems", "model"},
    "wording": {"problems", "model"},
}
# What no part below the pipeline may reach up to.
UPPER = {
    "bump",
    "attesting",
    "cli",
    "pipeline",
    "update",
    "locking",
    "lint",
    "modules",
    "review",
    "sources",
    "spread",
}
LOWER = (
    *(
        "attest",
        "audit",
        "cache",
        "dialects",
        "gomod",
        "layers",
        "lock",
        "overlays",
        "profile",
        "reports",
        "rules",
        "stages",
        "supply",
        "sumdb",
    ),
    "templating",
    "verify",
)

# Modules that write files, each with what it writes.
WRITERS = {
    "generator/cli/boundary.py": "the traceback of a bug of ours",
    "generator/data/refresh.py": "the embedded data, by hand before a release",
    "generator/disk/paths.py": "every file of a workspace, for write, adopt and lock",
    "generator/cache/proofs.py": "marks in the cache",
    "generator/review/revision.py": "a copy of a revision in a temporary folder",
    "generator/cache/sweeping.py": "what is old in the cache, which goes",
    "generator/supply/download.py": "archives in the cache",
    "generator/templating/codecache.py": "compiled templates in the cache",
    "generator/verify/files.py": "a suite in a temporary folder, and the reports asked for",
    "generator/validators/base.py": "copies in a temporary folder for a real program",
}
_WRITES = {
    "write_text",
    "write_bytes",
    "touch",
    "rename",
    "replace_file",
    "unlink",
    "rmdir",
    "mkdir",
}
_OS_WRITES = {"replace", "rename", "write", "unlink", "rmdir", "mkdir", "makedirs", "remove"}
LONGEST = 420  # lines
GRAMMARS = {  # one grammar is one room, whatever it takes
    "generator/dialects/_sh_machine.py": 720,
    "generator/dialects/_yaml_state.py": 720,
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Give the full names of our modules that a module imports when it is loaded or run."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def part(name: str) -> str:
    return name.split(".")[1] if name.startswith("generator.") else ""


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_the_lowest_parts_import_only_what_is_below(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own not in MAY_IMPORT:
        return
    reached = {part(name) for name in imports(path)} - {"", own}
    assert reached <= MAY_IMPORT[own]


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_nothing_reaches_up(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in LOWER:
        assert {part(name) for name in imports(path)}.isdisjoint(UPPER)


@pytest.mark.parametrize("path", sorted((PACKAGE / "stages").glob("[a-z]*.py")), ids=shown)
def test_a_stage_imports_no_stage(path: Path) -> None:
    others = {name for name in imports(path) if name.startswith("generator.stages.")}
    assert others == set()


def test_only_the_command_line_is_imported_by_main() -> None:
    users = {shown(p) for p in MODULES if any(part(n) == "cli" for n in imports(p))}
    assert all(u.startswith("generator/cli/") or u == "generator/__main__.py" for u in users)


def writes(path: Path) -> set[str]:
    """Give the calls of a module that change files."""
    found = set()
    for node in ast.walk(tree(path)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        name = node.func.attr
        on = node.func.value
        if isinstance(on, ast.Name) and on.id == "os":
            if name in _OS_WRITES:
                found.add(f"os.{name}")
        elif name in _WRITES and not ast.unparse(on).endswith("tree"):  # a paths.Tree
            found.add(name)
    return found


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_only_writers_write(path: Path) -> None:
    if shown(path) not in WRITERS:
        assert writes(path) == set()


@pytest.mark.parametrize("name", WRITERS)
def test_every_listed_writer_is_one(name: str) -> None:
    source = (ROOT / name).read_text()
    assert writes(ROOT / name) or "NamedTemporaryFile" in source


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_can_be_read_at_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= GRAMMARS.get(shown(path), LONGEST)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_tells_its_job(path: Path) -> None:
    assert ast.get_docstring(tree(path))


# Python before 3.11.5 lets such a group match too much (python/cpython#106052): `a:` was no word.
_POSSESSIVE = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+|\(\?>")


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_no_pattern_holds_its_groups_for_good(path: Path) -> None:
    assert _POSSESSIVE.findall(path.read_text()) == []
