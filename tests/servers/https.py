"""A server on loopback, with TLS of its own authority, that can behave as badly as any.

    with serving({"/a": Reply(b"text")}) as server:
        … server.url + "/a", trusted by server.ca_file …

A route is a reply, a list of replies (one a request, the last stays) or a function of the request.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Headers = Mapping[str, str]
NONE: Headers = MappingProxyType({})


class Reply(NamedTuple):
    """What is answered, and how badly.

    `claim` is the Content-Length said instead of the true one (-1: none, the connection's end is
    the body's); only the first `truncate` bytes of the body are sent; `drip` is the seconds before
    each byte of the body, `header_drip` before each byte of the head; `drop` answers nothing;
    `endless` sends the body again and again.
    """

    body: bytes = b""
    status: int = 200
    headers: Headers = NONE
    claim: int | None = None
    truncate: int | None = None
    drip: float = 0
    header_drip: float = 0
    drop: bool = False
    endless: bool = False


def page(text: str = "Sign in", status: int = 200) -> Reply:
    """Give a page for people where something else is due."""
    html = f"<!DOCTYPE html><title>{text}</title>".encode()
    return Reply(html, status, {"Content-Type": "text/html; charset=utf-8"})


def redirect(to: str, status: int = 302) -> Reply:
    """Send the client elsewhere."""
    return Reply(b"", status, {"Location": to})


class Request(NamedTuple):
    """What was asked; names of headers in lower case."""

    path: str
    headers: Headers


Route = Reply | list[Reply] | Callable[[Request], Reply]


@dataclass
class Server:
    """A server at work; `requests` is what it was asked so far, in order."""

    url: str
    ca_file: str
    port: int
    routes: dict[str, Route]
    requests: list[Request] = field(default_factory=list)

    def reply(self, request: Request) -> Reply:
        """Give the reply to a request, 404 where there is no route."""
        self.requests.append(request)
        route = self.routes.get(request.path) or self.routes.get("*") or Reply(b"no\n", 404)
        if isinstance(route, list):
            return route.pop(0) if len(route) > 1 else route[0]
        return route if isinstance(route, Reply) else route(request)

    def asked(self, path: str) -> int:
        """Tell how often a path was asked for."""
        return sum(request.path == path for request in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for the word that its head came
    served: ClassVar[Server]

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.served.reply(Request(self.path, headers))
        self.close_connection = reply != Reply(reply.body, reply.status, reply.headers)
        if reply.drop:
            return
        with suppress(OSError):  # the client has had enough
            self._head(reply)
            self._body(reply)

    def _head(self, reply: Reply) -> None:
        lines = [f"HTTP/1.1 {reply.status} Reply"]
        lines += ["Connection: close"] * self.close_connection
        length = len(reply.body) if reply.claim is None else reply.claim
        if length >= 0:
            lines.append(f"Content-Length: {length}")
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        self._slowly("\r\n".join([*lines, "", ""]).encode(), reply.header_drip)

    def _body(self, reply: Reply) -> None:
        self._slowly(reply.body[: reply.truncate], reply.drip)
        while reply.endless:
            self.wfile.write(reply.body)

    def _slowly(self, data: bytes, seconds: float) -> None:
        if not seconds:
            self.wfile.write(data)
            return
        for byte in data:
            time.sleep(seconds)
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a thread that drips is not waited for

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that leave, or that trust no one."""


@contextmanager
def serving(
    routes: Mapping[str, Route], *, tls: bool = True, names: tuple[str, ...] = ("localhost",)
) -> Iterator[Server]:
    """Serve the routes by path until the block ends; "*" is every other path."""
    httpd = _Quiet(("127.0.0.1", 0), _Handler, bind_and_activate=True)
    port = httpd.server_address[1]
    scheme = "https" if tls else "http"
    server = Server(f"{scheme}://localhost:{port}", authority().ca_file, port, dict(routes))
    httpd.RequestHandlerClass = type("Handler", (_Handler,), {"served": server})
    if tls:
        # The handshake is the handler's thread's work: one client must not hold up another.
        httpd.socket = (
            authority()
            .context(names)
            .wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
        )
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


class Authority:
    """A certificate authority of the tests' own."""

    def __init__(self, folder: Path, name: str = "Test authority") -> None:
        """Make its key and certificate, and keep the certificate in `folder`."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(self.name, self.key.public_key(), (), ca=True)
        self.folder = folder
        file = folder / "ca.pem"
        file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.ca_file = str(file)
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}

    def context(self, names: tuple[str, ...]) -> ssl.SSLContext:
        """Give what a server needs to be taken for these hosts (names or addresses)."""
        if names not in self._contexts:
            key = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
            certificate = self._signed(subject, key.public_key(), names, ca=False)
            pem = self.folder / f"{len(self._contexts)}.pem"
            pem.write_bytes(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                + certificate.public_bytes(serialization.Encoding.PEM)
            )
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            self._contexts[names] = context
        return self._contexts[names]

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        names: tuple[str, ...],
        *,
        ca: bool,
    ) -> x509.Certificate:
        day = dt.timedelta(days=1)
        now = dt.datetime.now(dt.UTC)  # noqa: TID251  (certificates have a term)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
            )
        return builder.sign(self.key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@cache
def authority() -> Authority:
    """Give the authority of this test run, whose certificate clients are told to trust."""
    return Authority(Path(tempfile.mkdtemp(prefix="gogen-test-ca-")))
