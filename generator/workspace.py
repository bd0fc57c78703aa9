"""The workspace: its root, what `gogen.toml` says of it, and where its parts lie.

A workspace is the folder that holds `gogen.toml`. Built-in templates and schemas are those of the
installed package, or of the checkout when gogen runs from its own source.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from generator import __version__
from generator.problems import Place, Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG = "gogen.toml"
LOCK = "gogen.lock"
LOCK_FOLDER = "gogen.lock.d"
"""Beside the lock, committed: what its pins were proved with, and the layers of others."""
PROFILES = "profiles"

_BOUND = r" *(>=|<) *([0-9]+(?:\.[0-9]+)*) *"
_AT = r"\(at (?:line (\d+), column (\d+)|end of document)\)"


class Workspace(NamedTuple):
    """A workspace as its `gogen.toml` describes it.

    `places` are the globs of workspace-relative paths that outputs may be written to outside
    `out/`; `builtin` is the folder with the built-in `templates/` and `schemas/`. `sources` and
    `policy` are the tables of these names as they stand there: `generator.supply.settings` reads
    the first when pins are looked for, `generator.policy` the second where it says something.
    """

    root: Path
    builtin: Path
    places: tuple[str, ...] = ()
    required: str = ""
    sources: Mapping[str, Any] = MappingProxyType({})
    policy: Mapping[str, Any] = MappingProxyType({})

    @property
    def lock_file(self) -> Path:
        """Where the lock lies."""
        return self.root / LOCK


def builtin_folder() -> Path:
    """Give the folder of the built-in templates and schemas: of the wheel, or of the checkout."""
    package = Path(__file__).parent
    shipped = package / "builtin"
    return shipped if shipped.is_dir() else package.parent


def find_root(start: Path) -> Path | None:
    """Give the nearest folder at or above `start` that holds `gogen.toml`, or None."""
    start = start.absolute()
    return next((at for at in (start, *start.parents) if (at / CONFIG).is_file()), None)


def open_workspace(root: Path) -> Workspace:
    """Read `gogen.toml` of a workspace. Raises Rejected (GG160 to GG164) with every problem."""
    text = _read(root)
    settings = _parse(text)
    problems = [*_unknown(settings, text), *_mistyped(settings, text)]
    if not problems:
        problems = _unmet(settings, text)
    if problems:
        raise Rejected(problems)
    return Workspace(
        root=root,
        builtin=builtin_folder(),
        places=tuple(settings.get("places", ())),
        required=settings.get("required", ""),
        sources=settings.get("sources", {}),
        policy=settings.get("policy", {}),
    )


def _read(root: Path) -> str:
    data = b""
    try:
        data = (root / CONFIG).read_bytes()
        return data.decode()
    except FileNotFoundError:
        problem = Problem(
            "GG160",
            f"no {CONFIG} here: this folder is not the root of a workspace",
            Place(CONFIG),
            hint=f"run gogen inside a workspace, or give one with --workspace; "
            f"an empty {CONFIG} makes this folder one",
        )
    except UnicodeDecodeError as error:
        problem = Problem(
            "GG161",
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            _end(data[: error.start].decode()),
            hint="save the file as UTF-8",
        )
    except OSError as error:
        problem = Problem("GG425", f"cannot be read: {error.strerror}", Place(CONFIG))
    raise Rejected([problem])


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(_AT, str(error))
        place = Place(CONFIG, int(at[1]), int(at[2])) if at and at[1] else _end(text)
        reason = re.sub(_AT, "", str(error)).strip()
        message = f"not TOML: {reason[:1].lower()}{reason[1:]}"
        hint = 'it holds lines such as required = ">=0.1,<0.2"'
        raise Rejected([Problem("GG161", message, place, hint=hint)]) from error


def _end(text: str) -> Place:
    """Give the place right behind a text of the file; on its last line that says something."""
    lines = text.rstrip("\n").split("\n")
    return Place(CONFIG, len(lines), len(lines[-1]) + 1)


_KEYS: Mapping[str, str] = {
    "required": 'a version range in quotes, ">=0.1,<0.2"',
    "places": 'a list of globs in quotes, [".github/workflows/*.yml"]',
    "sources": "a table: [sources]",
    "policy": "a table: [policy]",
}


def _place_of(key: str, text: str) -> Place:
    """Find the line that sets a top-level key (tomllib keeps no positions)."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(rf"\s*\[?\s*([\"']?){re.escape(key)}\1\s*[=.\]]", line):
            return Place(CONFIG, number, line.index(key[:1], 0, match.end()) + 1)
    return Place(CONFIG)


def _unknown(settings: Mapping[str, Any], text: str) -> list[Problem]:
    return [
        Problem(
            "GG162",
            f"unknown key {key}",
            _place_of(key, text),
            expected="one of " + ", ".join(sorted(_KEYS)),
            hint=did_you_mean(key, _KEYS),
        )
        for key in settings
        if key not in _KEYS
    ]


def _mistyped(settings: Mapping[str, Any], text: str) -> list[Problem]:
    right = {
        "required": isinstance(settings.get("required", ""), str),
        "places": isinstance(places := settings.get("places", []), list)
        and all(isinstance(glob, str) for glob in places),
        "sources": isinstance(settings.get("sources", {}), dict),
        "policy": isinstance(settings.get("policy", {}), dict),
    }
    return [
        Problem("GG163", f"{key} has the wrong type", _place_of(key, text), expected=_KEYS[key])
        for key, is_right in right.items()
        if not is_right
    ]


def _unmet(settings: Mapping[str, Any], text: str) -> list[Problem]:
    required = settings.get("required", "")
    if not required:
        return []
    if (met := _within(required)) is None:
        # Imported late: the library takes as long as ten profiles, and few ranges need it.
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

        try:
            met = SpecifierSet(required).contains(__version__, prereleases=True)
        except InvalidSpecifier:
            message = f"{required!r} is no version range"
            place = _place_of("required", text)
            return [Problem("GG163", message, place, expected=_KEYS["required"])]
    if met:
        return []
    place = _place_of("required", text)
    message = f"this workspace requires gogen {required}, and this is gogen {__version__}"
    return [Problem("GG164", message, place, hint=f'install it: pip install "gogen{required}"')]


def _within(required: str) -> bool | None:
    """Tell whether this release lies within bounds of releases, `>=0.1,<0.2`.

    None where packaging must say it: the range, or this version, is more than that.
    """
    bounds = [re.fullmatch(_BOUND, part) for part in required.split(",")]
    if not all(bounds) or not re.fullmatch(_BOUND, f"<{__version__}"):
        return None
    own = _release(__version__)
    sides = [(bound[1], _release(bound[2])) for bound in bounds if bound]
    return all(own >= edge if side == ">=" else own < edge for side, edge in sides)


def _release(version: str) -> tuple[int, ...]:
    """Give a release to compare: 0.1 is 0.1.0."""
    parts = tuple(map(int, version.split(".")))
    while parts and not parts[-1]:
        parts = parts[:-1]
    return parts
