"""How a registry lets us in: with nobody's name, with a password, or with a token for one image.

A registry answers 401 and says what it wants (RFC 9110 §11, and Docker's token specification): a
password (Basic), or a token (Bearer) that a server of its choice, the realm, gives to whoever may
read the repository. A password goes to the registry it is for and to the realm that this registry
names, encrypted or within this machine, and nowhere else; asked for is the right to pull this one
repository, whatever the registry would like.
"""

from __future__ import annotations

import binascii
import json
import netrc
import re
from base64 import b64decode, b64encode
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from generator.lock.images import HUB
from generator.problems import Problem, Rejected
from generator.supply.asks import is_here

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from generator.supply.asks import Asks
    from generator.supply.http import Answer

_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)="((?:[^"\\]|\\.)*)"')
_BEARER = re.compile(r"(?:^|,)\s*bearer\s+", re.IGNORECASE)
_BASIC = re.compile(r"(?:^|,)\s*basic\b", re.IGNORECASE)
_TOKEN = re.compile(r"[!-~]+")
_TOKEN_LIMIT = 1 << 20
_NETRC = "machine HOST login USER password PASSWORD"
_DENIED = frozenset({401, 403})

_OF_THE_HUB = frozenset({"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


class Repository(NamedTuple):
    """A repository of a registry: the host ("docker.io", "[::1]:5000") and the path on it."""

    host: str
    path: str

    def __str__(self) -> str:
        """Write it as part of an image's name."""
        return f"{self.host}/{self.path}"


class Logins(NamedTuple):
    """Passwords for registries.

    `passwords` are "user:password" by host, or by host and the beginning of a path; `helpers` the
    hosts whose passwords a credential helper keeps ("*": all of them).
    """

    passwords: Mapping[str, str]
    helpers: frozenset[str]

    def of(self, repository: Repository) -> str:
        """Give "user:password" for a repository, the one that names most of it; "" for none."""
        name = str(repository)
        while name and name not in self.passwords:
            name = name.rpartition("/")[0]
        return self.passwords.get(name or _without_port(repository.host), "")

    def helped(self, repository: Repository) -> bool:
        """Tell whether a credential helper would know a password."""
        return bool(self.helpers & {"*", repository.host})


NOBODY = Logins({}, frozenset())


def read_logins(config: Path | None, passwords: Path | None = None) -> Logins:
    """Read Docker's config.json, and a netrc file for the hosts that it does not have.

    A file that is not there holds nothing; the `default` of a netrc is for no registry.
    Raises Rejected (GG557).
    """
    known = _netrc(passwords) if passwords else {}
    found = _config(config) if config else NOBODY
    return Logins({**known, **found.passwords}, found.helpers)


def _config(file: Path) -> Logins:
    """Read the logins of a config.json; those that a helper keeps have no `auth` there."""
    try:
        said = json.loads(file.read_bytes())
        auths = said.get("auths", {})
        passwords = {_name(key): _password(auths[key]) for key in auths if auths[key].get("auth")}
        helpers = [_name(key) for key in said.get("credHelpers", {})]
    except FileNotFoundError:
        return NOBODY
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise _unreadable(file, str(error), '{"auths": {…}}, as docker login writes it') from None
    return Logins(passwords, frozenset([*helpers, *["*"] * ("credsStore" in said)]))


def _netrc(file: Path) -> Mapping[str, str]:
    """Read the passwords of a netrc file."""
    try:
        hosts = netrc.netrc(str(file)).hosts
    except FileNotFoundError:
        return {}
    except netrc.NetrcParseError as error:  # its text may hold a password
        raise _unreadable(file, f"line {error.lineno}", _NETRC) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, str(error), _NETRC) from None
    return {_name(host): f"{of[0]}:{of[2]}" for host, of in hosts.items()}


def _unreadable(file: Path, why: str, expected: str) -> Rejected:
    message = f"{file}: the logins in it cannot be read: {why}"
    hint = "correct the file, or name another"
    return Rejected([Problem("GG557", message, expected=expected, hint=hint)])


def _name(key: str) -> str:
    """Give the name a login is for: "docker.io" for "https://index.docker.io/v1/"."""
    name = re.sub(r"^https?://|/v[12]/?$|/$", "", key)
    return HUB if name in _OF_THE_HUB else name


def _without_port(host: str) -> str:
    return urlsplit(f"//{host}").hostname or host


def _password(entry: Mapping[str, Any]) -> str:
    """Give "user:password" of an entry. Raises ValueError."""
    try:
        return b64decode(entry["auth"], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        msg = "an auth is not in base64"
        raise ValueError(msg) from None


class Denied(Rejected):
    """A registry lets nobody in without a login, or not who has it (GG555)."""


class Door:
    """Asks registries, and does what they want before they answer; for many threads."""

    def __init__(self, client: Asks, logins: Logins = NOBODY) -> None:
        """Ask with the client, as whom `logins` knows."""
        self._client = client
        self._logins = logins
        self._keys: dict[Repository, str] = {}
        self._lock = Lock()

    def get(
        self, url: str, repository: Repository, *, limit: int, headers: Mapping[str, str]
    ) -> Answer:
        """Give the answer of a registry about a repository, not 401 nor 403.

        Raises Rejected: Denied where it lets nobody in, GG556 where its token is not to be had.
        """
        with self._lock:
            key = self._keys.get(repository, "")
        sent = {**headers, "Authorization": key} if key else headers
        answer = self._client.get(url, limit=limit, headers=sent)
        if answer.status not in _DENIED:
            return answer
        key = self._key(answer.headers.get("www-authenticate", ""), repository)
        answer = self._client.get(url, limit=limit, headers={**headers, "Authorization": key})
        if answer.status in _DENIED:
            raise self._denied(repository)
        with self._lock:
            self._keys[repository] = key
        return answer

    def _key(self, challenge: str, repository: Repository) -> str:
        """Give the Authorization that a challenge asks for."""
        password = self._logins.of(repository)
        if bearer := _BEARER.search(challenge):
            asked = dict(_PARAMETER.findall(challenge[bearer.end() :]))
            return f"Bearer {self._token(asked, repository, password)}"
        if not password or not _BASIC.search(challenge):
            raise self._denied(repository)
        return _basic(password)

    def _token(self, asked: Mapping[str, str], repository: Repository, password: str) -> str:
        """Ask the realm for a token."""
        url = _realm(asked.get("realm", ""), repository)
        query = {"scope": f"repository:{repository.path}:pull"}
        if "service" in asked:
            query["service"] = asked["service"]
        url += ("&" if urlsplit(url).query else "?") + urlencode(query)
        headers = {"Authorization": _basic(password)} if password else {}
        answer = self._client.get(url, limit=_TOKEN_LIMIT, headers=headers)
        if answer.status in _DENIED:
            raise self._denied(repository)
        return _read_token(answer, url, repository)

    def _denied(self, repository: Repository) -> Denied:
        """Tell that a registry lets us not in; which is also what some say of what they lack."""
        host = repository.host
        if self._logins.of(repository):
            message, hint = "it does not take the login that gogen has", f"docker login {host}"
        elif self._logins.helped(repository):
            message = "it wants a login, and a credential helper, which gogen does not run, has it"
            hint = "write the login for this host in ~/.netrc"
        else:
            message = "it wants a login, or has no such repository"
            hint = f"look at the name; docker login {host}, if it is right"
        return Denied([Problem("GG555", f"{repository}: {message}", hint=hint)])


def _basic(password: str) -> str:
    return f"Basic {b64encode(password.encode()).decode()}"


def _realm(realm: str, repository: Repository) -> str:
    """Give the address tokens are asked at. Raises Rejected (GG556) for one that is not safe."""
    try:
        parts = urlsplit(realm)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_here(parts.hostname))
        safe = safe and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment
    except ValueError:
        safe = False
    if not safe:
        raise _no_token(
            repository,
            f"it sends us for a token to {realm[:200]!r}, where everybody could listen",
            "a realm with https",
        )
    return realm


def _read_token(answer: Answer, url: str, repository: Repository) -> str:
    """Give the token of a realm's answer."""
    at = urlsplit(url).netloc
    if answer.is_html:
        raise _no_token(repository, f"{at} answered with a page for people, not with a token")
    try:
        said = json.loads(answer.body)
        token = said.get("token") or said.get("access_token")
    except (ValueError, AttributeError, RecursionError):
        token = None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise _no_token(repository, f"{at} answered without a token (HTTP status {answer.status})")
    return token


def _no_token(repository: Repository, why: str, expected: str = "") -> Rejected:
    hint = "this registry is set up wrongly, or somebody else answers for it"
    return Rejected([Problem("GG556", f"{repository}: {why}", expected=expected, hint=hint)])
