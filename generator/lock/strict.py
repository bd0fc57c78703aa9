"""Say all that is wrong with a lock's text, each fault at its line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from generator.lock import shape, where
from generator.lock.shape import Shape
from generator.problems import Place, Problem, Rejected
from generator.workspace import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.lock.shape import Form

_LOCK_AGAIN = "correct it, or remove it and run gogen lock"

_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)

Fault = tuple[tuple[str, ...], str, str, str]
"""Pointer, code, message, expected: a fault before its line is looked up."""


class _Repeated(Exception):
    """An object has a key twice; which one is found out when the place is looked up."""


def decoded(text: str) -> dict[str, Any]:
    """Give the JSON of a lock in which nothing is wrong; raises Rejected (GG300 to GG303)."""
    data = _decode(text)
    faults: list[Fault] = []
    _go(data, faults)
    for section, name, kind in (
        ("images", shape.IMAGE, shape.IMAGE_PIN),
        ("actions", shape.ACTION, shape.ACTION_PIN),
        ("layers", shape.LAYER, shape.LAYER_PIN),
    ):
        _pins(data, (section,), name, kind, faults)
    faults += (_unknown((key,), shape.SECTIONS) for key in data if key not in shape.SECTIONS)
    if faults:
        raise Rejected(
            Problem(code, message, where.locate(text, pointer), expected, _LOCK_AGAIN)
            for pointer, code, message, expected in faults
        )
    return data


def unread(error: OSError | UnicodeDecodeError) -> Rejected:
    """Say why there is no text to read."""
    if isinstance(error, FileNotFoundError):
        return _rejected(Place(LOCK), "there is no lock", "run gogen lock")
    return _rejected(Place(LOCK), f"the lock cannot be read: {error}")


def _decode(text: str) -> dict[str, Any]:
    """Give the JSON object of the text; raises Rejected."""
    try:
        data = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise _not_json(text, error) from None
    except RecursionError:
        raise _rejected(Place(LOCK), "the lock is nested too deeply") from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise _rejected(Place(LOCK), "the lock has a number without end") from None
    except _Repeated:
        raise Rejected(
            Problem(
                "GG303",
                f"{pointer[-1]!r} stands twice",
                place,
                hint=_LOCK_AGAIN,
                related=(("first here", first),),
            )
            for pointer, place, first in where.repeated(text)
        ) from None
    if not isinstance(data, dict):
        raise _rejected(Place(LOCK, 1, 1), "the lock is not a JSON object")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Repeated
    return found


def _not_json(text: str, error: json.JSONDecodeError) -> Rejected:
    """Say what is wrong; conflict markers, the likeliest cause, by their name."""
    marker = _CONFLICT.search(text)
    if marker:
        place = where.place_at(text, marker.start())
        hint = "keep either side, then run gogen lock"
        return _rejected(place, "the lock has merge conflict markers", hint)
    place = Place(LOCK, error.lineno, error.colno)
    what = error.msg[0].lower() + error.msg[1:]
    return _rejected(place, f"the lock is not JSON: {what}")


def _rejected(place: Place, message: str, hint: str = _LOCK_AGAIN) -> Rejected:
    return Rejected([Problem("GG300", message, place, hint=hint)])


def _go(data: dict[str, Any], faults: list[Fault]) -> None:
    for version, release in _pins(data, ("go",), shape.VERSION, shape.RELEASE, faults).items():
        pointer = ("go", version, "platforms")
        found = _pins(release, pointer, shape.PLATFORM, shape.ARCHIVE, faults)
        for platform, archive in found.items():
            h1 = archive.get("h1")
            if archive.get("h1_hex") != (h1 and shape.hex_of_h1(h1)):
                faults.append(
                    (
                        (*pointer, platform, "h1_hex"),
                        "GG302",
                        "h1_hex is not the same hash as h1",
                        "the bytes of h1 in hex, or neither of the two",
                    )
                )


def _pins(
    parent: dict[str, Any],
    pointer: tuple[str, ...],
    name: Form,
    kind: Shape,
    faults: list[Fault],
) -> dict[str, dict[str, Any]]:
    """Give the sound pins of a section by name; faults of the others are added to `faults`."""
    section = parent.get(pointer[-1], {})
    if not isinstance(section, dict):
        faults.append(_wrong_type(pointer, section))
        return {}
    sound = {}
    for key, pin in section.items():
        if not name.fullmatch(key):
            message = f"{key!r} cannot be a name in {pointer[-1]}"
            faults.append(((*pointer, key), "GG302", message, ""))
        elif not isinstance(pin, dict):
            faults.append(_wrong_type((*pointer, key), pin))
        elif _is_sound(pin, kind):
            sound[key] = pin
        else:
            faults += _faults(pin, (*pointer, key), kind)
    return sound


def _is_sound(pin: dict[str, Any], kind: Shape) -> bool:
    fields = kind.fields
    try:
        for key, value in pin.items():
            if not fields[key].holds(value):
                return False
    except (KeyError, TypeError):
        return False
    return kind.required <= pin.keys()


def _faults(pin: dict[str, Any], pointer: tuple[str, ...], kind: Shape) -> Iterator[Fault]:
    """Say all that is wrong with a pin that is not sound."""
    for key, value in pin.items():
        if key not in kind.fields:
            yield _unknown((*pointer, key), kind.fields)
        elif not _is_sound({key: value}, Shape(kind.fields, frozenset())):
            shown = json.dumps(value, ensure_ascii=False)
            yield (*pointer, key), "GG302", f"{key} is {shown:.80}", kind.fields[key].expected
    for key in sorted(kind.required - pin.keys()):
        yield pointer, "GG301", f"{pointer[-1]!r} has no {key}", kind.fields[key].expected


def _unknown(pointer: tuple[str, ...], keys: Iterable[str]) -> Fault:
    expected = "one of " + ", ".join(sorted(keys))
    return pointer, "GG301", f"unknown key {pointer[-1]!r}", expected


def _wrong_type(pointer: tuple[str, ...], value: object) -> Fault:
    shown = json.dumps(value, ensure_ascii=False)
    return pointer, "GG301", f"{pointer[-1]!r} is {shown:.80}", "an object"
