"""kubectl (or kustomize itself) builds every kustomization.

It exits 0 with a deprecated field and says so on standard error only, so that must be empty. It
also exits 0 when a patch matches nothing; gogen proves that for the overlays it derives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.problems import Place
from generator.validators._kustomize import PATTERNS, kustomizations
from generator.validators.base import File, Tool, Validator, bench, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.problems import Problem


def _check(tool: Tool, files: tuple[File, ...]) -> Iterator[Problem]:
    verb = "kustomize" if tool.path.name == "kubectl" else "build"
    with bench(tool, files) as here:
        for one in kustomizations(files):
            said = here.run(verb, str(one.folder))
            if said.code or said.err.strip():
                reason = said.err.replace(f"{here.folder}/", "") or f"exit code {said.code}"
                yield refused(VALIDATOR.name, reason, Place(one.file))
            elif not said.out.strip():
                yield refused(VALIDATOR.name, "it builds nothing", Place(one.file))


VALIDATOR = Validator(
    name="kustomize",
    programs=("kubectl", "kustomize"),
    install="see https://kubernetes.io/docs/tasks/tools",
    check=_check,
    patterns=PATTERNS,
)
