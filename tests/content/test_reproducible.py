"""One source, two toolchains in two places: one hash, with the settings that a profile renders."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests.tools import ROOT, require

if TYPE_CHECKING:
    from pathlib import Path

# The runtime alone is compiled: each setting that differs compiles it anew.
MODULE = {
    "go.mod": "module example.com/hello\n\ngo 1.27.0\n",
    "main.go": 'package main\n\nfunc main() { println("hello") }\n',
}
SETTINGS = ROOT / "out/base/go/go.env"
# What a build needs of Go's tree; what is left out is never compiled here.
TREE = ("VERSION", "go.env", "bin", "pkg", "src")
LEFT_OUT = shutil.ignore_patterns("testdata", "*_test.go", "cmd", "crypto", "net", "go")


@dataclass(frozen=True)
class Place:
    """A toolchain, a checkout and a cache below a folder of their own."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Place:
        """Copy the toolchain and the module there."""
        real = require("go").parent.parent
        (folder / "go").mkdir(parents=True)
        for name in TREE:
            if (real / name).is_dir():
                ignore = LEFT_OUT if name == "src" else None
                shutil.copytree(real / name, folder / "go" / name, symlinks=True, ignore=ignore)
            else:
                shutil.copy2(real / name, folder / "go" / name)
        (folder / "src").mkdir()
        for name, text in MODULE.items():
            (folder / "src" / name).write_text(text, encoding="utf-8")
        return cls(folder)

    def build(self, settings: Path) -> str:
        """Build the module with settings of a go env file and give the hash of the program."""
        subprocess.run(
            [self.folder / "go/bin/go", "build", "-o", self.folder / "hello", "."],
            cwd=self.folder / "src",
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.folder),
                "GOCACHE": str(self.folder / "cache"),
                "GOENV": str(settings),
            },
            check=True,
            capture_output=True,
        )
        return sha256((self.folder / "hello").read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Place]:
    """Give two toolchains, the module beside each; the second is a checkout with a commit."""
    folder = tmp_path_factory.mktemp("places")
    one, two = Place.make(folder / "one"), Place.make(folder / "another folder/two")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "x")):
        subprocess.run([require("git"), *words], cwd=two.folder / "src", check=True)
    return one, two


def test_the_same_bytes_come_out(places: tuple[Place, Place]) -> None:
    one, two = places
    assert one.build(SETTINGS) == two.build(SETTINGS)


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("GOFLAGS=-trimpath -buildvcs=false", "GOFLAGS=-buildvcs=false"),
        ("GOFLAGS=-trimpath -buildvcs=false", "GOFLAGS=-trimpath"),
    ],
)
def test_without_a_setting_the_place_shows(
    places: tuple[Place, Place], tmp_path: Path, said: str, instead: str
) -> None:
    text = SETTINGS.read_text(encoding="utf-8")
    assert said in text
    less = tmp_path / "go.env"
    less.write_text(text.replace(said, instead), encoding="utf-8")
    one, two = places
    assert one.build(less) != two.build(less)
