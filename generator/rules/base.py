"""What a rule is: a semantic check that schemas and validators cannot make (design §8).

A rule says *what* is wrong at a pointer of the profile or at an offset of an output; one place
turns that into a Problem with file, line and column. A module of this package is a family of
rules and exports `RULES`; adding a rule is adding it there.

Patterns of rules are text, which `re` compiles, and keeps, when a rule first uses it: to compile
all of them took longer than to check a profile that needs few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.model import HomePath, Leaf, Map, Secret, Seq, walk
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from generator.model import Artifact, Node, Pointer, Profile
    from generator.problems import Place, Severity


class Finding(NamedTuple):
    """One breach of a rule.

    Where: a pointer into the profile's tree, the offset of a character in an output's text, or a
    place as it is. `severity` is only given where it differs from the rule's.
    """

    message: str
    pointer: Pointer = ()
    offset: int = 0
    place: Place | None = None
    expected: str = ""
    hint: str = ""
    severity: Severity | None = None


class Hidden(str):
    """A secret as rules see it, `{$secret: name}`: text, but nobody knows which."""

    __slots__ = ()


def _seen(node: Node) -> Any:
    """Give a tree as plain data that is safe to compare and to show."""
    match node:
        case Map(items=items):
            return {key: _seen(items[key]) for key in sorted(items)}
        case Seq(items=children):
            return [_seen(child) for child in children]
        case Leaf(value=Secret(name=name)):
            return Hidden(f"{{$secret: {name}}}")
        case Leaf(value=value):
            return value


class Others(NamedTuple):
    """The profiles of a workspace, for what one profile says of another.

    `read` gives one of `names`, or None where it cannot be read: compiling that one tells why.
    `top` gives the profile that writes what a profile's target shares with its parents'.
    """

    names: Collection[str]
    read: Callable[[str], Profile | None]
    top: Callable[[str, str], str]


class Subject:
    """A profile as rules look at it.

    `data` is its tree as plain data, secrets as Hidden text; `pins` is what is pinned
    (`Pinned.context`), empty before pins are looked up; `others` the workspace it is of, if any.
    """

    def __init__(
        self,
        profile: Profile,
        pins: Mapping[str, Any] | None = None,
        others: Others | None = None,
    ) -> None:
        """Look at a profile, with the context of its pins and its workspace where known."""
        self.profile = profile
        self.others = others
        self.data: Mapping[str, Any] = _seen(profile.tree)
        self.pins: Mapping[str, Any] = pins or {}

    def section(self, *keys: str) -> Mapping[str, Any]:
        """Give the map at these keys, empty where there is none."""
        found: Any = self.data
        for key in keys:
            found = found.get(key) or {}
        return found  # type: ignore[no-any-return] # plain data

    def items(self, *keys: str) -> Sequence[Any]:
        """Give the list at these keys, empty where there is none."""
        return self.section(*keys[:-1]).get(keys[-1]) or ()

    @cached_property
    def env(self) -> Mapping[str, Any]:
        """`go.env`."""
        return self.section("go", "env")

    @cached_property
    def settings(self) -> tuple[tuple[str, str | HomePath, Pointer], ...]:
        """Every variable the profile sets that is text or a home path: name, value, pointer."""
        caches = self.items("kubernetes", "builder", "caches")
        found = [
            *((key, value, ("go", "env", key)) for key, value in self.env.items()),
            *(
                (cache["env"], cache["path"], ("kubernetes", "builder", "caches", n, "path"))
                for n, cache in enumerate(caches)
            ),
        ]
        return tuple(f for f in found if isinstance(f[1], str | HomePath))

    @cached_property
    def texts(self) -> tuple[tuple[Pointer, str], ...]:
        """Every text of the profile with its pointer."""
        return tuple(
            (pointer, node.value)
            for pointer, node in walk(self.profile.tree)
            if isinstance(node, Leaf) and isinstance(node.value, str)
        )

    def says(self, text: str) -> bool:
        """Tell whether a text stands in a value of the profile: a rule then tells of it there."""
        return any(text in value for _, value in self.texts)

    @cached_property
    def platforms(self) -> tuple[tuple[str, str], ...]:
        """`go.platforms` as (GOOS, GOARCH)."""
        pairs = (platform.split("/") for platform in self.items("go", "platforms"))
        return tuple((os, arch) for os, arch in pairs)

    @property
    def interactive(self) -> bool:
        """Whether people log in and work there."""
        return "login" in self.section("host")


class Output:
    """A rendered file as rules look at it: its text, decoded once for all of them."""

    def __init__(self, artifact: Artifact) -> None:
        """Look at a rendered file."""
        self.artifact = artifact
        self.text = artifact.content.decode(errors="replace")
        self.name = artifact.path.rpartition("/")[2]

    @cached_property
    def opened(self) -> str:
        r"""The text with the line breaks of quoted strings (`\n`) opened, offsets unchanged.

        A script may stand in a JSON or YAML string, where it has but one line.
        """
        return self.text.replace("\\n", " \n")

    def line_of(self, offset: int) -> str:
        """Give the line that holds an offset."""
        end = self.text.find("\n", offset)
        return self.text[self.text.rfind("\n", 0, offset) + 1 : end if end >= 0 else None]

    def begins_line(self, offset: int) -> bool:
        """Tell whether nothing but blanks stands before an offset on its line."""
        return not self.text[self.text.rfind("\n", 0, offset) + 1 : offset].strip()

    def in_comment(self, offset: int) -> bool:
        """Tell whether the line that holds an offset is a comment."""
        return self.line_of(offset).lstrip(" \t").startswith("#")


def unrendered(subject: Subject, name: str, target: str) -> Finding | None:
    """Tell why nothing of a target is rendered for the profile of a name, if that is so."""
    others = subject.others
    if others is None:
        return None
    if name not in others.names:
        near = did_you_mean(name, others.names)
        return Finding(
            f"there is no profile {name}",
            expected=f"a profile of this workspace with the target {target}",
            hint=near or "gogen profiles lists them",
        )
    profile = others.read(name)
    if profile is None or target in Subject(profile).items("targets"):
        return None
    return Finding(
        f"profile {name} has no target {target}: out/{profile.slug}/{target} is not rendered",
        expected=f"a profile with the target {target}",
        hint=f"add {target} to the targets of {name}, or name another profile",
    )


def shown(value: str | HomePath) -> str:
    """Give a value as profiles write it."""
    return f"~/{value.rest}".rstrip("/") if isinstance(value, HomePath) else value


def words(text: str) -> frozenset[str]:
    """Give the words of a table written as text."""
    return frozenset(text.split())


ProfileCheck = Callable[[Subject], Iterator[Finding]]
OutputCheck = Callable[[Output, Subject], Iterator[Finding]]
RawCheck = Callable[["Sequence[Place]"], Iterator[Finding]]


class Rule(NamedTuple):
    """A rule: its code (GG0xx of the domain reference), what it holds, how much it weighs.

    `early` looks at a profile before pins are looked up, `profile` after, `output` at one rendered
    file, `raw` at the places of `| raw` in templates; any may be absent. `output` is asked only
    for files of `dialects` (any, where empty) whose text has one of `words` (any, where empty).
    """

    code: str
    title: str
    severity: Severity
    early: ProfileCheck | None = None
    profile: ProfileCheck | None = None
    output: OutputCheck | None = None
    raw: RawCheck | None = None
    dialects: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
