"""The plain jinja2 script that gogen is compared with: what a team writes before it has a compiler.

The same layers and templates, merged and rendered without schema, pins, escaping, provenance,
audit or comparison, and every file written. Usage: plain.py WORKSPACE OUT [PROFILE...]
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from ruamel.yaml import YAML

REFERENCE = re.compile(r"<\{ ([a-z.]+) \}>")


def merged(old: Any, new: Any) -> Any:
    """Merge a layer onto those below it."""
    if isinstance(new, dict):
        if "$append" in new:
            return [*(old or []), *new["$append"]]
        below = old if isinstance(old, dict) else {}
        return {**below, **{key: merged(below.get(key), value) for key, value in new.items()}}
    return new


@cache
def layered(root: Path, name: str) -> dict[str, Any]:
    """Give a profile merged with its parents, references still in it."""
    tree: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for file in sorted((root / "profiles" / name).glob("*.yaml")):
        own.update(YAML(typ="safe").load(file.read_bytes()))
    for parent in own.pop("extends", ()):
        tree = merged(tree, layered(root, parent))
    return dict(merged(tree, own))


def resolved(node: Any, tree: dict[str, Any]) -> Any:
    """Fill in references."""
    if isinstance(node, dict):
        return {key: resolved(value, tree) for key, value in node.items()}
    if isinstance(node, list):
        return [resolved(value, tree) for value in node]
    if isinstance(node, str):
        return REFERENCE.sub(lambda found: str(looked_up(tree, found[1])), node)
    return node


def looked_up(tree: dict[str, Any], dotted: str) -> Any:
    """Give the value at a dotted key."""
    value: Any = tree
    for key in dotted.split("."):
        value = value[key]
    return value


def context(root: Path, name: str) -> dict[str, Any]:
    """Give what the templates of a profile see."""
    tree = layered(root, name)
    return {**resolved(tree, tree), **pins(root, tree["toolchains"]["current"])}


@cache
def pins(root: Path, version: str) -> dict[str, Any]:
    """Give the pins of the lock, images by the name to write."""
    lock = json.loads((root / "gogen.lock").read_bytes())
    images = {
        ref: {"pinned": f"docker.io/library/{ref}@{image['digest']}"}
        for ref, image in lock["images"].items()
    }
    return {"toolchain": {"version": version}, "images": images}


def environment(folder: Path) -> Environment:
    """Give the environment of the house delimiters."""
    return Environment(
        loader=FileSystemLoader(folder),
        block_start_string="<{%",
        block_end_string="%}>",
        variable_start_string="<{",
        variable_end_string="}>",
        comment_start_string="<{#",
        comment_end_string="#}>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  (no HTML)
    )


def main(root: Path, out: Path, names: list[str]) -> None:
    """Render profiles; all that extend something where none is named."""
    engine = environment(root / "templates" / "bench")
    kinds = [name.removesuffix(".yaml.j2") for name in engine.list_templates(["j2"])]
    templates = {kind: engine.get_template(f"{kind}.yaml.j2") for kind in kinds}
    for name in names or sorted(p.name for p in (root / "profiles").glob("p*")):
        values = context(root, name)
        folder = out / name / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        for item in values["bench"]["apps"]:
            for kind, template in templates.items():
                text = template.render(values, item=item)
                (folder / f"{item['name']}-{kind}.yaml").write_bytes(text.encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
