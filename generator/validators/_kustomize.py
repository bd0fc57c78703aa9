"""The kustomizations among rendered files: where they are and what they list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from generator.model import plain
from generator.problems import Rejected
from generator.yamlreader import parse_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.validators.base import File

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
PATTERNS = tuple(f"*/{name}" for name in NAMES)


@dataclass(frozen=True, slots=True)
class Kustomization:
    """A kustomization: its file, the folder that holds it, what it says."""

    file: str
    folder: PurePosixPath
    settings: dict[str, Any]

    @property
    def resources(self) -> tuple[str, ...]:
        """Give the workspace-relative paths of what it lists, files and folders."""
        listed = self.settings.get("resources") or ()
        return tuple(str(self.folder / one) for one in listed if isinstance(one, str))


def kustomizations(files: Iterable[File]) -> Iterator[Kustomization]:
    """Give those that can be built by themselves (a Component cannot)."""
    for file in files:
        path = PurePosixPath(file.path)
        if path.name in NAMES:
            try:
                settings = plain(parse_text(file.path, file.content))
            except Rejected:
                settings = {}  # kubectl says what is wrong with it
            if settings.get("kind") != "Component":
                yield Kustomization(file.path, path.parent, settings)
