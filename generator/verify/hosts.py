"""Which machines are meant: the words of `--hosts` and an Ansible inventory as one list.

The words are Testinfra's own (`ssh://web1`, `kubectl://pod?namespace=x`, `ansible://group`); a bare
name is reached by ssh, and `local` is this machine.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Problem, Rejected
from generator.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOCAL = "local"
_ANSIBLE = "ansible"
_PASSWORD = re.compile(r"(?<=://)([^/?@:]*):[^/?@]*@")


def expand(words: Iterable[str], inventory: Path | None) -> tuple[str, ...]:
    """Give each machine once, in the order named; groups of an inventory become their machines.

    Nothing named is this machine, or with an inventory all that is in it. Raises Rejected (GG622
    for a word that names no machine, GG623 for an inventory that cannot be read).
    """
    named = [word.strip() for text in words for word in text.split(",") if word.strip()]
    named = named or [f"{_ANSIBLE}://all" if inventory else LOCAL]
    problems: list[Problem] = []
    found: dict[str, None] = {}
    for word in named:
        try:
            found.update(dict.fromkeys(_machines(word, inventory)))
        except Rejected as rejected:
            problems += rejected.problems
    if problems:
        raise Rejected(problems)
    return tuple(found)


def shown(machine: str) -> str:
    """Give a machine's words without a password, for reports, metrics and records."""
    return _PASSWORD.sub(r"\1@", machine)


def _machines(word: str, inventory: Path | None) -> Iterator[str]:
    from testinfra.backend import BACKENDS  # noqa: PLC0415  (an extra: only for verify)

    if word in (LOCAL, f"{LOCAL}://"):
        yield LOCAL
        return
    scheme, separator, rest = word.partition("://")
    if not separator:
        scheme, rest = "ssh", word
    hint = ""
    if scheme not in BACKENDS:
        near = did_you_mean(scheme, BACKENDS)
        hint = near or f"there are: {', '.join(f'{name}://' for name in sorted(BACKENDS))}"
    # It would be an option of ssh, docker or kubectl.
    elif not rest or rest.rpartition("@")[2].startswith("-"):
        hint = "the name of a host follows, and does not start with a dash"
    if hint:
        raise Rejected([Problem("GG622", f"{word!r} names no machine", hint=hint)])
    if scheme == _ANSIBLE:
        group, _, query = rest.partition("?")
        for name in _members(group, inventory):
            yield f"{_ANSIBLE}://{name}{'?' if query else ''}{query}"
    else:
        yield f"{scheme}://{rest}"


def _members(group: str, inventory: Path | None) -> list[str]:
    """Give the machines of a group, as Ansible itself reads the inventory."""
    from testinfra.backend import get_backend_class  # noqa: PLC0415  (an extra)

    shown = str(inventory) if inventory else "Ansible's own inventory"
    path = str(inventory) if inventory else None
    try:
        names = get_backend_class(_ANSIBLE).get_hosts(group, ansible_inventory=path)
    except Exception as error:  # noqa: BLE001  (Testinfra raises what it met: assertions, JSON, …)
        hint = "it needs ansible-inventory on PATH, of ansible-core, and a file that it can read"
        message = f"{shown} cannot be read: {_first_line(error)}"
        raise Rejected([Problem("GG623", message, hint=hint)]) from None
    if not names:
        hint = "ansible-inventory --graph shows groups and hosts"
        message = f"{shown} has no host in {group!r}"
        raise Rejected([Problem("GG623", message, hint=hint)])
    return list(names)


def _first_line(error: Exception) -> str:
    result = error.args[0] if error.args else None
    text = str(getattr(result, "stderr", "") or error).strip()
    return text.splitlines()[0] if text else type(error).__name__
