"""The rule about sentinels knows which built-in targets compare with them."""

from __future__ import annotations

from generator.rules.sentinels import COMPARE
from tests.tools import ROOT

_WORDS = (".sentinels", 'embed("go:verify.sh.j2")', 'embed("installer:setup-go.sh.j2")')


def test_targets_that_compare() -> None:
    found = {
        template.relative_to(ROOT / "templates").parts[0]
        for template in (ROOT / "templates").rglob("*.j2")
        if any(word in template.read_text(encoding="utf-8") for word in _WORDS)
    }
    assert found == COMPARE
