"""Say why an OpenPGP signature does not count; the library itself says only that it does not.

Nothing here makes a signature count. The reasons are read from the packets of the signature, and
of the certificate, which is pinned: what it says of its keys can be believed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from generator.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pysequoia import Cert
    from pysequoia.packet import Packet

_SHORT = 8  # hex digits of a "short" key ID; who wants one makes keys until one has it
_CLOCK = "compare this machine's clock with another; sign anew what was signed with a wrong one"


class _Key(NamedTuple):
    """A key of the certificate with the signatures on it."""

    packet: Packet
    signatures: tuple[Packet, ...]

    @property
    def fingerprint(self) -> str:
        """Its fingerprint in upper-case hex."""
        return (self.packet.fingerprint or "").upper()

    def binding(self, primary: str, at: datetime) -> Packet | None:
        """Give what bound the key at a moment: the newest signature of the primary key by then."""
        made = [
            (signature.signature_created, signature)
            for signature in self.signatures
            if signature.key_flags is not None and primary.endswith(_issuer(signature))
        ]
        by_then = [(when, signature) for when, signature in made if when and when <= at]
        return max(by_then, key=lambda pair: pair[0])[1] if by_then else None


class _Case(NamedTuple):
    """A signature that does not count: when it was made, and the key that it names.

    `keys` are those of the certificate, the primary first; `issuer` is the fingerprint or key ID
    that the signature has, `key` which of them that is; `counts_unrevoked` is whether it would
    count if no key were revoked.
    """

    packet: Packet
    created: datetime
    keys: tuple[_Key, ...]
    issuer: str
    key: _Key | None
    counts_unrevoked: bool

    @property
    def primary(self) -> _Key:
        """The certificate's primary key."""
        return self.keys[0]


def why_not(
    packet: Packet, certificate: Cert, name: str, counts: Callable[[Packet, Cert], bool]
) -> Problem:
    """Give the problem (GG546 to GG553) of a signature of the archive `name` that does not count.

    `counts` tells whether a signature would count with another certificate.
    """
    from pysequoia.packet import SignatureType  # noqa: PLC0415  (an extra, and slow to load)

    found, expected, code, hint = "", "", "GG546", "made by gpg --armor --detach-sign"
    created = packet.signature_created
    if packet.signature_type != SignatureType.Binary or created is None:
        found = "is a signature of another kind than of a file"
        expected = "one over a binary document, with its time"
    else:
        keys = tuple(_keys(certificate))
        issuer = _issuer(packet)
        key = next((k for k in keys if issuer and k.fingerprint.endswith(issuer)), None)
        bare = _without_revocations(certificate)
        case = _Case(packet, created, keys, issuer, key, counts(packet, bare))
        code, found, expected, hint = next(reason for ask in _ASKED if (reason := ask(case)))
    return Problem(code, f"{name}.asc {found}", expected=expected, hint=hint)


def _keys(certificate: Cert) -> Iterator[_Key]:
    """Give the keys of a certificate, the primary first."""
    from pysequoia.packet import Tag  # noqa: PLC0415  (an extra)

    key: Packet | None = None
    signatures: list[Packet] = []
    for packet in _packets(certificate):
        if packet.tag in (Tag.PublicKey, Tag.PublicSubkey):
            if key:
                yield _Key(key, tuple(signatures))
            key, signatures = packet, []
        elif packet.tag == Tag.Signature:
            signatures.append(packet)
    if key:
        yield _Key(key, tuple(signatures))


def _packets(certificate: Cert) -> Iterator[Packet]:
    from pysequoia.packet import PacketPile  # noqa: PLC0415  (an extra)

    yield from PacketPile.from_bytes(bytes(certificate))


def _without_revocations(certificate: Cert) -> Cert:
    from pysequoia import Cert  # noqa: PLC0415  (an extra)
    from pysequoia.packet import SignatureType  # noqa: PLC0415  (an extra)

    revoking = (SignatureType.KeyRevocation, SignatureType.SubkeyRevocation)
    return Cert.from_packets([p for p in _packets(certificate) if p.signature_type not in revoking])


def _issuer(signature: Packet) -> str:
    """Give the fingerprint, or else the key ID, that a signature names its maker with."""
    return (signature.issuer_fingerprint or signature.issuer_key_id or "").upper()


Reason = tuple[str, str, str, str]
"""Code, what was found, what was expected, the way out."""


def _unknown_key(case: _Case) -> Reason | None:
    if case.key:
        return None
    found = f"is by a key that is not the signer's, {case.issuer or 'which it does not name'}"
    likeness = [
        k.fingerprint for k in case.keys if k.fingerprint[-_SHORT:] == case.issuer[-_SHORT:]
    ]
    if likeness:
        found += f", made to look like {likeness[0]}: the last {_SHORT} digits are the same"
    expected = f"{case.primary.fingerprint}, or a key that this one is known to have signed"
    return "GG547", found, expected, "a newer gogen knows newer keys; an unknown one proves nothing"


def _wrong_time(case: _Case) -> Reason | None:
    # The verdict has fallen, by this clock too; no pin and no output holds its time.
    now = datetime.now(UTC)  # noqa: TID251  (words of a refusal only)
    until = case.packet.signature_expiration_time
    if case.created > now:
        return "GG548", f"was made on {_day(case.created)}, a day to come", "", _CLOCK
    if until and until <= now:
        return "GG548", f"was good until {_day(until)}", "one that still is", _CLOCK
    return None


def _weak_hash(case: _Case) -> Reason | None:
    from pysequoia.packet import HashAlgorithm as Hash  # noqa: PLC0415  (an extra)

    if case.packet.hash_algorithm not in (Hash.MD5, Hash.SHA1, Hash.RipeMD):
        return None
    used = str(case.packet.hash_algorithm).rpartition(".")[2]
    hint = "two files can be made that have the same; have it signed with SHA-256"
    return "GG549", f"signs no more than the {used} of a file", "SHA-256 or better", hint


def _revoked(case: _Case) -> Reason | None:
    if not case.counts_unrevoked:
        return None
    found = f"is by {_named(case)}, which its owner revoked"
    return "GG551", found, "a key that was good when it signed", "find out why it was revoked"


def _unbound(case: _Case) -> Reason | None:
    binding = _binding(case, case.created)
    if binding and binding.key_flags and binding.key_flags.signing:
        return None
    young = case.key and (case.key.packet.key_created or case.created) > case.created
    if young:
        return "GG550", f"is older than {_named(case)}, which is said to have made it", "", _CLOCK
    found = f"is by {_named(case)}, which may not sign: nothing binds it for that"
    expected = f"a key that {case.primary.fingerprint} bound to itself, for signing"
    return "GG552", found, expected, "nobody but the owner of the primary key can bind one"


def _expired(case: _Case) -> Reason | None:
    for key in (case.key, case.primary):
        binding = key and key.binding(case.primary.fingerprint, case.created)
        until = _until(key, binding) if key and binding else None
        if until and until <= case.created:
            found = f"was made on {_day(case.created)} by {_named(case)}, good until {_day(until)}"
            hint = "a key that expires after it signed would count; this one was too old to sign"
            return "GG550", found, "one made before that day", hint
    return None


def _other_file(case: _Case) -> Reason:
    found = f"is no signature of this file by {_named(case)}"
    hint = "file or signature was changed, or they belong to two archives: look where they are from"
    return "GG553", found, "the archive that was signed, byte for byte", hint


_ASKED = (_unknown_key, _wrong_time, _weak_hash, _revoked, _unbound, _expired, _other_file)


def _binding(case: _Case, at: datetime) -> Packet | None:
    return case.key and case.key.binding(case.primary.fingerprint, at)


def _until(key: _Key, binding: Packet) -> datetime | None:
    """Give when a binding lets a key end, None for never."""
    created, period = key.packet.key_created, binding.key_validity_period
    return created + period if created and period else None


def _named(case: _Case) -> str:
    """Name the key a signature is by."""
    key = case.key or case.primary
    kind = "the primary key" if key is case.primary else "the subkey"
    return f"{kind} {key.fingerprint}"


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d")
