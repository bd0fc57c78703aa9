"""An archive's signature counts or does not: each way it can fail, with keys that GnuPG made."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from pysequoia import SignatureMode, Tsk, sign, sign_file
from pysequoia.packet import PacketPile

from generator.lock.model import Archive
from generator.problems import Exit, Rejected
from generator.supply import openpgp
from generator.supply.openpgp import LARGEST, Signer, google, is_signed, prove
from generator.supply.proofs import tried
from tests.supply.gnupg import GnuPG, gnupg
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = b"an archive\n" * 1000
CREATED, ENDING, SIGNED = "20200101T000000", "20200102T000000", "20200601T000000"
REVOKED, LATER = "20210101T000000", "20220101T000000"
REAL = (ROOT / "tests" / "data" / "go1.27.1.src.tar.gz.asc").read_bytes()


class Case(NamedTuple):
    """A signature as it came, and what is due: the key that signed, or the codes of problems."""

    signer: Signer
    signature: bytes
    due: str
    says: str = ""
    data: bytes = DATA


Cases = dict[str, Case]


class World:
    """A signer with two subkeys, and those who would like to be it."""

    def __init__(self, gpg: GnuPG) -> None:
        self.gpg = gpg
        self.primary = gpg.make("signer", CREATED, "cert,sign")
        self.sub = gpg.add(self.primary, CREATED)
        self.ending = gpg.add(self.primary, CREATED)
        self.other = gpg.make("other", CREATED, "sign")
        self.good = self.signed(self.sub)
        self.elsewhere = gpg.sign(self.sub, b"another file", SIGNED)
        self.stranger = self.signed(self.other)

    def signed(self, key: str, at: str = SIGNED, *argv: str) -> bytes:
        return self.gpg.sign(key, DATA, at, *argv)

    def signer(self, fingerprint: str = "", *, certificate: bytes = b"") -> Signer:
        fingerprint = fingerprint or self.primary
        return Signer(fingerprint, certificate or self.gpg.certificate(fingerprint))


def ordinary(world: World) -> Cases:
    signer, good, elsewhere, stranger = world.signer(), world.good, world.elsewhere, world.stranger
    return {
        "by a subkey": Case(signer, good, world.sub),
        "armored": Case(signer, world.signed(world.sub, SIGNED, "--armor"), world.sub),
        "by the primary key": Case(signer, world.signed(world.primary), world.primary),
        "a bit of the file flipped": Case(signer, good, "GG553", world.sub, flipped(DATA)),
        "a bit of the signature flipped": Case(signer, flipped(good), "GG553", world.sub),
        "of another file": Case(signer, elsewhere, "GG553", "no signature of this file"),
        "by an unknown key": Case(signer, stranger, "GG547", world.other),
        "several, one good": Case(signer, stranger + elsewhere + good, world.sub),
        "several, none good": Case(signer, stranger + elsewhere, "GG547 GG553"),
    }


def mistimed(world: World) -> Cases:
    signer, sub, ending = world.signer(), world.sub, world.ending
    young = ("--ignore-time-conflict", "--ignore-valid-from")
    known = {
        "from the future": ("20900101T000000", (), "GG548", "made on 2090-01-01"),
        "no longer good": (SIGNED, ("--default-sig-expire=1d",), "GG548", "until 2020-06-02"),
        "older than its key": ("20190101T000000", young, "GG550", "older than the subkey"),
    }
    cases = {
        name: Case(signer, world.signed(sub, at, *argv), due, says)
        for name, (at, argv, due, says) in known.items()
    }
    before, after = world.signed(ending), world.signed(ending, LATER)
    world.gpg.expire(world.primary, ending, ENDING, "2021-01-01")
    ended = world.signer()
    return cases | {
        "by a key that has expired since": Case(ended, before, ending),
        "by a key that had expired": Case(ended, after, "GG550", "good until 2021-01-01"),
    }


def revoked(world: World) -> Cases:
    gpg, certificate = world.gpg, world.gpg.certificate(world.primary)
    after = world.signed(world.sub, LATER)
    cases = {}
    for why, due in {
        "superseded": world.sub,
        "retired": world.sub,
        "compromised": "GG551",
        "taken back": "GG551",
    }.items():
        packet = gpg.revocation(world.primary, REVOKED, why)
        signer = world.signer(certificate=behind_the_primary(certificate, packet))
        cases[f"before the key was {why}"] = Case(signer, world.good, due)
        cases[f"after the key was {why}"] = Case(signer, after, "GG551", world.sub)
        cases[f"of another file, and the key was {why}"] = Case(signer, world.elsewhere, "GG553")
    primary = gpg.make("gone", CREATED)
    subkey = gpg.add(primary, CREATED)
    early = world.signed(subkey)
    gpg.revoke_subkey(primary, REVOKED, "compromised")
    gone = Case(world.signer(primary), early, "GG551", subkey)
    return {**cases, "by a subkey whose key was compromised": gone}


def claimed(world: World) -> Cases:
    """Give signatures by keys that are not the signer's, or not for signing."""
    gpg, certificate = world.gpg, world.gpg.certificate(world.primary)
    thief = gpg.make("thief", CREATED)
    taken = gpg.add(thief, CREATED)
    signature = world.signed(taken)
    *_, subkey, binding = packets(gpg.certificate(thief))
    bound = world.signer(certificate=certificate + subkey + binding)
    unbound = world.signer(certificate=certificate + subkey)
    secret = Tsk.from_bytes(gpg.batch("--export-secret-keys", thief))
    by_certifier = sign(secret.certifier(), DATA, mode=SignatureMode.DETACHED)
    one, two = gpg.alike()
    assert one != two
    assert one[-8:] == two[-8:]
    return {
        "by a subkey that another has bound": Case(bound, signature, "GG552", taken),
        "by a subkey that nobody has bound": Case(unbound, signature, "GG552", taken),
        "by a key that only certifies": Case(world.signer(thief), by_certifier, "GG552", thief),
        "by a key with the same short ID": Case(
            world.signer(one), world.signed(two), "GG547", f"made to look like {one}"
        ),
        "by the key that has that short ID": Case(world.signer(one), world.signed(one), one),
    }


def weak(world: World) -> Cases:
    rsa = world.gpg.make("rsa", CREATED, "sign", "rsa2048")
    signer = world.signer(rsa)
    text = world.signed(world.sub, SIGNED, "--textmode")
    cases = {
        "by RSA": Case(signer, world.signed(rsa), rsa),
        "of a text": Case(world.signer(), text, "GG546", "of another kind"),
    }
    for name in ("SHA1", "MD5", "RIPEMD160"):
        argv = (f"--digest-algo={name}", "--allow-weak-digest-algos")
        cases[f"with {name}"] = Case(signer, world.signed(rsa, SIGNED, *argv), "GG549", "no more")
    return cases


def flipped(data: bytes) -> bytes:
    """Flip the last bit."""
    return data[:-1] + bytes([data[-1] ^ 1])


def packets(certificate: bytes) -> list[bytes]:
    return [bytes(packet) for packet in PacketPile.from_bytes(certificate)]


def behind_the_primary(certificate: bytes, revocation: bytes) -> bytes:
    """Put a revocation where a certificate has those of its primary key (RFC 9580 §10.1.1)."""
    primary, *rest = packets(certificate)
    return b"".join((primary, revocation, *rest))


@pytest.fixture(scope="module")
def home() -> Iterator[GnuPG]:
    with gnupg() as gpg:
        yield gpg


@pytest.fixture(scope="module")
def corpus(home: GnuPG) -> Cases:
    world = World(home)
    kinds = (ordinary, mistimed, revoked, claimed, weak)
    return {name: case for kind in kinds for name, case in kind(world).items()}


def judged(case: Case, folder: Path) -> tuple[str, str]:
    """Give the key that signed, or the codes of the problems, with what these say."""
    file = folder / "go1.99.linux-amd64.tar.gz"
    file.write_bytes(case.data)
    try:
        return prove(file, case.signature, signer=case.signer).key, ""
    except Rejected as rejected:
        problems = rejected.problems
    assert all(problem.exit == Exit.SOURCE and problem.hint for problem in problems)
    assert all(problem.message.startswith(f"{file.name}.asc ") for problem in problems)
    return " ".join(p.code for p in problems), "; ".join(p.message for p in problems)


def test_each_signature_counts_or_not_as_it_must(corpus: Cases, tmp_path: Path) -> None:
    found = {name: judged(case, tmp_path) for name, case in corpus.items()}
    due = {name: case.due for name, case in corpus.items()}
    assert {name: verdict for name, (verdict, _) in found.items()} == due
    assert {n: found[n][1] for n, case in corpus.items() if case.says not in found[n][1]} == {}


# `gpg --verify` ends with 0 for these all the same; who calls it has to read what else it says.
GPG_PASSES = {
    "after the key was compromised",
    "after the key was retired",
    "after the key was superseded",
    "after the key was taken back",
    "before the key was compromised",
    "before the key was taken back",
    "by a key that had expired",
    "by a subkey whose key was compromised",
    "from the future",
    "of a text",
    "with RIPEMD160",
    "with SHA1",
}
# And it fails a file with several signatures for any that it cannot check.
GPG_FAILS = {"several, one good"}


def test_gnupg_agrees_but_for_what_is_told_here(home: GnuPG, corpus: Cases) -> None:
    said = {n: home.verify(c.signer.certificate, c.signature, c.data) for n, c in corpus.items()}
    counts = {name for name, case in corpus.items() if not case.due.startswith("GG")}
    passed = {name for name, what in said.items() if what.code == 0 and "VALIDSIG" in what.words}
    assert passed - counts == GPG_PASSES
    assert counts - passed == GPG_FAILS


def test_it_tells_when_the_file_was_signed(corpus: Cases, tmp_path: Path) -> None:
    case = corpus["by a subkey"]
    (tmp_path / "file").write_bytes(DATA)
    signed = prove(tmp_path / "file", case.signature, signer=case.signer)
    assert signed.created.strftime("%Y%m%dT%H%M%S%z") == f"{SIGNED}+0000"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "nothing is there"),
        (b"<!DOCTYPE html>\n<html><title>404</title></html>\n", "it is an HTML page"),
        (b"4e408abae126d916b6164627193f2c54f0e3ca1312d693b86db45f862ab238b1\n", "unexpected eof"),
        (REAL[:400], "truncated packet"),
        (google().certificate[:LARGEST], "truncated packet"),
        (b"x" * (LARGEST + 1), f"it has {LARGEST + 1} bytes"),
    ],
)
def test_what_is_no_signature_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "go1.27.1.src.tar.gz"
    file.write_bytes(DATA)
    with pytest.raises(Rejected) as rejected:
        prove(file, content)
    (problem,) = rejected.value.problems
    assert (problem.code, problem.exit) == ("GG546", Exit.SOURCE)
    assert says in problem.message
    assert "\n" not in problem.message


def test_a_key_and_a_signed_message_are_no_signature(
    corpus: Cases, home: GnuPG, tmp_path: Path
) -> None:
    signer = corpus["by RSA"].signer
    message = home.batch(f"--local-user={signer.fingerprint}", "--sign", at=SIGNED, stdin=DATA)
    (tmp_path / "file").write_bytes(DATA)
    for content, says in ((signer.certificate, "Tag.PublicKey"), (message, "holds Tag.")):
        with pytest.raises(Rejected, match=says):
            prove(tmp_path / "file", content, signer=signer)


def test_the_pinned_certificate_is_googles() -> None:
    with gnupg() as gpg:
        gpg.batch("--import", stdin=google().certificate)
        primary, *subkeys = gpg.fingerprints("linux-packages-keymaster@google.com")
    assert primary == google().fingerprint == "EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796"
    assert "0E225917414670F4442C250DFD533C07C264648F" in subkeys


def test_a_real_signature_over_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "go1.27.1.src.tar.gz"
    file.write_bytes(DATA)
    with pytest.raises(Rejected) as rejected:
        prove(file, REAL)
    (problem,) = rejected.value.problems
    assert problem.code == "GG553"
    assert "0E225917414670F4442C250DFD533C07C264648F" in problem.message


@pytest.mark.parametrize("certificate", [b"", b"no key", REAL])
def test_another_certificate_than_the_pinned_is_refused(tmp_path: Path, certificate: bytes) -> None:
    (tmp_path / "file").write_bytes(DATA)
    with pytest.raises(Rejected, match="GG554") as rejected:
        prove(tmp_path / "file", REAL, signer=Signer(google().fingerprint, certificate))
    assert rejected.value.problems[0].expected == f"that of {google().fingerprint}"


def test_the_certificate_of_another_key_is_refused(corpus: Cases, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(DATA)
    other = corpus["by RSA"].signer
    with pytest.raises(Rejected, match=f"GG554.*that of {other.fingerprint}"):
        prove(tmp_path / "file", REAL, signer=Signer(google().fingerprint, other.certificate))


def test_without_the_library_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pysequoia", None)
    (tmp_path / "file").write_bytes(DATA)
    with pytest.raises(Rejected) as rejected:
        prove(tmp_path / "file", REAL)
    (problem,) = rejected.value.problems
    assert (problem.code, problem.hint) == ("GG545", "pip install 'gogen[lock]'")


def test_a_file_that_is_gone_is_no_bad_signature(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        prove(tmp_path / "gone", REAL)


def test_only_archives_that_google_signs_are_said_to_be() -> None:
    assert is_signed("go1.27.1.linux-amd64.tar.gz")
    assert not is_signed("go1.27.1.windows-amd64.zip")


class Fetched(NamedTuple):
    """A download as `gogen lock --download` has it."""

    archive: Archive
    path: Path
    signature: bytes | None

    def beside(self, suffix: str, limit: int) -> bytes | None:
        assert (suffix, limit) == (".asc", LARGEST)
        return self.signature


def test_a_download_is_proved_by_what_lies_beside_it(
    corpus: Cases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = corpus["by a subkey"]
    path = tmp_path / "part"
    path.write_bytes(DATA)
    signed, plain = (Archive(f"go1.99.linux-amd64.{ext}", "0" * 64) for ext in ("tar.gz", "zip"))
    assert not tried("gpg", Fetched(signed, path, None))
    assert not tried("gpg", Fetched(plain, path, REAL))
    with pytest.raises(Rejected, match=r"\[GG553\].* go1\.99\.linux-amd64\.tar\.gz\.asc "):
        tried("gpg", Fetched(signed, path, REAL))
    monkeypatch.setattr(openpgp, "google", lambda: case.signer)
    assert tried("gpg", Fetched(signed, path, case.signature))


_BOUNDED = """\
import resource, sys
from pathlib import Path
from generator.supply.openpgp import Signer, prove
resource.setrlimit(resource.RLIMIT_DATA, (96 << 20, 96 << 20))
fingerprint, certificate, signature, file = sys.argv[1:]
signer = Signer(fingerprint, Path(certificate).read_bytes())
print(prove(Path(file), Path(signature).read_bytes(), signer=signer).key)
"""


def test_a_file_larger_than_the_memory_is_proved(
    home: GnuPG, corpus: Cases, tmp_path: Path
) -> None:
    signer = corpus["by RSA"].signer
    file, certificate, signature = (tmp_path / name for name in ("file", "cert", "file.asc"))
    with file.open("wb") as sparse:
        sparse.truncate(80 << 20)
    certificate.write_bytes(signer.certificate)
    secret = Tsk.from_bytes(home.batch("--export-secret-keys", signer.fingerprint))
    sign_file(secret.signer(), str(file), str(signature), mode=SignatureMode.DETACHED)
    argv = (sys.executable, "-c", _BOUNDED, signer.fingerprint, certificate, signature, file)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.stdout.strip(), done.stderr) == (signer.fingerprint, "")
