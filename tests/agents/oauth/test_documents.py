"""Documents of clients come from strangers: fetched carefully, believed carefully."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from django.test import Client

from agents.models import Delegation
from agents.oauth import documents
from agents.oauth.documents import BadDocument, fetched
from agents.oauth.redirects import acceptable, allowed
from paybill_site.kernel import web
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.planes import Place
from tests.agents.oauth.conftest import CLAUDE, Assistant, Outside, document


def test_a_document_is_fetched_once_and_remembered(
    in_a: Place, outside: Outside
) -> None:
    first = fetched(CLAUDE)
    assert (first.name, first.host) == ("Claude (claude.example)", "claude.example")
    assert fetched(CLAUDE) == first
    assert outside.asked == [CLAUDE]


@pytest.mark.parametrize(
    "said",
    [
        {"client_id": "https://claude.example/other.json"},
        {"client_id": None},
        {"client_secret": "s3cret"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"redirect_uris": []},
        {"redirect_uris": "https://claude.example/callback"},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["http://claude.example/callback"]},
        {"redirect_uris": ["https://claude.example/#x"]},
        {"redirect_uris": [7]},
        {"redirect_uris": ["https://claude.example/x"] * 21},
    ],
)
def test_a_document_that_lies_or_asks_for_too_much_is_not_believed(
    said: dict[str, Any], in_a: Place, outside: Outside
) -> None:
    outside.body = json.dumps(document(**said)).encode()
    with pytest.raises(BadDocument):
        fetched(CLAUDE)
    with pytest.raises(BadDocument):
        fetched(CLAUDE)  # nor asked for again at once
    assert len(outside.asked) == 1


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"null", b"\xff", b"[" * 10_000])
def test_what_is_no_json_object_is_no_document(
    body: bytes, in_a: Place, outside: Outside
) -> None:
    outside.body = body
    with pytest.raises(BadDocument):
        fetched(CLAUDE)


@pytest.mark.parametrize("status", [204, 301, 302, 404, 500])
def test_a_redirect_or_an_error_is_no_document(
    status: int, in_a: Place, outside: Outside
) -> None:
    outside.status = status
    with pytest.raises(BadDocument):
        fetched(CLAUDE)


@pytest.mark.parametrize(
    "client",
    [
        "https://claude.example",
        "https://claude.example/",
        "https://claude.example/a/../b",
        "https://claude.example/a?b=c",
        "https://claude.example/a#b",
        "https://user@claude.example/a",
        "https://Claude.example/a",
        "https://claude.example:x/a",
        "https://[::1/a",
        "https://claude.example/" + "a" * 100,
    ],
)
def test_an_address_that_is_no_plain_one_is_never_called(
    client: str, in_a: Place, outside: Outside
) -> None:
    with pytest.raises(BadDocument):
        fetched(client)
    assert outside.asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.7", "169.254.169.254", "192.168.1.1", "::1", "fd00::1",
     "::ffff:127.0.0.1", "0.0.0.0"],  # noqa: S104
)  # fmt: skip
def test_a_name_that_leads_inside_is_not_called(
    address: str, in_a: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 6, "", (address, 443))]

    def connect(*_: Any, **__: Any) -> None:
        raise AssertionError("nobody connects")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(web, "_connection", connect)
    with pytest.raises(web.Refused):
        fetched("https://inside.example/client.json")


def test_a_big_document_is_cut_off(
    in_a: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def call(method: str, url: Any, **more: Any) -> web.Answer:
        asked.update(more)
        raise web.Unreachable("it sent more than it may")

    monkeypatch.setattr(web, "call", call)
    with pytest.raises(PaybillError):
        fetched(CLAUDE)
    assert asked["limit"] <= 16 * 1024
    assert asked["timeout"] <= 5


def test_strangers_can_not_make_us_call_without_end(
    in_a: Place, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST", {"from": 2, "all": 100})
    outside.status = 404
    for number in range(5):
        with pytest.raises(PaybillError):
            fetched(f"https://claude.example/{number}.json", asked_from="192.0.2.1")
    assert len(outside.asked) == 2


def test_the_name_shows_the_host_and_no_tricks(in_a: Place, outside: Outside) -> None:
    outside.body = json.dumps(document(client_name="Pay\u202ebill\n" * 50)).encode()
    name = fetched(CLAUDE).name
    assert name.endswith("(claude.example)")
    assert name.isprintable()
    assert len(name) <= 60


def test_who_asks_for_a_token_makes_nobody_fetch_anything(
    assistant: Assistant, outside: Outside
) -> None:
    assert assistant.exchange("x" * 43).json()["error"] == "invalid_client"
    assert outside.asked == []


def test_a_document_that_is_gone_ends_new_consents(
    assistant: Assistant, browser: Client, outside: Outside
) -> None:
    outside.status = 404
    assert browser.get(assistant.question()).status_code == 400
    assert not Delegation.objects.exists()


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://a.example/b", True),
        ("https://a.example:8443/b?c=d", True),
        ("http://127.0.0.1/b", True),
        ("http://[::1]:9/b", True),
        ("http://localhost:9/b", True),
        ("com.example.app:/back", True),
        ("http://a.example/b", False),
        ("https:///b", False),
        ("https://a.example/b#c", False),
        ("https://u:p@a.example/", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("app:/back", False),
        ("//a.example/b", False),
        ("https://a.example/b c", False),
        ("https://a.example/\n", False),
        ("https://a.example:99999/", False),
        ("", False),
    ],
)
def test_addresses_to_return_to(address: str, good: bool) -> None:
    assert acceptable(address) is good


def test_only_the_port_of_a_loopback_address_is_free() -> None:
    known = ["http://127.0.0.1/back?x=1", "https://a.example/back"]
    assert allowed("http://127.0.0.1:5000/back?x=1", known)
    assert not allowed("http://127.0.0.1:5000/back", known)
    assert not allowed("http://[::1]:5000/back?x=1", known)
    assert not allowed("https://127.0.0.1:5000/back?x=1", known)
    assert not allowed("https://a.example:444/back", known)
    assert not allowed("https://a.example/back?x=1", known)
