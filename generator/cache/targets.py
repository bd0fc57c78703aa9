"""What the manifests of targets say, kept between runs: to read them takes as long as a render.

An entry rests on all that a reading looks at: the bytes of each manifest and each section's schema,
and the names of the files beside them, of which templates and schemas have to be there. Manifests
with a problem are read each time.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.model import FileSpec, Target
from generator.problems import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.templating.codecache import CodeCache

_READ = ("target.yaml", "section.schema.json")


def all_targets(root: Path, builtin: Path, cache: CodeCache) -> dict[str, Target]:
    """Give every target at hand by name; raises Rejected with what is wrong in manifests."""
    key = _key(root, builtin, cache)
    kept = cache.get(key)
    if kept is not None:
        return {target["name"]: _target(**target) for target in kept}
    from generator.targets import available, load_targets  # noqa: PLC0415  (late: nothing is new)

    targets = load_targets(root, builtin, available(root, builtin))
    if _key(root, builtin, cache) == key:  # else somebody edited them while they were read
        cache.put(key, [_plain(target) for target in targets.values()])
    return targets


def _key(root: Path, builtin: Path, cache: CodeCache) -> str:
    return cache.key("targets", *_looked_at(root), *_looked_at(builtin))


def _looked_at(base: Path) -> Iterator[str]:
    """Give the names of all files of `templates/*/` and `schemas/`, and what manifests hold."""
    folders = [base / "schemas"]
    with suppress(OSError):
        folders += sorted((base / "templates").iterdir())
    for folder in folders:
        for at, _, names in sorted(os.walk(folder)):
            yield "\n".join((at, *sorted(names)))
        for name in _READ:
            with suppress(OSError):
                file = folder / name
                yield file.read_bytes().decode("latin-1") if file.is_file() else ""


def _plain(target: Target) -> dict[str, Any]:
    """Give a target as data that holds nothing of ours."""
    files = [(*spec[:-1], spec.at and tuple(spec.at)) for spec in target.files]
    return {**target._asdict(), "files": files, "folders": [*map(str, target.folders)]}


def _target(files: list[tuple[Any, ...]], folders: list[str], **said: Any) -> Target:
    specs = [FileSpec._make((*spec, at and Place._make(at))) for *spec, at in files]
    return Target(files=tuple(specs), folders=tuple(map(Path, folders)), **said)
