"""Templates as files: found in the folders of a target, never outside of them, as plain UTF-8."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from generator.problems import Place, Problem, Rejected
from generator.templating.diagnosis import Unreachable
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model import Target


class Source(NamedTuple):
    """A template found: its name, where it is shown to be, and its text."""

    name: str
    shown: str
    text: str


def shown(target: Target, folder: Path, name: str) -> str:
    """Give a template's place for messages: workspace-relative, or `builtin:target/file`."""
    if folder == target.folders[0]:
        return f"{target.manifest.rpartition('/')[0]}/{name}"
    return f"builtin:{folder.name}/{name}"


def apart(name: str) -> tuple[str, str]:
    """Give the target and the file that `go:verify.sh.j2` names; "" is one's own target."""
    target, _, file = name.rpartition(":")
    return (target, file) if target else ("", name)


def safe_name(name: str) -> bool:
    """Tell whether a template's name stays in its folder."""
    path = PurePosixPath(name)
    plain = str(path) == name and "\\" not in name and name.isprintable()
    return plain and not path.is_absolute() and ".." not in path.parts and name != "."


def read(target: Target, name: str) -> Source:
    """Read the first template of that name; no name and no link leads out of its folder."""
    if not safe_name(name):
        msg = f"the template name {name!r} leaves its folder"
        raise Unreachable(msg)
    for folder in target.folders:
        path = folder / name
        place = shown(target, folder, name)
        if not path.is_file():
            continue
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Rejected([Problem("GG441", "a link leads out of its folder", Place(place))])
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            hint = "save the file as UTF-8"
            message = "the template is not UTF-8"
            raise _unreadable(message, Place(place, line), hint) from None
        if text.startswith("\ufeff"):
            message = "the template starts with a byte order mark"
            hint = "save the file as UTF-8 without BOM"
            raise _unreadable(message, Place(place, 1), hint)
        return Source(name, place, text)
    msg = f"there is no template {name!r}"
    beside = [path.name for folder in target.folders for path in folder.glob("*.j2")]
    hint = did_you_mean(name, beside) or f"it belongs beside {target.manifest}"
    raise Unreachable(msg, hint=hint)


def _unreadable(message: str, place: Place, hint: str) -> Rejected:
    return Rejected([Problem("GG209", message, place, hint=hint)])
