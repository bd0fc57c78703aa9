"""Say where a value comes from and which outputs it reaches, or what made a line of an output.

Works on a second, watched rendering (`Engine.trace`): a normal render pays nothing for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from generator.disk.sums import NAME as SUMS
from generator.layers.vendored import told
from generator.model import Leaf, Map, dotted, find, plain, slug, walk
from generator.problems import Place, Problem, Rejected
from generator.profile.references import parse_pointer
from generator.templating.jobs import jobs
from generator.templating.origins import origins, places
from generator.wording import did_you_mean, on_one_line
from generator.workspace import LOCK_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from generator.model import Artifact, Node, Pinned, Pointer
    from generator.pipeline import Compiler
    from generator.templating.jobs import Job
    from generator.templating.tracing import Span

_LINE = re.compile(r"(?P<file>.+):(?P<line>[1-9][0-9]*)\Z")


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation: for people, and the same as JSON types."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


def parse_line(what: str, root: Path) -> tuple[str, int] | None:
    """Take `out/p/docker/Dockerfile:12` apart; None where it is no file and a line."""
    match = _LINE.match(what)
    if match and ("/" in match["file"] or (root / match["file"]).is_file()):
        return match["file"], int(match["line"])
    return None


# --- a key -----------------------------------------------------------------------------------


def explain_key(compiler: Compiler, key: str, names: Iterable[str]) -> Told:
    """Tell for each profile (all where none is named) where a key is set and what reads it.

    Raises Rejected (GG170) where no profile has the key.
    """
    pointer = parse_pointer(key)
    selected = compiler.sources.select(names)
    told = [
        _of_profile(compiler, compiler.pinned(name), pointer)
        for name in selected
        if _is_set(compiler.profile(name).tree, pointer)
    ]
    if not told:
        raise Rejected([_unknown_key(compiler, key, pointer, selected)])
    return Told("\n".join(t.text for t in told), {"profiles": [t.data for t in told]})


def _is_set(tree: Map, pointer: Pointer) -> bool:
    return find(tree, pointer) is not None or bool(_tombstone(tree, pointer))


def _tombstone(tree: Map, pointer: Pointer) -> tuple[Place, ...]:
    parent = find(tree, pointer[:-1])
    return parent.tombstones.get(str(pointer[-1]), ()) if isinstance(parent, Map) else ()


def _unknown_key(compiler: Compiler, key: str, pointer: Pointer, names: Iterable[str]) -> Problem:
    known = {dotted(p) for name in names for p, _ in walk(compiler.profile(name).tree) if p}
    near = did_you_mean(dotted(pointer) or key, known, near=0.8)
    hint = near or "gogen show merged --profile … lists keys"
    return Problem("GG170", f"no profile has the key {key}", hint=hint)


def _of_profile(compiler: Compiler, pinned: Pinned, pointer: Pointer) -> Told:
    name, tree = pinned.profile.name, pinned.profile.tree
    node = find(tree, pointer)
    readers = _readers(compiler, pinned, pointer)
    if node is None:
        at, *hidden = _tombstone(tree, pointer)
        lines = [f"{name}: {dotted(pointer)} is removed", f"  removed  {at}"]
    else:
        at, *hidden = node.trail
        lines = [f"{name}: {dotted(pointer)} = {_shown(node)}", f"  set      {at}"]
    lines += [f"  hid      {place}" for place in hidden]
    lines += [f"  read by  {path} ({templates})" for path, templates in readers]
    if not readers:
        lines.append("  read by  no output")
    shared = _shared(compiler, (at, *hidden))
    lines += [f"  layer    {folder} is {what}" for folder, what in shared.items()]
    data = {
        "profile": name,
        "key": dotted(pointer),
        "set": str(at) if node is not None else None,
        "removed": str(at) if node is None else None,
        "hid": [str(place) for place in hidden],
        "outputs": [path for path, _ in readers],
        "layers": shared,
    }
    return Told("".join(f"{line}\n" for line in lines), data)


def _shared(compiler: Compiler, places: Iterable[Place]) -> dict[str, str]:
    """Give the vendored layers that places lie in: address and commit by folder."""
    folders = dict.fromkeys(at.file.rpartition("/")[0] for at in places)
    if not any(folder.startswith(LOCK_FOLDER) for folder in folders):
        return {}
    pins = compiler.sources.lock.layers
    return {folder: what for folder in folders if (what := told(folder, pins))}


def _shown(node: Node) -> str:
    """Write a node as its profile could: a leaf without quotes, a list on one line."""
    if isinstance(node, Map):
        return f"a map of {len(node.items)} keys"
    return on_one_line(plain(node))


def _readers(compiler: Compiler, pinned: Pinned, pointer: Pointer) -> list[tuple[str, str]]:
    """Give the outputs that read a key, each with the template lines that do."""
    tree = pinned.profile.tree
    asked = find(tree, pointer)
    set_at = {n.trail[0] for _, n in walk(asked) if n.trail} if asked else set()
    found: dict[str, set[tuple[str, int]]] = {}
    for job in jobs(pinned):
        traced = compiler.sources.engine.trace(pinned, job)
        lines = {
            (span.template, span.template_line)
            for span in traced.spans
            if any(
                _touches(tree, p, pointer, set_at)
                for p in origins(pinned, (*span.reads, *span.controls))
            )
        }
        for path in _outputs(compiler, pinned, job) if lines else ():
            found.setdefault(path, set()).update(lines)
    return [(path, _in_short(lines)) for path, lines in sorted(found.items())]


def _in_short(lines: Iterable[tuple[str, int]]) -> str:
    """Write lines of files, those that follow each other as one: "a.j2:3,7-9, b.j2:1"."""
    runs: dict[str, list[list[int]]] = {}
    for file, line in sorted(lines):
        of_file = runs.setdefault(file, [])
        if of_file and of_file[-1][-1] == line - 1:
            of_file[-1].append(line)
        else:
            of_file.append([line])
    return ", ".join(
        f"{file}:" + ",".join(f"{run[0]}-{run[-1]}" if run[1:] else str(run[0]) for run in of_file)
        for file, of_file in runs.items()
    )


def _outputs(compiler: Compiler, pinned: Pinned, job: Job) -> list[str]:
    """Give the files that hold what a job renders, workspace-relative.

    What an overlay takes unchanged from its parent stands in the parent's files.
    """
    name: str | None = pinned.profile.name
    if job.spec.shared:
        return [f"out/{slug(compiler.top(pinned.profile.name, job.target.name))}/{job.path}"]
    if not job.target.derive:
        return [f"out/{pinned.profile.slug}/{job.path}"]
    while name:
        desired = compiler.compile(name).desired
        held = [
            f"out/{desired.slug}/{artifact.path}"
            for artifact in desired.artifacts
            if (artifact.target, artifact.template) == (job.target.name, job.spec.template)
        ]
        if held:
            return held
        name = compiler.parent(name, job.target.name)
    return []


def _touches(tree: Map, read: Pointer, asked: Pointer, set_at: set[Place]) -> bool:
    """Tell whether reading `read` depends on `asked`: it lies in it, or a reference leads there."""
    if read[: len(asked)] == asked:
        return True
    node = find(tree, read)
    return isinstance(node, Leaf) and not set_at.isdisjoint(node.trail[1:])


# --- a line of an output ---------------------------------------------------------------------


def explain_line(compiler: Compiler, file: str, line: int) -> Told:
    """Tell which template line and which profile lines made a line of an output.

    Raises Rejected (GG171) for a file that no profile renders from a template, or a line it has
    not.
    """
    known: set[str] = set()
    for name in compiler.sources.select(()):
        pinned = compiler.pinned(name)
        for job in jobs(pinned):
            if job.spec.shared and compiler.top(name, job.target.name) != name:
                continue
            written = {f"out/{pinned.profile.slug}/{job.path}", job.place}
            known |= written
            if file in written:
                return _of_line(compiler, pinned, job, line)
        if artifact := _derived(compiler, pinned, file):
            return _of_derived(compiler, pinned, artifact, line)
    hint = "gogen writes it: the list of an overlay's files"
    if not (compiler.sources.workspace.root / file).is_file():
        hint = did_you_mean(file, known)
    if file.endswith(f"/{SUMS}"):
        hint = "gogen writes it: the digests of the profile's files"
    raise Rejected([Problem("GG171", f"{file} is made from no template", Place(file), hint=hint)])


def _derived(compiler: Compiler, pinned: Pinned, file: str) -> Artifact | None:
    """Find a file that is worked out from those of the profile's templates."""
    folder = f"out/{pinned.profile.slug}/"
    derived = {target.name for target in pinned.targets if target.derive}
    if not (file.startswith(folder) and derived):
        return None
    artifacts = compiler.compile(pinned.profile.name).desired.artifacts
    found = (a for a in artifacts if a.target in derived and a.template)
    return next((a for a in found if folder + a.path == file), None)


def _of_derived(compiler: Compiler, pinned: Pinned, artifact: Artifact, line: int) -> Told:
    """Tell of a patch: the lines of the object's template that wrote the line's value."""
    path = f"out/{pinned.profile.slug}/{artifact.path}"
    lines = artifact.content.decode().splitlines()
    if line > len(lines):
        raise Rejected([_no_line(path, line, len(lines))])
    word = _word(lines[line - 1])
    spans = [
        span
        for job in jobs(pinned)
        if (job.target.name, job.spec.template) == (artifact.target, artifact.template)
        for traced in [compiler.sources.engine.trace(pinned, job)]
        for number, text in enumerate(traced.text.splitlines(), 1)
        if word and _word(text) == word
        for span in traced.at_line(number)
    ]
    made = f"compared with the parent's: {artifact.target}/{artifact.template}"
    return _told(compiler, pinned, f"{path}:{line}", [lines[line - 1], made], spans)


def _word(line: str) -> str:
    """Give the scalar that a line of YAML ends with, bare."""
    return re.split(r": |- ", line.strip())[-1].strip("\"'")


def _of_line(compiler: Compiler, pinned: Pinned, job: Job, line: int) -> Told:
    traced = compiler.sources.engine.trace(pinned, job)
    spans = traced.at_line(line)
    path = f"out/{pinned.profile.slug}/{job.path}"
    if not spans:
        raise Rejected([_no_line(path, line, traced.text.count("\n"))])
    shown = [traced.text.splitlines()[line - 1]]
    return _told(compiler, pinned, f"{path}:{line}", shown, spans)


def _no_line(path: str, line: int, total: int) -> Problem:
    message = f"{path} has no line {line}"
    return Problem("GG171", message, Place(path), expected=f"1 to {total}")


def _told(
    compiler: Compiler, pinned: Pinned, line: str, shown: Iterable[str], spans: Iterable[Span]
) -> Told:
    found = tuple(spans)
    templates = tuple(dict.fromkeys(f"{s.template}:{s.template_line}" for s in found))
    reads = (p for span in found for p in (*span.reads, *span.controls))
    values = places(pinned, reads).items()
    shared = _shared(compiler, (at for _, at in values))
    lines = [
        line,
        *(f"  {each}" for each in shown),
        *(f"  written by  {at}" for at in templates),
        *(f"  from        {at}  {dotted(pointer)}" for pointer, at in values),
        *(f"  layer       {folder} is {what}" for folder, what in shared.items()),
    ]
    path, _, number = line.rpartition(":")
    data = {
        "file": path,
        "line": int(number),
        "templates": list(templates),
        "values": [{"key": dotted(pointer), "place": str(at)} for pointer, at in values],
        "layers": shared,
    }
    return Told("".join(f"{each}\n" for each in lines), data)
