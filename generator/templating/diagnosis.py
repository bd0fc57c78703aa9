"""Problems of a run: which template line could not be written, and which profile lines made it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jinja2.exceptions import UndefinedError

from generator.dialects.base import Unwritable
from generator.model import NotText, dotted, find
from generator.problems import Place, Problem
from generator.templating.origins import origins
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model import Pinned, Pointer
    from generator.templating.tracing import Recorder


class Unreachable(Unwritable):
    """A template, or a dialect for it, that an embed or include names cannot be had."""

    code = "GG207"


class Undecided(Unreachable):
    """Neither a template's name nor who asks for it says the dialect."""

    code = "GG248"


WRITTEN = "written by this template line"
"""What leads from a problem to the template line behind it."""

_BUILTIN = "builtin:"  # how templating.sources shows the templates of the wheel
_GUARD_IT = "use `when:` of the manifest, or `is defined`"
_SET_IT = "set it in a layer of the profile: the target needs it (gogen schema)"

# "'dict object' has no attribute 'flags'", "'flags' is undefined" (jinja2.runtime).
_NAMED = r"(?:no attribute )?'(\w+)'(?: is undefined|$)"


def problems(
    pinned: Pinned, recorder: Recorder, fault: BaseException | None
) -> tuple[Problem, ...]:
    """Give every refusal a recorder saw, and the fault that ended its run, as problems."""
    found = [
        _problem(pinned, refusal.error, Place(refusal.template, refusal.line), refusal.reads)
        for refusal in recorder.refusals
    ]
    if fault is not None:
        found.append(_problem(pinned, fault, _template_line(fault), recorder.take()))
    return tuple(dict.fromkeys(found))


def profile_places(pinned: Pinned, reads: Iterable[Pointer]) -> list[tuple[Pointer, Place]]:
    """Give where the profile sets what was read: the deepest nodes that its tree has."""
    found: dict[Pointer, Place] = {}
    for pointer in reads:
        steps = (pointer[:length] for length in range(len(pointer), 0, -1))
        nodes = ((step, find(pinned.profile.tree, step)) for step in steps)
        deepest = next(((step, node) for step, node in nodes if node is not None), None)
        if deepest is not None and deepest[1].trail:
            found[deepest[0]] = deepest[1].trail[0]
    return list(found.items())


def _problem(
    pinned: Pinned, error: BaseException, template: Place, reads: tuple[Pointer, ...]
) -> Problem:
    """Put the profile's line first, where it is known: that is where the way out is."""
    built_in = template.file.startswith(_BUILTIN)
    code, message, expected, hint = _described(pinned, error, reads, built_in=built_in)
    # What is not there was worked out from nothing; what is may be another key's.
    where = profile_places(pinned, reads if code == "GG222" else origins(pinned, reads))
    if reads and code != "GG222":
        message = f"{', '.join(dotted(pointer) for pointer in reads)}: {message}"
    if code == "GG222" or not where:
        related = tuple((f"{dotted(pointer)} is set here", place) for pointer, place in where)
        return Problem(code, message, template, expected, hint, related=related)
    (_, first), *others = where
    related = (
        (WRITTEN, template),
        *((f"{dotted(pointer)} is set here", place) for pointer, place in others),
    )
    return Problem(code, message, first, expected, hint, related=related)


def _described(
    pinned: Pinned, error: BaseException, reads: tuple[Pointer, ...], *, built_in: bool
) -> tuple[str, str, str, str]:
    """Give code, message, expected and hint."""
    match error:
        case Unreachable(reason=reason, hint=hint, code=code):
            return code, reason, "", hint
        case Unwritable(reason=reason, expected=expected, hint=hint):
            return "GG220", reason, expected, hint
        case NotText():
            hint = "write it with an expression of its own"
            return "GG221", str(error), "text", hint
        case UndefinedError():
            hint = _near(pinned, reads) or (_SET_IT if built_in else _GUARD_IT)
            name = dotted(reads[-1]) if reads else _missing(error)
            return "GG222", f"nothing is set at {name}", "", hint
        case _:
            return "GG223", f"the expression failed: {error}", "", ""


def _missing(error: UndefinedError) -> str:
    """Give the name that was not there, of Jinja's words for it."""
    name = re.search(_NAMED, str(error))
    return name[1] if name else str(error)


def _near(pinned: Pinned, reads: tuple[Pointer, ...]) -> str:
    """Give a hint where a name near to the missing one exists."""
    if not reads:
        return ""
    *parents, name = reads[-1]
    known: Any = pinned.context
    for key in parents:
        inside = isinstance(known, dict) and key in known
        known = known[key] if inside or isinstance(known, list) else {}
    return did_you_mean(str(name), known) if isinstance(known, dict) else ""


def _template_line(error: BaseException) -> Place:
    """Find the innermost template in a traceback, and its line."""
    found = Place("")
    for template, line in _template_frames(error):
        found = Place(template.name, template.get_corresponding_lineno(line))
    return found


def _template_frames(error: BaseException) -> Iterator[tuple[Any, int]]:
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            yield template, trace.tb_lineno
        trace = trace.tb_next
