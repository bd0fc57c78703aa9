"""Tell how a lock differs from the one its workspace needs (`gogen lock --check`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator.lock import where
from generator.lock.resolve import needed
from generator.lock.writing import write_lock
from generator.problems import Place, Problem
from generator.workspace import LOCK

if TYPE_CHECKING:
    from generator.lock.catalogue import Catalogue
    from generator.lock.model import Lock
    from generator.lock.wanted import WantedPins

Pin = dict[str, Any]
_SECTION_AND_NAME = 2  # the length of the pointer of a release, an image, an action


def stale(
    lock: Lock, wants: WantedPins, text: str, known: Catalogue | None = None
) -> list[Problem]:
    """Say how a lock differs from the one that is needed; `text` is the lock's, for lines.

    GG330 a pin is missing, GG331 nobody asks for it, GG332 it is not what the catalogue knows,
    GG333 the text is not as `gogen lock` writes it, line ends of a checkout left aside. A release
    that is missing or superfluous is told once, not for each platform. Raises as `needed` does.
    """
    due, have = _flat(needed(wants, lock, known)), _flat(lock)
    whole = {pointer for pointer in due.keys() ^ have.keys() if len(pointer) == _SECTION_AND_NAME}
    problems = [
        _differs(pointer, due.get(pointer), have.get(pointer), text)
        for pointer in sorted(due.keys() | have.keys())
        if due.get(pointer) != have.get(pointer) and (pointer in whole or pointer[:2] not in whole)
    ]
    if not problems and text.replace("\r\n", "\n") != write_lock(lock):
        message = "the lock is not as gogen writes it"
        problems = [Problem("GG333", message, Place(LOCK), hint="run gogen lock")]
    return problems


def _flat(lock: Lock) -> dict[tuple[str, ...], Pin]:
    """Give every pin by its pointer in the lock's text."""
    pins: dict[tuple[str, ...], Pin] = {}
    for version, release in lock.go.items():
        pins["go", version] = {"eol": release.eol, "ports": release.ports}
        for platform, archive in release.platforms.items():
            pins["go", version, "platforms", platform] = archive._asdict()
    pins |= {("images", ref): pin._asdict() for ref, pin in lock.images.items()}
    pins |= {("actions", name): pin._asdict() for name, pin in lock.actions.items()}
    pins |= {("layers", url): pin._asdict() for url, pin in lock.layers.items()}
    return pins


def _differs(pointer: tuple[str, ...], due: Pin | None, have: Pin | None, text: str) -> Problem:
    name = " ".join(step for step in pointer if step != "platforms")
    place = where.locate(text, pointer)
    if have is None:
        return Problem("GG330", f"the lock has no pin for {name}", place, hint="run gogen lock")
    if due is None:
        return Problem("GG331", f"nobody asks for {name}", place, hint="run gogen lock")
    return Problem(
        "GG332",
        f"the pin of {name} is not what the catalogue knows",
        place,
        expected=", ".join(f"{k} {due[k]}" for k in due if due[k] != have[k]),
        hint="run gogen lock, and find out who changed it",
    )
