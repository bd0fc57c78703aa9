"""Read Kubernetes objects out of rendered YAML, refusing what YAML readers read differently.

kubectl reads YAML 1.1 scalars (`yes` is true, `0o7` is text), this reader YAML 1.2: a bare scalar
that the two take differently would make a patch lie, so it is an error and not a guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Artifact

_INT = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_WORDS = {"true": True, "false": False, "null": None, "": None}
# What some reader takes for a number, a date, a truth value or a merge key (YAML 1.1 types, §10.3
# of YAML 1.2.2, Go's strconv) and another for text.
_AMBIGUOUS = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<")
)
_NUMERIC = frozenset("-+.0123456789")
_NUMBERLIKE = (
    r"(?ix) [-+]?\.?[0-9][0-9_a-fox.:]*(e[-+]?[0-9_]+)? | [-+]?\.(inf|nan)"
    r"| [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.* | \+.*"
)

# kustomize writes these bare and cannot read them again ("control characters are not allowed"),
# however they are spelled: seen of kubectl 1.37.1 for every character that YAML has to escape.
_UNBUILDABLE = "[\x7f-\x84\x86-\x9f\ufffe\uffff]"


class Key(NamedTuple):
    """What makes two objects one: group, kind, namespace and name ("" where there is none)."""

    group: str
    kind: str
    namespace: str
    name: str


class Object(NamedTuple):
    """A Kubernetes object as plain data, the file it stands in and how many stand there with it."""

    key: Key
    version: str
    data: dict[str, Any]
    file: str
    template: str


def read_objects(artifact: Artifact, place: str) -> list[Object]:
    """Read the objects of one rendered file, in their order.

    `place` is the file's workspace-relative path for messages. Raises Rejected (GG270 to GG272,
    GG277).
    """
    # Imported late: the library takes longer than what is read with it. The parser itself, for
    # ruamel's YAML() looks for plug-ins on disk each time it is made and composes in Python.
    from _ruamel_yaml import CParser  # type: ignore[import-not-found]  # noqa: PLC0415 - no stubs
    from ruamel.yaml.error import MarkedYAMLError  # noqa: PLC0415  (late)

    text = artifact.content.decode()
    try:
        documents = [*_documents(iter(CParser(text).get_event, None), place)]
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


def _documents(events: Iterator[Any], place: str) -> Iterator[Any]:
    """Give the documents of a stream of parser events as plain data; an empty one is None."""
    for event in events:
        if type(event).__name__ == "DocumentStartEvent":
            yield _Document(events, place).node()


class _Document:
    """Makes plain data of one document's events; its dialect has read it, so it is not deep."""

    def __init__(self, events: Iterator[Any], place: str) -> None:
        self._events = events
        self._place = place
        self._anchored: dict[str, Any] = {}

    def node(self) -> Any:
        """Read the next node; _END where a map or list ends."""
        event = next(self._events)
        kind = type(event).__name__
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            return _END
        if kind == "AliasEvent":
            return self._meant(event)
        data = self._data(event, kind)
        if event.anchor is not None:
            self._anchored[event.anchor] = data
        return data

    def _meant(self, alias: Any) -> Any:
        if alias.anchor not in self._anchored:
            message = f"not YAML: nothing is called &{alias.anchor} above"
            raise Rejected([Problem("GG270", message, _at(alias, self._place))])
        return self._anchored[alias.anchor]

    def _data(self, event: Any, kind: str) -> Any:
        if kind == "ScalarEvent":
            return _scalar(event, self._place)
        nodes = iter(self.node, _END)
        return dict(zip(nodes, nodes, strict=True)) if kind == "MappingStartEvent" else [*nodes]


_END = object()


def _scalar(event: Any, place: str) -> str | int | bool | None:
    text: str = event.value
    if not text.isprintable() and (found := re.search(_UNBUILDABLE, text)):
        problem = Problem(
            "GG277",
            f"a value with U+{ord(found[0]):04X}, which kustomize builds nothing with",
            _at(event, place),
            hint="leave the character out",
        )
        raise Rejected([problem])
    if event.style:  # "" or None is plain, as the parser may be
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if text.lower() in _AMBIGUOUS or (text[0] in _NUMERIC and re.fullmatch(_NUMBERLIKE, text)):
        problem = Problem(
            "GG272",
            f"the bare scalar {text} is text to some YAML readers and something else to others",
            _at(event, place),
            hint=f'quote it in the template: "{text}"',
        )
        raise Rejected([problem])
    return text


def _at(event: Any, place: str) -> Place:
    return Place(place, event.start_mark.line + 1, event.start_mark.column + 1)
