"""From what a template read back to the profile: the keys that the context is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import Leaf, find, walk
from generator.templating.jobs import behind_installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model import Pinned, Pointer
    from generator.problems import Place


def origins(pinned: Pinned, reads: Iterable[Pointer]) -> Iterator[Pointer]:
    """Give the pointers into the profile's tree behind pointers into the context, each once.

    What the context holds and no profile says (header, the profile's name, actions) has none.
    """
    found = (origin for pointer in dict.fromkeys(reads) for origin in _origin(pinned, pointer))
    yield from dict.fromkeys(found)


def _origin(pinned: Pinned, pointer: Pointer) -> Iterator[Pointer]:
    context = pinned.context
    match pointer:
        case ("toolchain", "platforms", int(), "url"):
            yield ("network", "go_archives")
            yield from _origin(pinned, ("toolchain",))
        case ("toolchain" | "toolchains_pinned" as key, *_):
            yield from (("go", "toolchain"), ("go", "platforms"), ("network", "go_archives"))
            own = [context.get("go", {}).get("toolchain", "current")]
            names = own if key == "toolchain" else context.get("toolchains", {})
            yield from (("toolchains", name) for name in names)
        case ("modules", int(), "toolchain", *_):
            yield (*pointer[:2], "toolchain")
            yield from (("toolchains", name) for name in context.get("toolchains", {}))
        case ("images", str(ref), *_):
            leaves = walk(pinned.profile.tree)
            yield from (at for at, n in leaves if isinstance(n, Leaf) and n.value == ref)
            yield ("network", "registries")
        case ("installed", int(number), *_):
            yield from behind_installed(pinned, number)
        case ("profile" | "header" | "actions" | "installed", *_):
            return
        case _:
            yield pointer


def places(pinned: Pinned, reads: Iterable[Pointer]) -> dict[Pointer, Place]:
    """Give the profile line that set each key behind some reads."""
    found: dict[Pointer, Place] = {}
    for pointer in origins(pinned, reads):
        node = find(pinned.profile.tree, pointer)
        if node is not None and node.trail:
            found[pointer] = node.trail[0]
    return found
