"""Bake laws: what an expression is given, buildx's own evaluation gives back; or it is refused."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from generator.dialects import get
from generator.dialects.base import Unwritable
from tests.dialects.driver import Put, fill
from tests.dialects.hostile import PIECES, WHOLE
from tests.tools import require

BAKE = get("bake")
HEAD = '{"variable": {"TAG": {"default": "x"}}, "target": {"a": {"labels": {'
TEXTS = tuple(
    dict.fromkeys((*WHOLE, *PIECES, *(f"{a}{b}" for a in PIECES[:30] for b in PIECES[:30])))
)


def evaluated(text: str) -> Any:
    done = subprocess.run(
        [require("bake-reader"), "TAG=v1"], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (target,) = json.loads(done.stdout)["target"]
    return target


def written(*parts: str | Put) -> str | None:
    """Give what an expression comes to, None where it is refused."""
    try:
        return fill(BAKE, ['["', *parts, '"]'])[2:-2]
    except Unwritable:
        return None


def test_values_and_parts_come_through_evaluation() -> None:
    kept = {f"k{n}": text for n, text in enumerate(TEXTS) if written(Put(text)) is not None}
    parts: list[str | Put] = [HEAD]
    expected: dict[str, str] = {"last": "v1"}
    for key, text in kept.items():
        parts += [f'"{key}": ', Put(text), f', "{key}p": "<', Put(text), '>${TAG}",\n']
        expected |= {key: text, f"{key}p": f"<{text}>v1"}
    found = evaluated(fill(BAKE, [*parts, '"last": "${TAG}"}}}}\n']))
    assert found["labels"] == expected
    assert len(kept) > len(TEXTS) / 2


def test_keys_come_through_evaluation() -> None:
    kept = [text for text in TEXTS if text and written(Put(text)) is not None]
    parts: list[str | Put] = [HEAD]
    for text in kept:
        parts += [Put(f"k{text}"), ': "",\n']
    found = evaluated(fill(BAKE, [*parts, '"last": ""}}}}\n']))
    assert set(found["labels"]) == {"last", *(f"k{text}" for text in kept)}


def test_every_value_that_would_be_evaluated_is_refused() -> None:
    marked = [text for text in TEXTS if "${" in text or "%{" in text]
    assert len(marked) > 3
    assert [text for text in marked if written(Put(text)) is not None] == []
