"""Write a lock: sorted JSON, one pin a line, the same bytes for the same pins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.lock.model import ActionPin, Archive, GoRelease, ImagePin, LayerPin, Lock


def write_lock(lock: Lock) -> str:
    """Give the lock's text; reading it gives the same lock again."""
    sections = {
        "actions": _block({name: _line(pin) for name, pin in lock.actions.items()}, 1),
        "go": _block({version: _release(release) for version, release in lock.go.items()}, 1),
        "images": _block({ref: _line(pin) for ref, pin in lock.images.items()}, 1),
    }
    if lock.layers:
        sections["layers"] = _block({url: _line(pin) for url, pin in lock.layers.items()}, 1)
    return _block(sections, 0) + "\n"


def _release(release: GoRelease) -> str:
    entries = {"platforms": _block({p: _line(a) for p, a in release.platforms.items()}, 3)}
    if release.eol:
        entries["eol"] = json.dumps(release.eol)
    if release.ports:
        entries["ports"] = json.dumps(release.ports)
    return _block(entries, 2)


def _line(pin: Archive | ImagePin | ActionPin | LayerPin) -> str:
    """Write a pin on one line; what it does not have is left out."""
    values = {
        name: dict(sorted(value.items())) if isinstance(value, Mapping) else value
        for name, value in pin._asdict().items()
        if value
    }
    return json.dumps(values, ensure_ascii=False)


def _block(entries: Mapping[str, str], depth: int) -> str:
    """Write an object over several lines, its keys sorted; values are JSON already."""
    if not entries:
        return "{}"
    indent = "  " * depth
    lines = (f"{indent}  {json.dumps(key)}: {entries[key]}" for key in sorted(entries))
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
