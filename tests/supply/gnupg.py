"""Keys, certificates and signatures as GnuPG makes them, at any moment of the past or to come."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import tempfile
from contextlib import contextmanager
from hashlib import sha1
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Iterator

WHY = {"taken back": "0", "compromised": "1", "superseded": "2", "retired": "3"}
"""Reasons of a revocation, as GnuPG's dialogue numbers them."""


class Said(NamedTuple):
    """What `gpg --verify` said: its exit code, and the words of its status lines."""

    code: int
    words: frozenset[str]


class GnuPG:
    """A home of GnuPG; `at` is a moment, "20200101T000000"."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._files = count()

    def run(self, *argv: str, at: str = "", stdin: bytes = b"") -> bytes:
        """Run gpg, at a moment."""
        time = (f"--faked-system-time={at}!",) if at else ()
        words = (require("gpg"), "--homedir", self.home, "--quiet", "--no-tty", *time, *argv)
        done = subprocess.run(
            words, input=stdin, capture_output=True, check=False, env={"PATH": SEARCH}
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def batch(self, *argv: str, at: str = "", stdin: bytes = b"") -> bytes:
        """Run gpg where it asks nothing; keys have no passphrase."""
        return self.run(
            "--batch", "--pinentry-mode=loopback", "--passphrase=", *argv, at=at, stdin=stdin
        )

    def make(self, name: str, at: str, usage: str = "cert", algorithm: str = "ed25519") -> str:
        """Make a primary key; give its fingerprint."""
        self.batch("--quick-generate-key", name, algorithm, usage, "never", at=at)
        return self.fingerprints(name)[0]

    def add(self, primary: str, at: str, usage: str = "sign") -> str:
        """Add a subkey; give its fingerprint."""
        self.batch("--quick-add-key", primary, "ed25519", usage, "never", at=at)
        return self.fingerprints(primary)[-1]

    def fingerprints(self, key: str) -> list[str]:
        """Give the fingerprints of a certificate, the primary's first."""
        lines = self.batch("--list-keys", "--with-colons", key).decode().splitlines()
        return [line.split(":")[9] for line in lines if line.startswith("fpr:")]

    def certificate(self, key: str) -> bytes:
        """Give a certificate as it is now, binary."""
        return self.batch("--export", key)

    def sign(self, key: str, data: bytes, at: str, *argv: str) -> bytes:
        """Give a detached signature by exactly this key, binary unless told otherwise."""
        return self.batch(*argv, f"--local-user={key}!", "--detach-sign", at=at, stdin=data)

    def expire(self, primary: str, subkey: str, at: str, until: str) -> None:
        """Let a subkey end, by a binding made at that moment."""
        self.batch("--quick-set-expire", primary, until, subkey, at=at)

    def revocation(self, key: str, at: str, why: str) -> bytes:
        """Give a revocation of a primary key; the key itself stays as it is."""
        answers = f"y\n{WHY[why]}\n\ny\n".encode()
        armored = self.run("--command-fd=0", "--gen-revoke", key, at=at, stdin=answers)
        return self.batch("--dearmor", stdin=armored)

    def revoke_subkey(self, key: str, at: str, why: str) -> None:
        """Revoke a certificate's first subkey."""
        answers = f"key 1\nrevkey\ny\n{WHY[why]}\n\ny\nsave\n".encode()
        self.run("--command-fd=0", "--edit-key", key, at=at, stdin=answers)

    def verify(self, certificate: bytes, signature: bytes, data: bytes) -> Said:
        """Say what GnuPG thinks of a signature, with no other key than those of a certificate."""
        paths = []
        for content in (certificate, signature, data):
            path = self.home / f"file{next(self._files)}"
            path.write_bytes(content)
            paths.append(path)
        ring, *signed = paths
        argv = (require("gpg"), "--homedir", self.home, "--batch", "--no-auto-check-trustdb")
        only = ("--no-default-keyring", "--keyring", ring, "--trust-model=always")
        done = subprocess.run(
            (*argv, *only, "--status-fd=1", "--verify", *signed),
            capture_output=True,
            check=False,
            env={"PATH": SEARCH},
        )
        words = re.findall(r"^\[GNUPG:\] (\w+)", done.stdout.decode(), re.MULTILINE)
        return Said(done.returncode, frozenset(words))

    def alike(self) -> tuple[str, str]:
        """Make two primary keys whose fingerprints end with the same 32 bits; give these.

        A fingerprint is a hash of the key and of when it was made (version 4, RFC 9580 §5.5.4.2):
        some ten thousand moments of two keys hold a pair.
        """
        one, two = self._grip("first"), self._grip("second")
        moments = range(1_500_000_000, 1_500_150_000)
        first = {_fingerprint(one[1], moment)[-8:]: moment for moment in moments}
        pair = next(
            (first[short], moment)
            for moment in moments
            if (short := _fingerprint(two[1], moment)[-8:]) in first
        )
        recipe = "Key-Type: eddsa\nKey-Grip: {}\nCreation-Date: seconds={}\nName-Real: {}\n%commit"
        for name, (grip, _), moment in zip(("alike-1", "alike-2"), (one, two), pair, strict=True):
            self.batch("--generate-key", stdin=recipe.format(grip, moment, name).encode())
        return self.fingerprints("alike-1")[0], self.fingerprints("alike-2")[0]

    def _grip(self, name: str) -> tuple[str, bytes]:
        """Make a key; give what GnuPG's agent calls it, and the body of its packet."""
        self.make(name, "20170701T000000", "sign")
        listed = self.batch("--list-keys", "--with-colons", "--with-keygrip", name).decode()
        grip = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("grp:"))
        packet = self.certificate(name)
        assert packet[0] == 0x98, "a public key's packet with a length of one byte"
        return grip, packet[2 : 2 + packet[1]]


def _fingerprint(body: bytes, moment: int) -> str:
    """Give the fingerprint that a version 4 key would have, had it been made at that moment."""
    made = body[:1] + struct.pack(">I", moment) + body[5:]
    return sha1(b"\x99" + struct.pack(">H", len(made)) + made).hexdigest().upper()  # noqa: S324 - as the format has it


@contextmanager
def gnupg() -> Iterator[GnuPG]:
    """Give an empty home of GnuPG; its agent ends with it.

    It lies below the system's temporary folder: a socket's path must be short.
    """
    with tempfile.TemporaryDirectory(prefix="gpg") as folder:
        home = Path(folder)
        home.chmod(0o700)
        try:
            yield GnuPG(home)
        finally:
            subprocess.run(
                (require("gpgconf"), "--homedir", home, "--kill", "all"),
                check=True,
                env={"PATH": os.defpath},
            )
