"""Whether tools wrote the same: their objects as sets, whatever files and order they stand in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def objects_of(files: Iterable[Path]) -> frozenset[str]:
    """Give the objects in YAML files, each as JSON with sorted keys."""
    found = set()
    for file in files:
        for data in YAML(typ="safe").load_all(file.read_bytes()):
            if data is not None:
                found.add(json.dumps(data, sort_keys=True))
    return frozenset(found)


def expect_same(sets: Mapping[str, frozenset[str]], number: int | None = None) -> None:
    """Fail where a tool did not write the objects that the first one wrote.

    `number` says how many these are; without it there is at least one.
    """
    if not sets:
        return
    (first, expected), *others = sets.items()
    if not expected or len(expected) != (number or len(expected)):
        msg = f"{first} wrote {len(expected)} objects, not {number or 1}"
        raise RuntimeError(msg)
    for name, found in others:
        if found != expected:
            odd = min(expected ^ found)
            msg = f"{first} and {name} differ in {len(expected ^ found)} objects, as in {odd}"
            raise RuntimeError(msg)
