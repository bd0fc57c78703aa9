"""GitHub Actions workflows and actions: YAML whose strings GitHub searches for `${{ … }}`.

GitHub evaluates `${{ … }}` in every string, however it is quoted, before a shell or an action
sees it: a value that holds one is refused. A secret is written as `${{ secrets.NAME }}`. `run:`
and `with.script:` take a file of a language's own dialect (`embed`), `if:` is an expression of
GitHub's and takes none of ours.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from generator.dialects._strings import part, prepared
from generator.dialects._yaml_state import UNKNOWN, Mode, State, path
from generator.dialects.base import Embedded, Encoder, Misplaced, Slot, Structured, Unwritable
from generator.dialects.yaml import ENCODERS, Yaml
from generator.model import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRET = re.compile(r"(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*", re.IGNORECASE)
_USES = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.:/@-]*")
# The inside of an expression of GitHub's, or text that the start of a value would make one.
_OPEN = re.compile(r"\$\{\{(?:(?!\}\}).)*\Z|\$\{?\Z", re.DOTALL)
_ENDS_OPEN = re.compile(r"\$\{?\Z")
_QUOTED = (Mode.DOUBLE, Mode.SINGLE)
_RUN_HINT = "make the script a template of its own and embed it, or pass the value by `env`"


class GithubActions(Yaml):
    """YAML as above; workflows are named by their manifest, actions have a file name."""

    name = "github-actions"
    patterns: tuple[str, ...] = ("action.yml", "action.yaml")

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives."""
        return _ENCODERS

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        slot = super().slot(state)
        if state.mode is Mode.COMMENT:
            return slot
        if state.mode in _QUOTED:
            _check_text_before(state)
        if slot.encoder in ("key", "root"):
            return slot
        return _by_key(state, slot)


def _by_key(state: State, slot: Slot) -> Slot:
    """Say how the value of a key is written that GitHub, or a program it starts, evaluates."""
    after = cast("State", slot.after)
    keys = path(after)
    key = keys[-1] if keys else ""
    if key == UNKNOWN and keys[-2:-1] == ("-",):
        reason = "the key of this value is an expression, so that a script cannot be told from text"
        raise Misplaced(reason, "write the key as text")
    if key == "if":
        reason = "`if:` holds an expression of GitHub's"
        raise Misplaced(reason, "write it out, or put the value into `env` and compare that")
    if keys[-2:] in (("-", "shell"), ("run", "shell")):
        reason = "`shell:` names the program that runs the script"
        raise Misplaced(reason, "write it out")
    if key == "run" or keys[-2:] == ("with", "script"):
        if state.mode in _QUOTED or slot.encoder == "below":
            reason = "an expression inside a script, whose language YAML does not know"
            raise Misplaced(reason, _RUN_HINT)
        return replace(slot, encoder=f"run-{slot.encoder}", args=(key, *slot.args))
    if key == "uses" and state.mode is Mode.VALUE:
        # What it writes ends on its line, so that a comment with the version may follow.
        return replace(slot, encoder="uses", after=after._replace(mode=Mode.DONE), args=())
    return slot


def _check_text_before(state: State) -> None:
    """Raise Misplaced where literal text and an expression would make, or share, a `${{`."""
    if state.word is None or _OPEN.search(state.word):
        reason = "an expression stands inside ${{ }}, or behind the start of one"
        raise Misplaced(reason, "put the value into `env` and read it as ${{ env.NAME }}")
    if state.mode is Mode.DOUBLE and re.search(r"\\[xuU]", state.word):
        reason = "an escape by number stands before an expression"
        raise Misplaced(reason, "write the character itself")


def _no_expression(text: str) -> str:
    if "${{" in text:
        reason = "the value holds ${{, which GitHub would evaluate"
        raise Unwritable(reason, "text without ${{", "write GitHub's expressions in the template")
    return text


def _whole(value: Any) -> Any:
    """Refuse GitHub's expressions in a value, at any depth; write secrets as GitHub does."""
    match value:
        case str():
            return _no_expression(value)
        case Embedded(text=text):
            return replace(value, text=_no_expression(text))
        case Secret(name=name):
            return _secret(name)
        case Structured(value=data):
            return replace(value, value=_all(data))
        case _:
            return value


def _all(data: Any) -> Any:
    match data:
        case dict():
            return {_whole(key): _all(child) for key, child in data.items()}
        case list() | tuple():
            return [_all(child) for child in data]
        case _:
            return _whole(data)


def _secret(name: str) -> str:
    if _SECRET.fullmatch(name):
        return f"${{{{ secrets.{name} }}}}"
    reason = f"{name!r} cannot be the name of a secret of GitHub's"
    raise Unwritable(reason, "letters, digits and _, not beginning with a digit or GITHUB_")


def _part(value: Any) -> str:
    if isinstance(value, Secret):
        return _secret(value.name)
    text = _no_expression(part(value))
    if _ENDS_OPEN.search(text):
        reason = "the value ends in $ and text behind it could make a ${{ of it"
        raise Unwritable(reason, "text that does not end in $", "write it as a whole value")
    return text


def _plain(value: Any) -> Any:
    """Refuse GitHub's expressions where a secret cannot stand either."""
    return value if isinstance(value, Secret) else _whole(value)


def _script(value: Any, key: str) -> Embedded:
    shells = ("sh", "bash") if key == "run" else ()
    if isinstance(value, Embedded) and (not shells or value.dialect in shells):
        _no_expression(value.text)
        return value
    reason = f"a value of `{key}:` would be run as a program"
    raise Unwritable(reason, "an embedded file of its language", _RUN_HINT)


def _run(encoder: Encoder) -> Encoder:
    def encode(value: Any, key: str, *args: str | int) -> str:
        return encoder(_script(value, key), *args)

    return encode


def encode_uses(value: Any) -> str:
    """Write the action or workflow that a step or job uses; raises Unwritable."""
    text = part(value)
    if _USES.fullmatch(text):
        return text
    reason = f"{text!r} names no action"
    raise Unwritable(reason, "owner/name@<commit>", 'a pinned one is `actions["owner/name"].uses`')


_ENCODERS: dict[str, Encoder] = {
    **{name: prepared(encoder, _whole) for name, encoder in ENCODERS.items()},
    **{name: prepared(ENCODERS[name], _plain) for name in ("key", "root")},
    **{name: prepared(ENCODERS[name], _part) for name in ("double", "single")},
    **{f"run-{name}": _run(ENCODERS[name]) for name in ("value", "item", "flow")},
    "comment": ENCODERS["comment"],
    "uses": encode_uses,
}

DIALECT = GithubActions()
