"""Ask an image's registry for the index digest of its tag (OCI distribution-spec v1.1).

A digest is the hash of the bytes that came; what the registry says it would be is only compared.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from generator.lock.images import HUB, split_host, split_tag
from generator.lock.model import ImagePin
from generator.problems import Problem, Rejected
from generator.supply.asks import NONE, is_here
from generator.supply.base import NOTHING, Source
from generator.supply.ocindex import DIGEST, INDEX_TYPES, MANIFEST_TYPES, platforms_of
from generator.supply.registryauth import Denied, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.supply.http import Answer
    from generator.supply.registryauth import Door

PROOF = "registry"
"""Proof: the registry gave an index whose bytes have this digest."""

_HUB_ITSELF = "registry-1.docker.io"
_INDEX_LIMIT = (
    4 << 20
)  # what registries must take at least (distribution-spec, "Pushing Manifests")
_TAGS_LIMIT = 4 << 20
_PAGES = 100
_PAGE = 1000

# The names that distribution-spec v1.1 allows ("Pulling manifests").
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[0-9]{1,5})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_NEXT = re.compile(r'<([^<>]*)>\s*;\s*rel="?next"?')

_ACCEPT = {"Accept": ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))}
"""Manifests too: told what it is, a tag without an index is refused for what it is."""


class Registry(Source):
    """The registries that images name, or their mirrors.

    `today` is the day that new pins are of; `registries` are mirrors by host, as the profile's
    `network.registries`; `platforms` what an image must have, by its reference.
    """

    name = "registry"

    def __init__(
        self,
        door: Door,
        today: str,
        registries: Mapping[str, str] = NONE,
        platforms: Mapping[str, frozenset[str]] = NOTHING,
    ) -> None:
        """Ask through `door`."""
        self._door = door
        self._today = today
        self._registries = registries
        self._platforms = platforms

    def image(self, ref: str) -> ImagePin | None:
        """Give the index digest that the tag has now; None where the registry has no such tag.

        Raises Rejected (GG555 to GG564).
        """
        repository, tag = self._parts(ref)
        answer = self._manifest(repository, tag)
        return answer and ImagePin(self._digest(ref, repository, answer), self._today, (PROOF,))

    def confirm_image(self, ref: str, pin: ImagePin) -> ImagePin:
        """Give a pin of the lock with this proof: the repository still has the index.

        Its tag may have moved. Raises Rejected (GG555 to GG564).
        """
        repository, _tag = self._parts(ref)
        answer = self._manifest(repository, pin.digest)
        if answer is None:
            raise Rejected([_gone(ref, repository, pin)])
        if self._digest(ref, repository, answer) != pin.digest:
            raise Rejected([_other_bytes(repository, pin.digest, answer)])
        return pin._replace(proofs=tuple(sorted({*pin.proofs, PROOF})))

    def image_tags(self, name: str) -> tuple[str, ...]:
        """Give the tags of an image's repository ("debian"), sorted.

        None where there is none, or where the registry lists them not to us. Raises Rejected
        (GG556, GG563, GG564).
        """
        repository, _tag = self._parts(f"{name}:latest")
        url = f"{_base(repository)}/tags/list?n={_PAGE}"
        found: set[str] = set()
        for _ in range(_PAGES):
            try:
                answer = self._door.get(url, repository, limit=_TAGS_LIMIT, headers=NONE)
            except Denied:
                return ()
            if answer.status != 200:  # noqa: PLR2004  (OK)
                return tuple(sorted(found))
            found.update(_read_tags(repository, answer))
            link = _NEXT.search(answer.headers.get("link", ""))
            if not link:
                return tuple(sorted(found))
            url = _following(repository, url, link[1])
        raise _no_tags(repository, f"its list of tags has more than {_PAGES} pages")

    def _parts(self, ref: str) -> tuple[Repository, str]:
        """Give where an image is asked for, and its tag. Raises Rejected (GG564)."""
        name, tag = split_tag(ref)
        host, path = split_host(name)
        mirror, _slash, prefix = self._registries.get(host, host).partition("/")
        full = f"{prefix.rstrip('/')}/{path}" if prefix else path
        if not (_HOST.fullmatch(mirror) and _PATH.fullmatch(full) and _TAG.fullmatch(tag)):
            message = f"{mirror}/{full}:{tag} is no name that a registry can have"
            expected = "lower-case words with / between them, and a tag: debian:trixie-slim"
            raise Rejected([Problem("GG564", message, expected=expected, hint="correct the name")])
        return Repository(mirror, full), tag

    def _manifest(self, repository: Repository, reference: str) -> Answer | None:
        """Give the answer that holds a manifest, by tag or digest."""
        url = f"{_base(repository)}/manifests/{reference}"
        answer = self._door.get(url, repository, limit=_INDEX_LIMIT, headers=_ACCEPT)
        return answer if answer.status == 200 else None  # noqa: PLR2004  (OK)

    def _digest(self, ref: str, repository: Repository, answer: Answer) -> str:
        """Give the digest of the index that came, once it is seen to be one."""
        name = f"{repository}:{split_tag(ref)[1]}"
        platforms_of(name, answer, self._platforms.get(ref, frozenset()))
        claimed = answer.headers.get("docker-content-digest", "")
        if DIGEST.fullmatch(claimed) and claimed != _hash(claimed.partition(":")[0], answer):
            raise Rejected([_other_bytes(repository, claimed, answer)])
        return _hash("sha256", answer)


def _base(repository: Repository) -> str:
    """Give the address of a repository's API: plain HTTP within this machine only."""
    host = _HUB_ITSELF if repository.host == HUB else repository.host
    scheme = "http" if is_here(urlsplit(f"//{host}").hostname) else "https"
    return f"{scheme}://{host}/v2/{repository.path}"


def _hash(algorithm: str, answer: Answer) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, answer.body).hexdigest()}"


def _other_bytes(repository: Repository, digest: str, answer: Answer) -> Problem:
    return Problem(
        "GG561",
        f"{repository}: the registry calls it {digest}, "
        f"but the bytes that came have {_hash(digest.partition(':')[0], answer)}",
        expected="bytes with the digest that they are called by",
        hint="something between here and there changes what is sent: ask another way, or a mirror",
    )


def _gone(ref: str, repository: Repository, pin: ImagePin) -> Problem:
    since = f" since {pin.as_of}" if pin.as_of else ""
    return Problem(
        "GG562",
        f"{repository} has no {pin.digest} any more, which gogen.lock has for {ref}{since}",
        expected="the index that the lock names",
        hint=f"gogen bump {ref} takes what the tag has now; a mirror may still have the old one",
    )


def _read_tags(repository: Repository, answer: Answer) -> list[str]:
    """Give the tags of one page."""
    try:
        said: Any = json.loads(answer.body)
        tags = said["tags"] or []
        right = all(_TAG.fullmatch(tag) for tag in tags)
    except (ValueError, TypeError, LookupError, RecursionError):
        right, tags = False, []
    if not right:
        raise _no_tags(repository, "what came is no list of tags")
    return list(tags)


def _following(repository: Repository, url: str, link: str) -> str:
    """Give the next page of a list, which must be one of the same list."""
    target = urljoin(url, link)
    if target.partition("?")[0] != url.partition("?")[0]:
        raise _no_tags(repository, f"its list of tags goes on elsewhere: {target[:200]!r}")
    return target


def _no_tags(repository: Repository, why: str) -> Rejected:
    hint = "this registry is broken, or no registry: look who answers there"
    return Rejected([Problem("GG563", f"{repository}: {why}", hint=hint)])
