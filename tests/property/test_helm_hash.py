"""The law of names: a hash of gogen's is the one that Helm works out of the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.templating.filters import hash10, sha256
from tests import helm
from tests.dialects.hostile import texts

if TYPE_CHECKING:
    import pytest

TEMPLATE = """\
{{- range .Values.v }}
# {{ toJson . | sha256sum }} {{ toJson . | sha256sum | trunc 10 }}
{{- end }}
apiVersion: v1
"""
# A lone surrogate is in no file of UTF-8.
whole = texts.filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))
data = st.recursive(
    st.one_of(whole, st.booleans(), st.none(), st.integers(-(2**31), 2**31)),
    lambda child: st.one_of(st.lists(child, max_size=3), st.dictionaries(whole, child, max_size=3)),
    max_leaves=6,
)


@given(batch=st.lists(data, min_size=1, max_size=24))
@settings(max_examples=25)
def test_helm_works_out_the_same_hash(
    batch: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hash")
    chart = helm.make(folder / "chart", {"templates/x.yaml": TEMPLATE})
    written = helm.template(chart, "-f", helm.values(folder / "values.yaml", {"v": batch}))
    read = [line.split()[1:] for line in written.splitlines() if line[:2] == "# "]
    # The first says which template it came from.
    assert read[1:] == [[sha256(v), hash10(v)] for v in batch]
