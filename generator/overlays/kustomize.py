"""Derive a kustomize overlay: a child's objects as its parent's plus what differs.

The law (design §7): `kustomize build` of the overlay equals the child's objects rendered flat, as
sets. The overlay holds the parent as its only base, files for objects that only the child has, a
`$patch: delete` for those it lacks, and a patch for each that differs: a partial object where a
strategic merge says exactly the same (only maps differ), else JSON 6902 operations.

The fields of a patch's `target` are anchored regular expressions (kustomize's `types.Selector`).
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from posixpath import basename
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.dialects._yaml_text import emit
from generator.model import Artifact, Desired, header
from generator.overlays._difference import operations, partial, same
from generator.overlays._objects import Key, Object, read_objects
from generator.problems import Place, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KUSTOMIZATION = "kustomization.yaml"


class _Patch(NamedTuple):
    """One patch of the overlay: what it is for and its body as plain data."""

    verb: str
    target: Object
    body: Any


def derive(target: str, own: Desired, parent: Desired | None) -> tuple[Artifact, ...]:
    """Give the files of `target` for the profile of `own`, as an overlay over `parent`'s.

    Without a parent, or where nothing of it stays (another namespace renames every object), the
    objects' files are listed as they are; files that are not YAML pass through. Raises Rejected:
    GG270 not YAML, GG271 no object, GG272 an ambiguous scalar, GG273 an object twice, GG274 a
    rendered kustomization.yaml.
    """
    files = [f for f in own.artifacts if f.target == target]
    others = tuple(f for f in files if not _is_yaml(f))
    children = _objects(target, own)
    parents = _objects(target, parent) if parent else {}
    shared = {k for k in children.keys() & parents.keys() if _patchable(parents[k], children[k])}
    if parent is None or not shared:
        flat = tuple(f for f in files if _is_yaml(f))
        return (*others, *flat, _kustomization(target, own, _names(flat), ()))
    patches = (
        *(_deletion(old) for key, old in parents.items() if key not in shared),
        *(_change(parents[k], children[k]) for k in children if k in shared),
    )
    named = _named_patches(p for p in patches if p.body is not None)
    added = _added(own, files, children, shared)
    resources = (f"../../{parent.slug}/{target}", *_names(added))
    return (
        *others,
        *added,
        *(_artifact(target, own, path, patch.body, patch.target) for path, patch in named.items()),
        _kustomization(target, own, resources, named.items()),
    )


def _is_yaml(artifact: Artifact) -> bool:
    return artifact.path.endswith((".yaml", ".yml"))


def _names(artifacts: Iterable[Artifact]) -> tuple[str, ...]:
    """Give the paths of files relative to the target's folder, sorted."""
    return tuple(sorted(f.path.partition("/")[2] for f in artifacts))


@lru_cache(maxsize=8)  # a profile's own objects, then those that its children build on
def _objects(target: str, desired: Desired) -> Mapping[Key, Object]:
    """Read all objects of a flat render, by key in the order of keys."""
    found: dict[Key, Object] = {}
    problems = []
    for artifact in desired.artifacts:
        if artifact.target != target or not _is_yaml(artifact):
            continue
        place = f"out/{desired.slug}/{artifact.path}"
        if basename(artifact.path) == KUSTOMIZATION:
            hint = f"leave it out of templates/{target}: gogen writes it"
            message = f"a {KUSTOMIZATION} of a target whose overlays are derived"
            problems.append(Problem("GG274", message, Place(place), hint=hint))
            continue
        for item in read_objects(artifact, place):
            if item.key in found:
                first = Place(f"out/{desired.slug}/{found[item.key].file}")
                message = f"{item.key.kind} {item.key.name} is rendered twice"
                related = (("first rendered here", first),)
                hint = "render it once, or give one of the two another name"
                problems.append(Problem("GG273", message, Place(place), hint=hint, related=related))
            found[item.key] = item
    if problems:
        raise Rejected(problems)
    return dict(sorted(found.items()))


def _patchable(old: Object, new: Object) -> bool:
    """Tell whether a patch can make one of the other: kustomize keeps an object's version."""
    return old.version == new.version


def _head(item: Object) -> dict[str, Any]:
    """Give what names an object in a partial object."""
    metadata = {"name": item.key.name}
    if item.key.namespace:
        metadata["namespace"] = item.key.namespace
    return {
        "apiVersion": item.data["apiVersion"],
        "kind": item.key.kind,
        "metadata": metadata,
    }


def _deletion(old: Object) -> _Patch:
    return _Patch("delete", old, {"$patch": "delete", **_head(old)})


def _change(old: Object, new: Object) -> _Patch:
    """Give the patch between two objects; its body is None where they are equal."""
    if same(old.data, new.data):
        return _Patch("patch", new, None)
    body = partial(old.data, new.data)
    if body is None:
        return _Patch("patch", new, list(operations(old.data, new.data)))
    head = _head(new)
    metadata = {**head["metadata"], **body.pop("metadata", {})}
    return _Patch("patch", new, {**head, "metadata": metadata, **body})


def _named_patches(patches: Iterable[_Patch]) -> dict[str, _Patch]:
    """Give each patch a file name that tells what it does; a clash takes the key's hash."""
    named: dict[str, _Patch] = {}
    for patch in patches:
        key = patch.target.key
        stem = re.sub(r"[^a-z0-9.-]", "-", f"{patch.verb}-{key.kind}-{key.name}".lower())
        path = f"{stem}.yaml"
        if path in named:
            digest = hashlib.sha256("\0".join(_parts(key)).encode()).hexdigest()
            path = f"{stem}-{digest[:8]}.yaml"
        named[path] = patch
    return named


def _parts(key: Key) -> tuple[str, str, str, str]:
    return key.group, key.kind, key.namespace, key.name


def _added(
    own: Desired, files: list[Artifact], children: Mapping[Key, Object], shared: set[Key]
) -> tuple[Artifact, ...]:
    """Give the rendered files whose objects are all new; refuse a file of new and shared ones."""
    new = {item.file for key, item in children.items() if key not in shared}
    old = {item.file for key, item in children.items() if key in shared}
    if mixed := sorted(new & old):
        hint = "write one object a template"
        message = "a file with objects of which only some are the parent's"
        raise Rejected(
            Problem("GG275", message, Place(f"out/{own.slug}/{path}"), hint=hint) for path in mixed
        )
    return tuple(f for f in files if f.path in new)


def _selector(item: Object) -> dict[str, str]:
    """Give the `target` of a patch: exact, although its fields are regular expressions."""
    fields = {
        "group": item.key.group,
        "version": item.version,
        "kind": item.key.kind,
        "namespace": item.key.namespace,
        "name": item.key.name,
    }
    return {
        name: re.sub(r"([.+*?()|\[\]{}^$\\])", r"\\\1", text)
        for name, text in fields.items()
        if text
    }


def _kustomization(
    target: str,
    own: Desired,
    resources: Iterable[str],
    patches: Iterable[tuple[str, _Patch]],
) -> Artifact:
    body: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
    }
    listed = [{"path": path, "target": _selector(patch.target)} for path, patch in patches]
    if listed:
        body["patches"] = listed
    return _artifact(target, own, KUSTOMIZATION, body, None)


def _artifact(target: str, own: Desired, name: str, body: Any, item: Object | None) -> Artifact:
    """Make a file of the overlay; it is made from the template of the object it is for."""
    return Artifact(
        path=f"{target}/{name}",
        content=f"# {header(own.profile)}\n{emit(body)}".encode(),
        target=target,
        template=item.template if item else "",
        toolchains=tuple(sorted({v for f in own.artifacts for v in f.toolchains})),
        dialect="yaml",
    )
