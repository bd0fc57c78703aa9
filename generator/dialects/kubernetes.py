"""Kubernetes manifests: YAML whose containers' environment, command and arguments are expanded.

The kubelet replaces `$(NAME)` in `env[].value`, `command`, `args` and the commands of probes, and
`volumeMounts[].subPathExpr`; there `$$` stands for `$`, wherever it is (expansion.Expand of
Kubernetes' third_party/forked/golang). A `$` of a value that would begin a reference or a `$$` is
doubled. Commands of lifecycle hooks are run as they are. After `-c` in a command only a file of a
shell dialect may stand (`embed`), and at a key of a ConfigMap's or Secret's data that names a file
of a language only an embedded file.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from generator.dialects import for_file
from generator.dialects._scalar import SCRIPT_FOLLOWS
from generator.dialects._strings import prepared
from generator.dialects._yaml_state import UNKNOWN, Mode, State, path
from generator.dialects.base import Embedded, Encoder, Misplaced, Slot, Structured, Unwritable
from generator.dialects.yaml import ENCODERS, Yaml
from generator.model import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTAINERS = frozenset(("containers", "initContainers", "ephemeralContainers"))
_EXPANDED = (
    ("env", "-", "value"),
    ("command", "-"),
    ("args", "-"),
    ("volumeMounts", "-", "subPathExpr"),
)
# A $ that the kubelet would read together with what follows it. The end counts: text of the
# template may follow there.
_DOLLAR = re.compile(r"\$(?=[$(]|\Z)")
# Literal text that leaves no reference open, so that a value behind it stands for itself.
_CLOSED = re.compile(r"(?:[^$]|\$\$|\$\([^)]*\)|\$[^$(])*")
_QUOTED = (Mode.DOUBLE, Mode.SINGLE)
_SHELLS = frozenset(("sh", "bash"))


class Kubernetes(Yaml):
    """YAML as above; a manifest names it, no file name tells it from other YAML."""

    name = "kubernetes"
    patterns: tuple[str, ...] = ()

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """Encoders by the name a slot gives; those for expanded places begin with `expanded-`."""
        return _ENCODERS

    def slot(self, state: State) -> Slot:
        """Say how an expression here is written; raises Misplaced where none may stand."""
        slot = super().slot(state)
        if slot.encoder in ("key", "comment"):
            return slot
        keys = path(cast("State", slot.after))
        expanded = _is_expanded(keys)
        if _script_due(state, keys):
            if state.mode in _QUOTED:
                reason = "an expression inside a shell script, whose language YAML does not know"
                raise Misplaced(reason, _SCRIPT_HINT)
            return slot._replace(encoder=f"{'script' if expanded else 'hook'}-{slot.encoder}")
        if _is_file(keys):
            if state.mode in _QUOTED:
                raise Misplaced(_FOREIGN_FILE, _FILE_HINT)
            return slot._replace(encoder=f"file-{slot.encoder}")
        if not expanded:
            return slot if state.mode in _QUOTED else _with_keys(slot, keys)
        if state.mode in _QUOTED:
            _check_text_before(state)
        return slot._replace(encoder=f"expanded-{slot.encoder}")


def _with_keys(slot: Slot, keys: tuple[str, ...]) -> Slot:
    """Let the encoder know the keys that lead to its value, as one string."""
    return slot._replace(encoder=f"data-{slot.encoder}", args=("\n".join(keys), *slot.args))


_SCRIPT_HINT = "make the script a template of its own and embed it, or pass values by `env`"


_FOREIGN_FILE = "an expression in a file whose language YAML does not know"
_FILE_HINT = "make the file a template of its own and embed it"


def _is_file(keys: tuple[str, ...]) -> bool:
    """Say whether a key of a ConfigMap's or Secret's data names a file of a language."""
    if keys[-2:-1] not in (("data",), ("stringData",)) or keys[:-2] not in ((), ("items", "-")):
        return False
    return for_file(keys[-1]) not in ("", "text")


def _is_expanded(keys: tuple[str, ...]) -> bool:
    """Say whether the kubelet expands the value at a path of keys; raises Misplaced if unsure."""
    inside = [index for index, key in enumerate(keys) if key in _CONTAINERS]
    if not inside or "lifecycle" in keys:
        return False
    keys = keys[inside[-1] + 1 :]
    if any(keys[-len(end) :] == end for end in _EXPANDED):
        return True
    if any(_may_be(keys, end) for end in _EXPANDED):
        reason = "the key of this value is an expression, so that $( ) cannot be told from text"
        raise Misplaced(reason, "write the key as text")
    return False


def _may_be(keys: tuple[str, ...], end: tuple[str, ...]) -> bool:
    pairs = list(zip(keys[-len(end) :], end, strict=False))
    return len(pairs) == len(end) and all(key in (due, UNKNOWN) for key, due in pairs)


def _check_text_before(state: State) -> None:
    """Raise Misplaced where literal text before an expression would swallow a part of it."""
    if state.word is None or not _CLOSED.fullmatch(state.word):
        reason = "an expression follows a $ or stands inside $( )"
        raise Misplaced(reason, "write $$ for a dollar sign, and names of variables as text")
    if state.mode is Mode.DOUBLE and re.search(r"\\[xuU]", state.word):
        reason = "an escape by number stands before an expression"
        raise Misplaced(reason, "write the character itself")


def _script_due(state: State, keys: tuple[str, ...]) -> bool:
    """Say whether the literal item before this one is `-c`, or a cluster of flags with it."""
    if keys[-2:-1] not in (("command",), ("args",)):
        return False
    text = state.flow[-1][1] if state.flow else state.levels[-1].text
    return SCRIPT_FOLLOWS.fullmatch(text) is not None


def escape_references(text: str) -> str:
    """Write text so that the kubelet's expansion gives it back."""
    return _DOLLAR.sub("$$", text)


def _expanded(value: Any) -> Any:
    match value:
        case str():
            return escape_references(value)
        case Embedded(text=text):
            return replace(value, text=escape_references(text))
        case Secret(name=name):
            reason = f"secret {name!r} cannot be a literal value"
            hint = "use valueFrom.secretKeyRef with `name: <{ x.name }>`"
            raise Unwritable(reason, "a reference to a Secret object", hint)
        case _:
            return value


def _script(value: Any) -> Any:
    return _expanded(_hook(value))


def _hook(value: Any) -> Any:
    """Let a shell script through as it is: nothing is expanded in a lifecycle hook's command."""
    if isinstance(value, Embedded) and value.dialect in _SHELLS:
        return value
    reason = "a value after -c would be run as a shell script"
    raise Unwritable(reason, "a file of a shell dialect", _SCRIPT_HINT)


def _file(value: Any) -> Embedded:
    """Let a file through that a dialect of its own has written."""
    if isinstance(value, Embedded):
        return value
    raise Unwritable(_FOREIGN_FILE, "an embedded file", _FILE_HINT)


def _data(encoder: Encoder) -> Encoder:
    """Give an encoder that knows where its value stands, for maps and lists with containers."""

    def encode(value: Any, keys: str, *args: str | int) -> str:
        if isinstance(value, Structured):
            value = replace(value, value=_below(value.value, tuple(keys.split("\n"))))
        return encoder(value, *args)

    return encode


def _below(data: Any, keys: tuple[str, ...]) -> Any:
    match data:
        case dict():
            return {key: _below(child, (*keys, str(key))) for key, child in data.items()}
        case list() | tuple():
            return [_below(child, (*keys, "-")) for child in data]
        case _:
            return _expanded(data) if _is_expanded_now(keys) else data


def _is_expanded_now(keys: tuple[str, ...]) -> bool:
    try:
        return _is_expanded(keys)
    except Misplaced as misplaced:
        raise Unwritable(misplaced.reason, hint=misplaced.hint) from None


_ENCODERS: dict[str, Encoder] = {
    **ENCODERS,
    **{f"data-{name}": _data(encoder) for name, encoder in ENCODERS.items()},
    **{f"expanded-{name}": prepared(encoder, _expanded) for name, encoder in ENCODERS.items()},
    **{f"script-{name}": prepared(encoder, _script) for name, encoder in ENCODERS.items()},
    **{f"file-{name}": prepared(encoder, _file) for name, encoder in ENCODERS.items()},
    **{f"hook-{name}": prepared(encoder, _hook) for name, encoder in ENCODERS.items()},
}

DIALECT = Kubernetes()
