"""A real git server over HTTPS on loopback: git's own CGI program behind TLS of the tests' own."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

from tests.servers.https import authority
from tests.tools import SEARCH, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to `git http-backend` (RFC 3875), and its answer back."""

    base: ClassVar[Path]

    def do_GET(self) -> None:
        path, _mark, query = self.path.partition("?")
        length = self.headers.get("Content-Length", "0")
        environment = {
            "PATH": SEARCH,
            "GIT_PROJECT_ROOT": str(self.base),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": length,
        }
        said = subprocess.run(
            [str(require("git")), "http-backend"],
            env=environment,
            input=self.rfile.read(int(length)),
            capture_output=True,
            check=True,
        ).stdout
        head, _blank, body = said.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        headers["Content-Length"] = str(len(body))  # the end of TLS is no end of a body
        self.send_response(int(headers.pop("Status", "200")[:3]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def git_over_https(base: Path) -> Iterator[str]:
    """Serve the repositories below a folder; give the address, trusted by `authority().ca_file`."""
    handler = type("Handler", (_Handler,), {"base": base})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    httpd.socket = authority().context(("localhost",)).wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
