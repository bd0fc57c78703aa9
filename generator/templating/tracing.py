"""What made each piece of a rendered text: the template's line and the profile keys it read.

A recorder watches one render of a template compiled in the traced variant. Containers of the
context are known by their identity, so filters work on the very same data; a scalar that a loop
or an assignment hands on travels in a box with the pointers it was read from.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2.exceptions import UndefinedError
from jinja2.runtime import Undefined

from generator.dialects.base import Embedded, Structured, Unwritable
from generator.model import NotText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from jinja2 import Environment

    from generator.dialects.base import Encoder
    from generator.model import Pointer

Reads = tuple["Pointer", ...]


class Span(NamedTuple):
    """A piece of the output, never more than a line of literal text.

    `start` and `end` count characters, `line` is the output's, from 1. `reads` are the pointers
    (into the context) of the expression that made it, `controls` those of the conditions and
    loops around it. A literal has no reads.
    """

    start: int
    end: int
    line: int
    template: str
    template_line: int
    reads: Reads = ()
    controls: Reads = ()


class Piece(NamedTuple):
    """A piece of output as it was recorded; spans are worked out when someone asks."""

    text: str
    template: str
    line: int
    reads: Reads | None  # None for a literal
    controls: Reads
    inner: Sequence[Piece] = ()  # of the embedded template that the value is
    inner_text: str = ""


@dataclass(frozen=True)
class Traced:
    """A rendered text and the pieces it was made of."""

    text: str
    pieces: tuple[Piece, ...]

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The spans of the text, in order, without holes."""
        return tuple(_spans(self.pieces))

    @cached_property
    def by_line(self) -> Mapping[int, Sequence[Span]]:
        """The spans that have a part in a line of the text, by line from 1."""
        last = len(rows(self.text))
        return {n: found for n, found in _by_line(self.text, self.spans).items() if n <= last}

    def at_line(self, line: int) -> tuple[Span, ...]:
        """Give the spans that have a part in a line of the output."""
        return tuple(self.by_line.get(line, ()))


class Refusal(NamedTuple):
    """An expression whose value cannot be written."""

    error: Unwritable | NotText
    template: str
    line: int
    reads: Reads


@dataclass(frozen=True, slots=True)
class Box:
    """A value on its way through a loop or an assignment, with the pointers it came from."""

    value: Any
    reads: Reads


class Places:
    """Where each container of a context stands, by its identity; of several the shortest wins."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        """Walk the context once, level by level; it may serve every file of a profile."""
        self.pointers: dict[int, Pointer] = {}
        self._context = context  # identities hold only while the objects live
        level: list[tuple[Pointer, Any]] = [((name,), value) for name, value in context.items()]
        while level:
            level = [below for pointer, value in level for below in self._learnt(value, pointer)]

    def _learnt(self, value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, Any]]:
        """Note a container, and give what is in it."""
        if not isinstance(value, dict | list) or id(value) in self.pointers:
            return
        self.pointers[id(value)] = pointer
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in pairs:
            yield (*pointer, key), child


class Recorder:
    """Watches one render; `pieces` and `refusals` are what it saw."""

    def __init__(
        self, places: Places, variables: Mapping[str, Any], item: Pointer | None = None
    ) -> None:
        """Start with a file's variables; `item` is where its `item` comes from."""
        self._pointers = places.pointers
        if installed := variables.get("installed"):
            # Not of the context: it is made of what all files of the profile ask for.
            own = {id(file): ("installed", number) for number, file in enumerate(installed)}
            self._pointers = {**places.pointers, id(installed): ("installed",), **own}
        self._pairs: dict[int, Pointer] = {}  # a key and its value, which stand for one pointer
        self._keep: list[Any] = []
        self.pieces: list[Piece] = []
        self.refusals: list[Refusal] = []
        self.reads: list[Pointer] = []
        self.template = ""
        self._controls: list[list[Pointer]] = []
        self._around: Reads = ()
        self._embedded: dict[int, tuple[Embedded, list[Piece]]] = {}
        self.variables = {name: Box(value, ((name,),)) for name, value in variables.items()}
        if item is not None:
            self._pair(variables["item"], item)
            self.variables["item"] = Box(variables["item"], (item,))

    def _pair(self, value: Any, pointer: Pointer) -> None:
        if isinstance(value, dict | list) and id(value) not in self._pointers:
            self._pairs[id(value)] = pointer
            self._keep.append(value)

    def take(self) -> Reads:
        """Give what was read since the last taking."""
        taken = tuple(self.reads)
        self.reads.clear()
        return taken

    # What the traced code and environment call, in the order of a render.

    def name(self, value: Any) -> Any:
        """Read a variable."""
        if type(value) is Box:
            self.reads.extend(value.reads)
            return value.value
        if isinstance(value, Undefined):
            self.reads.append((str(value._undefined_name),))  # noqa: SLF001 # Jinja tells it nowhere else
        return value

    def getattr(self, environment: Environment, container: Any, key: str) -> Any:
        """Read a key of a map, or an attribute of `loop`."""
        self._step(container, key)
        value = environment.getattr(container, key)
        return value.value if type(value) is Box else value

    def getitem(self, environment: Environment, container: Any, key: Any) -> Any:
        """Read a key of a map or an item of a list."""
        self._step(container, key)
        return environment.getitem(container, key)

    def _step(self, container: Any, key: Any) -> None:
        pointer = self._pointers.get(id(container))
        if pointer is None:
            return
        if pointer in self.reads:
            self.reads.remove(pointer)  # it was only passed through
        self.reads.append((*pointer, key))

    def assigned(self, value: Any) -> Box:
        """Take what an assigned expression read along with its value."""
        return Box(value, self.take())

    def enter(self) -> None:
        """Begin an if or a for."""
        self._controls.append([])

    def leave(self) -> None:
        """End an if or a for."""
        self._controls.pop()
        self._surround()

    def test(self, value: Any) -> Any:
        """Take what a condition read for all that stands below it."""
        self._controls[-1].extend(self.take())
        self._surround()
        return value

    def _surround(self) -> None:
        self._around = tuple(
            dict.fromkeys(pointer for frame in self._controls for pointer in frame)
        )

    def each(self, value: Any, unpacked: bool) -> list[Any]:  # noqa: FBT001 # called by generated code
        """Box the items of a loop with where each comes from."""
        reads = self.take()
        self._controls[-1].extend(reads)
        self._surround()
        pointer = self._pointers.get(id(value))
        keys = value if isinstance(value, dict) else range(len(value))
        places: list[Reads] = [((*pointer, key),) if pointer else reads for key in keys]
        box = self._unpacked if unpacked else self._boxed
        return [box(child, place) for child, place in zip(value, places, strict=True)]

    def _boxed(self, value: Any, reads: Reads) -> Box:
        pointer = self._pointers.get(id(value)) or self._pairs.get(id(value))
        return Box(value, (pointer,) if pointer else reads)

    def _unpacked(self, value: Any, reads: Reads) -> Any:
        if not isinstance(value, list | tuple):
            return value
        if id(value) in self._pairs:
            return [Box(child, (self._pairs[id(value)],)) for child in value]
        pointer = self._pointers.get(id(value))
        return [Box(c, ((*pointer, i),) if pointer else reads) for i, c in enumerate(value)]

    def pairs(self, value: Any, pairs: list[list[Any]]) -> list[list[Any]]:
        """Note that pairs are the items of a map of the context."""
        pointer = self._pointers.get(id(value))
        if pointer is not None:
            for pair in pairs:
                self._pair(pair, (*pointer, pair[0]))
        return pairs

    def inside(self, value: Any) -> Iterator[Pointer]:
        """Give what the embedded templates in a value have read, conditions and loops included."""
        match value:
            case Embedded():
                if id(value) in self._embedded:
                    yield from _reads(self._embedded[id(value)][1])
            case Structured(value=data):
                yield from self.inside(data)
            case dict():
                yield from self.inside(list(value.values()))
            case list() | tuple():
                for child in value:
                    yield from self.inside(child)
            case _:
                pass

    def text(self, text: str, line: int) -> str:
        """Write literal text."""
        self.pieces.append(Piece(text, self.template, line, None, self._around))
        return text

    def out(self, value: Any, line: int, encode: Encoder, args: tuple[Any, ...]) -> str:
        """Write a value by its encoder; one that is refused is noted, and the render goes on."""
        reads = self.take()
        try:
            if isinstance(value, Undefined):
                str(value)
            text = encode(value, *args)
        except (Unwritable, NotText) as error:
            self.refusals.append(Refusal(error, self.template, line, tuple(dict.fromkeys(reads))))
            return ""
        except UndefinedError:
            self.reads.extend(reads)
            raise
        except Exception as error:
            msg = f"the encoder failed at {self.template}:{line}"
            raise RuntimeError(msg) from error
        piece = Piece(text, self.template, line, reads, self._around)
        if isinstance(value, Embedded) and id(value) in self._embedded:
            inner = self._embedded[id(value)][1]
            piece = piece._replace(inner=inner, inner_text=value.text)
        elif isinstance(value, Structured):
            piece = piece._replace(reads=(*reads, *self.inside(value)))
        self.pieces.append(piece)
        return text

    @contextmanager
    def within(self, template: str) -> Iterator[None]:
        """Watch an included template: its text follows in place."""
        outer, self.template = self.template, template
        yield
        self.template = outer

    @contextmanager
    def apart(self, template: str) -> Iterator[Callable[[Embedded], Embedded]]:
        """Watch an embedded template: its pieces are its own until its text is written."""
        outer = (self.template, self.pieces, self.reads, self._controls)
        self.template, self.pieces, self.reads, self._controls = template, [], [], []
        self._surround()
        pieces = self.pieces

        def done(embedded: Embedded) -> Embedded:
            self._embedded[id(embedded)] = (embedded, pieces)
            return embedded

        yield done
        # An error leaves all as it is: the diagnosis wants what was read where it happened.
        self.template, self.pieces, self.reads, self._controls = outer
        self._surround()


def _reads(pieces: Iterable[Piece]) -> Iterator[Pointer]:
    """Give all that pieces have read, of embedded templates too."""
    for piece in pieces:
        yield from piece.reads or ()
        yield from piece.controls
        yield from _reads(piece.inner)


def _spans(pieces: Iterable[Piece]) -> Iterator[Span]:
    """Work out where each piece lies in the text, literals line by line."""
    offset, line = 0, 1
    for piece in pieces:
        reads, controls = _unique(piece.reads or ()), piece.controls
        for part, template_line, inside in _parts(piece):
            end = offset + len(part)
            for made in inside or (piece,):
                if made is piece:
                    yield Span(offset, end, line, piece.template, template_line, reads, controls)
                else:
                    around = _unique((*controls, *made.controls))
                    inner = _unique(made.reads or ())
                    yield Span(offset, end, line, made.template, made.line, inner, around)
            offset, line = end, line + part.count("\n")


def _unique(reads: Reads) -> Reads:
    return reads if len(reads) < 2 else tuple(dict.fromkeys(reads))  # noqa: PLR2004 # of many


def _parts(piece: Piece) -> Iterator[tuple[str, int, Sequence[Piece]]]:
    """Cut a piece: (text, template line, the pieces of an embedded template that made it)."""
    if piece.reads is None:
        for number, row in enumerate(rows(piece.text)):
            yield row, piece.line + number, ()
    elif not piece.inner:
        yield piece.text, piece.line, ()
    else:
        yield from _embedded_parts(piece)


def _embedded_parts(piece: Piece) -> Iterator[tuple[str, int, Sequence[Piece]]]:
    """Cut the text of an embedded template by its lines, if it was written line for line."""
    lines = rows(piece.text)
    body = rows(piece.inner_text)
    makers = _makers_by_line(piece.inner)
    first = _aligned(lines, body)
    if first is None:
        made = [maker for number in sorted(makers) for maker in makers[number]]
        yield piece.text, piece.line, (piece, *dict.fromkeys(made))
        return
    for number, row in enumerate(lines):
        yield row, piece.line, makers.get(number - first + 1, ())


def _makers_by_line(pieces: Sequence[Piece]) -> dict[int, list[Piece]]:
    """Give, for each line of an embedded text, what made it."""
    text = "".join(piece.text for piece in pieces)
    return {
        line: [Piece("", s.template, s.template_line, s.reads, s.controls) for s in spans]
        for line, spans in _by_line(text, _spans(pieces)).items()
    }


def _by_line(text: str, spans: Iterable[Span]) -> dict[int, list[Span]]:
    """Give the spans that have a part in each line of a text; a value may be many lines long."""
    found: dict[int, list[Span]] = {}
    for span in spans:
        breaks = text.count("\n", span.start, max(span.start, span.end - 1))
        for line in range(span.line, span.line + breaks + 1):
            found.setdefault(line, []).append(span)
    return found


def rows(text: str) -> list[str]:
    """Split a text after each line feed, and nowhere else."""
    *whole, rest = text.split("\n")
    return [f"{row}\n" for row in whole] + ([rest] if rest else [])


def _aligned(lines: list[str], body: list[str]) -> int | None:
    """Find after how many lines of an encoded text the body stands, line for line."""
    for first in range(len(lines) - len(body) + 1):
        window = lines[first : first + len(body)]
        if body and all(text.strip("\n ") in line for text, line in zip(body, window, strict=True)):
            return first
    return None
