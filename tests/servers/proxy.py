"""An HTTP proxy on loopback that takes CONNECT, and leads every name to this machine."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Proxy:
    """A proxy at work; `led` are the hosts with ports that it led to, in order.

    `port` is the one of this machine that it leads to whatever port was asked for, 0 for that one.
    """

    url: str
    password: str = ""
    led: list[str] = field(default_factory=list)
    port: int = 0


class _Handler(BaseHTTPRequestHandler):
    proxy: ClassVar[Proxy]

    def do_CONNECT(self) -> None:
        due = "Basic " + base64.b64encode(self.proxy.password.encode()).decode()
        if self.proxy.password and self.headers.get("Proxy-Authorization") != due:
            self.send_error(407)
            return
        self.proxy.led.append(self.path)
        port = self.proxy.port or int(self.path.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as server:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pass_on, args=(server, self.connection), daemon=True)
            back.start()
            _pass_on(self.connection, server)
            back.join()

    def log_message(self, *_: object) -> None:
        pass


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def proxying(password: str = "") -> Iterator[Proxy]:
    """Run a proxy until the block ends; `password` is "user:password", "" for none."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    httpd.daemon_threads = True
    httpd.block_on_close = False
    user = f"{password}@" if password else ""
    proxy = Proxy(f"http://{user}localhost:{httpd.server_address[1]}", password)
    httpd.RequestHandlerClass = type("Handler", (_Handler,), {"proxy": proxy})
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
