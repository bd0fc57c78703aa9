"""Run the git program on repositories of others: nothing of theirs is run, nothing awaited long.

Git has many doors: settings of the machine and of the folder it stands in that rewrite addresses,
helpers and hooks that are programs, transports that run commands, terminals that wait for a
password. Here they are all shut. A run gets a clean environment, no settings file (the user's
`insteadOf` and credential helpers do not count: gogen.toml names mirrors), the one protocol of the
address it was given, and bounds. What still lets a user in are `~/.netrc` for https, and the keys
and settings of ssh, which never asks here.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generator.problems import Problem, Rejected
from generator.supply import bounded
from generator.supply.bounded import Bounds, Said, Stopped
from generator.supply.gitnames import OBJECT, check_address, is_ref
from generator.supply.gittree import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LET_THROUGH = frozenset(
    {
        *("HOME", "PATH", "SSH_AUTH_SOCK"),
        *("ALL_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy", "https_proxy", "no_proxy"),
    }
)
"""The variables of the user that git may see: where keys and proxies are, no settings."""

_KNOWS_GLOBAL = (2, 32)
"""The first git that can be told to read no settings of the user (GIT_CONFIG_GLOBAL)."""

_SETTINGS = (
    "core.bigFileThreshold=8m",  # larger ones are streamed, never held in memory whole
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "credential.helper=",
    "fetch.fsckObjects=true",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "http.followRedirects=false",  # what was named answers, or nobody
    "maintenance.auto=false",
    "protocol.version=2",
)

_MIB = 1 << 20
_PRINTED = 32 * _MIB  # a repository with 300,000 tags
_TOLD = 400  # characters of what git says in a message
_FETCHED = "refs/gogen/fetched"


class _Row(NamedTuple):
    """A line of `ls-tree -l`; a submodule has no size."""

    path: str
    mode: str
    kind: str
    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Git:
    """The git program at `program`, as gogen runs it.

    `environment` are the user's variables (those of LET_THROUGH count), `ca_file` certificates to
    trust besides the system's ("" for none), `patience` the seconds that one run may take,
    `largest` the bytes that a fetched repository, or the files of a tree together, may have.
    """

    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ca_file: str = ""
    patience: float = 120
    largest: int = 64 * _MIB

    def ls_remote(self, url: str) -> Mapping[str, str]:
        """Give the branches and tags of a repository: object ids by full name, sorted.

        An annotated tag stands there twice: as `refs/tags/v1` with the tag's own id, and peeled, as
        `refs/tags/v1^{}`, with the commit's. Raises Rejected (GG565 to GG569).
        """
        argv = ("ls-remote", "--quiet", "--heads", "--tags", "--", url)
        refs = dict(sorted(_refs(url, self._talk(url, argv))))
        if not refs:  # git takes a page for people for a repository with nothing in it
            message = f"{url}: there is neither a branch nor a tag"
            hint = "look with a browser at what is there"
            raise Rejected([Problem("GG569", message, expected="a repository", hint=hint)])
        return refs

    def head(self, url: str) -> str:
        """Give the full name of the branch that is a repository's HEAD, "" where it is none."""
        argv = ("ls-remote", "--quiet", "--symref", "--", url, "HEAD")
        said = self._talk(url, argv).decode(errors="replace")
        branch = re.match(r"ref: ([^\t\n]+)\tHEAD\n", said)
        return branch[1] if branch and is_ref(branch[1]) else ""

    def fetch(self, url: str, what: str, folder: Path) -> str:
        """Fetch one commit, no history, into a bare repository made at `folder`; give its id.

        `what` is a commit's id, or a full name ("refs/tags/v1"). Raises Rejected (GG565 to GG569).
        """
        if not OBJECT.fullmatch(what) and not is_ref(what):
            message = f"{what!r} is no id of a commit, and no full name of a ref"
            raise Rejected([Problem("GG569", message)])
        check_address(url)
        self._run(("init", "--quiet", "--bare", "--object-format=sha1", "--template=", f"{folder}"))
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        self._talk(url, ("fetch", *quiet, "--depth=1", "--", url, f"{what}:{_FETCHED}"), folder)
        commit = self._id(folder, f"{_FETCHED}^{{commit}}")
        if OBJECT.fullmatch(what) and commit != what:
            message = f"{url}: {what} is no commit, but a tag of {commit}"
            raise Rejected([Problem("GG569", message)])
        return commit

    def tree(self, folder: Path, commit: str, path: str = "") -> str:
        """Give the id of the tree of a fetched commit, or of the folder `path` in it.

        Raises Rejected (GG567) where the commit has nothing there.
        """
        return self._id(folder, f"{commit}:{path}" if path else f"{commit}^{{tree}}")

    def commit(self, folder: Path, commit: str) -> bytes:
        """Give a fetched commit as git keeps it: the text whose hash is its id."""
        return self._run(("cat-file", "commit", commit), folder)

    def names(self, folder: Path, tree: str) -> Mapping[str, tuple[str, str]]:
        """Give what a fetched tree holds itself: mode and object id by name."""
        listed = self._run(("ls-tree", "-z", "-l", tree), folder)
        rows = map(_row, listed.split(b"\0")[:-1])
        return {row.path: (row.mode.lstrip("0"), row.id) for row in rows}

    def entries(self, folder: Path, tree: str) -> Mapping[str, Entry]:
        """Give what a fetched tree holds, by path with slashes: the very bytes git keeps.

        `git archive` and a checkout change bytes by the .gitattributes in the tree (export-subst,
        export-ignore, line ends): the tree's id proves them no longer. Raises Rejected (GG567,
        GG568).
        """
        listed = self._run(("ls-tree", "-r", "-z", "-l", tree), folder)
        rows = tuple(map(_row, listed.split(b"\0")[:-1]))
        size = sum(row.size for row in rows)
        if size > self.largest:
            message = f"the files of git tree {tree} have {size} bytes"
            raise Rejected([Problem("GG568", message, expected=f"at most {self.largest} bytes")])
        blobs = self._blobs(folder, sorted({row.id for row in rows if row.kind == "blob"}))
        return {row.path: Entry(row.mode, row.id, blobs.get(row.id, b"")) for row in rows}

    def _blobs(self, folder: Path, ids: Sequence[str]) -> Mapping[str, bytes]:
        """Give the bytes of blobs by id."""
        printed = self.largest + 100 * len(ids)
        with tempfile.TemporaryFile() as asked:
            asked.write("".join(f"{one}\n" for one in ids).encode())
            asked.seek(0)
            argv = self._argv(("cat-file", "--batch"))
            bounds = Bounds(self.patience, printed)
            said = bounded.run(argv, self._environment("none", folder), bounds, asked)
        out = self._judged("git cat-file", said, bounds)
        blobs, at = {}, 0
        while at < len(out):  # "<id> blob <size>\n<bytes>\n"
            start = out.index(b"\n", at) + 1
            one, _kind, size = out[at:start].split()
            at = start + int(size) + 1
            blobs[one.decode()] = out[start : at - 1]
        return blobs

    def _id(self, folder: Path, revision: str) -> str:
        argv = ("rev-parse", "--verify", "--end-of-options", revision)
        return self._run(argv, folder).decode().strip()

    def _talk(self, url: str, argv: Sequence[str], folder: Path | None = None) -> bytes:
        """Run a command that talks to the repository at an address."""
        protocol = check_address(url)
        with _certificates(self.ca_file) as bundle:
            trusting = ("-c", f"http.sslCAInfo={bundle}") if bundle else ()
            return self._run(argv, folder, protocol, f"{url}: ", trusting)

    def _run(
        self,
        argv: Sequence[str],
        folder: Path | None = None,
        protocol: str = "none",
        at: str = "",
        more: Sequence[str] = (),
    ) -> bytes:
        """Run a command in the repository at `folder`, or in none; give what it printed.

        `more` are git's own arguments, before the command.
        """
        bounds = Bounds(self.patience, _PRINTED, folder, self.largest)
        environment = self._environment(protocol, folder)
        try:
            self._check_version(environment)
            said = bounded.run(self._argv((*more, *argv)), environment, bounds)
        except OSError as error:
            message = f"{self.program} cannot be run: {error.strerror}"
            raise Rejected([Problem("GG565", message, hint="install git")]) from None
        return self._judged(f"{at}git {argv[0]}", said, bounds)

    def _judged(self, command: str, said: Said, bounds: Bounds) -> bytes:
        """Give what a run printed if it ended well."""
        reason = {
            Stopped.LATE: f"did not end within {bounds.seconds:g} seconds",
            Stopped.PRINTED: f"printed more than {bounds.printed} bytes",
            Stopped.WRITTEN: f"got more than {bounds.written} bytes",
        }
        if said.stopped:
            hint = "look at this repository by hand, or name a mirror"
            raise Rejected([Problem("GG568", f"{command} {reason[said.stopped]}", hint=hint)])
        if said.code:
            hint = "try the same by hand; gogen lets git use ~/.netrc and ssh, and no settings"
            raise Rejected([Problem("GG567", f"{command}: {_words(said.err)}", hint=hint)])
        return said.out

    def _argv(self, argv: Sequence[str]) -> Sequence[str | Path]:
        """Give the whole command line."""
        return (self.program, *(word for one in _SETTINGS for word in ("-c", one)), *argv)

    def _environment(self, protocol: str, folder: Path | None) -> Mapping[str, str]:
        """Give the environment of a run; without a folder no repository is looked for."""
        kept = {name: value for name, value in self.environment.items() if name in LET_THROUGH}
        return kept | {
            "GIT_ALLOW_PROTOCOL": protocol,
            "GIT_ASKPASS": "",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_DIR": str(folder or os.devnull),
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
            "GIT_SSH_VARIANT": "ssh",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C.UTF-8",
        }

    def _check_version(self, environment: Mapping[str, str]) -> None:
        """Refuse a git that reads the user's settings whatever it is told."""
        said = bounded.run((self.program, "version"), environment, Bounds(self.patience, _MIB))
        version = re.match(rb"git version (\d+)\.(\d+)", said.out)
        if version is None or (int(version[1]), int(version[2])) < _KNOWS_GLOBAL:
            message = f"{self.program} is no git that can leave out settings: {_words(said.out)}"
            hint = "install git 2.32 or newer"
            raise Rejected([Problem("GG565", message, hint=hint)])


@contextmanager
def _certificates(ca_file: str) -> Iterator[str]:
    """Give a file with the system's certificates and those of `ca_file`: git takes but one file.

    "" where the system's are all. Raises Rejected (GG567) where one cannot be read.
    """
    if not ca_file:
        yield ""
        return
    system = ssl.get_default_verify_paths().cafile
    with tempfile.NamedTemporaryFile(prefix="gogen-ca-", suffix=".pem") as bundle:
        for file in (system, ca_file):
            bundle.write(b"\n" + _read(file) if file else b"")
        bundle.flush()
        yield bundle.name


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise Rejected([Problem("GG567", message, hint="correct sources.ca_file")]) from None


def _refs(url: str, out: bytes) -> Iterator[tuple[str, str]]:
    """Read the lines of `ls-remote`: an id, a tab, a name. Raises Rejected (GG569)."""
    for line in out.decode(errors="replace").split("\n")[:-1]:
        one, _tab, name = line.partition("\t")
        if not OBJECT.fullmatch(one) or not is_ref(name.removesuffix("^{}")):
            problem = Problem(
                "GG569",
                f"{url}: {line[:_TOLD]!r} is no line of a list of refs",
                expected="40 hex digits, a tab, a name that git allows",
                hint="this repository is of SHA-256, or its server is broken, or means harm",
            )
            raise Rejected([problem])
        yield name, one


def _row(line: bytes) -> _Row:
    """Read a line of `ls-tree -z -l`: mode, kind, id, size, a tab, the path."""
    facts, _tab, path = line.decode(errors="surrogateescape").partition("\t")
    mode, kind, one, size = facts.split()
    return _Row(path, mode, kind, one, 0 if size == "-" else int(size))


def _words(said: bytes) -> str:
    """Give what git said on one line, without anything that a terminal would obey."""
    lines = (line.strip() for line in said.decode(errors="replace").splitlines())
    text = "; ".join(line for line in lines if line)
    return "".join(c if c.isprintable() else "?" for c in text)[:_TOLD] or "it said nothing"
