"""Write what a render made as an in-toto statement: SLSA provenance v1, not yet signed.

Subjects are the outputs, dependencies the files they were made from; the pins are told by the lock
among these. It has no time, host or absolute path: who renders the same files gets the same bytes,
and can hold a signed statement against their own. The form is that of in-toto's Statement v1 and of
https://slsa.dev/provenance/v1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generator import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
PAYLOAD = "application/vnd.in-toto+json"
"""The media type of a statement in a DSSE envelope."""
BUILDER = "pkg:generic/gogen"
"""The builder where none is named: gogen itself, wherever it ran. A package URL is a URI."""
BUILD_TYPE = f"{BUILDER}#docs/supply-chain.md"
"""How to render again from the statement: the page's section on attestation says it."""


def statement(
    outputs: Mapping[str, str],
    inputs: Mapping[str, str],
    profiles: Iterable[str],
    builder: str = BUILDER,
) -> dict[str, Any]:
    """Give the statement of outputs made from inputs, each by name with its SHA-256 in hex.

    `profiles` are those that were rendered; `builder` is the URI of who vouches for the run.
    """
    return {
        "_type": STATEMENT,
        "subject": _descriptors(outputs),
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"profiles": sorted(profiles)},
                "resolvedDependencies": _descriptors(inputs),
            },
            "runDetails": {"builder": {"id": builder, "version": {"gogen": __version__}}},
        },
    }


def _descriptors(files: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give resource descriptors, sorted by name."""
    return [{"name": name, "digest": {"sha256": files[name]}} for name in sorted(files)]
