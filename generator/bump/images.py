"""Which images a bump moves: to the newest digest of their tag, or to another tag.

A tag is moved where a profile or a workspace's manifest writes it, a reference in it stays one:
`golang:<{ toolchains.current }>-alpine3.23` moves to `golang:<{ toolchains.current }>-alpine3.24`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.bump.editing import Edit
from generator.bump.model import Asked
from generator.lock.catalogue import last_day
from generator.lock.images import split_tag
from generator.lock.shape import version_key
from generator.lock.wanted import image_leaves
from generator.model import Leaf, Seq, dotted, find, walk
from generator.problems import Place, Problem, Rejected
from generator.wording import did_you_mean
from generator.yamlreader import parse_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.bump.known import Known
    from generator.lock.model import ImagePin
    from generator.lock.wanted import WantedPins
    from generator.model import Target
    from generator.pipeline import Compiler
    from generator.sources import Sources

_VERSIONED = re.compile(r"(?P<kind>[^0-9]*)(?P<numbers>[0-9]+(?:\.[0-9]+)*)(?P<rest>.*)")
_REFERENCE = re.compile(r"(<\{[^}]*\}>)")
_BUILTIN = "builtin:"
_PINS = ("pins", "images")


def ask(compiler: Compiler, ref: str, new: str, wants: WantedPins, known: Known) -> Asked:
    """Give what moves: `ref` to the reference `new`, "" for its newest digest, "" for all images.

    A tag alone stands for the same image with it.

    Raises Rejected: GG585 an image that nothing uses, GG588 one that is not written where gogen can
    edit it.
    """
    if ref and ref not in wants.images:
        raise Rejected([_unused(ref, wants)])
    if new and not {":", "/"} & {*new}:
        new = f"{split_tag(ref)[0]}:{new}"
    if new and new != ref:
        return _renamed(compiler.sources, compiler, ref, new)
    locked = compiler.sources.lock.images
    fresh = {
        one: there
        for one in ([ref] if ref else sorted(wants.images))
        if (there := known.image(one)) and newer(locked.get(one), there)
    }
    what = (
        f"image {next(iter(fresh))} to its newest digest"
        if len(fresh) == 1
        else (f"{len(fresh)} images to their newest digests")
    )
    return Asked(f"Bump {what}", images=fresh)


def newer(have: ImagePin | None, there: ImagePin | None) -> bool:
    """Tell whether a pin is of a later digest than the one there is."""
    if there is None or (have and have.digest == there.digest):
        return False
    return have is None or last_day(there.as_of) > last_day(have.as_of)


def newest_tag(tag: str, tags: Iterable[str]) -> str:
    """Give the newest of the tags that are of the form of `tag`, that itself if none is newer.

    Of one form are tags that have as many numbers in the first version in them, and else are the
    same: 3.22 goes before 3.23 and 1.9-alpine before 1.10-alpine, but nothing follows trixie-slim,
    1.27-rc1 does not follow 1.26, nor the day 20260504 the release 12.
    """
    own = _VERSIONED.fullmatch(tag)
    if own is None:
        return tag
    there = (match for match in map(_VERSIONED.fullmatch, tags) if match)
    like = [match for match in there if _form(match) == _form(own) and _is_near(match, own)]
    return max((own, *like), key=lambda match: version_key(match["numbers"]))[0]


def _form(match: re.Match[str]) -> tuple[str, int, str]:
    return match["kind"], match["numbers"].count("."), match["rest"]


def _is_near(match: re.Match[str], own: re.Match[str]) -> bool:
    """Tell whether numbers may count the same thing: none has two digits more than its own."""
    pairs = zip(match["numbers"].split("."), own["numbers"].split("."), strict=True)
    return all(len(new) <= len(old) + 1 for new, old in pairs)


def names_release(tag: str, versions: Iterable[str]) -> bool:
    """Tell whether a tag has one of these Go releases in it, and so moves with that."""
    return any(re.search(rf"(?<![0-9.]){re.escape(v)}(?!\.?[0-9])", tag) for v in versions)


def _renamed(sources: Sources, compiler: Compiler, ref: str, new: str) -> Asked:
    edits = {edit.place: edit for edit in _in_profiles(sources, compiler, ref, new)}
    words: dict[str, str] = {}
    problems: list[Problem] = []
    for target in sources.targets.values():
        for word in target.images:
            if not (changed := reworded(word, ref, new)):
                continue
            words[word] = changed
            found = _in_manifest(sources, target, word, changed)
            if found:
                edits[found.place] = found
            else:
                problems.append(_shipped(target, word))
    if problems:
        raise Rejected(problems)
    if not edits:
        message = f"image {ref} is not written in one piece"
        hint = "its parts come from several values: change those, then run gogen lock"
        raise Rejected([Problem("GG588", message, hint=hint)])
    return Asked(
        f"Bump image {ref} to {new.removeprefix(ref.rpartition(':')[0] + ':')}",
        edits=tuple(sorted(edits.values())),
        renamed={ref: new},
        manifests=words,
    )


def _in_profiles(sources: Sources, compiler: Compiler, ref: str, new: str) -> Iterator[Edit]:
    """Give the values of layers that name an image, each where it is written."""
    written = {
        leaf.trail[0]: (dotted(pointer), str(leaf.value))
        for name in sources.layer_files
        for pointer, leaf in walk(sources.layers(name)[name].tree)
        if isinstance(leaf, Leaf)
    }
    for name in sources.layer_files:
        profile = compiler.profile(name)
        leaves = image_leaves(profile, sources.targets_of(profile), sources.schema.view)
        for place in (p for leaf in leaves if leaf.value == ref for p in leaf.trail):
            key, text = written.get(place, ("", ""))
            if changed := reworded(text, ref, new):
                yield Edit(place, key, text, changed)


def reworded(text: str, ref: str, new: str) -> str:
    """Give a text that means the image `ref` so that it means `new`; its references stay.

    "" where it does not mean that image, or a reference says what is to change.
    """
    if text == ref:
        return new
    parts = _REFERENCE.split(text)
    if len(parts) == 1 or not any(parts[::2]):
        return ""
    match = re.fullmatch(
        "".join("(.+?)" if n % 2 else re.escape(p) for n, p in enumerate(parts)), ref
    )
    for value, reference in zip(match.groups(), parts[1::2], strict=True) if match else ():
        if new.count(value) != 1:
            return ""
        new = new.replace(value, reference)
    return new if match else ""


def _in_manifest(sources: Sources, target: Target, word: str, changed: str) -> Edit | None:
    """Give where the workspace's own manifest of a target writes an image."""
    if target.manifest.startswith(_BUILTIN):
        return None
    data = (sources.workspace.root / target.manifest).read_bytes()
    images = find(parse_text(target.manifest, data), _PINS)
    for leaf in images.items if isinstance(images, Seq) else ():
        if isinstance(leaf, Leaf) and leaf.value == word:
            return Edit(leaf.trail[0], "pins.images", word, changed)
    return None


def _unused(ref: str, wants: WantedPins) -> Problem:
    path = ref.partition("@")[0]
    tags = sorted(one for one in wants.images if one.rpartition(":")[0] == path.rpartition(":")[0])
    tags += sorted(one for one in wants.images if one.startswith(f"{path}:"))
    hint = f"in use is {' and '.join(tags)}" if tags else did_you_mean(ref, wants.images)
    return Problem(
        "GG585", f"nothing uses the image {ref}", hint=hint or "gogen outdated lists them"
    )


def _shipped(target: Target, word: str) -> Problem:
    return Problem(
        "GG588",
        f"image {word} is named by a manifest that comes with gogen",
        Place(target.manifest),
        hint=f'a target of your own in templates/, "extends: builtin:{target.name}", names its own '
        "images in pins",
    )
