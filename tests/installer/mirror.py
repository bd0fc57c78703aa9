"""A mirror of archives on loopback that behaves as badly as its URL says.

`http://127.0.0.1:PORT/<how>/<file>`: every folder holds the same files, and how they are given is
the folder's name (the methods of `_Handler`).
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from tests.installer.machine import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HTML = b"<!doctype html><title>Downloads</title>" + b"<p>Choose a file.</p>" * 100


class Asked(NamedTuple):
    """A request: how, the file, the bytes it begins at."""

    how: str
    file: str
    start: int


class Mirror(ThreadingHTTPServer):
    """The server; `files` is what it has, `asked` what was asked of it.

    `insecure` is where `plain` sends its clients, `go_on` what `held` waits for.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[Asked] = []
        self.insecure = ""
        self.go_on = threading.Event()

    def url(self, how: str, scheme: str = "http") -> str:
        """Give the folder that behaves so."""
        return f"{scheme}://127.0.0.1:{self.server_port}/{how}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients are killed here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def mirror(self) -> Mirror:
        """The server."""
        assert isinstance(self.server, Mirror)
        return self.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer as the folder says."""
        how, _, path = self.path.lstrip("/").partition("/")
        name = path.rpartition("/")[2]
        start = int((self.headers["Range"] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.mirror.asked.append(Asked(how, name, start))
        self.close_connection = True
        content = self.mirror.files.get(name)
        if content is None or not hasattr(self, how):
            self.gone(b"", 0)
        else:
            getattr(self, how)(content, start)

    def _begin(self, content: bytes, start: int, length: int | None = None) -> None:
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start if length is None else length))
        self.send_header("Connection", "close")
        self.end_headers()

    def good(self, content: bytes, start: int) -> None:
        """Give the file, or the rest of it."""
        if start >= len(content):
            self.send_error(416)
            return
        self._begin(content, start)
        self.wfile.write(content[start:])

    def gone(self, _content: bytes, _start: int) -> None:
        """Answer 404."""
        self.send_error(404)

    def html(self, _content: bytes, _start: int) -> None:
        """Answer a page, with 200."""
        self._begin(HTML, 0)
        self.wfile.write(HTML)

    def wrong(self, content: bytes, start: int) -> None:
        """Give a file of the right size with one byte changed."""
        at = len(content) // 2
        self.good(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :], start)

    def truncate(self, content: bytes, start: int) -> None:
        """Give half of what is left and hang up."""
        self._begin(content, start)
        self.wfile.write(content[start : start + (len(content) - start + 1) // 2])

    def norange(self, content: bytes, _start: int) -> None:
        """Give the whole file, whatever was asked for."""
        self.good(content, 0)

    def stall(self, content: bytes, start: int) -> None:
        """Give a little and then nothing, and nothing at all to who comes again."""
        if start:
            self.gone(b"", 0)
            return
        self._begin(content, 0)
        self.wfile.write(content[:100])
        self.wfile.flush()
        time.sleep(60)

    def held(self, content: bytes, start: int) -> None:
        """Give half of the file, and the rest once the mirror may go on."""
        self._begin(content, start)
        half = start + (len(content) - start) // 2
        self.wfile.write(content[start:half])
        self.wfile.flush()
        self.mirror.go_on.wait(2 * PATIENCE)
        self.wfile.write(content[half:])

    def reset(self, content: bytes, start: int) -> None:
        """Give a little and break the connection."""
        self._begin(content, start)
        self.wfile.write(content[start : start + 100])
        self.wfile.flush()
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def plain(self, _content: bytes, _start: int) -> None:
        """Send the client on to plain HTTP."""
        self.send_response(302)
        name = self.path.rpartition("/")[2]
        self.send_header("Location", f"{self.mirror.insecure}/{name}")
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def secured(mirror: Mirror, key: Path, certificate: Path) -> Iterator[Mirror]:
    """Run a second mirror of the same files, over TLS."""
    second = Mirror()
    second.files = mirror.files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    second.socket = context.wrap_socket(second.socket, server_side=True)
    with serving(second):
        yield second


@contextmanager
def serving(mirror: Mirror) -> Iterator[None]:
    """Run a mirror."""
    thread = threading.Thread(target=mirror.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        mirror.shutdown()
        mirror.server_close()
