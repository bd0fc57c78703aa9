"""Debian's `docker-registry` on loopback, and images pushed into it through its own API.

    with registry(folder) as host:
        digest = push(host, "tools/go", "1.27", ["linux/amd64", "linux/arm64"])

The same folder can then be served again with a login (`htpasswd`) or with tokens (`Realm`).
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from tests.servers.https import Reply, Request, serving
from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

OCI = "application/vnd.oci.image.{}.v1+json"
OCI_INDEX, OCI_MANIFEST = OCI.format("index"), OCI.format("manifest")
DOCKER = "application/vnd.docker.distribution.manifest.{}v2+json"
DOCKER_LIST, DOCKER_MANIFEST = DOCKER.format("list."), DOCKER.format("")
_CONFIG = {
    OCI_INDEX: "application/vnd.oci.image.config.v1+json",
    DOCKER_LIST: "application/vnd.docker.container.image.v1+json",
}

LOGIN = "reader:s3cret"
HTPASSWD: Mapping[str, Any] = {"htpasswd": {"realm": "a registry", "path": "htpasswd"}}
_HASHED = "reader:$2b$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG\n"


@contextmanager
def registry(folder: Path, auth: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Serve the images below a folder; give the host with its port."""
    program = require("docker-registry")
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"localhost:{free.getsockname()[1]}"
    folder.mkdir(exist_ok=True)
    (folder / "htpasswd").write_text(_HASHED)
    config = {
        "version": 0.1,
        "log": {"accesslog": {"disabled": True}, "level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder)}, "delete": {"enabled": True}},
        "http": {"addr": host},
        **({"auth": auth} if auth else {}),
    }
    (folder / "config.yml").write_text(json.dumps(config))
    argv = [str(program), "serve", "config.yml"]
    said = folder / "said"  # a pipe that nobody reads would fill, and hold the registry
    with said.open("wb") as log, subprocess.Popen(argv, cwd=folder, stderr=log) as process:
        try:
            _await(process, host, said)
            yield host
        finally:
            process.kill()


def _await(process: subprocess.Popen[bytes], host: str, said: Path) -> None:
    port = int(host.rpartition(":")[2])
    for _ in range(250):
        assert process.poll() is None, said.read_text()
        try:
            socket.create_connection(("localhost", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    msg = f"no registry listens at {host}"
    raise AssertionError(msg)


def ask(
    method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> urllib3.BaseHTTPResponse:
    """Ask a registry; fail where it refuses."""
    response = urllib3.request(method, url, body=body, headers=headers, retries=False)
    assert response.status < 300, (method, url, response.status, response.data)
    return response


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Platform(NamedTuple):
    """An image of one platform as it was pushed: its manifest, and how an index names it."""

    manifest: bytes
    entry: Mapping[str, Any]


def push(host: str, path: str, tag: str, platforms: Sequence[str], kind: str = OCI_INDEX) -> str:
    """Push an image for these platforms ("linux/arm/v7"); give the digest of its index."""
    entries = [push_platform(host, path, one, kind).entry for one in platforms]
    index = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": entries}).encode()
    return put(host, path, tag, index, kind)


def push_platform(host: str, path: str, platform: str, kind: str = OCI_INDEX) -> Platform:
    """Push the image of one platform, by its digest only."""
    system, machine, *variant = platform.split("/")
    about = {"os": system, "architecture": machine, **({"variant": variant[0]} if variant else {})}
    config = json.dumps({**about, "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    manifest_kind = OCI_MANIFEST if kind == OCI_INDEX else DOCKER_MANIFEST
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": manifest_kind,
            "config": _blob(host, path, config, _CONFIG[kind]),
            "layers": [],
        }
    ).encode()
    at = put(host, path, digest(manifest), manifest, manifest_kind)
    entry = {"mediaType": manifest_kind, "size": len(manifest), "digest": at, "platform": about}
    return Platform(manifest, entry)


def _blob(host: str, path: str, content: bytes, kind: str) -> Mapping[str, Any]:
    """Upload a blob; give its descriptor."""
    begun = ask("POST", f"http://{host}/v2/{path}/blobs/uploads/")
    url = f"{begun.headers['location']}&digest={digest(content)}"
    ask("PUT", url, content, {"Content-Type": "application/octet-stream"})
    return {"mediaType": kind, "size": len(content), "digest": digest(content)}


def put(host: str, path: str, reference: str, manifest: bytes, kind: str) -> str:
    """Push a manifest or index by tag or digest; give its digest."""
    url = f"http://{host}/v2/{path}/manifests/{reference}"
    assert ask("PUT", url, manifest, {"Content-Type": kind}).status == 201
    return digest(manifest)


def remove(host: str, path: str, at: str) -> None:
    """Remove a manifest from a registry, and every tag that names it."""
    ask("DELETE", f"http://{host}/v2/{path}/manifests/{at}")


class Realm:
    """A token server: it gives tokens as Docker's specification has them to who has the login."""

    def __init__(self, folder: Path) -> None:
        """Make the key that signs, and keep its certificate for a registry."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
        now = dt.datetime.now(dt.UTC)  # noqa: TID251  (certificates have a term)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.now = int(now.timestamp())
        self.bundle = folder / "tokens.pem"
        self.bundle.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.anonymous = False
        self.asked: list[Request] = []

    def auth(self, url: str) -> Mapping[str, Any]:
        """Give the setting of a registry that sends clients to this realm."""
        rest = {"service": "a registry", "issuer": "tokens", "rootcertbundle": str(self.bundle)}
        return {"token": {"realm": url, **rest}}

    @contextmanager
    def serving(self, *, tls: bool = False) -> Iterator[str]:
        """Serve; give the address of the realm."""
        with serving({"*": self.reply}, tls=tls) as server:
            yield f"{server.url}/token"

    def reply(self, request: Request) -> Reply:
        """Answer who asks for a token."""
        self.asked.append(request)
        login = base64.b64encode(LOGIN.encode()).decode()
        if not self.anonymous and request.headers.get("authorization") != f"Basic {login}":
            return Reply(b"{}", 401)
        query = parse_qs(urlsplit(request.path).query)
        kind, name, actions = query["scope"][0].split(":")
        access = [{"type": kind, "name": name, "actions": actions.split(",")}]
        return Reply(json.dumps({"token": self.token(query["service"][0], access)}).encode())

    def token(self, service: str, access: list[dict[str, Any]]) -> str:
        """Sign a token (JWT, ES256) that lets in for a minute."""
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        head = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        times = {"exp": self.now + 60, "nbf": self.now - 60, "iat": self.now}
        claims = {"iss": "tokens", "sub": "", "aud": service, "jti": "1", "access": access}
        signed = ".".join(_packed(json.dumps(part).encode()) for part in (head, claims | times))
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_packed(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
