"""Code for a template: Jinja's code generator, with an encoder around every expression.

Two variants of one tree. The plain one yields `encoder(value, *args)`. The traced one hands every
text and value to a recorder (generator.templating.tracing), and tells it what is read, in which
branch and loop; it costs nothing to templates compiled plain. There is no constant folding: a
literal in an expression goes through its encoder like any value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

from generator.templating.escaper import embedding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

    from generator.templating.escaper import Reading, Use
    from generator.templating.sandbox import Sandbox


class _Plain(CodeGenerator):
    """The variant that renders."""

    def __init__(self, environment: Sandbox, name: str, reading: Reading) -> None:
        super().__init__(environment, name, name, optimized=False)
        # Code before and after a node, by the node's identity.
        self._wrapped: dict[int, tuple[str, str]] = {}
        self._uses: Mapping[int, Use] = reading.uses
        names = sorted({use.encoder for use in reading.uses.values() if not use.raw})
        self._encoders = {name: f"encode_{number}" for number, name in enumerate(names)}

    def pull_dependencies(self, nodes: Any) -> None:
        """Bind the encoders beside the filters and tests, once a render."""
        super().pull_dependencies(nodes)
        for name, local in self._encoders.items():
            self.writeline(f"{local} = environment.encoders[{name!r}]")
        self.writeline("encode_raw = environment.encode_raw")

    def _local(self, use: Use) -> str:
        return "encode_raw" if use.raw else self._encoders[use.encoder]

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        del frame, finalize
        self.write(f"{self._local(self._uses[id(node)])}(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        del frame, finalize
        self.write("".join(f", {arg!r}" for arg in self._uses[id(node)].args) + ")")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: FBT001, FBT002, N802 # Jinja's signature
        """Write the one call there is, embed()."""
        del frame, forward_caller
        name, dialect = embedding(node) or ("", "")
        self.write(f"context.scene.embed(context, {name!r}, {dialect!r})")

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        """Write `~`, which joins strings and numbers and nothing else."""
        self.write("environment.concat_text((")
        for operand in node.nodes:
            self.visit(operand, frame)
            self.write(", ")
        self.write("))")

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        """Write an include, whose text is output as it comes."""
        assert isinstance(node.template, nodes.Const)  # noqa: S101 # the escaper saw to it
        local = self.dump_local_context(frame)
        name = node.template.value
        self.writeline(f"yield from context.scene.include(context, {name!r}, {local})", node)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        """Write a loop, whose iterable is checked to be a list or a map."""
        self._wrapped[id(node.iter)] = self._each(node)
        super().visit_For(node, frame)

    def _each(self, node: nodes.For) -> tuple[str, str]:
        del node
        return "environment.each(", ")"

    def visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> Any:
        """Write a node, with what is to stand around it."""
        before, after = self._wrapped.get(id(node), ("", ""))
        if before:
            self.write(before)
        super().visit(node, *args, **kwargs)
        if after:
            self.write(after)


class _Traced(_Plain):
    """The variant that also tells a recorder what is read and written, and where."""

    def pull_dependencies(self, nodes: Any) -> None:
        super().pull_dependencies(nodes)
        self.writeline("trace = context.scene.recorder")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        del node, frame, finalize
        raise nodes.Impossible

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if isinstance(node, nodes.TemplateData):
            self.write("trace.text(")
        else:
            del frame, finalize
            self.write("trace.out(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        del frame, finalize
        if isinstance(node, nodes.TemplateData):
            self.write(f", {node.lineno})")
            return
        use = self._uses[id(node)]
        self.write(f", {use.line}, {self._local(use)}, {use.args!r})")

    def visit_TemplateData(self, node: nodes.TemplateData, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        del frame
        self.write(repr(node.data))

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        if node.ctx != "load":
            super().visit_Name(node, frame)
            return
        self.write("trace.name(")
        super().visit_Name(node, frame)
        self.write(")")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        self.write("trace.getattr(environment, ")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        if isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("trace.getitem(environment, ")
        self.visit(node.node, frame)
        self.write(", ")
        self.visit(node.arg, frame)
        self.write(")")

    def visit_If(self, node: nodes.If, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        for branch in (node, *node.elif_):
            self._wrapped[id(branch.test)] = ("trace.test(", ")")
        self.writeline("trace.enter()")
        super().visit_If(node, frame)
        self.writeline("trace.leave()")

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        if node.test is not None:
            self._wrapped[id(node.test)] = ("trace.test(", ")")
        self.writeline("trace.enter()")
        super().visit_For(node, frame)
        self.writeline("trace.leave()")

    def _each(self, node: nodes.For) -> tuple[str, str]:
        unpacked = isinstance(node.target, nodes.Tuple)
        return "trace.each(environment.each(", f"), {unpacked})"

    def visit_Assign(self, node: nodes.Assign, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        self._wrapped[id(node.node)] = ("trace.assigned(", ")")
        super().visit_Assign(node, frame)

    def visit_With(self, node: nodes.With, frame: Frame) -> None:  # noqa: N802 # Jinja's name
        for value in node.values:
            self._wrapped[id(value)] = ("trace.assigned(", ")")
        super().visit_With(node, frame)


def generate(
    environment: Sandbox, template: nodes.Template, name: str, reading: Reading, *, traced: bool
) -> CodeType:
    """Give the code of a template that the escaper read without problems."""
    generator = (_Traced if traced else _Plain)(environment, name, reading)
    generator.visit(template)
    source = generator.stream.getvalue()  # type: ignore[attr-defined] # a StringIO unless given
    return compile(source, name, "exec")
