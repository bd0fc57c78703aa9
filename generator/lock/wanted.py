"""Which pins a profile and its targets ask for, and the line that asks.

Go: every toolchain the profile or one of its modules uses, on each of go.platforms; all that the
profile names where a file of a target says `toolchains: all`. Images: what
manifests name, and every string of the profile that its schema marks `"format": "image-ref"`.
Actions: what manifests name.
Layers: those of other repositories among a profile's own.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from generator.layers.chain import is_address
from generator.model import Leaf, Map, Seq, find
from generator.problems import Place, Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model import Node, Profile, Target
    from generator.profile.schema import View

_REFERENCE = re.compile(r"<\{\s*([A-Za-z0-9_.-]+)\s*\}>")


class Ask(NamedTuple):
    """Where a pin is asked for; of a Go archive, `platform` is where its platform is listed."""

    place: Place
    platform: Place | None = None


class WantedPins(NamedTuple):
    """Pins by what names them in the lock, each with one that asks for it.

    `go` is by release and platform: ("1.27.1", "linux/amd64"). `platforms` are those that an image
    is built upon for, by its reference: its index must have them.
    """

    go: Mapping[tuple[str, str], Ask] = MappingProxyType({})
    images: Mapping[str, Ask] = MappingProxyType({})
    actions: Mapping[str, Ask] = MappingProxyType({})
    platforms: Mapping[str, frozenset[str]] = MappingProxyType({})
    layers: Mapping[str, Ask] = MappingProxyType({})

    def __or__(self, other: WantedPins) -> WantedPins:
        """Give what both want; where both ask for a pin, this one's place is kept."""
        refs = self.platforms.keys() | other.platforms.keys()
        none: frozenset[str] = frozenset()
        return WantedPins(
            {**other.go, **self.go},
            {**other.images, **self.images},
            {**other.actions, **self.actions},
            {r: self.platforms.get(r, none) | other.platforms.get(r, none) for r in refs},
            {**other.layers, **self.layers},
        )


def wanted(profile: Profile, targets: tuple[Target, ...], view: View) -> WantedPins:
    """Gather the pins one profile needs; those of several are joined with `|`.

    `view` is what the schema says of the top of a profile (`Schema.view`).
    Raises Rejected (GG146) where a toolchain is named that the profile does not have.
    """
    platforms = list(_texts(find(profile.tree, ("go", "platforms"))))
    return WantedPins(
        go={
            (str(release.value), str(platform.value)): Ask(_place(release), _place(platform))
            for release in reversed(all_releases(profile, targets))
            for platform in platforms
        },
        images={
            **{ref: ask for t in targets for ref, ask in _named(profile, t, t.images)},
            **{str(leaf.value): Ask(_place(leaf)) for leaf in _marked(profile.tree, view)},
        },
        actions={name: ask for t in targets for name, ask in _named(profile, t, t.actions)},
        platforms=_built_upon(profile, [str(platform.value) for platform in platforms]),
        layers={url: Ask(_place(profile.tree)) for url in profile.order if is_address(url)},
    )


def _built_upon(profile: Profile, platforms: list[str]) -> dict[str, frozenset[str]]:
    """Give the platforms that each base image of `image.families` is built upon for.

    A family that names none is built for every linux platform of the profile.
    """
    linux = [platform for platform in platforms if platform.startswith("linux/")]
    families = find(profile.tree, ("image", "families"))
    due: dict[str, frozenset[str]] = {}
    for family in families.items if isinstance(families, Seq) else ():
        own = [str(leaf.value) for leaf in _texts(find(family, ("platforms",)))]
        for base in _texts(find(family, ("base",))):
            ref = str(base.value)
            due[ref] = due.get(ref, frozenset()) | frozenset(own or linux)
    return due


def image_leaves(profile: Profile, targets: tuple[Target, ...], view: View) -> Iterator[Leaf]:
    """Give the values of a profile that name an image: by its schema, or by a manifest's word."""
    yield from _marked(profile.tree, view)
    for name in (name for target in targets for name in target.images):
        if reference := _REFERENCE.fullmatch(name):
            yield from _texts(find(profile.tree, tuple(reference[1].split("."))))


def releases(profile: Profile) -> list[Leaf]:
    """Give the Go release of the profile, then that of each of its modules, as leaves."""
    modules = find(profile.tree, ("modules",))
    users = modules.items if isinstance(modules, Seq) else ()
    return [release_of(profile), *(release_of(profile, module) for module in users)]


def all_releases(profile: Profile, targets: tuple[Target, ...]) -> list[Leaf]:
    """Give the releases in use, then, where a file of a target asks for all, those yet unused."""
    named = find(profile.tree, ("toolchains",))
    if not isinstance(named, Map) or all(not f.toolchains for t in targets for f in t.files):
        return releases(profile)
    return [*releases(profile), *_texts(named)]


def release_of(profile: Profile, module: Node | None = None) -> Leaf:
    """Give the leaf of `toolchains` that the profile, or one of its modules, is built with.

    A module that names no toolchain has the profile's, a profile that names none "current".
    Raises Rejected (GG146) where `toolchains` has no such name.
    """
    name = (module and find(module, ("toolchain",))) or find(profile.tree, ("go", "toolchain"))
    word = str(name.value) if isinstance(name, Leaf) else "current"
    found = find(profile.tree, ("toolchains", word))
    if isinstance(found, Leaf):
        return found
    toolchains = find(profile.tree, ("toolchains",))
    known = sorted(toolchains.items) if isinstance(toolchains, Map) else []
    raise Rejected(
        [
            Problem(
                "GG146",
                f'toolchains has no "{word}"',
                _place(name if isinstance(name, Leaf) else profile.tree),
                expected="one of " + ", ".join(known),
                hint=did_you_mean(word, known),
            )
        ]
    )


def _named(profile: Profile, target: Target, names: tuple[str, ...]) -> Iterator[tuple[str, Ask]]:
    """Give the pins a manifest names; `<{ image.base }>` is what the profile has there.

    A reference to a list or map is to each text in it, one to a key that is absent is to none.
    """
    for name in names:
        reference = _REFERENCE.fullmatch(name)
        if reference:
            node = find(profile.tree, tuple(reference[1].split(".")))
            yield from ((str(leaf.value), Ask(_place(leaf))) for leaf in _texts(node))
        else:
            yield _filled(profile, name), Ask(Place(target.manifest))


def _filled(profile: Profile, text: str) -> str:
    """Put the profile's values in place of references inside a text."""

    def value(reference: re.Match[str]) -> str:
        leaf = find(profile.tree, tuple(reference[1].split(".")))
        return str(leaf.value) if isinstance(leaf, Leaf) else reference[0]

    return _REFERENCE.sub(value, text)


def _texts(node: Node | None) -> Iterator[Leaf]:
    """Give the texts of a leaf, or those directly in a list or map."""
    match node:
        case Leaf(value=str()):
            yield node
        case Seq(items=children):
            yield from (c for c in children if isinstance(c, Leaf) and isinstance(c.value, str))
        case Map(items=items):
            yield from _texts(Seq(tuple(items[key] for key in sorted(items)), ()))
        case _:
            pass


def _marked(node: Node, view: View) -> Iterator[Leaf]:
    """Give the texts below a node that the schema marks as image references."""
    match node:
        case Leaf(value=str()) if view.image_ref:
            yield node
        case Map(items=items):
            for key in sorted(items):
                yield from _marked(items[key], view.key(key))
        case Seq(items=children):
            for child in children:
                yield from _marked(child, view.item())
        case _:
            pass


def _place(node: Node) -> Place:
    return node.trail[0] if node.trail else Place("")
