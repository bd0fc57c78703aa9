"""The one door for YAML: strict text in, a tree with a place on every node out.

Only what every YAML reader understands alike is let in; the rest is refused where it stands, with
the way to write it. The parser is libyaml's (ruamel.yaml.clib), read event by event: it gives
marks, and a tree built from events needs no recursion, so no nesting can crash it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from generator.model import Leaf, Map, Node, Scalar, Seq
from generator.problems import Place, Problem, Rejected
from generator.wording import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH = 64
"""How many maps and lists may lie in one another, the file's own map included."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_FRACTION = r"-?(0|[1-9][0-9]*)\.[0-9]+\Z"
_WORDS = {"null": None, "true": True, "false": False}

# What some reader takes for something other than text, and why; of patterns the first that fits.
_LOOKALIKES = {
    **dict.fromkeys(("y", "n", "yes", "no", "on", "off"), "some readers take it for true or false"),
    **dict.fromkeys(("true", "false"), "true and false are written in small letters"),
    **dict.fromkeys(("~", "null"), "null is written null"),
    **dict.fromkeys(("=", "<<"), "it is a YAML operator"),
}
_NUMERIC = frozenset("-+.0123456789")  # what else starts so is text for every reader
_NUMBERLIKE = (
    (r"[-+]?0[xob][0-9a-f_]+", "some readers take it for a number in another base"),
    (r"[-+]?0[0-9]+", "some readers take it for an octal number"),
    (r"\+[0-9]+|-0", "readers take it for a number"),
    (r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", "some readers take it for base 60"),
    (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t \t].*)?", "some readers take it for a date"),
    (r"[-+]?[0-9]+", "not every reader can hold such a number"),
    (r"[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?", "some readers take it for a number"),
    (r"[-+]?(?:\.?[0-9]+|[0-9]+\.[0-9]*)(?:e[-+]?[0-9]+)?", "readers take it for a number"),
    (r"[-+]?\.(?:inf|nan)", "readers take it for a number"),
)
_NUMBER = f"(?i)(?:{'|'.join(f'({p})' for p, _ in _NUMBERLIKE)})\\Z"  # few files need it

_MARKER = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
# \t and \r have problems of their own; the rest no text file needs.
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"

# What libyaml says, in the words of someone who wrote the line: (its words, ours, hint).
_SYNTAX = (
    (
        "mapping values are not allowed",
        "a second `: ` on one line, or a key deeper than its neighbours",
        "quote a value that holds `: `, or mend the indentation",
    ),
    ("found character that cannot start any token", "a value starts with %, @ or `", "quote it"),
    ("did not find expected key", "a key was due here", "mend the indentation, or quote the value"),
    ("could not find expected ':'", "a key without `:`", "write `key: value`"),
    (
        "did not find expected ',' or",
        "a [list] or {map} goes wrong or is never closed",
        "quote values that hold , [ ] { } such as references, and close it",
    ),
    (
        "did not find expected node content",
        "a [list] or {map} goes wrong or is never closed",
        "quote values that hold , [ ] { } such as references, and close it",
    ),
    ("found unexpected ':'", "a `:` in a value inside [ ] or { }", "quote the value"),
    ("found unexpected end of stream", "a quote that is never closed", "close it"),
    (
        "block sequence entries are not allowed",
        "a list item where none may stand",
        "put it on a line of its own, below its key",
    ),
    ("did not find expected '-' indicator", "a list item was due here", "mend the indentation"),
    ("unknown escape character", "an unknown escape", r"write \\ for \, or use single quotes"),
)


def parse_text(file: str, data: bytes) -> Map:
    """Read one YAML file whose top is a map.

    `file` names it in places. Nulls stay as leaves, keys that start with `$` mean nothing here.
    Raises Rejected with every problem of the file (GG100 to GG109).
    """
    problems: list[Problem] = []
    tree = read(file, data, problems)
    if tree is None or problems:
        raise Rejected(problems)
    return tree


_SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)  # nowhere else may a line begin so
_NOTHING = re.compile(r"(?:[ \t]*(?:#.*)?\n?)*\Z")


def read_all(file: str, data: bytes, problems: list[Problem]) -> list[Node]:
    """Read the documents of a rendered file, whatever their tops are; those that are empty are not.

    As strict as with profiles, but that numbers may have a fraction, and strings hold any character
    that YAML lets in.
    """
    above = 0
    found: list[Node] = []
    for document in _SEPARATOR.split(data.decode()):
        if not _NOTHING.match(document):
            top = _Reader(file, problems, fractions=True).read("\n" * above + document)
            found += [top] if top is not None else []
        above += document.count("\n")
    return found


def read(file: str, data: bytes, problems: list[Problem]) -> Map | None:
    """Read as parse_text does, but add problems to a list; None where there is no map at all."""
    found = _outer_problems(file, data)
    if found:
        problems.extend(found)
        return None
    reader = _Reader(file, problems)
    top = reader.read(data.decode())
    if top is None or isinstance(top, Map):
        return top
    message = f"the top of the file is {kind_of(top)}"
    problems.append(Problem("GG102", message, top.trail[0], "a map: lines of `key: value`"))
    return None


def _outer_problems(file: str, data: bytes) -> list[Problem]:
    """Give what is wrong with the bytes before they are read as YAML: the first of each kind."""
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        hint = "save the file as UTF-8 without BOM"
        return [Problem("GG101", "a byte order mark", Place(file, 1, 1), hint=hint)]
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return [Problem("GG101", message, _at(file, before), hint="save the file as UTF-8")]
    if marker := _MARKER.search(text):
        message = "the conflict markers of a merge"
        hint = "keep one of the two sides, and remove the markers"
        return [Problem("GG100", message, _at(file, text[: marker.start()]), hint=hint)]
    return [*_characters(file, text)]


def _characters(file: str, text: str) -> Iterator[Problem]:
    """Give the first of each kind of character that a profile may not hold."""
    if (at := text.find("\r")) >= 0:
        message = "a carriage return (Windows line end)"
        yield Problem(
            "GG101", message, _at(file, text[:at]), hint="save the file with LF line ends"
        )
    if (at := text.find("\t")) >= 0:
        hint = r'indent with spaces; inside "double quotes" write \t'
        yield Problem("GG101", "a tab", _at(file, text[:at]), hint=hint)
    # Nothing of it is printable to Python either, which tells that sooner.
    if not text.replace("\n", "").isprintable() and (control := re.search(_CONTROL, text)):
        message = f"control character U+{ord(control[0]):04X}"
        hint = rf'remove it; inside "double quotes" it can be written \u{ord(control[0]):04x}'
        yield Problem("GG101", message, _at(file, text[: control.start()]), hint=hint)


def _at(file: str, before: str) -> Place:
    """Give the place right after the text `before`."""
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Open:
    """A map or list that is being read: `key` is the map's key whose value is due."""

    __slots__ = ("items", "key", "key_places", "pairs", "place")

    def __init__(self, place: Place, *, is_map: bool) -> None:
        self.place = place
        self.key: str | None = None
        self.key_places: dict[str, Place] = {}
        self.pairs: dict[str, Node] | None = {} if is_map else None
        self.items: list[Node] = []

    def close(self) -> Node:
        """Give the finished node; the keys of a map sorted."""
        if self.pairs is None:
            return Seq(tuple(self.items), (self.place,))
        pairs = self.pairs
        return Map({key: pairs[key] for key in sorted(pairs)}, (self.place,), self.key_places)


class _TooDeep(Exception):
    """Nesting beyond DEPTH: reading stops before anything recursive can see it."""


class _Reader:
    """Builds the tree of one file from the parser's events, on a stack of open nodes."""

    def __init__(self, file: str, problems: list[Problem], *, fractions: bool = False) -> None:
        self._file = file
        self._problems = problems
        self._fractions = fractions
        self._stack: list[_Open] = []
        self._top: Node | None = None
        self._documents = 0
        # Levels of a list or map that stands as a key: reported once, then passed over.
        self._passing = 0

    def read(self, text: str) -> Node | None:
        """Read the text; None after a problem that leaves no tree."""
        try:
            self._events(text)
        except _TooDeep:
            return None
        except _yaml_error() as error:
            self._syntax(error)
            return None
        if not self._documents:
            hint = "write at least one `key: value`, or remove the file"
            self._refuse("GG102", "the file is empty", Place(self._file, 1, 1), hint)
        return self._top

    def _events(self, text: str) -> None:
        next_event = _parser(text).get_event
        handlers = {
            "ScalarEvent": self._scalar,
            "MappingStartEvent": self._start,
            "SequenceStartEvent": self._start,
            "MappingEndEvent": self._end,
            "SequenceEndEvent": self._end,
            "AliasEvent": self._alias,
            "DocumentStartEvent": self._document,
        }
        by_type: dict[type, Any] = {}
        while (event := next_event()) is not None:
            kind = type(event)
            if kind not in by_type:
                by_type[kind] = handlers.get(kind.__name__)
            if handler := by_type[kind]:
                handler(event, kind.__name__)

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _refuse(self, code: str, message: str, place: Place, hint: str = "") -> None:
        self._problems.append(Problem(code, message, place, hint=hint))

    def _document(self, event: Any, _kind: str) -> None:
        self._documents += 1
        if self._documents == 2:  # noqa: PLR2004 - the second is the one too many
            hint = "keep one document a file: move the rest to another file"
            self._refuse("GG103", "a second document", self._place(event), hint)
        if event.version or event.tags:
            hint = "remove it: gogen reads what YAML 1.1 and 1.2 agree on"
            self._refuse("GG103", "a % directive", self._place(event), hint)

    def _decorated(self, event: Any, place: Place) -> None:
        """Refuse what hangs on a node: an anchor, a tag."""
        if event.anchor is not None:
            hint = "write the value out, or refer to it with <{ a.key }>"
            self._refuse("GG103", f"the anchor &{event.anchor}", place, hint)
        if event.tag is not None:
            hint = "remove it: quotes make text, `$append` and its kin change lists"
            written = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse("GG103", f"the tag {written}", place, hint)

    def _alias(self, event: Any, _kind: str) -> None:
        place = self._place(event)
        hint = "write the value out, or refer to it with <{ a.key }>"
        self._refuse("GG103", f"the alias *{event.anchor}", place, hint)
        self._put(Leaf("", (place,)), f"*{event.anchor}")

    def _start(self, event: Any, kind: str) -> None:
        place = self._place(event)
        if event.anchor is not None or event.tag is not None:
            self._decorated(event, place)
        if len(self._stack) + self._passing >= DEPTH:
            hint = f"at most {DEPTH} maps and lists may lie in one another"
            self._refuse("GG104", f"nested deeper than {DEPTH} levels", place, hint)
            raise _TooDeep
        top = self._stack[-1] if self._stack else None
        if self._passing or (top and top.pairs is not None and top.key is None):
            if not self._passing:
                self._refuse("GG105", "a key that is a list or a map", place, "write text as key")
            self._passing += 1
            return
        self._stack.append(_Open(place, is_map=kind == "MappingStartEvent"))

    def _end(self, _event: Any, _kind: str) -> None:
        if self._passing:
            self._passing -= 1
            if not self._passing:
                self._stack[-1].key = ""
            return
        node = self._stack.pop().close()
        self._put(node, None)

    def _scalar(self, event: Any, _kind: str) -> None:
        if self._passing:
            return
        mark = event.start_mark
        place = Place(self._file, mark.line + 1, mark.column + 1)
        if event.anchor is not None or event.tag is not None:
            self._decorated(event, place)
        top = self._stack[-1] if self._stack else None
        if top is not None and top.pairs is not None and top.key is None:
            self._key(top, event, place)
            return
        text = event.value
        value: Scalar = text
        if event.implicit[0]:
            value = self._plain(text, place)
        self._put(Leaf(value, (place,)), None)

    def _plain(self, text: str, place: Place) -> Scalar:
        """Give what an unquoted scalar means to every reader; refuse where they disagree."""
        if text in _WORDS:
            return _WORDS[text]
        if not text:
            self._refuse("GG106", "no value", place, 'write null to remove, or "" for empty text')
            return ""
        if text[0] in _NUMERIC:
            if _INTEGER.match(text) and text != "-0":
                return int(text)
            if self._fractions and re.match(_FRACTION, text):
                return cast("Scalar", float(text))  # no scalar of a profile, but one of an output
        if why := _other_meaning(text):
            self._refuse("GG107", f"unquoted {text}: {why}", place, f'write "{text}" to mean text')
        return text

    def _key(self, top: _Open, event: Any, place: Place) -> None:
        """Take a scalar as the key of the open map."""
        key = event.value
        if event.implicit[0]:
            self._check_plain_key(key, place)
        if first := top.key_places.get(key):
            self._problems.append(
                Problem(
                    "GG108",
                    f'the key "{key}" stands twice in one map',
                    place,
                    hint="keep one of them",
                    related=(("first set here", first),),
                )
            )
        else:
            top.key_places[key] = place
        top.key = key

    def _check_plain_key(self, key: str, place: Place) -> None:
        if key == "<<":
            hint = "write the keys out, or refer to the map with <{ a.key }>"
            self._refuse("GG103", "the merge key <<", place, hint)
        elif not key:
            self._refuse("GG105", "a key without text", place, "write `key: value`")
        elif _other_meaning(key):
            message = f"the key {key} is not text to every reader"
            self._refuse("GG105", message, place, f'write "{key}"')

    def _put(self, node: Node, alias: str | None) -> None:
        """Add a finished node to the open one; what an alias stands for may be a key."""
        if not self._stack:
            if self._top is None:
                self._top = node
            return
        top = self._stack[-1]
        if top.pairs is None:
            top.items.append(node)
        elif top.key is None:
            top.key = alias or ""
        else:
            top.pairs.setdefault(top.key, node)
            top.key = None

    def _syntax(self, error: Any) -> None:
        """Tell a parser's error in the words of someone who wrote the line."""
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        context = getattr(error, "context", None) or ""
        message, hint = next(
            ((ours, hint) for theirs, ours, hint in _SYNTAX if theirs in problem),
            (problem, ""),
        )
        # A construct that is never closed is best shown where it opens.
        opened = getattr(error, "context_mark", None)
        if opened is not None and (
            "end of stream" in problem or ("flow" in context and "expected" in problem)
        ):
            mark = opened
        place = Place(self._file, mark.line + 1, mark.column + 1) if mark else Place(self._file)
        self._problems.append(Problem("GG100", f"not YAML: {message}", place, hint=hint))


def _other_meaning(text: str) -> str:
    """Say what some reader takes a plain scalar for; "" where it is text to all of them."""
    if text[0] not in _NUMERIC:
        return _LOOKALIKES.get(text.lower(), "")
    match = re.match(_NUMBER, text)
    return _NUMBERLIKE[match.lastindex - 1][1] if match and match.lastindex else ""


def _parser(text: str) -> Any:
    """Open libyaml's parser. A clear error where it is missing: the fallback is 5 times slower."""
    try:
        # Imported late: the library takes a third of a start, and some commands read no YAML.
        from _ruamel_yaml import CParser  # type: ignore[import-not-found]  # noqa: PLC0415 - no stubs
    except ImportError as error:
        message = "the C parser of ruamel.yaml is missing"
        hint = "pip install ruamel.yaml.clib"
        raise Rejected([Problem("GG109", message, hint=hint)]) from error
    return CParser(text)


def _yaml_error() -> type[Exception]:
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as the parser

    return YAMLError
