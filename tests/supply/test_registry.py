"""The digest of an image's index, asked of real registries and of servers that lie."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from generator.lock.model import ImagePin
from generator.problems import Problem, Rejected
from generator.supply.http import Client, Web
from generator.supply.registry import Registry
from generator.supply.registryauth import NOBODY, Door, Logins, Repository, read_logins
from tests.containers.builder import Builder
from tests.servers.https import Reply, Request, Server, authority, page, redirect, serving
from tests.servers.proxy import proxying
from tests.servers.registry import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    HTPASSWD,
    LOGIN,
    OCI_INDEX,
    OCI_MANIFEST,
    Realm,
    push,
    push_platform,
    put,
    registry,
    remove,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.servers.https import Route

PLATFORMS = ["linux/amd64", "linux/arm64", "linux/arm/v7"]
TODAY = "2026-11-23"
KNOWN = "sha256:" + "7" * 64


def asking(logins: Logins = NOBODY, web: Web | None = None, **more: Any) -> Registry:
    client = Client(web or Web(retries=0, deadline=10))
    return Registry(Door(client, logins), TODAY, **more)


def problem(call: Callable[[], object]) -> Problem:
    with pytest.raises(Rejected) as caught:
        call()
    (found,) = caught.value.problems
    return found


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry's folder with images in it."""
    folder = tmp_path_factory.mktemp("registry")
    with registry(folder) as host:
        push(host, "library/debian", "trixie-slim", PLATFORMS)
    return folder


@pytest.fixture(scope="module")
def host(images: Path) -> Iterator[str]:
    with registry(images) as served:
        yield served


@pytest.fixture
def server() -> Iterator[Server]:
    """A server in a registry's place."""
    with serving({}, tls=False) as made:
        yield made


def at(server: Server, name: str = "debian:trixie-slim") -> str:
    return f"localhost:{server.port}/{name}"


def index(**changes: Any) -> bytes:
    """Write an index; None takes a key out."""
    entry = {"mediaType": OCI_MANIFEST, "size": 7, "digest": KNOWN}
    entry |= {"platform": {"os": "linux", "architecture": "amd64"}}
    whole = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry], **changes}
    return json.dumps({key: value for key, value in whole.items() if value is not None}).encode()


def answer(body: bytes, kind: str = OCI_INDEX, **headers: str) -> Reply:
    return Reply(body, 200, {"Content-Type": kind, **headers})


MANIFEST = "/v2/debian/manifests/trixie-slim"


# ---- what a real registry says ----------------------------------------------------------------


@pytest.mark.parametrize("kind", [OCI_INDEX, DOCKER_LIST])
def test_a_tag_has_the_digest_of_the_index_that_was_pushed(host: str, kind: str) -> None:
    name = f"{host}/tools/{'oci' if kind == OCI_INDEX else 'docker'}"
    digest = push(host, name.partition("/")[2], "1.27", PLATFORMS, kind)
    assert asking().image(f"{name}:1.27") == ImagePin(digest, TODAY, ("registry",))


def test_a_real_client_gets_every_platform_by_that_digest(host: str, tmp_path: Path) -> None:
    builder = Builder.make(tmp_path / "buildah")
    pin = asking().image(f"{host}/library/debian:trixie-slim")
    assert pin
    for machine in ("amd64", "arm64"):
        said = builder.run(
            *("pull", "--quiet", "--tls-verify=false", "--policy=always", f"--arch={machine}"),
            *("--signature-policy", builder.folder / "policy.json"),
            f"{host}/library/debian@{pin.digest}",
        )
        about = json.loads(builder.run("inspect", "--type", "image", said))
        assert about["OCIv1"]["architecture"] == machine


def test_what_is_not_there_is_not_known(host: str) -> None:
    assert asking().image(f"{host}/library/debian:nope") is None
    assert asking().image(f"{host}/library/nope:1") is None


def test_an_image_of_one_platform_is_refused_and_the_way_out_told(host: str) -> None:
    for kind, manifest_kind in ((OCI_INDEX, OCI_MANIFEST), (DOCKER_LIST, DOCKER_MANIFEST)):
        one = push_platform(host, "tools/single", "linux/amd64", kind)
        put(host, "tools/single", "1", one.manifest, manifest_kind)
        found = problem(lambda: asking().image(f"{host}/tools/single:1"))
        assert found.code == "GG559"
        assert (
            found.message
            == f"{host}/tools/single:1 is the image of one platform, not an index of all"
        )
        assert "docker buildx" in found.hint


def test_an_index_without_a_platform_that_is_due_is_refused(host: str) -> None:
    ref = f"{host}/library/debian:trixie-slim"
    due = {"linux/amd64", "linux/arm", "linux/s390x", "linux/ppc64le"}
    found = problem(lambda: asking(platforms={ref: frozenset(due)}).image(ref))
    assert (found.code, found.message) == (
        "GG560",
        f"{ref} has nothing for linux/ppc64le, linux/s390x",
    )
    assert "it has linux/amd64, linux/arm/v7, linux/arm64" in found.hint
    assert asking(platforms={ref: frozenset({"linux/amd64", "linux/arm"})}).image(ref)


def test_a_tag_that_moved_leaves_the_pin_of_the_lock_alone(host: str) -> None:
    ref = f"{host}/tools/moving:1"
    old = push(host, "tools/moving", "1", ["linux/amd64"])
    new = push(host, "tools/moving", "1", PLATFORMS)
    locked = ImagePin(old, "2026-10", ("embedded-index",))
    assert asking().confirm_image(ref, locked) == ImagePin(
        old, "2026-10", ("embedded-index", "registry")
    )
    now = asking().image(ref)
    assert now
    assert now.digest == new != old


def test_a_digest_that_the_registry_lost_is_told(host: str) -> None:
    ref = f"{host}/tools/lost:1"
    old = push(host, "tools/lost", "1", ["linux/amd64"])
    push(host, "tools/lost", "1", PLATFORMS)
    remove(host, "tools/lost", old)
    found = problem(lambda: asking().confirm_image(ref, ImagePin(old, "2026-10")))
    assert found.code == "GG562"
    assert old in found.message
    assert "gogen bump" in found.hint


def test_a_locked_digest_of_one_platform_is_refused(host: str) -> None:
    one = push_platform(host, "tools/single", "linux/amd64")
    pin = ImagePin(one.entry["digest"])
    assert problem(lambda: asking().confirm_image(f"{host}/tools/single:1", pin)).code == "GG559"


def test_the_tags_of_a_repository_are_listed(host: str) -> None:
    one = push_platform(host, "tools/many", "linux/amd64")
    tags = [f"v{number}" for number in range(12)]
    for tag in tags:
        put(host, "tools/many", tag, one.manifest, OCI_MANIFEST)
    assert asking().image_tags(f"{host}/tools/many") == tuple(sorted(tags))
    assert asking().image_tags(f"{host}/tools/none") == ()


def test_a_login_lets_in(images: Path) -> None:
    with registry(images, HTPASSWD) as host:
        ref = f"{host}/library/debian:trixie-slim"
        assert problem(lambda: asking().image(ref)).code == "GG555"
        assert (
            problem(lambda: asking(Logins({host: "reader:wrong"}, frozenset())).image(ref)).code
            == "GG555"
        )
        assert asking(Logins({host: LOGIN}, frozenset())).image(ref)


@pytest.mark.parametrize("anonymous", [True, False])
def test_a_token_lets_in(images: Path, tmp_path: Path, anonymous: bool) -> None:  # noqa: FBT001  (a parameter)
    realm = Realm(tmp_path)
    realm.anonymous = anonymous
    with realm.serving() as url, registry(images, realm.auth(url)) as host:
        ref = f"{host}/library/debian:trixie-slim"
        logins = NOBODY if anonymous else Logins({host: LOGIN}, frozenset())
        one = asking(logins)
        assert one.image(ref)
        assert one.image_tags(f"{host}/library/debian") == ("trixie-slim",)
        (asked,) = realm.asked  # one token is enough
        assert "scope=repository%3Alibrary%2Fdebian%3Apull&service=a+registry" in asked.path
        if not anonymous:
            assert problem(lambda: asking().image(ref)).code == "GG555"


def test_a_token_is_asked_for_over_tls(images: Path, tmp_path: Path) -> None:
    realm = Realm(tmp_path)
    with realm.serving(tls=True) as url, registry(images, realm.auth(url)) as host:
        web = Web(retries=0, ca_file=authority().ca_file)
        one = asking(Logins({host: LOGIN}, frozenset()), web)
        assert one.image(f"{host}/library/debian:trixie-slim")


def test_a_mirror_is_asked_in_place_of_the_registry(host: str) -> None:
    direct = asking().image(f"{host}/library/debian:trixie-slim")
    assert asking(registries={"docker.io": host}).image("debian:trixie-slim") == direct
    below = asking(registries={"quay.example": f"{host}/library"})
    assert below.image("quay.example/debian:trixie-slim") == direct


def test_another_machine_is_asked_with_tls_only_through_the_proxy() -> None:
    body = index()
    names = ("mirror.example",)
    routes = {"/v2/hub/library/debian/manifests/1": answer(body)}
    with serving(routes, names=names) as there, proxying() as proxy:
        web = Web(retries=0, ca_file=there.ca_file, proxies={"https": proxy.url})
        mirror = {"docker.io": f"mirror.example:{there.port}/hub"}
        pin = asking(web=web, registries=mirror).image("debian:1")
    assert pin
    assert pin.digest == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert proxy.led == [f"mirror.example:{there.port}"]


def test_docker_hub_is_asked_where_it_is() -> None:
    """Its API and its tokens are on other hosts than its name; a login is for the name."""
    hosts = ("registry-1.docker.io", "auth.docker.io")
    realm = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"'
    manifest = "/v2/library/debian/manifests/1"
    query = "?scope=repository%3Alibrary%2Fdebian%3Apull&service=registry.docker.io"
    routes: dict[str, Route] = {
        manifest: [challenge(realm), answer(index())],
        f"/token{query}": Reply(b'{"token": "abc"}'),
    }
    with serving(routes, names=hosts) as hub, proxying() as proxy:
        proxy.port = hub.port
        web = Web(retries=0, ca_file=hub.ca_file, proxies={"https": proxy.url})
        assert asking(Logins({"docker.io": LOGIN}, frozenset()), web).image("debian:1")
    assert proxy.led[:2] == ["registry-1.docker.io:443", "auth.docker.io:443"]
    basic = f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
    sent = [request.headers.get("authorization") for request in hub.requests]
    assert sent == [None, basic, "Bearer abc"]


# ---- what must not enter the lock --------------------------------------------------------------


def nested(depth: int) -> bytes:
    return b'{"mediaType":"%s","manifests":%s' % (OCI_INDEX.encode(), b"[" * depth)


SCHEMA1 = json.dumps({"schemaVersion": 1, "name": "debian", "fsLayers": [], "history": []}).encode()
LIES: Mapping[str, tuple[Reply, str, str]] = {
    "a page": (page(), "GG558", "a page for people came"),
    "a page called an index": (answer(b"<html>"), "GG558", "a page for people"),
    "half an index": (answer(index()[:-9]), "GG558", "is not JSON"),
    "no text": (answer(b"\xff\xfe\x00"), "GG558", "is not JSON"),
    "nothing": (answer(b""), "GG558", "is not JSON"),
    "a list": (answer(b"[]"), "GG558", "is no JSON object"),
    "depth": (answer(nested(200_000)), "GG558", "what came is"),
    "a key twice": (answer(index()[:-1] + b',"manifests":[]}'), "GG558", "stands twice"),
    "two types": (answer(index(), OCI_MANIFEST), "GG558", "the header says"),
    "index and manifest": (answer(index(layers=[])), "GG558", "an index and a manifest in one"),
    "no list": (answer(index(manifests=None)), "GG558", "no list of manifests"),
    "a list of texts": (answer(index(manifests=["x"])), "GG558", "no list of manifests"),
    "no digest": (answer(index(manifests=[{"size": 1}])), "GG558", "no digest"),
    "schema 1": (
        answer(SCHEMA1, "application/vnd.docker.distribution.manifest.v1+prettyjws"),
        "GG559",
        "Docker's first schema",
    ),
    "schema 1 called an index": (answer(SCHEMA1), "GG559", "Docker's first schema"),
    "something else": (answer(b"{}", "application/json"), "GG559", "is no image, but"),
    "terminal": (answer(b"{}", "application/x\x1b[2J"), "GG559", "is no image, but"),
    "no platform": (answer(index(manifests=[])), "GG560", "has nothing for any platform"),
    "signatures only": (
        answer(index(manifests=[{"digest": KNOWN, "platform": {"os": "unknown"}}])),
        "GG560",
        "has nothing for any platform",
    ),
    "a wrong header": (answer(index(), **{"Docker-Content-Digest": KNOWN}), "GG561", KNOWN),
    "too large": (answer(index(padding="x" * (4 << 20))), "GG504", "at most 4,194,304 bytes"),
    "without end": (Reply(b" " * 4096, 200, {}, -1, endless=True), "GG504", "more than 4,194,304"),
    "busy": (Reply(b"", 429, {"Retry-After": "0"}), "GG502", "HTTP status 429"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_no_index_is_refused(server: Server, lie: str) -> None:
    server.routes["*"], code, words = LIES[lie]
    found = problem(lambda: asking().image(at(server)))
    assert (found.code, words in f"{found.message}; {found.expected}") == (code, True), found
    assert found.message.isprintable()


def test_a_digest_of_another_kind_is_held_against_the_bytes_too(server: Server) -> None:
    right = f"sha512:{hashlib.sha512(index()).hexdigest()}"
    server.routes["*"] = answer(index(), **{"Docker-Content-Digest": right})
    assert asking().image(at(server))
    server.routes["*"] = answer(index(), **{"Docker-Content-Digest": "sha512:" + "0" * 128})
    assert problem(lambda: asking().image(at(server))).code == "GG561"


def test_one_flipped_bit_of_a_locked_index_is_seen(server: Server) -> None:
    body = index()
    pin = ImagePin(f"sha256:{hashlib.sha256(body).hexdigest()}")
    server.routes["*"] = answer(body)
    assert asking().confirm_image(at(server), pin).proofs == ("registry",)
    server.routes["*"] = answer(body.replace(b"amd64", b"amd65"))
    found = problem(lambda: asking().confirm_image(at(server), pin))
    assert (found.code, pin.digest in found.message) == ("GG561", True)


def test_a_busy_registry_is_asked_again(server: Server) -> None:
    busy = Reply(b"", 429, {"Retry-After": "0"})
    server.routes["*"] = [busy, busy, answer(index())]
    assert asking(web=Web(retries=2, pause=0.01)).image(at(server))
    assert server.asked(MANIFEST) == 3


def test_a_registry_that_hangs_is_left(server: Server) -> None:
    server.routes["*"] = Reply(index(), header_drip=0.05)
    web = Web(retries=0, deadline=0.3)
    assert problem(lambda: asking(web=web).image(at(server))).code == "GG503"


@pytest.mark.parametrize(
    "ref",
    [
        "localhost:1/../x:1",
        "localhost:1//x:1",
        "localhost:1/x/:1",
        "localhost:1/X:1",
        "localhost:1/x:..",
        "localhost:1/x:",
        "localhost:1/x",
        "user@localhost/x:1",
        "a.b/x?y:1",
        "a..b.example:1:2/x:1",
        "-x.example/x:1",
    ],
)
def test_a_name_that_no_registry_can_have_is_refused(ref: str) -> None:
    assert problem(lambda: asking().image(ref)).code == "GG564"


# ---- passwords and tokens ----------------------------------------------------------------------


def challenge(text: str) -> Reply:
    return Reply(b"{}", 401, {"WWW-Authenticate": text})


@pytest.mark.parametrize(
    "realm",
    [
        "http://auth.example/token",
        "http://localhost.example/token",
        "http://127.0.0.1.example/token",
        "ftp://localhost/token",
        "https://",
        "https://x@auth.example/token",
        "https://[/token",
        "",
    ],
)
def test_a_realm_where_everybody_could_listen_gets_nothing(server: Server, realm: str) -> None:
    server.routes["*"] = challenge(f'Bearer realm="{realm}",service="x"')
    logins = Logins({f"localhost:{server.port}": LOGIN}, frozenset())
    found = problem(lambda: asking(logins).image(at(server)))
    assert (found.code, repr(realm) in found.message) == ("GG556", True)
    assert all("authorization" not in request.headers for request in server.requests)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (page(), "a page for people"),
        (Reply(b"{}"), "without a token"),
        (Reply(b"[]"), "without a token"),
        (Reply(b'{"token": 7}'), "without a token"),
        (Reply(b'{"token": "a\\r\\nX-Evil: 1"}'), "without a token"),
        (Reply(b"x"), "without a token"),
        (Reply(b"no\n", 404), "without a token"),
    ],
)
def test_an_answer_without_a_token_is_told(server: Server, said: Reply, words: str) -> None:
    server.routes["*"] = challenge(f'Bearer realm="{server.url}/t",service="x"')
    server.routes["/t?scope=repository%3Adebian%3Apull&service=x"] = said
    found = problem(lambda: asking().image(at(server)))
    assert (found.code, words in found.message) == ("GG556", True), found


def test_a_password_does_not_follow_a_redirect_to_another_host(server: Server) -> None:
    with serving({"*": answer(index())}, tls=False) as elsewhere:
        there = f"{elsewhere.url}{MANIFEST}"

        def registry_of_a_thief(request: Request) -> Reply:
            known = "authorization" in request.headers
            return redirect(there) if known else challenge('Basic realm="x"')

        server.routes["*"] = registry_of_a_thief
        logins = Logins({f"localhost:{server.port}": LOGIN}, frozenset())
        asking(logins).image(at(server))
    assert "authorization" in server.requests[-1].headers
    assert [request.path for request in elsewhere.requests] == [MANIFEST]
    assert all("authorization" not in request.headers for request in elsewhere.requests)


def test_no_more_is_asked_for_than_to_read_one_repository(server: Server) -> None:
    """A registry that asks for a token to push with, at a realm of others, gets none."""
    wide = 'scope="repository:company/secret:pull,push"'
    server.routes["*"] = challenge(f'Bearer realm="{server.url}/t?a=b",service="x",{wide}')
    problem(lambda: asking().image(at(server)))
    assert server.requests[-1].path == "/t?a=b&scope=repository%3Adebian%3Apull&service=x"


def test_a_challenge_among_others_is_found(server: Server) -> None:
    both = f'Basic realm="a, \\"b\\"", bearer realm="{server.url}/t",service="x"'
    server.routes[MANIFEST] = [challenge(both), answer(index())]
    server.routes["*"] = Reply(b'{"access_token": "abc"}')
    assert asking().image(at(server))
    assert server.requests[-1].headers["authorization"] == "Bearer abc"


def test_a_token_that_is_too_old_is_asked_for_anew(server: Server) -> None:
    server.routes["*"] = Reply(b'{"token": "abc"}')
    again = challenge(f'Bearer realm="{server.url}/t"')
    server.routes[MANIFEST] = [again, answer(index()), again, answer(index())]
    one = asking()
    assert one.image(at(server)) == one.image(at(server))
    assert server.asked("/t?scope=repository%3Adebian%3Apull") == 2


def test_logins_are_those_of_docker_and_of_netrc(tmp_path: Path) -> None:
    def coded(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    config = tmp_path / "config.json"
    auths = {
        "https://index.docker.io/v1/": {"auth": coded("hub:1")},
        "quay.example": {"auth": coded("quay:2")},
        "quay.example/team": {"auth": coded("team:3")},
        "ghcr.example": {},
        "both.example:5000": {"auth": coded("docker:4")},
    }
    config.write_text(json.dumps({"auths": auths, "credHelpers": {"gcr.example": "gcloud"}}))
    netrc = tmp_path / "netrc"
    machines = [
        "machine both.example login net password 5",
        "machine net.example login n password 6",
    ]
    netrc.write_text("\n".join([*machines, "default login anybody password secret\n"]))
    logins = read_logins(config, netrc)
    of = {
        "docker.io/library/debian": "hub:1",
        "quay.example/other/x": "quay:2",
        "quay.example/team/x/y": "team:3",
        "quay.example/teams/x": "quay:2",
        "ghcr.example/x": "",
        "both.example:5000/x": "docker:4",
        "both.example:6000/x": "net:5",
        "net.example/x": "n:6",
        "elsewhere.example/x": "",
    }
    for name, password in of.items():
        assert logins.of(Repository(*name.split("/", 1))) == password, name
    assert logins.helped(Repository("gcr.example", "x"))
    assert not logins.helped(Repository("quay.example", "x"))
    assert read_logins(tmp_path / "none", tmp_path / "none") == NOBODY


def test_a_credential_helper_is_told_not_run(server: Server, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"auths": {}, "credsStore": "desktop"}')
    server.routes["*"] = challenge('Basic realm="x"')
    found = problem(lambda: asking(read_logins(config)).image(at(server)))
    assert (found.code, "credential helper" in found.message) == ("GG555", True)


@pytest.mark.parametrize(
    ("config", "netrc"),
    [
        ("{", ""),
        ("[]", ""),
        ('{"auths": {"x": {"auth": "s3cret!"}}}', ""),
        ('{"auths": {"x": "s3cret"}}', ""),
        ("{}", "machine x login y pasword s3cret\n"),
    ],
)
def test_logins_that_cannot_be_read_are_told_without_what_is_in_them(
    tmp_path: Path, config: str, netrc: str
) -> None:
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "netrc").write_text(netrc)
    found = problem(lambda: read_logins(tmp_path / "config.json", tmp_path / "netrc"))
    assert (found.code, "s3cret" in found.message) == ("GG557", False)


# ---- tags --------------------------------------------------------------------------------------


def test_tags_are_listed_over_several_pages(server: Server) -> None:
    """Debian's registry gives all at once; the specification lets it give `Link` (RFC 8288)."""
    lists = {"?n=1000": (["b", "a"], "?n=2&last=b"), "?n=2&last=b": (["d", "c"], "")}
    for query, (tags, following) in lists.items():
        link = {"Link": f'</v2/debian/tags/list{following}>; rel="next"'} if following else {}
        body = json.dumps({"name": "debian", "tags": tags}).encode()
        server.routes[f"/v2/debian/tags/list{query}"] = Reply(body, 200, link)
    assert asking().image_tags(at(server, "debian")) == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("said", "link", "words"),
    [
        (b"<html>", "", "no list of tags"),
        (b'{"tags": ["\\u001b[2J"]}', "", "no list of tags"),
        (b'{"tags": {"a": 1}, "x": 1', "", "no list of tags"),
        (b'{"tags": ["a"]}', "<https://evil.example/v2/debian/tags/list?n=1>", "elsewhere"),
        (b'{"tags": ["a"]}', "</v2/other/tags/list>", "elsewhere"),
        (b'{"tags": ["a"]}', "</v2/debian/tags/list?n=1>", "more than 100 pages"),
    ],
)
def test_a_list_of_tags_that_cannot_be_is_refused(
    server: Server, said: bytes, link: str, words: str
) -> None:
    more = {"Link": f'{link}; rel="next"'} if link else {}
    server.routes["*"] = Reply(said, 200, {"Content-Type": "application/json", **more})
    found = problem(lambda: asking().image_tags(at(server, "debian")))
    assert (found.code, words in found.message) == ("GG563", True), found
