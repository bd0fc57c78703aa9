"""The sources of a workspace as they would be: some texts changed, some images renamed, a new lock.

Nothing is copied and nothing written: what a bump would make is compiled from here first.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from generator.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.layers.shared import Shared
    from generator.model import LayerFiles, Target
    from generator.problems import Place


class Overlay(Sources):
    """Sources over others: `texts` are profile files by path, `images` new names by old ones.

    Its `lock` is the workspace's until another one is put there.
    """

    def __init__(
        self, below: Sources, texts: Mapping[str, bytes], images: Mapping[str, str], shared: Shared
    ) -> None:
        """Read what `below` reads, but for these, and the layers of other repositories."""
        super().__init__(below.workspace, below.cache, shared)
        self._texts = texts
        self._images = images

    def files_of(self, name: str, place: Place) -> LayerFiles:
        """Give the files of a layer, with the changed texts as what they hold."""
        files = super().files_of(name, place)
        if not self._texts.keys() & {*files.files}:
            return files
        root = self.workspace.root
        contents = {
            path: self._texts.get(path) or (root / path).read_bytes() for path in files.files
        }
        return files._replace(contents=contents)

    @cached_property
    def targets(self) -> Mapping[str, Target]:
        """Every target at hand; its manifest names the new images."""
        return {
            name: target._replace(
                images=tuple(self._images.get(image, image) for image in target.images)
            )
            for name, target in super().targets.items()
        }
