"""Compiled templates kept on disk: hits, misses, and files that cannot be trusted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from generator import __version__
from generator.cache.sweeping import MARK
from generator.dialects.base import Unreadable
from generator.model import FileSpec
from generator.problems import Place, Rejected
from generator.templating import codecache
from generator.templating.codecache import CodeCache
from generator.templating.engine import Engine
from generator.templating.jobs import jobs
from tests.unit.templating_fake import Dialects, pinned, templates

if TYPE_CHECKING:
    from pathlib import Path

    from generator.model import Pinned

TEXT = "<{% for w in words %}><{ w }>;<{% endfor %}>.\n<{ a | raw }>"
WRITTEN = "b;c;.\n$x"


@pytest.fixture
def one(tmp_path: Path) -> Pinned:
    folder = tmp_path / "t"
    folder.mkdir()
    templates(folder, {"x.fake.j2": TEXT})
    return pinned(folder, {"words": ["b", "c"], "a": "$x"}, FileSpec("x.fake.j2", "x.fake"))


def rendered(one: Pinned, cache: Path | None) -> tuple[str, int]:
    """Give what a new engine renders, and how many steps its dialect took."""
    dialects = Dialects()
    engine = Engine(cache, dialects)
    text = engine.render(one, jobs(one)[0])
    assert engine.raw_uses() == (Place("templates/t/x.fake.j2", 2),)
    return text, dialects.fake.steps


def code_of(cache: Path) -> Path:
    """Give the file with the template's code: the largest."""
    return max(cache.iterdir(), key=lambda file: file.stat().st_size)


def test_a_hit_compiles_nothing(one: Pinned, tmp_path: Path) -> None:
    text, steps = rendered(one, tmp_path / "cache")
    assert (text, steps > 0) == (WRITTEN, True)
    assert rendered(one, tmp_path / "cache") == (WRITTEN, 0)


LONG = "word " * 1_000


def read_back(cache: Path | None, text: str, *names: str) -> list[str]:
    """Give the texts that new engines parsed, one for each dialect named."""
    dialects, parsed = Dialects(), list[str]()
    dialects.fake.parse = dialects.other.parse = parsed.append  # type: ignore[assignment,method-assign] # a list for a method
    for name in names:
        Engine(cache, dialects).read_back(name, text)
    return parsed


def test_a_long_text_that_was_read_is_not_read_again(tmp_path: Path) -> None:
    assert read_back(tmp_path, LONG, "fake", "fake") == [LONG]
    assert read_back(tmp_path, LONG, "fake") == []
    assert read_back(tmp_path, LONG, "other") == [LONG]
    assert read_back(tmp_path, f"{LONG}x", "fake") == [f"{LONG}x"]


def test_a_short_text_is_always_read(tmp_path: Path) -> None:
    assert read_back(tmp_path, "word", "fake", "fake") == ["word", "word"]
    assert not [*tmp_path.iterdir()]


def test_without_a_cache_a_long_text_is_always_read() -> None:
    assert read_back(None, LONG, "fake", "fake") == [LONG, LONG]


def test_a_changed_dialect_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_back(tmp_path, LONG, "fake") == [LONG]
    monkeypatch.setattr(codecache, "_makers", lambda: "others")
    assert read_back(tmp_path, LONG, "fake") == [LONG]


def test_a_text_that_cannot_be_read_is_refused_each_time(tmp_path: Path) -> None:
    for _run in range(2):
        with pytest.raises(Unreadable):
            Engine(tmp_path, Dialects()).read_back("fake", f"{LONG}BAD")


def test_without_a_folder_nothing_is_kept(one: Pinned, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    assert rendered(one, None)[1] > 0
    assert rendered(one, None)[1] > 0
    assert sorted(tmp_path.rglob("*")) == before


def test_a_changed_template_is_a_miss(one: Pinned, tmp_path: Path) -> None:
    rendered(one, tmp_path / "cache")
    templates(one.targets[0].folders[0], {"x.fake.j2": TEXT + "\n<{ words[0] }>"})
    text, steps = rendered(one, tmp_path / "cache")
    assert (text, steps > 0) == (f"{WRITTEN}\nb", True)


def test_changed_makers_are_a_miss(
    one: Pinned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered(one, tmp_path / "cache")
    monkeypatch.setattr(codecache, "_makers", lambda: "another Python")
    assert rendered(one, tmp_path / "cache")[1] > 0


@pytest.mark.parametrize("keep", [0, 10, 32, 40, -1])
def test_a_truncated_file_is_a_miss_and_mended(one: Pinned, tmp_path: Path, keep: int) -> None:
    cache = tmp_path / "cache"
    rendered(one, cache)
    file = code_of(cache)
    file.write_bytes(file.read_bytes()[:keep])
    text, steps = rendered(one, cache)
    assert (text, steps > 0) == (WRITTEN, True)
    assert rendered(one, cache)[1] == 0


def test_a_flipped_byte_is_a_miss(one: Pinned, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    rendered(one, cache)
    file = code_of(cache)
    data = bytearray(file.read_bytes())
    data[60] ^= 1
    file.write_bytes(data)
    assert rendered(one, cache)[1] > 0


def test_a_folder_that_cannot_be_made_is_no_error(one: Pinned, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert rendered(one, tmp_path / "file" / "cache")[0] == WRITTEN


def test_what_does_not_compile_is_not_kept(one: Pinned, tmp_path: Path) -> None:
    templates(one.targets[0].folders[0], {"x.fake.j2": "<{ a() }>"})
    for _ in range(2):
        with pytest.raises(Rejected, match="GG206"):
            Engine(tmp_path / "cache", Dialects()).render(one, jobs(one)[0])
    (file,) = (file for file in (tmp_path / "cache").iterdir() if file.name != MARK)
    assert file.stat().st_size < 50  # the choice of a dialect, no code


def test_writers_at_once_leave_whole_files(tmp_path: Path) -> None:
    cache = CodeCache(tmp_path / "cache")
    entries = [(compile(f"x = {n}" * 1, "x", "exec"), (n,)) for n in range(40)]

    def write_and_read(number: int) -> bool:
        cache.put("key", entries[number])
        got = cache.get("key")
        return got is not None and got[0].co_consts[0] == got[1][0]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(write_and_read, range(40)))
    assert {file.name for file in (tmp_path / "cache").iterdir()} == {MARK, "key"}


def test_the_choice_of_a_dialect_is_kept(tmp_path: Path) -> None:
    class Asked(Dialects):
        asked = 0

        def for_file(self, file_name: str, /) -> str:
            self.asked += 1
            return super().for_file(file_name)

    dialects = Asked()
    for _ in range(2):
        engine = Engine(tmp_path / "cache", dialects)
        assert [engine.dialect_of(name) for name in ("a/b.other.j2", "b.other.j2", "c.j2")] == [
            "other",
            "other",
            "fake",
        ]
    assert dialects.asked == 2


def test_keys_tell_their_parts_apart() -> None:
    assert CodeCache.key("a", "bc") != CodeCache.key("ab", "c")
    assert CodeCache.key("a", "b") == CodeCache.key("a", "b")
    assert CodeCache.key("\udcff") != CodeCache.key("\udcfe")


@pytest.mark.parametrize(
    "part",
    [
        __version__,
        *("_ruamel_yaml", "async_utils.py", "engine.py", "sweeping.py", "targets.py", "yaml.py"),
    ],
)
def test_the_makers_are_all_that_an_entry_rests_on(part: str) -> None:
    assert any(line.startswith(part) for line in codecache._makers().splitlines())
