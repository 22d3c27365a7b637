"""The outgoing client against a server that means harm, and names that lie."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from paybill_site.kernel.web import Refused, Unreachable, call, target_of


class Nasty(BaseHTTPRequestHandler):
    """What the path asks for."""

    def do_GET(self) -> None:
        getattr(self, "answer_" + self.path.split("?")[0].strip("/"))()

    do_POST = do_GET

    def answer_good(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._send(200, self.headers["Host"].encode() + self.rfile.read(length))

    def answer_broken(self) -> None:
        self._send(500, b"oh")

    def answer_away(self) -> None:
        self._send(302, b"", Location="http://127.0.0.1/elsewhere")

    def answer_large(self) -> None:
        self._send(200, b"x" * 5000)

    def answer_packed(self) -> None:
        self._send(200, b"\x1f\x8b not gzip", **{"Content-Encoding": "gzip"})

    def answer_silent(self) -> None:
        time.sleep(5)

    def answer_drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.1)

    def answer_dripping_headers(self) -> None:
        for sign in b"HTTP/1.1 200 OK\r\nX-A: " + b"y" * 100:
            self.wfile.write(bytes([sign]))
            time.sleep(0.1)

    def answer_rubbish(self) -> None:
        self.wfile.write(b"\x00\x01 no HTTP\r\n\r\n")

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests quiet."""

    def handle(self) -> None:
        with suppress(OSError):  # the client hung up, as it should
            super().handle()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), Nasty)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def allowed(settings: Any) -> None:
    settings.PAYBILL_OUTGOING_ALLOWED = ["localhost"]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the (outside) name service says, host by host."""
    book: dict[str, list[str]] = {}

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port))
            for address in book.get(host, [host])
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return book


def test_an_answer_is_an_answer_whatever_its_status(server: str, allowed: None) -> None:
    good = call("POST", f"{server}/good", body=b"!")
    assert (good.status, good.body) == (200, server.encode()[7:] + b"!")
    assert call("GET", f"{server}/broken").status == 500


def test_a_redirect_is_not_followed(server: str, allowed: None) -> None:
    answer = call("GET", f"{server}/away")
    assert answer.status == 302


def test_nothing_is_unpacked(server: str, allowed: None) -> None:
    assert call("GET", f"{server}/packed").body.startswith(b"\x1f\x8b")


def test_an_answer_that_is_too_large_counts_as_none(server: str, allowed: None) -> None:
    with pytest.raises(Unreachable, match="more than 4000"):
        call("GET", f"{server}/large", limit=4000)


@pytest.mark.parametrize("path", ["silent", "drip", "dripping_headers"])
def test_the_time_holds_for_all_of_it(server: str, allowed: None, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable):
        call("GET", f"{server}/{path}", timeout=0.5)
    assert time.monotonic() - started < 2


def test_what_is_no_http_is_no_answer(server: str, allowed: None) -> None:
    with pytest.raises(Unreachable):
        call("GET", f"{server}/rubbish")


def test_the_next_address_is_tried(
    server: str, allowed: None, names: dict[str, list[str]]
) -> None:
    names["localhost"] = ["127.0.0.2", "127.0.0.1"]
    assert call("GET", f"{server}/good").status == 200


def test_without_the_allow_list_the_inside_is_closed(server: str) -> None:
    with pytest.raises(Refused):
        call("GET", f"{server}/good")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nothing",
        "//host/path",
        "http://example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https:///path",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://@example.org/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://[::1/",
        "https://example.org/a b",
        "https://example.org/ü",
        "https://exämple.org/",
    ],
)
def test_an_odd_address_is_refused(url: str, names: dict[str, list[str]]) -> None:
    with pytest.raises(Refused):
        target_of(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",  # noqa: S104
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "fc00::1",
        "fd12::1",
        "fe80::1%eth0",
        "ff02::1",
        "2001:db8::1",
        "100::1",
    ],
)
def test_a_name_that_points_inside_is_refused(
    address: str, names: dict[str, list[str]]
) -> None:
    names["example.org"] = [address]
    with pytest.raises(Refused, match="not a public address"):
        target_of("https://example.org/")
    names["example.org"] = ["93.184.215.14", address]
    with pytest.raises(Refused, match="not a public address"):
        target_of("https://example.org/")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1"])
def test_a_public_address_is_resolved_once(
    address: str, names: dict[str, list[str]]
) -> None:
    names["example.org"] = [address]
    target = target_of("https://example.org:8443/a?b=c")
    assert target.addresses == (address,)
    assert (target.path, target.named) == ("/a?b=c", "example.org:8443")


def test_a_certificate_of_another_name_is_not_accepted(
    server: str, allowed: None
) -> None:
    with pytest.raises(Unreachable):
        call("GET", server.replace("http:", "https:") + "/good")


def test_what_we_made_ourselves_may_be_inside(server: str) -> None:
    port = server.rpartition(":")[2]
    url = f"http://shop.localhost:{port}/good"
    answer = call("GET", target_of(url, own=True))
    assert answer.body == f"shop.localhost:{port}".encode()
    with pytest.raises(Refused):
        call("GET", url)
