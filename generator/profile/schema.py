"""The JSON Schemas of a profile, as gogen reads them besides validating.

One document is put together from `schemas/profile.schema.json` and the `section.schema.json` of
each target. Three words in it are gogen's: `"x-gogen-merge": {"key": "name"}` on a list whose maps
merge by that key, `"format": "home-path"` on text that may start with `~/`, and `"format":
"image-ref"` on text that names an image the lock is to have.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from generator.model import Pointer, Target

Json = Any
"""Decoded JSON: dict, list, str, int, float, bool, None."""

FILE: Final = "schemas/profile.schema.json"

RESERVED = frozenset(
    {"profile", "header", "toolchain", "images", "actions", "installed", "item", "extends"}
)
"""Names that templates and layers see beside the sections of a profile."""

_FORMS = frozenset(("const", "enum", "format", "pattern"))
_SAME_PLACE = ("allOf", "anyOf", "oneOf")
_SAME_PLACE_SINGLE = ("if", "then", "else")


class View:
    """What the schema says of one place of a profile, whichever of its parts says it.

    Branches (anyOf, if) count together: a list is keyed, a text a home path, if any branch says
    so. `names` are the properties that are spelled out here; `known` tells that a text here must be
    of a known form, so that no secret can stand here.
    """

    __slots__ = (
        "_item",
        "_keys",
        "_parts",
        "home_path",
        "image_ref",
        "known",
        "merge_key",
        "names",
    )

    def __init__(self, parts: Iterable[tuple[Json, Json]]) -> None:
        """Take the parts: pairs of a document (for `$ref`) and a schema in it."""
        self._parts = tuple(_expanded(parts))
        self._keys: dict[str, View] = {}
        self._item: View | None = None
        schemas = [schema for _root, schema in self._parts]
        self.home_path = any(schema.get("format") == "home-path" for schema in schemas)
        self.image_ref = any(schema.get("format") == "image-ref" for schema in schemas)
        self.known = any(_FORMS & schema.keys() for schema in schemas)
        keys = (schema.get("x-gogen-merge") for schema in schemas)
        self.merge_key: str = next((key["key"] for key in keys if key), "")
        self.names = frozenset(name for schema in schemas for name in schema.get("properties", ()))

    def key(self, name: str) -> View:
        """Give the view of the value of a map's key."""
        view = self._keys.get(name)
        if view is None:
            view = self._keys[name] = View(self._of_key(name))
        return view

    def item(self) -> View:
        """Give the view of any item of a list."""
        if self._item is None:
            self._item = View(
                (root, item)
                for root, schema in self._parts
                for item in (*schema.get("prefixItems", ()), schema.get("items"))
            )
        return self._item

    def at(self, pointer: Pointer) -> View:
        """Give the view of a place below this one."""
        view = self
        for step in pointer:
            view = view.key(step) if isinstance(step, str) else view.item()
        return view

    @property
    def empty(self) -> bool:
        """Whether the schema says nothing of this place."""
        return not self._parts

    def _of_key(self, name: str) -> Iterator[tuple[Json, Json]]:
        for root, schema in self._parts:
            found = [
                value
                for pattern, value in schema.get("patternProperties", {}).items()
                if re.search(pattern, name)
            ]
            if name in schema.get("properties", ()):
                found.append(schema["properties"][name])
            if not found:
                found = [schema.get(word) for word in _OTHER_KEYS]
            yield from ((root, value) for value in found)


_OTHER_KEYS = ("additionalProperties", "unevaluatedProperties")


def _expanded(parts: Iterable[tuple[Json, Json]]) -> Iterator[tuple[Json, Json]]:
    """Give the parts and all that they refer to for the same place, each once."""
    waiting = [*parts]
    seen: set[int] = set()
    while waiting:
        root, schema = waiting.pop()
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        if "$id" in schema:
            root = schema
        yield root, schema
        waiting.extend((root, each) for word in _SAME_PLACE for each in schema.get(word, ()))
        waiting.extend((root, schema.get(word)) for word in _SAME_PLACE_SINGLE)
        if "$ref" in schema:
            waiting.append((root, dereference(root, schema["$ref"])))


def steps(reference: str) -> tuple[str, ...] | None:
    """Give the steps of a local reference, `#/$defs/name`; None for any other."""
    if reference == "#":
        return ()
    if not reference.startswith("#/"):
        return None
    return tuple(s.replace("~1", "/").replace("~0", "~") for s in reference[2:].split("/"))


def dereference(root: Json, reference: str) -> Json:
    """Give what a local reference names in its document; None where there is no such thing."""
    at = steps(reference)
    found = None if at is None else root
    for step in at or ():
        if isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


class MergeKeys:
    """Which lists of a profile merge by a key of their maps."""

    __slots__ = ("_found", "_view")

    def __init__(self, schema: Mapping[str, Json]) -> None:
        """Read a schema document; `{}` knows no keyed list."""
        self._view = View([(schema, schema)])
        self._found: dict[Pointer, str] = {}

    def at(self, pointer: Pointer) -> str:
        """Give the key by which the list at `pointer` merges, "" where it is replaced whole."""
        key = self._found.get(pointer)
        if key is None:
            key = self._found[pointer] = self._view.at(pointer).merge_key
        return key


class Schema:
    """The schema of whole profiles.

    `document` is JSON Schema 2020-12; `files` names the file that describes a top-level section
    where it is not FILE; `undescribed` the file that would, for a target of the workspace that
    describes none.
    """

    def __init__(
        self,
        document: Mapping[str, Json],
        files: Mapping[str, str] = MappingProxyType({}),
        undescribed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Describe profiles by a document."""
        self.document = document
        self.files = files
        self.undescribed = undescribed

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document's canonical JSON, in hex."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def view(self) -> View:
        """What it says of the top of a profile."""
        return View([(self.document, self.document)])

    @cached_property
    def merge_keys(self) -> MergeKeys:
        """Which lists merge by key."""
        return MergeKeys(self.document)

    @cached_property
    def validator(self) -> Any:
        """The validator of whole profiles."""
        # Imported late: a profile that is known to be valid needs none of it.
        from generator.patterns import Exact  # noqa: PLC0415  (late)

        return Exact(self.document)

    def rule(self, path: Iterable[str | int]) -> str:
        """Write where a rule stands, `schemas/profile.schema.json#/properties/go`.

        `path` is jsonschema's, which does not name the `$ref`s it goes through: where a step is
        not there, it is in what the schema refers to.
        """
        file = FILE
        root: Json = self.document
        here: Json = root
        at: tuple[str, ...] = ()
        for step in path:
            while isinstance(here, dict) and step not in here and "$ref" in here:
                at = steps(here["$ref"]) or ()
                here = dereference(root, here["$ref"])
            here = here[step]
            at = (*at, str(step))
            if isinstance(here, dict) and at[:-1] == ("properties",) and step in self.files:
                root, file, at = here, self.files[str(step)], ()
        return f"{file}#" + "".join(f"/{_escaped(step)}" for step in at)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def read_schema(folder: Path, targets: Iterable[Target]) -> Schema:
    """Read `profile.schema.json` of a folder and add the sections of the targets.

    Raises Rejected: GG157 a schema that is no JSON, GG158 a section that is taken already.
    """
    document = _json(folder / "profile.schema.json")
    properties = document.setdefault("properties", {})
    files: dict[str, str] = {}
    undescribed: dict[str, str] = {}
    problems: list[Problem] = []
    for target in targets:
        file = f"{target.manifest.rpartition('/')[0]}/section.schema.json"
        if target.section_schema is None:
            if not file.startswith("builtin:"):
                undescribed[target.name] = file
            continue
        if target.name in RESERVED or target.name in properties:
            problems.append(_taken(target))
            continue
        # An $id makes the section a document of its own: its `#/$defs` are its own.
        identity = {"$id": f"gogen:section/{target.name}"}
        properties[target.name] = {**target.section_schema, **identity}
        files[target.name] = file
    if problems:
        raise Rejected(problems)
    return Schema(document, files, undescribed)


def _taken(target: Target) -> Problem:
    return Problem(
        "GG158",
        f"the target {target.name} describes a section of that name, which is taken",
        Place(target.manifest),
        hint="rename the target, or remove its section.schema.json to read the common section",
    )


def _json(file: Path) -> dict[str, Json]:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        message = f"the schema of profiles cannot be read: {error}"
        raise Rejected([Problem("GG157", message, Place(FILE))]) from error
    if not isinstance(document, dict):
        raise Rejected([Problem("GG157", "the schema of profiles is no object", Place(FILE))])
    return document
