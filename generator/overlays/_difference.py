"""Say how one object becomes another: as a partial object, or as JSON 6902 operations.

Works on plain data (dict, list, str, int, float, bool, None) and never takes True for 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Operation = dict[str, Any]


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal as YAML: 1 is neither True nor 1.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def partial(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any] | None:
    """Give the partial object whose strategic merge onto `old` gives exactly `new`.

    None where no partial object is sure to: where a list differs (how lists merge depends on the
    kind), where a null or an empty map is a value, where a key begins with `$` (a directive).
    """
    result: dict[str, Any] = dict.fromkeys(sorted(old.keys() - new.keys()), None)
    for key in sorted(new):
        if key in old and same(old[key], new[key]):
            continue
        value = new[key]
        if isinstance(old.get(key), dict) and isinstance(value, dict) and value:
            value = partial(old[key], value)
            if value is None:
                return None
        elif not _is_plain(value) or (key in old and not _same_shape(old[key], value)):
            return None
        result[key] = value
    return None if any(key.startswith("$") for key in result) else result


def _same_shape(old: Any, new: Any) -> bool:
    """Tell whether both are scalars of one type: kustomize merges a new value into the old node.

    Seen with kustomize 5.5: 0 merged onto text becomes "0", and a list onto text is refused.
    """
    return type(old) is type(new) and not isinstance(new, (dict, list))


def _is_plain(value: Any) -> bool:
    """Tell whether a strategic merge writes a value as it stands."""
    match value:
        case None | {} if not value:
            return False
        case dict():
            return all(_is_plain(v) and not k.startswith("$") for k, v in value.items())
        case list():
            return all(not isinstance(v, list) and _is_plain(v) for v in value) and bool(value)
        case _:
            return True


def operations(old: Any, new: Any, path: str = "") -> Iterator[Operation]:
    """Give the JSON 6902 operations that turn `old` into `new`, each at a pointer below `path`.

    Before operations below a list's index stands a `test`, so that a patch on a list that has
    moved fails instead of changing the wrong item.
    """
    if same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _map_operations(old, new, path)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            if not same(before, after):
                yield _test(before, f"{path}/{index}")
                yield from operations(before, after, f"{path}/{index}")
    else:
        yield {"op": "replace", "path": path, "value": new}


def _map_operations(old: dict[str, Any], new: dict[str, Any], path: str) -> Iterator[Operation]:
    for key in sorted(old.keys() - new.keys()):
        yield {"op": "remove", "path": f"{path}/{_escaped(key)}"}
    for key in sorted(new):
        at = f"{path}/{_escaped(key)}"
        if key in old:
            yield from operations(old[key], new[key], at)
        else:
            yield {"op": "add", "path": at, "value": new[key]}


def _test(item: Any, path: str) -> Operation:
    """Give the test that names an item of a list: by its name where it has one, else whole."""
    if isinstance(item, dict) and isinstance(item.get("name"), str):
        return {"op": "test", "path": f"{path}/name", "value": item["name"]}
    return {"op": "test", "path": path, "value": item}


def _escaped(key: str) -> str:
    """Escape a key for a JSON pointer (RFC 6901 §3)."""
    return key.replace("~", "~0").replace("/", "~1")
