"""Read Kubernetes objects out of rendered YAML, refusing what YAML readers read differently.

kubectl reads YAML 1.1 scalars (`yes` is true, `0o7` is text), this reader YAML 1.2: a bare scalar
that the two take differently would make a patch lie, so it is an error and not a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from generator.model import Artifact

_INT = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_WORDS = {"true": True, "false": False, "null": None, "": None}
# What some reader takes for a number, a date, a truth value or a merge key (YAML 1.1 types, §10.3
# of YAML 1.2.2, Go's strconv) and another for text.
_AMBIGUOUS = re.compile(
    r"(?ix) y|n|yes|no|on|off|true|false|null|~|=|<<"
    r"| [-+]?\.?[0-9][0-9_a-fox.:]*(e[-+]?[0-9_]+)? | [-+]?\.(inf|nan)"
    r"| [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.* | \+.*"
)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What makes two objects one: group, kind, namespace and name ("" where there is none)."""

    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Object:
    """A Kubernetes object as plain data, the file it stands in and how many stand there with it."""

    key: Key
    version: str
    data: dict[str, Any]
    file: str
    template: str


def read_objects(artifact: Artifact, place: str) -> list[Object]:
    """Read the objects of one rendered file, in their order.

    `place` is the file's workspace-relative path for messages. Raises Rejected (GG270 to GG272).
    """
    text = artifact.content.decode()
    try:
        documents = [_data(node, place) for node in YAML(typ="safe").compose_all(text)]
    except MarkedYAMLError as error:
        at = error.problem_mark
        where = Place(place, at.line + 1, at.column + 1) if at else Place(place)
        raise Rejected([Problem("GG270", f"not YAML: {error.problem}", where)]) from error
    return [_object(data, artifact, place) for data in documents if data is not None]


def _object(data: Any, artifact: Artifact, place: str) -> Object:
    match data:
        case {"apiVersion": str(api), "kind": str(kind), "metadata": {"name": str(name), **meta}}:
            pass
        case _:
            problem = Problem(
                "GG271",
                "a document that is no Kubernetes object",
                Place(place),
                expected="a map with apiVersion, kind and metadata.name",
            )
            raise Rejected([problem])
    group, _, version = api.rpartition("/")
    key = Key(group, kind, str(meta.get("namespace", "")), name)
    return Object(key, version, data, artifact.path, artifact.template)


def _data(node: Node, place: str) -> Any:
    match node:
        case MappingNode(value=pairs):
            return {_data(key, place): _data(value, place) for key, value in pairs}
        case SequenceNode(value=children):
            return [_data(child, place) for child in children]
        case ScalarNode():
            return _scalar(node, place)
        case _:
            return None  # an empty document


def _scalar(node: ScalarNode, place: str) -> str | int | bool | None:
    text: str = node.value
    if node.style:  # "" or None is plain, as the parser may be
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _AMBIGUOUS.fullmatch(text):
        mark = node.start_mark
        problem = Problem(
            "GG272",
            f"the bare scalar {text} is text to some YAML readers and something else to others",
            Place(place, mark.line + 1, mark.column + 1),
            hint=f'quote it in the template: "{text}"',
        )
        raise Rejected([problem])
    return text
