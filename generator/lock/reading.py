"""Read a lock: strictly where its bytes are new, and each pin when it is asked for.

Strictly takes longer than the JSON itself, and a render asks for four of maybe a thousand pins. So
what nothing was wrong with (`strict`) is remembered by its digest, outside the repository, as
profiles are that were what their schema says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from generator import __version__
from generator.lock.model import ActionPin, Archive, GoRelease, ImagePin, LayerPin, Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from generator.cache.proofs import ProofFolder

P = TypeVar("P")

_RULES = ("shape.py", "strict.py")


def read_lock(path: Path, proofs: ProofFolder | None = None) -> Lock:
    """Read the lock at `path`. Raises Rejected (GG300 to GG303).

    With `proofs` a text that was right before is not looked at again.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        from generator.lock.strict import unread  # noqa: PLC0415  (as in parse_lock)

        raise unread(error) from None
    if proofs is None:
        return parse_lock(text)
    digest = hashlib.sha256(f"{_reader()}\n{text}".encode()).hexdigest()
    if proofs.known(digest):
        return _lock(json.loads(text))
    lock = parse_lock(text)
    proofs.remember(digest)
    return lock


def parse_lock(text: str) -> Lock:
    """Read a lock's text; raises Rejected with all that is wrong in it, each at its line."""
    # Late: most locks were read before.
    from generator.lock.strict import decoded  # noqa: PLC0415

    return _lock(decoded(text))


def _reader() -> str:
    """Tell by which rules a lock is right: the sizes and times of files stand for their content."""
    parts = [__version__]
    with suppress(OSError):
        found = [Path(__file__).with_name(name).stat() for name in _RULES]
        parts += [f"{stat.st_size} {stat.st_mtime_ns}" for stat in found]
    return " ".join(parts)


def _lock(data: dict[str, Any]) -> Lock:
    return Lock(
        go=_Made(_release, data.get("go", {})),
        images=_Made(ImagePin, data.get("images", {})),
        actions=_Made(ActionPin, data.get("actions", {})),
        layers=_Made(LayerPin, data.get("layers", {})),
    )


def _release(
    platforms: dict[str, Any], eol: str | None = None, ports: Iterable[str] = ()
) -> GoRelease:
    return GoRelease(_Made(Archive, platforms), eol, tuple(ports))


class _Made(Mapping[str, P]):
    """Pins by name, each made of its JSON when it is asked for, and kept."""

    def __init__(self, kind: Callable[..., P], found: dict[str, dict[str, Any]]) -> None:
        self._kind = kind
        self._found = found
        self._made: dict[str, P] = {}

    def __getitem__(self, name: str) -> P:
        if name not in self._made:
            values = self._found[name]
            if "proofs" in values:
                values = {**values, "proofs": tuple(values["proofs"])}
            self._made[name] = self._kind(**values)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
