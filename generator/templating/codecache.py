"""What compiling templates gave, kept between runs, outside the repository.

A file an entry, named by the SHA-256 of all that decides its code. Writers replace whole files
and readers check a digest, so runs at once, a full disk or a truncated file cost a compilation
and nothing else; entries go after a month. The folder is the user's own cache: its code is run
as the user's.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import tempfile
from contextlib import suppress
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import jinja2

from generator import __version__, dialects

_DIGEST = hashlib.sha256().digest_size


@cache
def _makers() -> str:
    """Tell all that an entry rests on: Python, Jinja, libyaml, and gogen's own modules as they are.

    Sizes and times of files stand for their content, and our version where a packager gave all
    files one time; asking for Jinja's version costs 20 times as much.
    """
    parts = [__version__, sys.implementation.cache_tag or "", sys.version]
    own = Path(__file__).parent
    ours = map(str, (own, own.parent, own.parent / "cache"))
    for folder in (*jinja2.__path__, *dialects.__path__, *ours):
        with suppress(OSError), os.scandir(folder) as found:
            sources = [entry for entry in found if entry.name.endswith(".py")]
            parts += sorted(_state(entry.name, entry.stat()) for entry in sources)
    parser = PathFinder.find_spec("_ruamel_yaml")
    if parser and parser.origin:
        parts.append(_state(parser.name, Path(parser.origin).stat()))
    return "\n".join(parts)


def _state(name: str, stat: os.stat_result) -> str:
    """Tell a file's name, and what stands for its content."""
    return f"{name} {stat.st_size} {stat.st_mtime_ns}"


class CodeCache:
    """Code and plain data by key in a folder; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        """Use a folder, made when first written."""
        self._folder = folder

    @staticmethod
    def key(*parts: str) -> str:
        """Give the key of a template: hex of a digest over its parts and its makers."""
        digest = hashlib.sha256(_makers().encode())
        for part in parts:
            data = part.encode(errors="surrogateescape")  # names of files are any bytes
            digest.update(f"\n{len(data)}\n".encode() + data)
        return digest.hexdigest()

    def get(self, key: str) -> Any:
        """Give what is kept under a key, if it is whole; else None."""
        if self._folder is None:
            return None
        try:
            data = (self._folder / key).read_bytes()
        except OSError:
            return None
        digest, body = data[:_DIGEST], data[_DIGEST:]
        if hashlib.sha256(body).digest() != digest:
            return None
        return marshal.loads(body)  # noqa: S302 # of the user's own cache, whole

    def put(self, key: str, entry: Any) -> None:
        """Keep code or plain data; a folder that cannot be written is no error."""
        if self._folder is None:
            return
        from generator.cache.sweeping import sweep  # noqa: PLC0415  (few runs have anything new)

        body = marshal.dumps(entry)
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).digest() + body)
            sweep(self._folder, Path(temporary).replace(self._folder / key))
