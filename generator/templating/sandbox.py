"""The Jinja environment: what an expression can reach, which is plain data and nothing else.

One environment a dialect, delimiter set and variant (plain or traced); it is made once and never
changes. Attribute access reaches keys of maps, so `go.items` is the key; Python's attributes,
methods and calls do not exist.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from jinja2 import StrictUndefined
from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context

from generator.dialects.base import Embedded, Unwritable
from generator.model import HomePath, Secret
from generator.templating import filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from generator.dialects.base import Dialect, Encoder
    from generator.templating.tracing import Recorder

DELIMITERS: Mapping[str, Mapping[str, str]] = {
    "gogen": {
        "variable_start_string": "<{",
        "variable_end_string": "}>",
        "block_start_string": "<{%",
        "block_end_string": "%}>",
        "comment_start_string": "<{#",
        "comment_end_string": "#}>",
    },
    "jinja": {},
}
"""Delimiter sets by the name a manifest uses; what is not said is Jinja's own."""

LOOP_NAMES = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem"}
)
"""Attributes of `loop`."""

_OBJECTS: Mapping[type, frozenset[str]] = {
    Secret: frozenset({"name"}),
    HomePath: frozenset({"rest"}),
    LoopContext: LOOP_NAMES,
}


class Scene(Protocol):
    """What a running template may ask its engine for: other templates of its target."""

    recorder: Recorder | None

    def embed(self, context: SceneContext, name: str, dialect: str) -> Embedded:
        """Render a template in a dialect of its own."""

    def include(self, context: SceneContext, name: str, local: Mapping[str, Any]) -> Iterator[str]:
        """Render a template of the same dialect in place."""


class SceneContext(Context):
    """A template's variables, and the scene it plays in."""

    scene: Scene


def _remembered(encode: Encoder) -> Encoder:
    """Remember how strings are written: an encoder is a function of its value and its place."""
    of_strings = lru_cache(maxsize=8192)(encode)

    def remembering(value: Any, *args: Any) -> str:
        return of_strings(value, *args) if type(value) is str else encode(value, *args)

    return remembering


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, narrowed to data; `encoders` are the dialect's."""

    context_class: type[Context] = SceneContext
    # A string times a number, and a string as a format, are Python and no template's business.
    intercepted_binops = frozenset({"*", "%"})

    def __init__(self, dialect: Dialect, delimiters: str) -> None:
        """Make the environment of a dialect and a delimiter set."""
        super().__init__(
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            # Constants are folded without asking our operators and filters.
            optimized=False,
            autoescape=False,
            cache_size=0,
            **DELIMITERS[delimiters],
        )
        self.dialect = dialect
        self.encoders = {name: _remembered(e) for name, e in dialect.encoders.items()}
        self.filters.clear()
        self.filters.update(filters.FILTERS)
        self.tests.clear()
        self.tests.update(filters.TESTS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Reach a key of a map, or one of the few attributes of our own values."""
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Undefined):
            str(obj)  # raises, naming what is undefined
        if attribute in _OBJECTS.get(type(obj), ()):
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Reach a key of a map by text, an item of a list by number."""
        if type(argument) is str:
            return self.getattr(obj, argument)
        if isinstance(argument, Undefined):
            str(argument)
        if isinstance(obj, list | tuple) and type(argument) is int:
            try:
                return obj[argument]
            except IndexError:
                return self.undefined(obj=obj, name=argument)  # type: ignore[arg-type] # Jinja's own use
        if isinstance(obj, Undefined):
            str(obj)
        return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiply and divide numbers only."""
        del context
        if type(left) is not int or type(right) is not int:
            found = f"{filters.type_name(left)} {operator} {filters.type_name(right)}"
            msg = f"arithmetic on {found}"
            raise Unwritable(msg, "two numbers")
        return self.binop_table[operator](left, right)

    def call(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: the compiler lets no call through, so none arrives."""
        msg = "nothing can be called"
        raise TemplateRuntimeError(msg)

    @staticmethod
    def concat_text(parts: Iterable[Any]) -> str:
        """Join the operands of `~`: strings and numbers."""
        return "".join([filters.text(part) for part in parts])

    @staticmethod
    def each(value: Any) -> Any:
        """Check that a loop runs over a list or a map; a string is no list of characters."""
        if isinstance(value, list | dict | tuple):
            return value
        if isinstance(value, Undefined):
            str(value)
        msg = f"a loop over {filters.type_name(value)}"
        raise Unwritable(msg, "a list or a map")

    @staticmethod
    def encode_raw(value: Any) -> str:
        """Write `| raw`: text as it stands."""
        return value.text if isinstance(value, Embedded) else filters.text(value)


@pass_context
def _traced_items(context: SceneContext, value: Any) -> list[list[Any]]:
    """Give the pairs of a map, and tell the recorder what they are."""
    pairs = filters.items(value)
    recorder = context.scene.recorder
    return recorder.pairs(value, pairs) if recorder else pairs


def _traced(digest: Callable[[Any], str]) -> Callable[[SceneContext, Any], str]:
    """Give a hash filter that tells the recorder what embedded templates in its value have read."""

    @pass_context
    def traced(context: SceneContext, value: Any) -> str:
        recorder = context.scene.recorder
        if recorder:
            recorder.reads.extend(recorder.inside(value))
        return digest(value)

    return traced


class TracedSandbox(Sandbox):
    """The environment of the traced variant."""

    def __init__(self, dialect: Dialect, delimiters: str) -> None:
        """Make it as the plain one, with filters that tell the recorder what they give."""
        super().__init__(dialect, delimiters)
        self.filters["items"] = _traced_items
        for digest in (filters.hash10, filters.sha256):
            self.filters[digest.__name__] = _traced(digest)
