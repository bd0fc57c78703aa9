"""What two sources say of one pin."""

from __future__ import annotations

import pytest

from generator.lock.joining import contradictions, joined, same
from generator.lock.model import ActionPin, Archive, ImagePin, Pin

A, B = "a" * 64, "b" * 64
FILE = "go1.27.1.linux-amd64.tar.gz"
ARCHIVE = Archive(FILE, A, 10, "h1:x", "00", {"bin/go": A}, ("go-dev",))


@pytest.mark.parametrize(
    ("other", "facts"),
    [
        (Archive(FILE, A), ()),
        (Archive("", "", h1="h1:x", h1_hex="00"), ()),
        (Archive(FILE, B), ("sha256",)),
        (Archive(FILE, A, 11, "h1:y"), ("size", "h1")),
        (Archive("go1.27.1.linux-arm64.tar.gz", A), ("file",)),
        (Archive(FILE, A, sentinels={"bin/go": B, "bin/gofmt": B}), ("bin/go",)),
    ],
)
def test_archives(other: Archive, facts: tuple[str, ...]) -> None:
    assert contradictions(ARCHIVE, other) == contradictions(other, ARCHIVE) == facts
    assert same(ARCHIVE, other) is not bool(facts)


@pytest.mark.parametrize(
    ("one", "other", "facts", "alike"),
    [
        (ActionPin("v1", "1"), ActionPin("v1", "1"), (), True),
        (ActionPin("v1", "1"), ActionPin("v1", "2"), ("commit",), False),
        (ActionPin("v1", "1"), ActionPin("v2", "2"), (), False),
        (ImagePin("a", "2026"), ImagePin("a", "2025"), (), True),
        (ImagePin("a"), ImagePin("b"), (), False),
        (ImagePin("a"), ActionPin("a", "b"), (), False),
    ],
)
def test_images_and_actions(one: Pin, other: Pin, facts: tuple[str, ...], *, alike: bool) -> None:
    assert contradictions(one, other) == facts
    assert same(one, other) is alike


def test_a_module_joins_an_archive() -> None:
    module = Archive("", "", h1="h1:x", h1_hex="00", sentinels={"bin/gofmt": B}, proofs=("sumdb",))
    archive = Archive(FILE, A, sentinels={"bin/go": A}, proofs=("mirror",))
    both = Archive(FILE, A, None, "h1:x", "00", {"bin/go": A, "bin/gofmt": B}, ("mirror", "sumdb"))
    assert joined(archive, module) == joined(module, archive) == both


def test_a_joined_image_keeps_the_first_day() -> None:
    one, other = (
        ImagePin("a", "2026-01-01", ("registry",)),
        ImagePin("a", "2025", ("embedded-index",)),
    )
    assert joined(one, other) == ImagePin("a", "2026-01-01", ("embedded-index", "registry"))
