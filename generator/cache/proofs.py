"""What former runs proved valid: empty files named by digest, in a cache folder.

Only whether a profile passed its schema, or a lock was right, is kept, never an output; a lost or
unwritable cache costs time and nothing else.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class ProofFolder(NamedTuple):
    """Digests in a folder outside the repository."""

    folder: Path

    def known(self, digest: str) -> bool:
        """Tell whether this digest was remembered; in a folder closed to us nothing is."""
        with suppress(OSError):
            return self._file(digest).exists()
        return False

    def remember(self, digest: str) -> None:
        """Keep a digest."""
        from generator.cache.sweeping import sweep  # noqa: PLC0415  (few runs prove anything new)

        file = self._file(digest)
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            sweep(self.folder, file)

    def _file(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest[2:]
