"""A checksum database of the tests' own, made and judged by Go's packages (tests/readers/sumdb)."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode, b64encode
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ED25519 = b"\x01"


class Keys(NamedTuple):
    """A signer's key and the verifier key that goes with it, as C2SP signed-note writes them."""

    private: str
    public: str


def keys(name: str = "sum.example.test", seed: int = 1) -> Keys:
    """Make a signer."""
    secret = seed.to_bytes(32)
    hinted = name.encode() + b"\n"
    raw = ED25519 + Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    known = f"{name}+{sha256(hinted + raw).hexdigest()[:8]}"
    return Keys(
        f"PRIVATE+KEY+{known}+{b64encode(ED25519 + secret).decode()}",
        f"{known}+{b64encode(raw).decode()}",
    )


def sign(text: str, by: Keys) -> bytes:
    """Give the text as a note with one signature."""
    name, hint, _ = by.public.split("+", 2)
    secret = Ed25519PrivateKey.from_private_bytes(b64decode(by.private.split("+", 4)[4])[1:])
    signature = b64encode(bytes.fromhex(hint) + secret.sign(text.encode())).decode()
    return f"{text}\n— {name} {signature}\n".encode()


class Server(NamedTuple):
    """A module proxy with a database below /sumdb/NAME/."""

    address: str
    keys: Keys

    @property
    def name(self) -> str:
        """The database's name."""
        return self.keys.public.split("+")[0]

    def fetch(self, path: str) -> bytes | None:
        """Get a path of the database; None where it says that there is nothing."""
        return self.get(f"/sumdb/{self.name}/{path}")

    def get(self, path: str) -> bytes | None:
        """Get a path of the server; None where it says that there is nothing."""
        answer = urllib3.request("GET", f"{self.address}{path}", retries=False)
        assert answer.status in {200, 404}, answer.data
        return answer.data if answer.status == 200 else None


@contextmanager
def server(
    folder: Path, salt: str = "", count: int = 0, by: Keys | None = None
) -> Iterator[Server]:
    """Serve the modules of a folder, and a log that begins with `count` records."""
    signer = by or keys()
    argv = [str(require("sumdb-reader")), "serve", signer.private, str(folder), salt, str(count)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Server(f"http://{process.stdout.readline().strip()}", signer)
        finally:
            process.kill()


class Judge:
    """Go's packages, asked about logs whose record i is `record i`."""

    def __init__(self) -> None:
        """Start the program."""
        self._process = subprocess.Popen(
            [str(require("sumdb-reader")), "judge"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, op: str, **about: Any) -> Any:
        """Ask one thing; bytes go as base64, hashes come as bytes."""
        question = {"op": op} | {
            name: b64encode(value).decode()
            if isinstance(value, bytes)
            else [b64encode(one).decode() for one in value]
            if isinstance(value, list)
            else value
            for name, value in about.items()
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer | {"hashes": [b64decode(one) for one in answer["hashes"] or ()]}

    def close(self) -> None:
        """End the program."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """Give Go's word on logs."""
    one = Judge()
    yield one
    one.close()
