"""What made each piece of a rendered text: the template's line and the profile keys it read.

A recorder watches one render of a template compiled in the traced variant. Containers of the
context are known by their identity, so filters work on the very same data; a scalar that a loop
or an assignment hands on travels in a box with the pointers it was read from.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jinja2.exceptions import UndefinedError
from jinja2.runtime import Undefined

from generator.dialects.base import Embedded, Unwritable
from generator.model import NotText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from generator.dialects.base import Encoder
    from generator.model import Pointer
    from generator.templating.sandbox import Sandbox

Reads = tuple["Pointer", ...]


@dataclass(frozen=True, slots=True)
class Span:
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


@dataclass(frozen=True, slots=True)
class Traced:
    """A rendered text and its spans, in order, without holes."""

    text: str
    spans: tuple[Span, ...]

    def at_line(self, line: int) -> tuple[Span, ...]:
        """Give the spans that have a part in a line of the output."""
        lines = rows(self.text)
        if not 1 <= line <= len(lines):
            return ()
        start = sum(len(before) for before in lines[: line - 1])
        end = start + len(lines[line - 1])
        return tuple(s for s in self.spans if s.start < end and (s.end > start or s.start == start))


@dataclass(frozen=True, slots=True)
class Refusal:
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


class Recorder:
    """Watches one render; `spans` and `refusals` are what it saw."""

    def __init__(self, context: Mapping[str, Any], item: Pointer | None = None) -> None:
        """Learn where the containers of a context are; `item` is where its `item` comes from."""
        self._pointers: dict[int, Pointer] = {}
        self._pairs: dict[int, Pointer] = {}  # a key and its value, which stand for one pointer
        self._keep: list[Any] = []  # identities hold only while the objects live
        self.spans: list[Span] = []
        self.refusals: list[Refusal] = []
        self.reads: list[Pointer] = []
        self.template = ""
        self._controls: list[list[Pointer]] = []
        self._offset = 0
        self._line = 1
        self._embedded: dict[int, tuple[Embedded, list[Span]]] = {}
        self.variables = self._learnt(context, item)

    def _learnt(self, context: Mapping[str, Any], item: Pointer | None) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        for name, value in context.items():
            pointer: Pointer = (name,)
            if name == "item" and item is not None:
                # Last of all names: an item of a list is known by now, a pair of a map is new.
                pointer = item
                self._pair(value, pointer)
            self.learn(value, pointer)
            variables[name] = Box(value, (pointer,))
        return variables

    def _pair(self, value: Any, pointer: Pointer) -> None:
        if isinstance(value, dict | list) and id(value) not in self._pointers:
            self._pairs[id(value)] = pointer
            self._keep.append(value)

    def learn(self, value: Any, pointer: Pointer) -> None:
        """Note where a container, and each below it, stands; the first place of one wins."""
        if id(value) in self._pointers or id(value) in self._pairs:
            return
        if not isinstance(value, dict | list):
            return
        self._pointers[id(value)] = pointer
        self._keep.append(value)
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in pairs:
            if type(child) is dict or type(child) is list:
                self.learn(child, (*pointer, key))

    def take(self) -> Reads:
        """Give what was read since the last taking."""
        taken = tuple(dict.fromkeys(self.reads))
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

    def getattr(self, environment: Sandbox, container: Any, key: str) -> Any:
        """Read a key of a map, or an attribute of `loop`."""
        self._step(container, key)
        value = environment.getattr(container, key)
        return value.value if type(value) is Box else value

    def getitem(self, environment: Sandbox, container: Any, key: Any) -> Any:
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

    def test(self, value: Any) -> Any:
        """Take what a condition read for all that stands below it."""
        self._controls[-1].extend(self.take())
        return value

    def each(self, value: Any, unpacked: bool) -> list[Any]:  # noqa: FBT001 # called by generated code
        """Box the items of a loop with where each comes from."""
        reads = self.take()
        self._controls[-1].extend(reads)
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

    def text(self, text: str, line: int) -> str:
        """Write literal text."""
        controls = self._around()
        for number, part in enumerate(rows(text)):
            self._write(part, line + number, (), controls)
        return text

    def out(self, value: Any, line: int, encode: Encoder, args: tuple[Any, ...]) -> str:
        """Write a value by its encoder; one that is refused is noted, and the render goes on."""
        reads = self.take()
        try:
            if isinstance(value, Undefined):
                str(value)
            text = encode(value, *args)
        except (Unwritable, NotText) as error:
            self.refusals.append(Refusal(error, self.template, line, reads))
            return ""
        except UndefinedError:
            self.reads.extend(reads)
            raise
        except Exception as error:
            msg = f"the encoder failed at {self.template}:{line}"
            raise RuntimeError(msg) from error
        if isinstance(value, Embedded) and id(value) in self._embedded:
            self._write_embedded(value, text, line, reads)
        else:
            self._write(text, line, reads, self._around())
        return text

    def _around(self) -> Reads:
        return tuple(dict.fromkeys(pointer for frame in self._controls for pointer in frame))

    def _write(self, text: str, line: int, reads: Reads, controls: Reads) -> None:
        end = self._offset + len(text)
        span = Span(self._offset, end, self._line, self.template, line, reads, controls)
        self.spans.append(span)
        self._offset = end
        self._line += text.count("\n")

    def _write_embedded(self, value: Embedded, text: str, line: int, reads: Reads) -> None:
        """Write an embedded text line by line, each with the spans it had on its own."""
        inner = self._embedded[id(value)][1]
        controls = self._around()
        lines = rows(text)
        body = [row.rstrip("\n") for row in rows(value.text)]
        first = _aligned(lines, body)
        if first is None:
            every = dict.fromkeys(p for span in inner for p in (*span.reads, *span.controls))
            self._write(text, line, (*reads, *every), controls)
            return
        for number, part in enumerate(lines):
            spans = [s for s in inner if s.line <= number - first + 1 <= _last_line(s, value.text)]
            if not 0 <= number - first < len(body) or not spans:
                self._write(part, line, reads, controls)
                continue
            self._nested(part, spans, controls)

    def _nested(self, part: str, spans: list[Span], controls: Reads) -> None:
        """Write one line of an embedded text: a span for each that has a part in it."""
        begin, end, line = self._offset, self._offset + len(part), self._line
        for span in spans:
            around = tuple(dict.fromkeys((*controls, *span.controls)))
            self.spans.append(replace(span, start=begin, end=end, line=line, controls=around))
        self._offset = end
        self._line += part.count("\n")

    @contextmanager
    def within(self, template: str) -> Iterator[None]:
        """Watch an included template: its text follows in place."""
        outer, self.template = self.template, template
        yield
        self.template = outer

    @contextmanager
    def apart(self, template: str) -> Iterator[Callable[[Embedded], Embedded]]:
        """Watch an embedded template: its text has lines of its own until it is written."""
        outer = (self.template, self.spans, self.reads, self._controls, self._offset, self._line)
        self.template, self.spans, self.reads, self._controls = template, [], [], []
        self._offset, self._line = 0, 1
        spans = self.spans

        def done(embedded: Embedded) -> Embedded:
            self._embedded[id(embedded)] = (embedded, spans)
            return embedded

        yield done
        # An error leaves all as it is: the diagnosis wants what was read where it happened.
        self.template, self.spans, self.reads, self._controls, self._offset, self._line = outer


def rows(text: str) -> list[str]:
    """Split a text after each line feed, and nowhere else."""
    *whole, rest = text.split("\n")
    return [f"{row}\n" for row in whole] + ([rest] if rest else [])


def _last_line(span: Span, text: str) -> int:
    return span.line + max(text.count("\n", span.start, max(span.start, span.end - 1)), 0)


def _aligned(lines: list[str], body: list[str]) -> int | None:
    """Find after how many lines of an encoded text the body stands, line for line."""
    for first in range(len(lines) - len(body) + 1):
        window = lines[first : first + len(body)]
        if body and all(text.strip() in line for text, line in zip(body, window, strict=True)):
            return first
    return None
