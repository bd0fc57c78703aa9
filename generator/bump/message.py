"""A bump told: as a message that can serve as the commit's, and as data for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.bump.model import Bumped, Moved
    from generator.update import Foreseen

SUBJECT = 72
"""Columns of a subject that git and its servers show whole."""


def subject(bumped: Bumped) -> str:
    """Give the first line: the title, or its beginning where it is too long."""
    title = bumped.title
    if len(title) <= SUBJECT:
        return title
    return title[: SUBJECT - 1].rsplit(" ", 1)[0].rstrip(",:") + "…"


def message(bumped: Bumped) -> str:
    """Give the subject, then what moved in profiles, pins and outputs, and what to know."""
    parts = [subject(bumped), *_profiles(bumped), *_pins(bumped), *_outputs(bumped)]
    parts += ["\n".join(f"- {remark}" for remark in bumped.remarks)] if bumped.remarks else []
    return "\n\n".join(parts) + "\n"


def _profiles(bumped: Bumped) -> Iterator[str]:
    if bumped.edits:
        yield "\n".join(
            f"{edit.place.file}:{edit.place.line} {edit.key}: {edit.old} -> {edit.new}"
            for edit in sorted(bumped.edits)
        )


def _pins(bumped: Bumped) -> Iterator[str]:
    if bumped.moved:
        yield "\n".join(["Pins:", *(line for pin in bumped.moved for line in _pin(pin))])


def _pin(pin: Moved) -> Iterator[str]:
    proved = f" ({', '.join(pin.proofs)})" if pin.proofs else ""
    if pin.old and pin.new:
        yield f"- {pin.kind} {pin.old}"
        yield f"  -> {pin.new}{proved}"
    elif pin.new:
        yield f"- {pin.kind} {pin.new} is new{proved}"
    else:
        yield f"- {pin.kind} {pin.old} goes"


def _outputs(bumped: Bumped) -> Iterator[str]:
    counts = [(output.slug, len(output.rewrites)) for output in bumped.outputs if output.rewrites]
    if counts:
        total = sum(count for _, count in counts)
        told = ", ".join(f"{name} {count}" for name, count in counts)
        yield f"{total} output{'s' * (total != 1)} rendered anew: {told}"


def data(bumped: Bumped, *, written: bool) -> dict[str, Any]:
    """Give a bump for programs; `message` is empty where nothing moves."""
    return {
        "written": written and bool(bumped.files),
        "moves": [
            {
                "file": edit.place.file,
                "line": edit.place.line,
                "column": edit.place.column,
                "key": edit.key,
                "old": edit.old,
                "new": edit.new,
            }
            for edit in sorted(bumped.edits)
        ],
        "pins": [{**pin._asdict(), "proofs": list(pin.proofs)} for pin in bumped.moved],
        "outputs": [_output(output) for output in bumped.outputs if output.rewrites],
        "files": list(bumped.files),
        "remarks": list(bumped.remarks),
        "message": message(bumped) if bumped.files else "",
    }


def _output(output: Foreseen) -> dict[str, Any]:
    return {
        "profile": output.name,
        "changed": sorted(r.path for r in output.rewrites if r.new is not None),
        "removed": sorted(r.path for r in output.rewrites if r.new is None),
    }
