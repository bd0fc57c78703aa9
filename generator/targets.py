"""Targets: reads `templates/<target>/target.yaml`, of the workspace or built in, strictly.

A workspace's manifest may say `extends: builtin:<target>`: what it gives wins, `files` entries
with a path and template that the built-in has replace those, others are added, and a template of
the same name in its folder stands for the built-in's.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from generator import dialects
from generator.model import FileSpec, Leaf, Map, Seq, Target
from generator.problems import Place, Problem, Rejected
from generator.wording import did_you_mean, kind_of
from generator.yamlreader import parse_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from generator.model import Node

MANIFEST = "target.yaml"
SECTION_SCHEMA = "section.schema.json"
_SCHEMA = ".schema.json"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
_SCHEMA_NAME = r"[a-z0-9][a-z0-9.-]*\Z"
_BUILTIN = "builtin:"
_KEYS = ("description", "extends", "pins", "derive", "delimiters", "files")
_FILE_KEYS = (
    *("template", "path", "mode", "install", "place", "when", "for-each", "dialect"),
    *("schema", "shared", "toolchains"),
)
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "delimiters": ("gogen", "jinja"),
    "derive": ("kustomize",),
    "mode": ("0644", "0755", "0440"),
    "toolchains": ("all",),
}


class _Home(NamedTuple):
    """Where a manifest lies: its folder, and how its files are shown in messages.

    `schemas` are the folders searched in order for the schema of an output.
    """

    folder: Path
    prefix: str
    schemas: tuple[Path, ...]

    @property
    def manifest(self) -> str:
        return f"{self.prefix}/{MANIFEST}"


def available(root: Path, builtin: Path) -> tuple[str, ...]:
    """Give the names of all targets that a profile may list, sorted."""
    found: set[str] = set()
    for base in {root, builtin}:
        templates = base / "templates"
        if templates.is_dir():
            found.update(f.name for f in templates.iterdir() if (f / MANIFEST).is_file())
    return tuple(sorted(name for name in found if _NAME.match(name)))


def load_targets(
    root: Path,
    builtin: Path,
    names: Iterable[str],
    places: Mapping[str, Place] | None = None,
) -> dict[str, Target]:
    """Give the named targets, in the order of the names.

    `builtin` is the folder that holds the built-in `templates/`; `places` says where a profile
    names each target. Raises Rejected (GG240, GG245 to GG249, and those of YAML) with every
    problem of every manifest.
    """
    problems: list[Problem] = []
    targets: dict[str, Target] = {}
    for name in names:
        try:
            targets[name] = _target(root, builtin, name, (places or {}).get(name))
        except Rejected as rejected:
            problems.extend(rejected.problems)
    if problems:
        raise Rejected(problems)
    return targets


def _target(root: Path, builtin: Path, name: str, place: Place | None) -> Target:
    schemas = _schema_folders(root, builtin)
    own = _Home(root / "templates" / name, f"templates/{name}", schemas)
    shipped = _Home(builtin / "templates" / name, f"{_BUILTIN}{name}", schemas)
    known = _NAME.match(name) is not None
    home = next((h for h in (own, shipped) if known and (h.folder / MANIFEST).is_file()), None)
    if home is None:
        names = available(root, builtin)
        hint = did_you_mean(name, names) or f"there are: {', '.join(names) or 'none'}"
        raise Rejected([Problem("GG240", f'there is no target "{name}"', place, hint=hint)])
    return _loaded(name, home, builtin)


def _loaded(name: str, home: _Home, builtin: Path) -> Target:
    reader = _Reader(home)
    target = reader.target(name, _base(reader, home, builtin))
    target = target._replace(section_schema=reader.section_schema(target.folders))
    reader.check(target)
    if reader.problems:
        raise Rejected(reader.problems)
    return target


def _base(reader: _Reader, home: _Home, builtin: Path) -> Target | None:
    """Give the built-in target that a manifest extends, if it does."""
    extends = reader.string(reader.tree, "extends")
    if not extends:
        return None
    name = extends.removeprefix(_BUILTIN)
    base = _Home(builtin / "templates" / name, f"{_BUILTIN}{name}", home.schemas)
    is_named = extends.startswith(_BUILTIN) and _NAME.match(name)
    if not is_named or not (base.folder / MANIFEST).is_file():
        known = [f"{_BUILTIN}{each}" for each in available(builtin, builtin)]
        hint = did_you_mean(extends, known) or f"there are: {', '.join(known) or 'none'}"
        reader.problem("GG249", f'there is no built-in "{extends}"', reader.tree, "extends", hint)
        raise Rejected(reader.problems)  # what else lacks would come from there
    if base.folder.resolve() == home.folder.resolve():
        reader.problem("GG249", "a built-in target extends itself", reader.tree, "extends")
        return None
    return _loaded(name, base, builtin)


def output_schema(root: Path, builtin: Path, name: str) -> Mapping[str, Any]:
    """Give the JSON Schema of that name, of the workspace or built in, that outputs must satisfy.

    Raises Rejected (GG246) where it is no JSON object.
    """
    file = f"{name}{_SCHEMA}"
    folder = next(f for f in _schema_folders(root, builtin) if (f / file).is_file())
    problems: list[Problem] = []
    schema = _json(folder / file, Place(f"schemas/{file}"), problems)
    if schema is None:
        raise Rejected(problems)
    return schema


def _schema_folders(root: Path, builtin: Path) -> tuple[Path, ...]:
    return root / "schemas", builtin / "schemas"


def _json(path: Path, place: Place, problems: list[Problem]) -> Mapping[str, Any] | None:
    """Read a schema; None, and a problem, where it is no JSON object."""
    what = "the section's schema" if path.name == SECTION_SCHEMA else "the schema of an output"
    try:
        schema = json.loads(path.read_bytes().decode())
    except UnicodeDecodeError:
        problems.append(Problem("GG246", f"{what} is not UTF-8", place))
    except json.JSONDecodeError as error:
        place = place._replace(line=error.lineno, column=error.colno)
        problems.append(Problem("GG246", f"{what} is not JSON: {error.msg.lower()}", place))
    else:
        if isinstance(schema, dict):
            return schema
        problems.append(Problem("GG246", f"{what} is no object", place))
    return None


class _Reader:
    """Reads one manifest, collecting its problems."""

    def __init__(self, home: _Home) -> None:
        self._home = home
        self.problems: list[Problem] = []
        try:
            data = (home.folder / MANIFEST).read_bytes()
        except OSError as error:
            reason = error.strerror or "it cannot be read"
            place = Place(home.manifest)
            raise Rejected([Problem("GG240", f"manifest: {reason.lower()}", place)]) from None
        self.tree = parse_text(home.manifest, data)
        self._known(self.tree, _KEYS)

    def target(self, name: str, base: Target | None) -> Target:
        """Read all but the section's schema; a base gives what the manifest does not."""
        tree = self.tree
        pins = self._map(tree, "pins")
        if pins is not None:
            self._known(pins, ("images", "actions"))
        start = base or Target(name, "", (), (), (), (), self._home.manifest)
        return start._replace(
            name=name,
            description=self.string(tree, "description", required=base is None)
            or start.description,
            files=self._merged(start.files, tuple(self._files(required=base is None))),
            images=self._strings(pins, "images", start.images),
            actions=self._strings(pins, "actions", start.actions),
            folders=(self._home.folder, *start.folders),
            manifest=self._home.manifest,
            delimiters=self.string(tree, "delimiters") or start.delimiters,
            derive=self.string(tree, "derive") or start.derive,
        )

    def section_schema(self, folders: tuple[Path, ...]) -> Mapping[str, Any] | None:
        """Read the schema of the target's own profile section, of the first folder that has it."""
        for folder in folders:
            path = folder / SECTION_SCHEMA
            if path.is_file():
                return _json(path, Place(f"{self._home.prefix}/{SECTION_SCHEMA}"), self.problems)
        return None

    def check(self, target: Target) -> None:
        """Check that every template is there."""
        for spec in target.files:
            if spec.at is None or spec.at.file != self._home.manifest or not spec.template:
                continue
            if not _inside(spec.template):
                message = f"the template {spec.template!r} leaves its folder"
                self.problems.append(Problem("GG247", message, spec.at))
            elif not any((folder / spec.template).is_file() for folder in target.folders):
                near = [p.name for folder in target.folders for p in sorted(folder.glob("*.j2"))]
                hint = did_you_mean(spec.template, near)
                message = f"there is no template {spec.template!r}"
                self.problems.append(Problem("GG247", message, spec.at, hint=hint))

    def _files(self, *, required: bool) -> Iterator[FileSpec]:
        node = self.tree.items.get("files")
        if node is None and required:
            message, hint = "the manifest has no files", "list at least one under `files:`"
            self.problems.append(Problem("GG246", message, _place(self.tree), hint=hint))
        if node is None:
            return
        if not isinstance(node, Seq) or not node.items:
            self._wrong(node, "files", "a list of maps, not empty")
            return
        for entry in node.items:
            if isinstance(entry, Map):
                yield self._file(entry)
            else:
                self._wrong(entry, "files", "a list of maps")

    def _file(self, entry: Map) -> FileSpec:
        self._known(entry, _FILE_KEYS)
        return FileSpec(
            template=self.string(entry, "template", required=True),
            path=self.string(entry, "path", required=True),
            mode=self.string(entry, "mode") or "0644",
            install=self.string(entry, "install"),
            place=self.string(entry, "place"),
            when=self.string(entry, "when"),
            for_each=self.string(entry, "for-each"),
            dialect=self._dialect(entry),
            schema=self._schema(entry),
            shared=self._flag(entry, "shared"),
            toolchains=self.string(entry, "toolchains"),
            at=_place(entry),
        )

    def _dialect(self, entry: Map) -> str:
        name = self.string(entry, "dialect")
        if name and name not in dialects.names():
            known = dialects.names()
            hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
            self.problem("GG248", f'there is no dialect "{name}"', entry, "dialect", hint)
        return name

    def _schema(self, entry: Map) -> str:
        name = self.string(entry, "schema")
        folders = self._home.schemas
        if name and not (
            re.match(_SCHEMA_NAME, name)
            and any((f / f"{name}{_SCHEMA}").is_file() for f in folders)
        ):
            known = sorted(
                {p.name.removesuffix(_SCHEMA) for f in folders for p in f.glob(f"*{_SCHEMA}")}
            )
            hint = did_you_mean(name, known) or f"write schemas/{name}{_SCHEMA}"
            self.problem("GG247", f'there is no schema "{name}"', entry, "schema", hint)
        return name

    @staticmethod
    def _merged(base: tuple[FileSpec, ...], own: tuple[FileSpec, ...]) -> tuple[FileSpec, ...]:
        mine = {(spec.path, spec.template): spec for spec in own}
        kept = [mine.pop((spec.path, spec.template), spec) for spec in base]
        return (*kept, *mine.values()) if base else own

    def string(self, node: Map, key: str, *, required: bool = False) -> str:
        """Read a string that is not empty, of the choices that its key has; "" where it is not."""
        leaf = node.items.get(key)
        if leaf is None:
            if required:
                message = f"`{key}` is missing"
                self.problems.append(Problem("GG246", message, _place(node)))
            return ""
        choices = _CHOICES.get(key, ())
        value = leaf.value if isinstance(leaf, Leaf) else None
        if not isinstance(value, str) or not value or (choices and value not in choices):
            expected = " or ".join(f'"{choice}"' for choice in choices) or "text, not empty"
            self._wrong(leaf, key, expected)
            return ""
        return value

    def _flag(self, node: Map, key: str) -> bool:
        """Read true or false; false where it is not."""
        leaf = node.items.get(key)
        value = leaf.value if isinstance(leaf, Leaf) else None
        if leaf is not None and not isinstance(value, bool):
            self._wrong(leaf, key, "true or false")
        return value is True

    def _map(self, node: Map, key: str) -> Map | None:
        child = node.items.get(key)
        if child is None or isinstance(child, Map):
            return child
        self._wrong(child, key, "a map")
        return None

    def _strings(self, node: Map | None, key: str, instead: tuple[str, ...]) -> tuple[str, ...]:
        child = node.items.get(key) if node is not None else None
        if child is None:
            return instead
        nodes = child.items if isinstance(child, Seq) else (None,)
        values = [node.value if isinstance(node, Leaf) else None for node in nodes]
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) != len(values):
            self._wrong(child, key, "a list of text")
        return texts

    def _known(self, node: Map, keys: tuple[str, ...]) -> None:
        for key in node.items:
            if key not in keys:
                hint = did_you_mean(key, keys) or f"there are: {', '.join(keys)}"
                place = node.key_places.get(key) or _place(node.items[key])
                self.problems.append(Problem("GG245", f'unknown key "{key}"', place, hint=hint))

    def _wrong(self, node: Node, key: str, expected: str) -> None:
        text = node.value if isinstance(node, Leaf) else None
        shown = json.dumps(text) if isinstance(text, str) else kind_of(node)
        message = f"`{key}` is {shown}"
        self.problems.append(Problem("GG246", message, _place(node), expected))

    def problem(self, code: str, message: str, node: Map, key: str, hint: str = "") -> None:
        """Note a problem at the value of a key."""
        self.problems.append(Problem(code, message, _place(node.items[key]), hint=hint))


def _inside(name: str) -> bool:
    return not name.startswith("/") and "\\" not in name and ".." not in name.split("/")


def _place(node: Node) -> Place | None:
    return node.trail[0] if node.trail else None
