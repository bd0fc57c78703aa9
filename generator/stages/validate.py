"""Stage validate: the merged tree against the JSON Schema, then home paths as their own kind.

jsonschema says what is wrong by pointer; this stage says it by file and line, in the words of
someone who wrote the profile. A secret stands for text that nobody knows: it may stand where text
may, but not where the schema asks for a text of a known form (a pattern, a format, a choice); a
schema that wants nothing but a secret spells out `$secret`.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Protocol

from generator import __version__
from generator.model import HomePath, Leaf, Map, Node, Profile, Secret, dotted, plain, walk
from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Pointer
    from generator.profile.schema import Schema, View


class Proofs(Protocol):
    """What is remembered of former runs: digests of profiles that were valid."""

    def known(self, digest: str) -> bool:
        """Whether a profile and schema of this digest (SHA-256, hex) were valid together."""

    def remember(self, digest: str) -> None:
        """Keep the digest of a profile and schema that are valid together."""


def validate(profile: Profile, schema: Schema, proofs: Proofs | None = None) -> Profile:
    """Give the profile with home paths typed, if it is what the schema describes.

    Raises Rejected with every problem: GG150 to GG155 (schema), GG156 (home path), GG159 (the
    schema itself). With `proofs` a profile that was valid before is not looked at again.
    """
    problems = [*_problems(profile.tree, schema, proofs)]
    tree = _typed(profile.tree, schema.view, (), problems)
    if problems:
        raise Rejected(dict.fromkeys(problems))
    return profile._replace(tree=tree) if isinstance(tree, Map) else profile


def _problems(tree: Map, schema: Schema, proofs: Proofs | None) -> Iterator[Problem]:
    """Give what the schema says against the tree."""
    data = plain(tree)
    secrets: list[Secret] = []

    def stand_in(value: Secret) -> list[str]:
        secrets.append(value)
        return [value.name]

    text = json.dumps(data, sort_keys=True, separators=(",", ":"), default=stand_in)
    if secrets:
        text += _hide_secrets(data, tree, schema.view)
    # Another release may take for invalid what this one takes for valid.
    by = f"{__version__} {schema.digest}"
    digest = hashlib.sha256(f"{by}\n{text}".encode()).hexdigest()
    if proofs is not None and proofs.known(digest):
        return
    if misplaced := [*_misplaced(tree, schema.view)] if secrets else []:
        yield from misplaced
        return
    errors = _errors(schema, data)
    if errors:
        from generator.profile.schema_problems import Teller  # noqa: PLC0415  (only for errors)

        yield from Teller(schema, tree).tell(errors)
    elif proofs is not None:
        proofs.remember(digest)


def _misplaced(tree: Map, view: View) -> Iterator[Problem]:
    """Refuse secrets where a text of a known form is due: nobody could tell whether they are."""
    for pointer, node in walk(tree):
        if isinstance(node, Leaf) and isinstance(node.value, Secret) and view.at(pointer).known:
            message = f"{dotted(pointer)} is a secret"
            expected = "text of the form the schema gives: gogen must be able to read it"
            yield Problem("GG154", message, node.trail[0], expected)


class _Unknown(str):
    """The text of a secret in data for jsonschema: text, of which nothing more is known."""

    __slots__ = ()


def _hide_secrets(data: Any, tree: Map, view: View) -> str:
    """Replace secrets in plain data by what jsonschema can read; give where they stand."""
    places = []
    for pointer, node in walk(tree):
        if isinstance(node, Leaf) and isinstance(node.value, Secret):
            parent = data
            for step in pointer[:-1]:
                parent = parent[step]
            spelled_out = "$secret" in view.at(pointer).names
            name = node.value.name
            parent[pointer[-1]] = {"$secret": name} if spelled_out else _Unknown(name)
            places.append(dotted(pointer))
    return json.dumps(places)


# What cannot be asked of a text that nobody knows.
_OF_TEXT = frozenset({"minLength", "maxLength"})


def _errors(schema: Schema, data: Any) -> list[Any]:
    """Give jsonschema's errors; Rejected where the schema itself is broken."""
    try:
        errors = [*schema.validator.iter_errors(data)]
    except Exception as error:  # jsonschema fails in many ways on a broken schema
        raise Rejected([_broken(schema, error)]) from error
    return [e for e in errors if not (isinstance(e.instance, _Unknown) and e.validator in _OF_TEXT)]


def _broken(schema: Schema, error: Exception) -> Problem:
    """Say what is wrong with the schema; if nothing is, the error is a bug: raise it again."""
    from jsonschema import SchemaError  # noqa: PLC0415 - as the validator
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - as the validator

    try:
        schema.validator.check_schema(schema.document)
    except SchemaError as reason:
        where, found = [*reason.absolute_path], reason.message
    else:
        if not isinstance(error, Unresolvable):
            raise error
        where, found = [], f"nothing is at {error.ref}"
    rule = schema.rule(where)
    return Problem(
        "GG159", f"the schema is broken at {rule}: {found}", Place(rule.partition("#")[0])
    )


_HOME_LIKE = r"~[^/]|\$HOME\b|\$\{HOME\}|%h\b"


def _typed(node: Node, view: View, pointer: Pointer, problems: list[Problem]) -> Node:
    """Give the tree with text that the schema calls a home path as HomePath, where it is one."""
    if view.empty:
        return node
    if isinstance(node, Leaf):
        text = node.value
        is_path = view.home_path and isinstance(text, str)
        return _home(node, str(text), pointer, problems) if is_path else node
    if isinstance(node, Map):
        typed = {k: _typed(v, view.key(k), (*pointer, k), problems) for k, v in node.items.items()}
        same = all(typed[key] is child for key, child in node.items.items())
        return node if same else node._replace(items=typed)
    items = tuple(
        _typed(child, view.item(), (*pointer, i), problems) for i, child in enumerate(node.items)
    )
    same = all(one is other for one, other in zip(items, node.items, strict=True))
    return node if same else node._replace(items=items)


def _home(leaf: Leaf, text: str, pointer: Pointer, problems: list[Problem]) -> Leaf:
    if text == "~" or text.startswith("~/"):
        return Leaf(HomePath(text[2:]), leaf.trail)
    if re.match(_HOME_LIKE, text):
        message = f"{dotted(pointer)} is {text}, which not every reader expands"
        hint = "write ~/… for a path below the home folder of who reads it, or the whole path"
        problems.append(Problem("GG156", message, leaf.trail[0], hint=hint))
    return leaf
