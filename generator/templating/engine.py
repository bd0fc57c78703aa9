"""The template engine: finds, compiles and runs the templates of targets.

An engine lives as long as a run: environments and compiled templates are made once and kept.
`render` gives a file's text on the fast path; when a value is refused it runs the file again
under a recorder and raises all problems with the template's and the profile's lines. `trace`
gives the text with what made each piece of it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from jinja2 import Template
from jinja2.exceptions import TemplateError, TemplateSyntaxError

import generator.dialects
from generator.dialects.base import Embedded, Unwritable
from generator.model import NotText, header
from generator.problems import Place, Problem, Rejected
from generator.templating import diagnosis
from generator.templating.codecache import CodeCache
from generator.templating.sandbox import Sandbox, SceneContext, TracedSandbox
from generator.templating.sources import Source, apart, read
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from generator.dialects.base import Dialect
    from generator.model import Pinned, Target
    from generator.templating.jobs import Job
    from generator.templating.tracing import Places, Recorder, Traced

FAULTS = (Unwritable, NotText, TemplateError, TypeError, ValueError, ArithmeticError)
"""What a template can raise when it runs; anything else is a bug of ours."""

_LONG = 2_000
"""Characters from which looking into the cache takes less than reading a text again."""

_DECIDE = "name its dialect; text writes values as they stand: its schema must hold them harmless"


class Dialects(Protocol):
    """Where dialects come from: the package generator.dialects, or a test's own."""

    def get(self, name: str, /) -> Dialect:
        """Give a dialect; KeyError where there is none of that name."""

    def for_file(self, file_name: str, /) -> str:
        """Give the name of the dialect that a file's name chooses, "" where it chooses none."""


class Compiled(NamedTuple):
    """A template ready to run, and whose it is; `raw_lines` are the lines of its `| raw`."""

    target: Target
    template: Template
    shown: str
    dialect: str
    raw_lines: tuple[int, ...]


class _Variant(NamedTuple):
    """What besides the source decides a template's code."""

    delimiters: str
    dialect: str
    fragment: bool
    traced: bool


class _Scene:
    """One file on its way: what its templates may ask for (sandbox.Scene)."""

    def __init__(self, engine: Engine, recorder: Recorder | None) -> None:
        self._engine = engine
        self._open: list[Compiled] = []  # templates being rendered, the innermost last
        self.recorder = recorder

    def run(self, compiled: Compiled, variables: Mapping[str, Any]) -> str:
        """Give the text of a template over variables."""
        text = "".join(self._events(compiled, variables))
        self._open.pop()
        return text

    def _events(self, compiled: Compiled, variables: Mapping[str, Any]) -> Iterator[str]:
        """Open a template and give the pieces of its text; whoever has read them closes it."""
        names = [each.shown for each in self._open]
        if compiled.shown in names:
            msg = f"{compiled.shown} embeds or includes itself"
            raise diagnosis.Unreachable(msg, hint=" → ".join((*names, compiled.shown)))
        self._open.append(compiled)
        template = compiled.template
        environment = template.environment
        context = SceneContext(environment, variables, template.name, {})  # type: ignore[arg-type] # never written to
        context.scene = self
        return template.root_render_func(context)

    def embed(self, context: SceneContext, name: str, dialect: str) -> Embedded:
        """Render a template in its own dialect, over the file's variables (no loop variables)."""
        compiled = self._compiled(name, dialect, fragment=False)
        variables = {**context.parent, "header": header()}
        if self.recorder is None:
            text = self.run(compiled, variables)
            return Embedded(text, compiled.dialect, compiled.shown)
        with self.recorder.apart(compiled.shown) as done:
            text = self.run(compiled, variables)
            return done(Embedded(text, compiled.dialect, compiled.shown))

    def include(self, context: SceneContext, name: str, local: Mapping[str, Any]) -> Iterator[str]:
        """Run a template of the same dialect in place, over all variables in reach."""
        dialect = context.environment.dialect.name  # type: ignore[attr-defined] # a Sandbox
        compiled = self._compiled(name, dialect, fragment=True)
        variables = {**context.parent, **context.vars, **local}
        if self.recorder is None:
            yield from self._events(compiled, variables)
        else:
            with self.recorder.within(compiled.shown):
                yield from self._events(compiled, variables)
        self._open.pop()

    def _compiled(self, name: str, dialect: str, *, fragment: bool) -> Compiled:
        owner, file = apart(name)
        target = self._engine.target(owner) if owner else self._open[-1].target
        traced = self.recorder is not None
        return self._engine.compiled(target, file, dialect, fragment=fragment, traced=traced)


class Engine:
    """Renders the files of targets; one for a run."""

    def __init__(
        self,
        cache: Path | None = None,
        dialects: Dialects = generator.dialects,
        targets: Mapping[str, Target] | None = None,
    ) -> None:
        """Keep compiled templates in a folder outside the repository (None: nowhere).

        `targets` are those that a template may name to embed or include a file of theirs.
        """
        self._cache = CodeCache(cache)
        self._targets = targets or {}
        self._dialects = dialects
        self._environments: dict[tuple[str, str, bool], Sandbox] = {}
        self._sources: dict[tuple[tuple[Path, ...], str, str], Source] = {}
        self._templates: dict[tuple[str, str, _Variant], tuple[Template, tuple[int, ...]]] = {}
        self._chosen: dict[str, str] = {}
        self._places: tuple[Mapping[str, Any], Places] | None = None
        self._found: dict[tuple[int, str, str, bool, bool], Compiled] = {}
        self._read: set[tuple[str, str]] = set()

    def render(self, pinned: Pinned, job: Job) -> str:
        """Give a file's text; raises Rejected with every value that cannot be written."""
        compiled = self._of_job(job)
        try:
            return _Scene(self, None).run(compiled, job.variables)
        except FAULTS:
            problems = self._diagnosed(pinned, job)
        raise Rejected(problems)

    def read_back(self, dialect: str, text: str, *, shared: bool = False) -> None:
        """Read a file's text as its dialect does; raises Unreadable.

        A shared file is the same for every profile of its family: it is read once. That a long
        text could be read is kept with compiled templates, as long as no dialect changes.
        """
        if shared and (dialect, text) in self._read:
            return
        key = CodeCache.key("read back", dialect, text) if len(text) >= _LONG else ""
        if not (key and self._cache.get(key)):
            self.dialect(dialect).parse(text)
            if key:
                self._cache.put(key, True)  # noqa: FBT003  (an entry, not a flag)
        if shared:
            self._read.add((dialect, text))

    def trace(self, pinned: Pinned, job: Job) -> Traced:
        """Give a file's text and what made each piece of it; raises Rejected as render does."""
        from generator.templating.tracing import Traced  # noqa: PLC0415  (only when asked for)

        recorder = self._recorder(pinned, job)
        try:
            text = self._recorded(recorder, job)
        except FAULTS as error:
            raise Rejected(diagnosis.problems(pinned, recorder, error)) from None
        if recorder.refusals:
            raise Rejected(diagnosis.problems(pinned, recorder, None))
        return Traced(text, tuple(recorder.pieces))

    def raw_uses(self) -> tuple[Place, ...]:
        """Give every `| raw` in the templates used so far, also those embedded and included."""
        used = self._found.values()
        found = {Place(each.shown, line) for each in used for line in each.raw_lines}
        return tuple(sorted(found))

    def _recorder(self, pinned: Pinned, job: Job) -> Recorder:
        # Late: a render whose values can all be written watches nothing.
        from generator.templating.tracing import Places, Recorder  # noqa: PLC0415

        if self._places is None or self._places[0] is not pinned.context:
            self._places = (pinned.context, Places(pinned.context))
        return Recorder(self._places[1], job.variables, job.item_at)

    def _recorded(self, recorder: Recorder, job: Job) -> str:
        compiled = self._of_job(job, traced=True)
        scene = _Scene(self, recorder)
        recorder.template = compiled.shown
        return scene.run(compiled, recorder.variables)

    def _diagnosed(self, pinned: Pinned, job: Job) -> tuple[Problem, ...]:
        """Find out by a second, watched run what the first one stumbled over."""
        recorder = self._recorder(pinned, job)
        fault: BaseException | None = None
        try:
            self._recorded(recorder, job)
        except FAULTS as error:
            fault = error
        found = diagnosis.problems(pinned, recorder, fault)
        if not found:
            msg = f"{job.path} failed once and not again"
            raise RuntimeError(msg)
        return found

    def _of_job(self, job: Job, *, traced: bool = False) -> Compiled:
        try:
            return self.compiled(job.target, job.spec.template, job.dialect, traced=traced)
        except diagnosis.Unreachable as error:
            problem = Problem(error.code, error.reason, job.manifest, hint=error.hint)
            raise Rejected([problem]) from None

    def compiled(
        self,
        target: Target,
        name: str,
        dialect: str = "",
        *,
        fragment: bool = False,
        traced: bool = False,
    ) -> Compiled:
        """Give a target's template ready to run.

        Raises Rejected with all that is wrong in it, Unreachable when there is none.
        """
        quick = (id(target), name, dialect, fragment, traced)
        known = self._found.get(quick)
        if known is None:
            source = self.source(target, name)
            chosen = dialect or self.dialect_of(name)
            if not chosen:
                msg = f"the name {name} tells no language that gogen knows"
                raise diagnosis.Undecided(msg, hint=_DECIDE)
            variant = _Variant(target.delimiters, chosen, fragment, traced)
            template, raw_lines = self._of_source(source, variant)
            # It keeps the target: an identity holds only while its object lives.
            known = Compiled(target, template, source.shown, chosen, raw_lines)
            self._found[quick] = known
        return known

    def target(self, name: str) -> Target:
        """Give the target that a template names; raises Unreachable."""
        if name not in self._targets:
            known = ", ".join(sorted(self._targets)) or "none"
            hint = did_you_mean(name, self._targets) or f"there are: {known}"
            msg = f"there is no target {name!r}"
            raise diagnosis.Unreachable(msg, hint=hint)
        return self._targets[name]

    def dialect_of(self, name: str) -> str:
        """Give the dialect that a template's name without .j2 chooses, "" where it chooses none."""
        file_name = PurePosixPath(name).name.removesuffix(".j2")
        if file_name not in self._chosen:
            self._chosen[file_name] = self._choose(file_name)
        return self._chosen[file_name]

    def _choose(self, file_name: str) -> str:
        # To know all patterns all dialects are imported, which takes longer than a render.
        key = CodeCache.key("dialect", file_name)
        name: str | None = self._cache.get(key)
        if name is None:
            name = self._dialects.for_file(file_name)
            self._cache.put(key, name)
        return name

    def source(self, target: Target, name: str) -> Source:
        """Find and read a template in the folders of its target."""
        key = (target.folders, target.manifest, name)
        if key not in self._sources:
            self._sources[key] = read(target, name)
        return self._sources[key]

    def text_of(self, shown: str) -> str | None:
        """Give the text of a template used so far by its place, None where it is not among them."""
        return next((each.text for each in self._sources.values() if each.shown == shown), None)

    def _of_source(self, source: Source, variant: _Variant) -> tuple[Template, tuple[int, ...]]:
        key = (source.shown, source.text, variant)
        if key not in self._templates:
            self._templates[key] = self._compile(source, variant)
        return self._templates[key]

    def _compile(self, source: Source, variant: _Variant) -> tuple[Template, tuple[int, ...]]:
        environment = self._environment(variant)
        key = CodeCache.key(source.text, source.shown, *map(str, variant))
        entry = self._cache.get(key)
        if entry is None:
            entry = self._translate(environment, source, variant)
            self._cache.put(key, entry)
        code, raw_lines = entry
        return Template.from_code(environment, code, {}), raw_lines

    def _translate(
        self, environment: Sandbox, source: Source, variant: _Variant
    ) -> tuple[Any, tuple[int, ...]]:
        """Parse, read by the escaper, and generate code."""
        # Late: a template that is not new is in the cache.
        from generator.templating.codegen import generate  # noqa: PLC0415
        from generator.templating.escaper import Escaper  # noqa: PLC0415

        try:
            tree = environment.parse(source.text, source.shown)
        except TemplateSyntaxError as error:
            place = Place(source.shown, error.lineno)
            raise Rejected([Problem("GG200", _lowered(error.message), place)]) from None
        escaper = Escaper(environment, source.shown, lambda n: self._foreign(n, variant.dialect))
        lines = source.text.count("\n") + (not source.text.endswith("\n"))
        reading = escaper.read(tree, max(lines, 1), fragment=variant.fragment)
        if reading.problems:
            raise Rejected(reading.problems)
        code = generate(environment, tree, source.shown, reading, traced=variant.traced)
        return code, reading.raw_lines

    def _foreign(self, name: str, dialect: str) -> bool:
        return self.dialect_of(apart(name)[1]) not in (dialect, "text", "")

    def _environment(self, variant: _Variant) -> Sandbox:
        key = (variant.dialect, variant.delimiters, variant.traced)
        if key not in self._environments:
            kind = TracedSandbox if variant.traced else Sandbox
            dialect = self.dialect(variant.dialect)
            self._environments[key] = kind(dialect, variant.delimiters)
        return self._environments[key]

    def dialect(self, name: str) -> Dialect:
        """Give a dialect by name; raises Unreachable."""
        try:
            return self._dialects.get(name)
        except KeyError:
            msg = f"there is no dialect {name!r}"
            raise diagnosis.Unreachable(msg) from None


def _lowered(message: str | None) -> str:
    """Give a message of Jinja's in our form: lower case, no full stop."""
    text = (message or "syntax error").rstrip(".")
    return text[:1].lower() + text[1:]
