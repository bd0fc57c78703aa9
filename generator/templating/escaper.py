"""The contextual escaper: reads a template's syntax tree and says how each expression is written.

It threads the dialect's state through the tree in the order of the output: literal text steps
it, an expression takes a slot (an encoder, its arguments, the state after). Branches must meet in
one state; a loop must end where it began. What is no template of gogen's (macros, inheritance,
calls) is refused here too. Runs only when a template is compiled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import nodes

from generator.dialects.base import Misplaced
from generator.problems import Place, Problem
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from generator.dialects.base import Dialect, Slot, State
    from generator.templating.sandbox import Sandbox

_MAX_ROUNDS = 16  # of a loop's body, until its state stands still; real ones need two or three


class Use(NamedTuple):
    """How one expression of an Output is written: an encoder with arguments, or raw."""

    line: int
    encoder: str
    args: tuple[str | int, ...] = ()
    raw: bool = False


@dataclass(slots=True)
class Reading:
    """What reading a template's tree gave.

    `uses` is keyed by the identity of the expression's node; `raw_lines` are those with `| raw`.
    """

    uses: dict[int, Use] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def raw_lines(self) -> tuple[int, ...]:
        """The lines of all `| raw`, sorted."""
        return tuple(sorted({use.line for use in self.uses.values() if use.raw}))


class _Lost:
    """The state after a problem: nothing more can be said, and no second problem is made of it."""


_LOST = _Lost()

_REFUSED_TAGS: Mapping[type[nodes.Node], tuple[str, str]] = {
    nodes.Macro: ("macro", "write it out, or loop over a list"),
    nodes.CallBlock: ("call", "write it out"),
    nodes.FilterBlock: ("filter", "filter the values, not the text around them"),
    nodes.AssignBlock: ("set block", "assign an expression: <{% set x = … %}>"),
    nodes.Import: ("import", "include a template, or embed one"),
    nodes.FromImport: ("import", "include a template, or embed one"),
    nodes.Extends: ("extends", "include a template, or embed one"),
    nodes.Block: ("block", "include a template, or embed one"),
    nodes.ScopedEvalContextModifier: ("autoescape", "every value is escaped for its place already"),
}

_PLAIN_EXPRESSIONS = (
    nodes.Name,
    nodes.Tuple,
    nodes.List,
    nodes.Dict,
    nodes.Pair,
    nodes.Keyword,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Pos,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Concat,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
)

_RESERVED = frozenset({"self", "caller", "super", "varargs", "kwargs"})


def embedding(call: nodes.Call) -> tuple[str, str] | None:
    """Give (template, dialect or "") of an `embed("x.j2")` or `embed("x.j2", "sh")`, else None."""
    arguments = [*call.args, *(k.value for k in call.kwargs if k.key == "dialect")]
    words = [a.value for a in arguments if isinstance(a, nodes.Const) and isinstance(a.value, str)]
    named = isinstance(call.node, nodes.Name) and call.node.name == "embed"
    extra = call.dyn_args or call.dyn_kwargs or len(call.args) + len(call.kwargs) != len(words)
    if not named or extra or not call.args or len(words) not in (1, 2):
        return None
    return words[0], words[1] if len(words) > 1 else ""


class _Checker:
    """Finds in an expression what may not stand there: other nodes, calls, unknown names."""

    def __init__(self, environment: Sandbox, report: Callable[[Problem], None], file: str) -> None:
        self._environment = environment
        self._report = report
        self._file = file

    def check(self, node: nodes.Node) -> None:
        """Check an expression and all below it."""
        if isinstance(node, nodes.Call):
            self._call(node)
            return
        self._one(node)
        for child in node.iter_child_nodes():
            self.check(child)

    def _one(self, node: nodes.Node) -> None:
        match node:
            case nodes.Filter(name=name) | nodes.Test(name=name):
                self._known(node, name)
            case nodes.Const(value=value):
                if isinstance(value, float):
                    self._problem(node, f"the float {value}", f'write "{value}"')
            case nodes.Name(name=name) if name in _RESERVED:
                self._problem(node, f"the name {name!r} is Jinja's own", "")
            case _ if not isinstance(node, _PLAIN_EXPRESSIONS):
                word = type(node).__name__.lower()
                self._problem(node, f"{word} in an expression", "")
            case _:
                pass

    def _call(self, node: nodes.Call) -> None:
        if embedding(node) is None:
            hint = 'use a filter (x | items), or embed("file.j2") with names in quotes'
            message = "a call of something other than embed()"
            self._problem(node, message, hint, "GG206")

    def _known(self, node: nodes.Filter | nodes.Test, name: str) -> None:
        kind = type(node).__name__.lower()
        known: Mapping[str, Any] = (
            self._environment.filters if kind == "filter" else self._environment.tests
        )
        if name not in known:
            hint = did_you_mean(name, known) or f"there are: {', '.join(sorted(known))}"
            self._problem(node, f"there is no {kind} {name!r}", hint, "GG205")
        elif kind == "filter" and name == "raw":
            self._problem(node, "raw inside an expression", "| raw stands last")
        elif kind == "filter":
            self._arguments(node, known[name])

    def _arguments(self, node: nodes.Filter | nodes.Test, function: Any) -> None:
        """Refuse an argument by a name that the filter does not know, as Jinja's own may."""
        taken = signature(function).parameters
        for given in node.kwargs:
            if given.key not in taken:
                message = f"the filter {node.name!r} takes no argument {given.key!r}"
                self._problem(node, message, "", "GG205")

    def _problem(self, node: nodes.Node, message: str, hint: str, code: str = "GG201") -> None:
        self._report(Problem(code, message, Place(self._file, node.lineno), hint=hint))


class Escaper:
    """Reads one template; `read` gives what the code generator needs, and all problems."""

    def __init__(self, environment: Sandbox, file: str, foreign: Callable[[str], bool]) -> None:
        """Take the template's name for messages; `foreign` tells an include of another dialect."""
        self._environment = environment
        self._dialect: Dialect = environment.dialect
        self._file = file
        self._foreign = foreign
        self._reading = Reading()
        self._checker = _Checker(environment, self._reading.problems.append, file)
        self._readers: Mapping[type[nodes.Node], Callable[[Any, State], State]] = {
            nodes.Output: self._output,
            nodes.If: self._if,
            nodes.For: self._for,
            nodes.With: self._with,
            nodes.Assign: self._assign,
            nodes.Include: self._include,
            nodes.Scope: self._scope,
        }

    def read(self, template: nodes.Template, last_line: int, *, fragment: bool) -> Reading:
        """Read the whole tree; a fragment (an included file) must end as a file begins."""
        state = self._body(template.body, self._dialect.start)
        if state is not _LOST:
            self._end(state, last_line, fragment=fragment)
        found = self._reading
        found.problems = list(dict.fromkeys(found.problems))
        return found

    def _end(self, state: State, line: int, *, fragment: bool) -> None:
        try:
            self._dialect.finish(state)
        except Misplaced as misplaced:
            self._misplaced("GG208", line, misplaced)
            return
        if fragment and self._as_start(state) is _LOST:
            hint = "close what it opens, or embed it as a value"
            self._problem("GG207", line, "an included template ends where no file begins", hint)

    def _as_start(self, state: State) -> State:
        """Give the state where a file could begin here as well, else _LOST.

        A start may allow more than any later line (a Dockerfile's parser directives): then the
        state that both meet in is the later one.
        """
        start = self._dialect.start
        try:
            joined = self._dialect.join(state, start)
        except Misplaced:
            return _LOST
        return joined if joined in (start, state) else _LOST

    def _body(self, body: Iterable[nodes.Node], state: State) -> State:
        for node in body:
            state = self._statement(node, state)
        return state

    def _statement(self, node: nodes.Node, state: State) -> State:
        # One method a kind of statement, as in Jinja's own visitors; what has none is refused.
        read: Callable[[Any, State], State] = self._readers.get(type(node), self._refuse)
        return read(node, state)

    def _scope(self, node: nodes.Scope, state: State) -> State:
        return self._body(node.body, state)

    def _with(self, node: nodes.With, state: State) -> State:
        for value in node.values:
            self._checker.check(value)
        self._targets(node.targets)
        return self._body(node.body, state)

    def _assign(self, node: nodes.Assign, state: State) -> State:
        self._checker.check(node.node)
        self._targets([node.target])
        return state

    def _refuse(self, node: nodes.Node, state: State) -> State:
        del state
        unknown = (type(node).__name__.lower(), "")
        tag, hint = _REFUSED_TAGS.get(type(node), unknown)
        self._problem("GG201", node.lineno, f"the tag {tag!r} is not of gogen's templates", hint)
        return _LOST

    def _targets(self, targets: Iterable[nodes.Node]) -> None:
        for target in targets:
            if not isinstance(target, nodes.Name):
                self._problem("GG201", target.lineno, "an assignment to more than a name", "")

    def _output(self, node: nodes.Output, state: State) -> State:
        for child in node.nodes:
            if isinstance(child, nodes.TemplateData):
                state = self._text(child, state)
            else:
                state = self._expression(child, state)
        return state

    def _text(self, node: nodes.TemplateData, state: State) -> State:
        if state is _LOST:
            return _LOST
        try:
            return self._dialect.step(state, node.data)
        except Misplaced as misplaced:
            line = node.lineno + self._line_of(state, node.data)
            return self._misplaced("GG202", line, misplaced)

    def _line_of(self, state: State, text: str) -> int:
        """Find the line (from 0) of a text where the dialect stumbles."""
        for index, line in enumerate(text.split("\n")):
            try:
                state = self._dialect.step(state, f"{line}\n")
            except Misplaced:
                return index
        return 0

    def _expression(self, node: nodes.Expr, state: State) -> State:
        if isinstance(node, nodes.Filter) and node.name == "raw" and node.node is not None:
            self._checker.check(node.node)
            return self._raw(node, state)
        self._checker.check(node)
        if state is _LOST:
            return _LOST
        try:
            slot: Slot = self._dialect.slot(state)
        except Misplaced as misplaced:
            return self._misplaced("GG202", node.lineno, misplaced)
        self._reading.uses[id(node)] = Use(node.lineno, slot.encoder, slot.args)
        return slot.after

    def _raw(self, node: nodes.Expr, state: State) -> State:
        """Let raw text stand anywhere: it is the way round, and a rule lists every use."""
        self._reading.uses[id(node)] = Use(node.lineno, "", raw=True)
        if state is _LOST:
            return _LOST
        try:
            return self._dialect.slot(state).after
        except Misplaced:
            return state

    def _if(self, node: nodes.If, state: State) -> State:
        self._checker.check(node.test)
        ends = [self._body(node.body, state)]
        for branch in node.elif_:
            self._checker.check(branch.test)
            ends.append(self._body(branch.body, state))
        ends.append(self._body(node.else_, state))
        return self._joined(ends, node.lineno, "GG203", "the branches of this if end differently")

    def _joined(self, ends: list[State], line: int, code: str, what: str) -> State:
        if any(end is _LOST for end in ends):
            return _LOST
        joined, *others = ends
        try:
            for other in others:
                joined = self._dialect.join(joined, other)
        except Misplaced as misplaced:
            why = misplaced.reason.removeprefix("branches end in different places: ")
            reason = Misplaced(f"{what}: {why}", misplaced.hint)
            return self._misplaced(code, line, reason)
        return joined

    def _for(self, node: nodes.For, state: State) -> State:
        self._checker.check(node.iter)
        if node.test is not None:
            self._checker.check(node.test)
        if node.recursive:
            self._problem("GG201", node.lineno, "a recursive loop", "")
        what = "this loop does not end where it began"
        end, again = self._settled(node, state, what)
        empty = self._body(node.else_, state)
        if again is _LOST or not node.else_:
            return again
        what = "the loop and its else end differently"
        return self._joined([end, empty], node.lineno, "GG203", what)

    def _settled(self, node: nodes.For, begin: State, what: str) -> tuple[State, State]:
        """Read a loop's body until its state stands still; give the body's end and the loop's."""
        for _ in range(_MAX_ROUNDS):
            end = self._body(node.body, begin)
            again = self._joined([begin, end], node.lineno, "GG204", what)
            if again is _LOST or again == begin:
                return end, again
            begin = again
        hint = "let each turn write whole lines, or join the items before: <{ items | join(' ') }>"
        lost = self._problem("GG204", node.lineno, what, hint)
        return lost, lost

    def _include(self, node: nodes.Include, state: State) -> State:
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        if not isinstance(name, str) or node.ignore_missing or not node.with_context:
            hint = '<{% include "file.j2" %}>, nothing more'
            return self._problem("GG207", node.lineno, "an include of more than one name", hint)
        if self._foreign(name):
            hint = f'embed it as a value: <{{ embed("{name}") }}>'
            return self._problem("GG207", node.lineno, f"{name} is of another dialect", hint)
        if state is _LOST:
            return _LOST
        after = self._as_start(state)
        if after is _LOST:
            hint = "include stands where a file could begin; elsewhere embed a template as a value"
            return self._problem("GG207", node.lineno, "an include in the middle", hint)
        return after

    def _misplaced(self, code: str, line: int, misplaced: Misplaced) -> State:
        return self._problem(code, line, misplaced.reason, misplaced.hint)

    def _problem(self, code: str, line: int, message: str, hint: str) -> State:
        found = Problem(code, message, Place(self._file, line), hint=hint)
        self._reading.problems.append(found)
        return _LOST
