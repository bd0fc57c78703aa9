"""HTTP: the one door to the network, with limits that hold whatever the other side does.

Only https is spoken, and plain http to this machine itself. Every answer has a limit in bytes and a
deadline that counts from the look-up of the name to the last byte, retries and redirects in it: a
server that drips holds nobody. Which certificates, proxies and passwords there are is told by the
caller (`Web`); nothing is read from the environment here.
"""

from __future__ import annotations

import hashlib
import netrc
import random
import re
import ssl
import time
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # no stub

import truststore
import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry, Timeout, make_headers

from generator import __version__
from generator.supply import faults
from generator.supply.asks import NONE, is_here
from generator.supply.base import Unreached
from generator.supply.faults import Again
from generator.supply.waiting import Waits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

GIVEN_BACK = frozenset({*range(200, 300), 304, 401, 403, 404, 410})
"""Statuses that are an answer; what they mean is the caller's to say."""

_LENGTH = re.compile(r"[0-9]{1,18}")  # what is longer, no server can mean
_REFUSAL = 400  # statuses from here on refuse: what their bodies say is for people
_BUSY = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_CHUNK = 1 << 18  # bytes: hashing and writing keep up with a disk
_AT_ONCE = 8  # connections kept to one host
_LONGEST_PAUSE = 30.0  # seconds that a busy server may ask for


class Web(NamedTuple):
    """How the network is reached.

    `connect` and `read` are seconds without a byte; `deadline` is the seconds one answer may take
    in all, `download` those of a file. `retries` follow the first try, after `pause` seconds and
    twice as many each time. `ca_file` holds certificates trusted besides the system's. `proxies`
    are by scheme ("https", "all"), `no_proxy` lists hosts with commas as curl reads it; this
    machine is never asked through a proxy. `netrc` is a file of passwords, "" for none.
    """

    connect: float = 10.0
    read: float = 30.0
    deadline: float = 60.0
    download: float = 1800.0
    retries: int = 3
    pause: float = 0.5
    ca_file: str = ""
    proxies: Mapping[str, str] = NONE
    no_proxy: str = ""
    netrc: str = ""


class Answer(NamedTuple):
    """What a server said; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_html(self) -> bool:
        """Tell whether this is a page for people: a portal, a listing, an error with status 200."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind == "text/html" or self.body.lstrip()[:1] == b"<"


class _Ask(NamedTuple):
    """One question: its headers, the most bytes its answer may have, when it ends (monotonic)."""

    url: str
    headers: Mapping[str, str]
    limit: int
    seconds: float
    ends: float

    def left(self) -> float:
        """Give the seconds that are left. Raises Rejected (GG503) where none are."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise faults.late(self.url, self.seconds)
        return left


class _Body:
    """Where an answer's bytes go: a file and a hash; begun anew by each try."""

    def __init__(self, file: BinaryIO, advance: Callable[[int, int], None]) -> None:
        self.file = file
        self.advance = advance
        self.begin(0)

    def begin(self, total: int) -> None:
        """Forget what a former try left; `total` bytes are to come, 0 where nobody knows."""
        self.file.seek(0)
        self.file.truncate()
        self.hash = hashlib.sha256()
        self.done = 0
        self.total = total

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        self.file.write(data)
        self.hash.update(data)
        self.done += len(data)
        self.advance(self.done, max(self.total, self.done))


class Client:
    """Asks servers; many threads may use one, it keeps connections open between questions."""

    def __init__(self, web: Web) -> None:
        """Ask as `web` says. Raises Rejected (GG509) for certificates that cannot be read."""
        self.web = web
        self._trust = _trust(web.ca_file)
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._waits = Waits()

    def __enter__(self) -> Self:
        """Give the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection; who still waits for an answer gets CancelledError."""
        self._waits.give_up()
        for manager in self._managers.values():
            manager.clear()

    def get(self, url: str, *, limit: int, headers: Mapping[str, str] = NONE) -> Answer:
        """Give the answer to GET of at most `limit` bytes, as it was sent (no encoding undone).

        `headers` go to the first host only, not to one it redirects to. Raises Rejected (GG500 to
        GG509) for a status that is none of GIVEN_BACK and for all that goes wrong on the way.
        """
        memory = BytesIO()
        body = _Body(memory, lambda _done, _total: None)
        status, answered = self._ask(url, headers, limit, self.web.deadline, body)
        return Answer(status, answered, memory.getvalue())

    def save(
        self,
        url: str,
        file: BinaryIO,
        *,
        limit: int,
        advance: Callable[[int, int], None],
        headers: Mapping[str, str] = NONE,
    ) -> str:
        """Write what is at `url` to an empty file; give its SHA-256 in hex.

        `advance` hears of bytes done and due, from a thread of ours. A file of which this failed
        may hold anything. Raises as `get` does, and for every status but 200.
        """
        body = _Body(file, advance)
        status, _ = self._ask(url, headers, limit, self.web.download, body)
        if status != 200:  # noqa: PLR2004  (OK: the whole file)
            raise faults.status(url, status)
        return body.hash.hexdigest()

    def _ask(
        self, url: str, headers: Mapping[str, str], limit: int, seconds: float, body: _Body
    ) -> tuple[int, Mapping[str, str]]:
        """Ask in a thread that is given up at the deadline: a look-up of a name knows none."""
        ask = _Ask(url, headers, limit, seconds, time.monotonic() + seconds)
        try:
            return self._waits.within(seconds, lambda: self._tries(ask, body))
        except TimeoutError:
            raise faults.late(url, seconds) from None

    def _tries(self, ask: _Ask, body: _Body) -> tuple[int, Mapping[str, str]]:
        """Ask, and ask again what may be mended by waiting."""
        pause = self.web.pause
        for _ in range(self.web.retries):
            try:
                return self._followed(ask, body)
            except Again as again:
                wait = pause * random.uniform(1, 1.5) if again.wait is None else again.wait  # noqa: S311  (spreads clients, no secret)
                if wait > min(_LONGEST_PAUSE, ask.left()):
                    raise Unreached([again.problem]) from None
            time.sleep(wait)
            pause *= 2
        try:
            return self._followed(ask, body)
        except Again as again:
            raise Unreached([again.problem]) from None

    def _followed(self, ask: _Ask, body: _Body) -> tuple[int, Mapping[str, str]]:
        """Ask, and go where the server sends us."""
        url, headers = ask.url, ask.headers
        for _ in range(_HOPS + 1):
            response = self._opened(url, headers, ask)
            try:
                target = response.headers.get("location")
                if response.status not in _REDIRECTS or not target:
                    return self._taken(url, response, ask, body)
            finally:
                response.close()
            before, url = url, _target(url, target)
            if urlsplit(before).scheme == "https" != urlsplit(url).scheme:
                raise faults.downgrade(before, url)
            if urlsplit(before).netloc != urlsplit(url).netloc:
                headers = NONE  # a password is for the host it was meant for
        raise faults.loop(ask.url, _HOPS)

    def _opened(self, url: str, headers: Mapping[str, str], ask: _Ask) -> urllib3.BaseHTTPResponse:
        """Send the question; give the answer with its body still to come."""
        plain, password = _judged(url)
        manager = self._manager(plain)
        left = ask.left()
        try:
            return manager.request(
                "GET",
                plain,
                headers=self._headers(plain, password, headers),
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=min(self.web.connect, left), read=min(self.web.read, left)),
            )
        except HTTPError as error:
            raise faults.failed(url, error) from error

    def _headers(self, url: str, password: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Give what is sent: the caller's headers, and a password if the caller brings none."""
        sent = {"User-Agent": f"gogen/{__version__}", "Accept-Encoding": "identity"}
        host = urlsplit(url).hostname or ""
        if not password and (known := self._passwords and self._passwords.authenticators(host)):
            password = f"{known[0]}:{known[2]}"
        if password:
            sent |= {"Authorization": make_headers(basic_auth=password)["authorization"]}
        return {**sent, **headers}

    @cached_property
    def _passwords(self) -> netrc.netrc | None:
        if not self.web.netrc:
            return None
        try:
            return netrc.netrc(self.web.netrc)
        except FileNotFoundError:
            return None
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError) as error:
            raise faults.unreadable(self.web.netrc, error) from None

    def _manager(self, url: str) -> urllib3.PoolManager:
        """Give the pool of connections that leads to a host: straight, or through its proxy."""
        parts = urlsplit(url)
        proxy = self.web.proxies.get(parts.scheme) or self.web.proxies.get("all", "")
        if is_here(parts.hostname) or proxy_bypass_environment(
            parts.netloc.rpartition("@")[2], {"no": self.web.no_proxy}
        ):
            proxy = ""
        if proxy not in self._managers:
            self._managers[proxy] = self._made(proxy)
        return self._managers[proxy]

    def _made(self, proxy: str) -> urllib3.PoolManager:
        trust = self._trust
        if not proxy:
            return urllib3.PoolManager(maxsize=_AT_ONCE, ssl_context=trust)
        try:
            if not urlsplit(proxy).hostname:
                raise urllib3.exceptions.LocationParseError(proxy)
            auth = urllib3.util.parse_url(proxy).auth
            headers = make_headers(proxy_basic_auth=unquote(auth)) if auth else None
            return urllib3.ProxyManager(
                proxy,
                proxy_headers=headers,
                proxy_ssl_context=trust,
                maxsize=_AT_ONCE,
                ssl_context=trust,
            )
        except (HTTPError, AssertionError) as error:
            raise faults.no_proxy(proxy, error) from None

    def _taken(
        self, url: str, response: urllib3.BaseHTTPResponse, ask: _Ask, body: _Body
    ) -> tuple[int, Mapping[str, str]]:
        """Take an answer's body as far as it may go; give status and headers."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        _require_answer(url, response.status, headers)
        wanted = response.status < _REFUSAL
        claimed = headers.get("content-length", "")
        total = int(claimed) if _LENGTH.fullmatch(claimed) else 0
        if wanted and total > ask.limit:
            raise faults.large(url, ask.limit, total)
        body.begin(total)
        try:
            while data := response.read1(_CHUNK):
                ask.left()
                if body.done + len(data) > ask.limit:
                    if wanted:
                        raise faults.large(url, ask.limit)
                    break
                body.take(data)
        except HTTPError as error:
            raise faults.failed(url, error) from error
        return response.status, headers


def _require_answer(url: str, status: int, headers: Mapping[str, str]) -> None:
    """Raise Again where the server is busy, Rejected where this is no answer."""
    if status in _BUSY:
        raise Again(faults.status(url, status).problems[0], _wait(headers))
    if status not in GIVEN_BACK:
        raise faults.status(url, status)
    encoding = headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise faults.not_http(url, f"it is encoded as {encoding}, which nobody asked for")


def _trust(ca_file: str) -> ssl.SSLContext:
    """Give the certificates trusted: the system's, and those of a file."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise faults.unreadable(ca_file, error) from None
    return context


def _judged(url: str) -> tuple[str, str]:
    """Give an address without what stands before its host, and that: "user:password" or "".

    Raises Rejected (GG507) for an address that may not be asked.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises for what is none
    except ValueError as error:
        raise faults.address(url, str(error)) from None
    if not host or parts.scheme not in {"http", "https"}:
        raise faults.address(url, "this is no address of the web")
    if parts.scheme == "http" and not is_here(host):
        raise faults.address(url, "plain HTTP: whoever sits between could change every byte")
    password, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=place, fragment="")), unquote(password)


def _target(url: str, location: str) -> str:
    """Give the address a server sends us to. Raises Rejected (GG508) for what is none."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise faults.not_http(url, f"it redirects to no address: {error}") from None


def _wait(headers: Mapping[str, str]) -> float | None:
    """Give the seconds a busy server asks to wait, None where it does not say so rightly."""
    try:
        return Retry().parse_retry_after(headers["retry-after"])
    except (KeyError, InvalidHeader, ValueError, OverflowError):
        return None
