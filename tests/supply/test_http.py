"""The door to the network, against servers on loopback that behave badly."""

from __future__ import annotations

import hashlib
import io
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from urllib3 import exceptions

from generator.problems import Exit, Rejected
from generator.supply.faults import failed
from generator.supply.http import Client, Web
from tests.servers.https import Authority, Reply, Request, page, redirect, serving
from tests.servers.proxy import proxying

if TYPE_CHECKING:
    from pathlib import Path

    from generator.problems import Problem
    from tests.servers.https import Server

LIMIT = 1000


def web(server: Server, **other: Any) -> Web:
    return Web(ca_file=server.ca_file, pause=0.01)._replace(**other)


def ask(server: Server, path: str = "/a", **other: Any) -> bytes:
    with Client(web(server, **other)) as client:
        return client.get(server.url + path, limit=LIMIT).body


def refused(server: Server, path: str = "/a", **other: Any) -> Problem:
    with pytest.raises(Rejected) as caught:
        ask(server, path, **other)
    (problem,) = caught.value.problems
    assert problem.exit is Exit.SOURCE
    assert problem.hint
    return problem


def test_gives_status_headers_and_body() -> None:
    with serving({"/a": Reply(b"text", headers={"Content-Type": "text/plain"})}) as server:
        with Client(web(server)) as client:
            answer = client.get(server.url + "/a", limit=LIMIT, headers={"Accept": "text/plain"})
        assert (answer.status, answer.body, answer.is_html) == (200, b"text", False)
        assert answer.headers["content-type"] == "text/plain"
        assert server.requests[0].headers["accept"] == "text/plain"
        assert server.requests[0].headers["user-agent"].startswith("gogen/")


@pytest.mark.parametrize("status", [201, 401, 403, 404, 410])
def test_gives_back_statuses_that_are_an_answer(status: int) -> None:
    reply = Reply(b"x" * 3 * LIMIT if status > 400 else b"", status)
    with serving({"/a": reply}) as server, Client(web(server)) as client:
        assert client.get(server.url + "/a", limit=LIMIT).status == status


@pytest.mark.parametrize("status", [302, 400, 407, 418, 500, 501])
def test_refuses_other_statuses(status: int) -> None:
    with serving({"/a": Reply(b"", status)}) as server:
        problem = refused(server)
        assert problem.code == "GG502"
        assert str(status) in problem.message
        assert server.asked("/a") == 1


def test_knows_a_page_for_people() -> None:
    routes = {"/a": page(), "/b": Reply(b"  <html>")}
    with serving(routes) as server, Client(web(server)) as client:
        assert client.get(server.url + "/a", limit=LIMIT).is_html
        assert client.get(server.url + "/b", limit=LIMIT).is_html


@pytest.mark.parametrize(
    "bad", [Reply(b"", 502), Reply(b"", 503), Reply(b"", 504), Reply(drop=True)]
)
def test_asks_again_what_waiting_mends(bad: Reply) -> None:
    with serving({"/a": [bad, Reply(b"12345", truncate=2), Reply(b"text")]}) as server:
        assert ask(server) == b"text"
        assert server.asked("/a") == 3


@pytest.mark.parametrize(
    ("bad", "code", "words"),
    [
        (Reply(b"", 503), "GG502", "503"),
        (Reply(drop=True), "GG505", "broken"),
        (Reply(b"12345", truncate=2), "GG505", "the answer ends after 2 of 5 bytes"),
    ],
)
def test_gives_up_in_the_end(bad: Reply, code: str, words: str) -> None:
    with serving({"/a": bad}) as server:
        problem = refused(server, retries=2)
        assert problem.code == code
        assert words in problem.message
        assert server.asked("/a") == 3


def test_waits_as_long_as_a_busy_server_asks() -> None:
    busy = Reply(b"", 503, {"Retry-After": "1"})
    with serving({"/a": [busy, Reply(b"text")]}) as server:
        start = time.monotonic()
        assert ask(server) == b"text"
        assert time.monotonic() - start >= 1


@pytest.mark.parametrize("after", ["3600", "Fri, 01 Jan 2038 00:00:00 GMT"])
def test_does_not_wait_for_an_hour(after: str) -> None:
    with serving({"/a": Reply(b"", 503, {"Retry-After": after})}) as server:
        start = time.monotonic()
        assert refused(server).code == "GG502"
        assert time.monotonic() - start < 3600
        assert server.asked("/a") == 1


def test_retry_after_that_is_no_time_is_not_heard() -> None:
    with serving({"/a": [Reply(b"", 503, {"Retry-After": "soon"}), Reply(b"text")]}) as server:
        assert ask(server) == b"text"


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param(Reply(b"x" * 900, drip=0.2), id="body"),
        pytest.param(Reply(b"x", headers={"X-Long": "x" * 900}, header_drip=0.2), id="head"),
        pytest.param(Reply(b"x" * 900, drip=0.2, claim=-1), id="body without a length"),
    ],
)
def test_a_drip_ends_at_the_deadline(slow: Reply) -> None:
    with serving({"/a": slow}) as server:
        start = time.monotonic()
        problem = refused(server, deadline=0.4, read=30)
        assert time.monotonic() - start < 90  # half of what all of it takes
        assert problem.code == "GG503"
        assert "0.4 seconds" in problem.message


def test_silence_ends_sooner() -> None:
    with serving({"/a": Reply(b"xy", drip=1)}) as server:
        problem = refused(server, read=0.2)
        assert (problem.code, "says nothing" in problem.message) == ("GG503", True)


@pytest.mark.parametrize(
    ("huge", "words"),
    [
        (Reply(b"x", claim=10_000_000_000), "10,000,000,000 bytes"),
        (Reply(b"x" * 5000, claim=-1, endless=True), "more than 1,000 bytes"),
        (Reply(b"x" * 1001), "1,001 bytes"),
    ],
)
def test_a_huge_answer_is_refused_early(huge: Reply, words: str) -> None:
    with serving({"/a": huge}) as server:
        problem = refused(server)
        assert problem.code == "GG504"
        assert words in problem.message


def test_follows_redirects() -> None:
    routes = {"/a": redirect("/b"), "/b": redirect("c", 307), "/c": Reply(b"text")}
    with serving(routes) as server:
        assert ask(server) == b"text"


def test_a_password_stays_with_its_host() -> None:
    with serving({"/b": Reply(b"text")}) as other:
        with serving({"/a": redirect(other.url + "/b")}) as server, Client(web(server)) as client:
            secret = {"Authorization": "Bearer secret"}
            assert client.get(server.url + "/a", limit=LIMIT, headers=secret).body == b"text"
        assert "authorization" not in other.requests[0].headers
        assert server.requests[0].headers["authorization"] == "Bearer secret"


def test_redirects_have_an_end() -> None:
    with serving({"/a": redirect("/a")}) as server:
        problem = refused(server)
        assert (problem.code, "more than 5" in problem.message) == ("GG506", True)


@pytest.mark.parametrize("target", ["http://example.com/b", "{plain}/b"])
def test_never_leaves_tls(target: str) -> None:
    with serving({"/b": Reply(b"text")}, tls=False) as plain:
        with serving({"/a": redirect(target.format(plain=plain.url))}) as server:
            problem = refused(server)
        assert (problem.code, "plain HTTP" in problem.message) == ("GG506", True)
        assert not plain.requests


def test_a_redirect_to_no_address_is_refused() -> None:
    with serving({"/a": redirect("https://[a/")}) as server:
        problem = refused(server)
        assert (problem.code, "redirects to no address" in problem.message) == ("GG508", True)


def test_a_length_that_no_answer_has_is_not_heard() -> None:
    endless = Reply(b"text", headers={"Content-Length": "9" * 5000}, claim=-1)
    with serving({"/a": endless}) as server:
        assert ask(server) == b"text"


def test_plain_http_is_for_this_machine() -> None:
    with serving(
        {"/a": Reply(b"text"), "/b": redirect("http://example.com/")}, tls=False
    ) as server:
        assert ask(server) == b"text"
        assert refused(server, "/b").code == "GG507"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "https://",
        "https://a:b/",
        "https://[a/",
    ],
)
def test_addresses_that_are_never_asked(url: str) -> None:
    with Client(Web()) as client, pytest.raises(Rejected) as caught:
        client.get(url, limit=LIMIT)
    assert [p.code for p in caught.value.problems] == ["GG507"]


def test_a_stranger_is_not_trusted() -> None:
    with serving({"/a": Reply(b"text")}) as server:
        problem = refused(server, ca_file="")
        assert problem.code == "GG501"
        assert "nobody who is trusted vouches for its certificate (" in problem.message
        assert "sources.ca_file" in problem.hint
        assert not server.requests


def test_another_authority_is_not_trusted(tmp_path: Path) -> None:
    with serving({"/a": Reply(b"text")}) as server:
        assert refused(server, ca_file=Authority(tmp_path, "Another").ca_file).code == "GG501"


def test_a_certificate_of_another_host_is_not_taken() -> None:
    with serving({"/a": Reply(b"text")}, names=("example.com",)) as server:
        problem = refused(server)
        assert (problem.code, "for another host (" in problem.message) == ("GG501", True)
        assert "ca_file" not in problem.hint


def test_plain_http_where_tls_is_due_is_told() -> None:
    with serving({"/a": Reply(b"text")}, tls=False) as server:
        url = server.url.replace("http:", "https:")
        with Client(web(server)) as client, pytest.raises(Rejected, match=r"GG501.*not safe"):
            client.get(f"{url}/a", limit=LIMIT)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with serving({}) as server:
        pass
    problem = refused(server)
    assert problem.code == "GG500"
    assert problem.message == (
        f"{server.url}/a: it cannot be reached: connection refused, nobody listens there"
    )
    with pytest.raises(Rejected, match="GG509"):
        Client(Web(ca_file=str(tmp_path / "none.pem")))
    (tmp_path / "bad.pem").write_text("no certificate")
    with pytest.raises(Rejected, match="GG509"):
        Client(Web(ca_file=str(tmp_path / "bad.pem")))


def test_a_server_that_accepts_and_is_silent_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/a"
        with Client(Web(read=0.2, connect=0.2)) as client, pytest.raises(Rejected) as caught:
            client.get(url, limit=LIMIT)
    assert [p.code for p in caught.value.problems] == ["GG503"]


def _expired() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = 10, "certificate has expired"
    return error


UNKNOWN = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
LATE = exceptions.ConnectTimeoutError("Connection to go.example timed out. (connect timeout=10)")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (exceptions.SSLError(_expired()), "GG501", "its certificate has expired (certificate has"),
        (exceptions.ProxyError("Unable to connect to proxy", UNKNOWN), "GG500",
         "the proxy does not lead there: its name cannot be looked up (Name or service not known)"),
        (LATE, "GG503", "it cannot be reached: nobody answers in time"),
        (exceptions.LocationParseError("a..b"), "GG507", "its host is none"),
    ],
)  # fmt: skip
def test_a_failure_is_told_in_our_words(error: exceptions.HTTPError, code: str, words: str) -> None:
    found = failed("https://go.example/a", error)
    assert isinstance(found, Rejected)
    (problem,) = found.problems
    assert problem.code == code
    assert problem.message.startswith(f"https://go.example/a: {words}")
    assert problem.hint


def test_an_encoded_answer_is_refused() -> None:
    with serving({"/a": Reply(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})}) as server:
        assert refused(server).code == "GG508"


def test_goes_through_a_proxy() -> None:
    with serving({"/a": Reply(b"text")}, names=("go.example",)) as server, proxying("me:a b") as p:
        url = f"https://go.example:{server.port}/a"
        with Client(web(server, proxies={"https": p.url})) as client:
            assert client.get(url, limit=LIMIT).body == b"text"
        assert p.led == [f"go.example:{server.port}"]
        wrong = p.url.replace("me:", "you:")
        with (
            Client(web(server, proxies={"all": wrong})) as client,
            pytest.raises(Rejected) as caught,
        ):
            client.get(url, limit=LIMIT)
        (problem,) = caught.value.problems
        assert (problem.code, "407" in problem.message) == ("GG500", True)
        assert "a b" not in problem.message


@pytest.mark.parametrize("no_proxy", ["go.example", ".example", "*"])
def test_goes_past_a_proxy(no_proxy: str) -> None:
    with serving({}, names=("go.example",)) as server, proxying() as proxy:
        settings = web(server, proxies={"https": proxy.url}, no_proxy=no_proxy, retries=0)
        with Client(settings) as client, pytest.raises(Rejected):
            client.get(f"https://go.example:{server.port}/a", limit=LIMIT)
        assert not proxy.led


def test_this_machine_is_asked_without_a_proxy() -> None:
    with serving({"/a": Reply(b"text")}) as server, proxying() as proxy:
        assert ask(server, proxies={"https": proxy.url}) == b"text"
        assert not proxy.led


def test_a_proxy_that_is_none() -> None:
    for proxy in ("socks5://localhost:1", "http://", "nothing"):
        with (
            Client(Web(proxies={"https": proxy})) as client,
            pytest.raises(Rejected, match="GG509"),
        ):
            client.get("https://go.example/", limit=LIMIT)


def test_passwords(tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine localhost login me password secret\n")
    with serving({"/a": Reply(b"text")}) as server:
        ask(server, netrc=str(file))
        ask(server, netrc=str(tmp_path / "none"))
        with Client(web(server, netrc=str(file))) as client:
            client.get(server.url.replace("//", "//you:s%20t@") + "/a", limit=LIMIT)
            client.get(server.url + "/a", limit=LIMIT, headers={"Authorization": "Bearer x"})
        sent = [request.headers.get("authorization") for request in server.requests]
        assert sent == ["Basic bWU6c2VjcmV0", None, "Basic eW91OnMgdA==", "Bearer x"]
        file.write_text("machine localhost secret\n")
        problem = refused(server, netrc=str(file))
        assert problem.code == "GG509"
        assert "bad follower" in problem.message


def test_a_password_is_not_shown() -> None:
    with Client(Web(retries=0)) as client, pytest.raises(Rejected) as caught:
        client.get("https://me:secret@localhost:1/a", limit=LIMIT)
    assert "secret" not in str(caught.value)


def test_saves_a_file_and_tells_its_hash(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    told: list[tuple[int, int]] = []
    routes = {"/a": [Reply(content, truncate=700_000), Reply(content)]}
    with serving(routes) as server, Client(web(server)) as client:
        url = server.url + "/a"
        with (tmp_path / "a").open("wb") as file:
            found = client.save(url, file, limit=len(content), advance=lambda *n: told.append(n))
    assert found == hashlib.sha256(content).hexdigest()
    assert (tmp_path / "a").read_bytes() == content
    assert told[-1] == (len(content), len(content))


def test_saves_nothing_but_the_file() -> None:
    routes = {"/a": Reply(b"no", 404)}
    with (
        serving(routes) as server,
        Client(web(server)) as client,
        pytest.raises(Rejected, match="GG502"),
    ):
        client.save(server.url + "/a", io.BytesIO(), limit=LIMIT, advance=lambda *_: None)


def test_many_threads_use_one_client() -> None:
    """Nobody is answered before eight have asked."""
    asked = threading.Barrier(8)

    def own(request: Request) -> Reply:
        asked.wait(300)
        return Reply(request.path.encode())

    with (
        serving({"*": own}) as server,
        Client(web(server)) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        paths = [f"/{number}" for number in range(24)]
        answers = pool.map(lambda p: client.get(server.url + p, limit=LIMIT).body.decode(), paths)
        assert list(answers) == paths
