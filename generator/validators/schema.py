"""jsonschema reads every output whose manifest names a schema: the formats that publish none.

It needs no program. What YAML readers read differently is refused too: a schema would judge one
reading of two.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from generator.model import dotted, find, plain
from generator.problems import Place, Problem
from generator.validators.base import UNUSABLE, File, Tool, Validator, refused
from generator.yamlreader import read_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Node, Pointer


def _check(_tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    # Imported late: no command but lint needs it of every run.
    from jsonschema import SchemaError  # noqa: PLC0415  (late)

    from generator.patterns import Exact  # noqa: PLC0415  (late)

    for file in filter(VALIDATOR.reads, files):
        try:
            Exact.check_schema(file.schema or {})
        except SchemaError as error:
            message = f"the schema of {file.path} is broken: {error.message}"
            yield Problem(UNUSABLE, message, Place(file.path), hint="mend the schema")
            continue
        yield from _against(Exact(file.schema or {}), file)


def _against(validator: Any, file: File) -> Iterator[Problem]:
    from jsonschema.exceptions import best_match, relevance  # noqa: PLC0415  (late)

    problems: list[Problem] = []
    documents = read_all(file.path, file.content, problems)
    if file.path.endswith(".json"):
        problems = []  # JSON's readers agree; the tree is for the places
        data = [json.loads(file.content)]
    else:
        data = [plain(node) for node in documents]
    yield from (refused(VALIDATOR.name, p.message, p.place or Place(file.path)) for p in problems)
    if problems:
        return
    if not data:
        yield refused(VALIDATOR.name, "the file holds nothing", Place(file.path))
    for number, document in enumerate(data):
        tree = documents[number] if number < len(documents) else None
        for error in sorted(validator.iter_errors(document), key=relevance):
            inner = best_match([error]) or error
            pointer = tuple(inner.absolute_path)
            where = f"{dotted(pointer)}: " if pointer else ""
            yield refused(VALIDATOR.name, f"{where}{inner.message}", _place(file, tree, pointer))


def _place(file: File, tree: Node | None, pointer: Pointer) -> Place:
    """Give the place of a node; of its nearest parent where it has none."""
    for end in range(len(pointer), -1, -1):
        node = find(tree, pointer[:end]) if tree is not None else None
        if node is not None and node.trail:
            return node.trail[0]
    return Place(file.path)


VALIDATOR = Validator(
    name="schema",
    programs=(),
    install="it comes with gogen",
    check=_check,
    schema=True,
)
