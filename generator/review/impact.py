"""What a change of profiles did to the outputs: each line that moved, under the line that moved it.

The outputs of a base revision are compared with the render of today's profiles. A line of either
side is led back by a watched rendering to the keys it read; a key whose value differs is a cause.
What no key explains is blamed on the lock or the template if those differ, else it stands apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import TYPE_CHECKING, Any

from generator.disk import sums
from generator.model import Leaf, dotted, slug, walk
from generator.problems import Rejected
from generator.templating.jobs import jobs
from generator.templating.origins import origins
from generator.wording import on_one_line
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.model import Artifact, Pointer
    from generator.pipeline import Compiled, Compiler
    from generator.templating.jobs import Job
    from generator.templating.tracing import Span

UNEXPLAINED = "not explained by a profile, the lock or a template"
DERIVED = "overlay files that follow from the above"


@dataclass(frozen=True, slots=True)
class Cause:
    """What moved some lines: `place` is the profile's line ("" for a lock, a template, nothing).

    `files` has the lines added and removed by workspace-relative path.
    """

    what: str
    place: str
    files: Mapping[str, tuple[int, int]]

    @property
    def lines(self) -> int:
        """How many lines it added and removed."""
        return sum(added + removed for added, removed in self.files.values())


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of an output that one side has and the other has not."""

    path: str
    added: bool
    cause: tuple[str, str]


def impact(base: Compiler, now: Compiler) -> tuple[Cause, ...]:
    """Give the causes of all differences, those that moved most lines first.

    Raises Rejected with the problems of today's profiles; a base that does not compile any more
    explains nothing.
    """
    names = dict.fromkeys((*base.sources.layer_files, *now.sources.layer_files))
    lines = [line for name in names for line in _Profile(base, now, name).lines()]
    counts: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
    for line in lines:
        files = counts.setdefault(line.cause, {})
        added, removed = files.get(line.path, (0, 0))
        files[line.path] = (added + line.added, removed + (not line.added))
    causes = [Cause(what, place, dict(sorted(f.items()))) for (what, place), f in counts.items()]
    return tuple(sorted(causes, key=_rank))


def _rank(cause: Cause) -> tuple[bool, bool, int, str, str]:
    apart = cause.what in {UNEXPLAINED, DERIVED}
    return apart, cause.what == UNEXPLAINED, -cause.lines, cause.place, cause.what


@dataclass(frozen=True)
class _Side:
    """A profile on one side: compiled, or None where it is not there or does not compile."""

    compiler: Compiler
    compiled: Compiled | None
    texts: Mapping[str, str]

    @cached_property
    def jobs(self) -> Mapping[str, Job]:
        """The files rendered from templates, by their path below out/<slug>/."""
        return {job.path: job for job in jobs(self.compiled.pinned)} if self.compiled else {}

    @cached_property
    def artifacts(self) -> Mapping[str, Artifact]:
        found = self.compiled.desired.artifacts if self.compiled else ()
        return {artifact.path: artifact for artifact in found}

    @cached_property
    def leaves(self) -> Mapping[Pointer, Leaf]:
        """Every leaf of the profile, without what an empty map or list is."""
        tree = self.compiled.pinned.profile.tree if self.compiled else None
        return {p: n for p, n in walk(tree) if isinstance(n, Leaf)} if tree else {}

    def spans(self, path: str) -> Mapping[int, Sequence[Span]]:
        """Give what made each line of a file, by line from 1; nothing where it is not traced."""
        job = self.jobs.get(path)
        if job is None or self.compiled is None:
            return {}
        return self.compiler.sources.engine.trace(self.compiled.pinned, job).by_line


class _Profile:
    """One profile on both sides."""

    def __init__(self, base: Compiler, now: Compiler, name: str) -> None:
        self.name = name
        self.slug = slug(name)
        self.old = _side(base, name, self.slug, committed=True)
        self.new = _side(now, name, self.slug, committed=False)

    def lines(self) -> Iterator[_Line]:
        """Give every line that differs, with its cause."""
        for path in sorted(self.old.texts.keys() | self.new.texts.keys()):
            before, after = self.old.texts.get(path, ""), self.new.texts.get(path, "")
            if before != after:
                yield from self._file(path, before.splitlines(), after.splitlines())

    def _file(self, path: str, before: list[str], after: list[str]) -> Iterator[_Line]:
        old = _Blame(self, self.old, path)
        new = _Blame(self, self.new, path)
        shown = f"out/{self.slug}/{path}"
        matcher = SequenceMatcher(None, before, after, autojunk=False)
        for tag, i, i_end, j, j_end in matcher.get_opcodes():
            if tag != "equal":
                yield from (_Line(shown, False, old.cause(n + 1)) for n in range(i, i_end))  # noqa: FBT003  (added?)
                yield from (_Line(shown, True, new.cause(n + 1)) for n in range(j, j_end))  # noqa: FBT003  (added?)

    @cached_property
    def changed(self) -> Mapping[Pointer, Leaf]:
        """The leaves whose value differs, as they are now; as they were where they are gone."""
        old, new = self.old.leaves, self.new.leaves
        both = {p: leaf for p, leaf in new.items() if p not in old or old[p].value != leaf.value}
        return {**{p: leaf for p, leaf in old.items() if p not in new}, **both}

    def root(self, pointer: Pointer) -> tuple[str, str]:
        """Name the change behind a changed leaf: where it refers to another one, that one."""
        leaf = self.changed[pointer]
        for other, other_leaf in self.changed.items():
            if other != pointer and other_leaf.trail[0] in leaf.trail[1:]:
                return self.root(other)
        old, new = self.old.leaves.get(pointer), self.new.leaves.get(pointer)
        what = f"{dotted(pointer)}: {_value(old)} → {_value(new)}"
        return what, str(leaf.trail[0])


def _value(leaf: Leaf | None) -> str:
    return on_one_line(leaf.value) if leaf else "nothing"


class _Blame:
    """The causes of the lines of one file on one side."""

    def __init__(self, profile: _Profile, side: _Side, path: str) -> None:
        self.profile = profile
        self.side = side
        self.path = path

    @cached_property
    def _spans(self) -> Mapping[int, Sequence[Span]]:
        return self.side.spans(self.path)

    def _reads(self, line: int) -> tuple[Pointer, ...]:
        """Give what a line read: its values first, then the conditions it stands under.

        Those are causes of lines whose values did not change.
        """
        spans = self._spans.get(line, ())
        return (
            *(pointer for span in spans for pointer in span.reads),
            *(pointer for span in spans for pointer in span.controls),
        )

    def _otherwise(self, line: int) -> tuple[str, str]:
        """Blame what no key explains."""
        artifact = self.side.artifacts.get(self.path)
        if artifact is not None and self.path not in self.side.jobs:
            return DERIVED, ""
        job = self.side.jobs.get(self.path)
        differs = job and self._template(job, line)
        return (f"template {differs}", "") if differs else (UNEXPLAINED, "")

    def cause(self, line: int) -> tuple[str, str]:
        """Give the cause of a line, from 1."""
        reads = self._reads(line)
        compiled = self.side.compiled
        if compiled is None:
            return f"profile {self.profile.name} is gone or does not compile", ""
        for pointer in origins(compiled.pinned, reads):
            for changed in self.profile.changed:
                if changed[: len(pointer)] == pointer:
                    return self.profile.root(changed)
        if any(p[0] in {"toolchain", "images", "actions"} for p in reads) and self._lock_differs:
            return LOCK, ""
        if not (self.profile.old.compiled and self.profile.new.compiled):
            return f"profile {self.profile.name} is new", ""
        return self._otherwise(line)

    @property
    def _lock_differs(self) -> bool:
        old, new = self.profile.old, self.profile.new
        return old.compiler.sources.lock != new.compiler.sources.lock

    def _template(self, job: Job, line: int) -> str:
        """Name the template that differs behind a line, "" where none does.

        One that the line itself is of, an embedded one too, comes before the file's own.
        """
        other = self.profile.new if self.side is self.profile.old else self.profile.old
        mine, theirs = (side.compiler.sources.engine for side in (self.side, other))
        own = f"{job.target.name}/{job.spec.template}"
        if self.path not in other.jobs:
            return own
        main = mine.source(job.target, job.spec.template).shown
        for shown in (*(span.template for span in self._spans.get(line, ())), main):
            if mine.text_of(shown) != theirs.text_of(shown):
                return own if shown == main else _short(shown)
        return ""


def _short(shown: str) -> str:
    """Give a template's place as target and name."""
    return shown.removeprefix("builtin:").removeprefix("templates/")


def _side(compiler: Compiler, name: str, slug: str, *, committed: bool) -> _Side:
    """Read one side: what was committed at the base, what is rendered today."""
    compiled = None
    if name in compiler.sources.layer_files:
        try:
            compiled = compiler.compile(name)
        except Rejected:
            if not committed:
                raise
    artifacts = compiled.desired.artifacts if compiled else ()
    if committed:
        folder = compiler.sources.workspace.root / sums.OUT / slug
        files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != sums.NAME)
        texts = {p.relative_to(folder).as_posix(): _text(p.read_bytes()) for p in files}
    else:
        texts = {artifact.path: _text(artifact.content) for artifact in artifacts}
    return _Side(compiler, compiled, texts)


def _text(content: bytes) -> str:
    return content.decode(errors="replace")


def as_text(causes: Iterable[Cause]) -> str:
    """Tell causes to people: the line, what changed, and the files it moved."""
    blocks = []
    for cause in causes:
        head = f"{cause.place}  {cause.what}" if cause.place else cause.what
        noun = "line" if cause.lines == 1 else "lines"
        files = [f"    {path}  +{a} -{r}" for path, (a, r) in cause.files.items()]
        total = f"  {cause.lines} {noun} in {len(files)} file{'s' if len(files) > 1 else ''}"
        blocks.append("\n".join((head, total, *files)) + "\n")
    return "\n".join(blocks)


def as_data(causes: Iterable[Cause]) -> list[dict[str, Any]]:
    """Give causes as JSON types."""
    return [
        {
            "cause": cause.what,
            "place": cause.place or None,
            "lines": cause.lines,
            "files": [
                {"path": path, "added": added, "removed": removed}
                for path, (added, removed) in cause.files.items()
            ],
        }
        for cause in causes
    ]
