"""GitHub Actions workflows and actions: YAML whose strings GitHub searches for `${{ … }}`.

GitHub evaluates `${{ … }}` in every string, however it is quoted, before a shell or an action
sees it: a value that holds one is refused. A secret is written as `${{ secrets.NAME }}`. `run:`
and `with.script:` take a file of a language's own dialect (`embed`), `if:` is an expression of
GitHub's and takes none of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from generator.dialects._strings import each, part, prepared
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
_WRITTEN_OUT = {
    "if": (
        "`if:` holds an expression of GitHub's",
        "write it out, or put the value into `env` and compare that",
    ),
    "shell": ("`shell:` names the program that runs the script", "write it out"),
}
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
        if slot.encoder == "key":
            return slot
        if slot.encoder == "root":
            return _with_keys(slot, ())
        return _by_key(state, slot)


def _by_key(state: State, slot: Slot) -> Slot:
    """Say how the value of a key is written that GitHub, or a program it starts, evaluates."""
    after = cast("State", slot.after)
    keys = path(after)
    key = keys[-1] if keys else ""
    if key == UNKNOWN and keys[-2:-1] == ("-",):
        reason = "the key of this value is an expression, so that a script cannot be told from text"
        raise Misplaced(reason, "write the key as text")
    code = _code(keys)
    if code in _WRITTEN_OUT:
        raise Misplaced(*_WRITTEN_OUT[code])
    if code:
        if state.mode in _QUOTED or slot.encoder == "below":
            reason = "an expression inside a script, whose language YAML does not know"
            raise Misplaced(reason, _RUN_HINT)
        return slot._replace(encoder=f"run-{slot.encoder}", args=(key, *slot.args))
    if key == "uses" and state.mode is Mode.VALUE:
        # What it writes ends on its line, so that a comment with the version may follow.
        return slot._replace(encoder="uses", after=after._replace(mode=Mode.DONE), args=())
    return slot if state.mode in _QUOTED else _with_keys(slot, keys)


def _with_keys(slot: Slot, keys: tuple[str, ...]) -> Slot:
    """Let the encoder know the keys that lead to its value, as one string."""
    return slot._replace(encoder=f"data-{slot.encoder}", args=("\n".join(keys), *slot.args))


def _code(keys: tuple[str, ...]) -> str:
    """Give the last key where GitHub runs or evaluates its value, "" where it does not.

    A key that is an expression may be any, so that `script` and `shell` below it count.
    """
    if not keys:
        return ""
    *_, above, key = ("", *keys)
    due = {"script": ("with", UNKNOWN), "shell": ("-", "run", UNKNOWN)}
    if key in ("if", "run") or above in due.get(key, ()):
        return key
    return ""


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
    return each(value, _one)


def _one(value: Any) -> Any:
    if isinstance(value, Secret):
        return _secret(value.name)
    return _no_expression(value) if isinstance(value, str) else value


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


def _data(encoder: Encoder) -> Encoder:
    """Give an encoder that knows where its value stands, for maps and lists that hold code."""

    def encode(value: Any, keys: str, *args: str | int) -> str:
        if isinstance(value, Structured):
            _no_code(value.value, tuple(keys.split("\n")))
        return encoder(value, *args)

    return encode


def _no_code(data: Any, keys: tuple[str, ...]) -> None:
    """Refuse data with a value that GitHub, or a program it starts, would run or evaluate."""
    match data:
        case dict():
            for key, child in data.items():
                _no_code(child, (*keys, str(key)))
        case list() | tuple():
            for child in data:
                _no_code(child, (*keys, "-"))
        case _ if key := _code(keys):
            reason = f"`{key}:` inside data, whose value GitHub runs or evaluates"
            hint = "write the step in the template and embed its script"
            raise Unwritable(reason, "data without if, run, shell and with.script", hint)
        case _:
            pass


def encode_uses(value: Any) -> str:
    """Write the action or workflow that a step or job uses; raises Unwritable."""
    text = part(value)
    if _USES.fullmatch(text):
        return text
    reason = f"{text!r} names no action"
    raise Unwritable(reason, "owner/name@<commit>", 'a pinned one is `actions["owner/name"].uses`')


_ROOT = prepared(ENCODERS["root"], _plain)

_ENCODERS: dict[str, Encoder] = {
    **{
        f"data-{name}": _data(prepared(ENCODERS[name], _whole))
        for name in ("value", "item", "flow", "below")
    },
    "data-root": _data(_ROOT),
    "key": prepared(ENCODERS["key"], _plain),
    **{name: prepared(ENCODERS[name], _part) for name in ("double", "single")},
    **{f"run-{name}": _run(ENCODERS[name]) for name in ("value", "item", "flow")},
    "comment": ENCODERS["comment"],
    "uses": encode_uses,
}

DIALECT = GithubActions()
