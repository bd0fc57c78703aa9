"""Prove an archive by its detached OpenPGP signature (RFC 9580 §10.4).

Google signs each `.tar.gz` of a Go release, in `<file>.asc` beside it; a `.zip` has no signature.
The keys that sign are subkeys, replaced every year or two: pinned is the primary key that they are
bound to.

Sequoia gives the verdict, for the moment that the signature names: a key that has expired since
counts, one that had expired then does not. A revocation as superseded or retired counts from its
own day on, any other (compromised, no reason given) for all signatures ever made. Hashes that can
be made to collide (MD5, SHA-1) never count.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from generator.lock.catalogue import DATA
from generator.problems import Problem, Rejected
from generator.supply.openpgp_reasons import why_not

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pysequoia import Cert
    from pysequoia.packet import Packet

    from generator.supply.proofs import Download

SUFFIX = ".asc"
"""What is appended to an archive's name, or address, for its signature."""
LARGEST = 16 << 10
"""The bytes that a signature file may have; Google's has 833."""


class Signer(NamedTuple):
    """Whose signature is due.

    `fingerprint` is that of a primary key (40 hex digits, upper case); the certificate, armored or
    not, must be that key's, and binds the subkeys that count.
    """

    fingerprint: str
    certificate: bytes


class Signed(NamedTuple):
    """A signature that holds: the fingerprint of the key that made it, and when that was.

    The key is the signer's primary key or one of its subkeys (40 hex digits, upper case).
    """

    key: str
    created: datetime


@cache
def google() -> Signer:
    """Give the signer of Go's archives, with the certificate shipped with gogen."""
    certificate = DATA / "keys" / "google-linux-signing-key.asc"
    return Signer("EB4C1BFD4F042F6DDDCCEC917721F63BD38B4796", certificate.read_bytes())


def is_signed(archive: str) -> bool:
    """Tell whether Google publishes a signature of an archive of that name."""
    return archive.endswith(".tar.gz")


def tried(download: Download) -> bool:
    """Prove a downloaded archive; False where Google signs no such, or no signature lies beside it.

    A policy that asks for this proof misses it then. Raises Rejected (GG545 to GG554) where a
    signature is there and does not count.
    """
    name = download.archive.file
    signature = download.beside(SUFFIX, LARGEST) if is_signed(name) else None
    if signature is None:
        return False
    prove(download.path, signature, name=name)
    return True


def prove(file: Path, signature: bytes, *, name: str = "", signer: Signer | None = None) -> Signed:
    """Give who signed a file, and when; the file is read in pieces, as fast as it can be hashed.

    `signature` is what the `.asc` holds, one signature or several: a good one by the signer (Google
    where none is given) is enough, others prove nothing and spoil nothing. `name` is the archive's,
    for messages. Raises Rejected (GG545 to GG554) with why each does not count, OSError where the
    file cannot be read.
    """
    signer = signer or google()
    name = name or file.name
    certificate = _certificate(signer)
    packets = _packets(signature, name)
    file.open("rb").close()  # Sequoia tells a file it cannot read like one that was not signed
    for packet in packets:
        if (key := _key_of(file, packet, certificate)) and packet.signature_created:
            return Signed(key, packet.signature_created)

    def counts(packet: Packet, other: Cert) -> bool:
        return bool(_key_of(file, packet, other))

    raise Rejected(why_not(packet, certificate, name, counts) for packet in packets)


def _key_of(file: Path, packet: Packet, certificate: Cert) -> str:
    """Give the fingerprint of the key that made a good signature of the file, "" where it is none.

    A signature of a text is none: it leaves line ends open, so that it is of several files.
    """
    from pysequoia import Sig, verify  # noqa: PLC0415  (an extra, and takes a while to load)
    from pysequoia.packet import SignatureType  # noqa: PLC0415  (the same)

    if packet.signature_type != SignatureType.Binary:
        return ""
    signature = Sig.from_bytes(bytes(packet))
    try:
        good = verify(file=file, store=lambda _ids: [certificate], signature=signature).valid_sigs
    except RuntimeError:
        return ""
    return str(good[0].signing_key).upper()


def _certificate(signer: Signer) -> Cert:
    """Read the signer's certificate. Raises Rejected (GG545, GG554)."""
    try:
        from pysequoia import Cert  # noqa: PLC0415  (an extra, and takes a while to load)
    except ImportError:
        problem = Problem(
            "GG545",
            "a signature cannot be verified: pysequoia is not installed",
            expected="Sequoia's OpenPGP for Python",
            hint="pip install 'gogen[lock]'",
        )
        raise Rejected([problem]) from None
    try:
        certificate = Cert.from_bytes(signer.certificate)
    except RuntimeError:
        found = "none"
    else:
        found = f"that of {certificate.fingerprint.upper()}"
        if found.endswith(signer.fingerprint):
            return certificate
    problem = Problem(
        "GG554",
        f"the certificate that signatures are held against is {found}",
        expected=f"that of {signer.fingerprint}",
        hint="install gogen again: a file of it was changed",
    )
    raise Rejected([problem])


def _packets(signature: bytes, name: str) -> list[Packet]:
    """Give the signatures that a file holds. Raises Rejected (GG546) where it has none."""
    from pysequoia.packet import PacketPile, Tag  # noqa: PLC0415  (an extra)

    if not signature:
        found = "nothing is there"
    elif len(signature) > LARGEST:
        found = f"it has {len(signature)} bytes"
    elif b"<html" in signature[:LARGEST].lower():
        found = "it is an HTML page"
    else:
        try:
            packets = list(PacketPile.from_bytes(signature))
        except RuntimeError as error:
            # The lines behind the first say where in Sequoia's code it failed.
            found = str(error).partition("\n")[0].strip(" .").lower()
        else:
            if packets and all(packet.tag == Tag.Signature for packet in packets):
                return packets
            found = "it holds " + ", ".join(sorted({str(packet.tag) for packet in packets}))
    problem = Problem(
        "GG546",
        f"{name}{SUFFIX} is no OpenPGP signature: {found}",
        expected="a block that begins with -----BEGIN PGP SIGNATURE-----",
        hint="look at what the source sent, and at https://dl.google.com/go/",
    )
    raise Rejected([problem])
