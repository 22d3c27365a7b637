"""The envelope: what is refused before any tool is looked at, and in which words."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from agents.mcp import paging
from agents.mcp.eras import CAPABILITIES, SERVER_INFO, SUPPORTED, VERSION
from examples.storefront.models import Order
from tests.mcp.wire import BOTH, Wire

pytestmark = pytest.mark.mcp


def test_a_client_finds_out_what_the_server_speaks_and_can(wire: Wire) -> None:
    told = wire.ask("server/discover")
    assert told.status == 200
    assert told.headers["Cache-Control"] == "no-store"
    assert told.result["supportedVersions"] == list(SUPPORTED)
    assert told.result["resultType"] == "complete"
    assert told.result["cacheScope"] == "private"
    assert told.result["_meta"][SERVER_INFO]["name"] == "paybill"
    assert "idempotency_key" in told.result["instructions"]


@pytest.mark.parametrize("method", ["get", "delete", "put", "head"])
def test_there_is_nothing_but_post(method: str, client: Any, wire: Wire) -> None:
    sent = {"host": wire.host, "authorization": f"Bearer {wire.token}"}
    response = getattr(client, method)("/mcp", headers=sent)
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", -32700),
        ("{", -32700),
        ("[" * 20_000, -32700),
        (b"\xff\xfe", -32700),
        ('{"jsonrpc": "2.0", "jsonrpc": "2.0", "id": 1, "method": "ping"}', -32700),
        ('{"jsonrpc": "2.0", "id": NaN, "method": "ping"}', -32700),
        ('{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}', -32700),
        ('{"jsonrpc": "2.0", "id": ' + "9" * 5000 + ', "method": "ping"}', -32700),
        ("[]", -32600),
        ('[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', -32600),
        ('{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
        ('{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "result": {}}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}', -32600),
        (
            '{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": '
            + "[" * 40
            + "]" * 40
            + "}}",
            -32600,
        ),
    ],
)
def test_what_is_no_message_is_told_so(
    body: str | bytes, code: int, wire: Wire
) -> None:
    told = wire.post(body)
    assert (told.status, told.error["code"]) == (400, code)


def test_a_message_has_a_largest_size(wire: Wire) -> None:
    told = wire.ask("tools/list", {"padding": "x" * 70_000})
    assert told.status == 413


def test_without_an_id_it_is_a_notification_and_nothing_is_answered(wire: Wire) -> None:
    body = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    told = wire.post(json.dumps(body), {"mcp-protocol-version": "2025-11-25"})
    assert (told.status, told.messages) == (202, [])


@pytest.mark.parametrize(
    ("headers", "meta", "code"),
    [
        ({"mcp-protocol-version": None}, {}, -32020),
        ({"mcp-protocol-version": "2025-11-25"}, {}, -32020),
        ({"mcp-method": None}, {}, -32020),
        ({"mcp-method": "TOOLS/CALL"}, {}, -32020),
        ({"mcp-name": None}, {}, -32020),
        ({"mcp-name": "other"}, {}, -32020),
        ({"mcp-name": "=?base64?!?="}, {}, -32020),
        ({"mcp-protocol-version": "v9"}, {VERSION: "v9"}, -32022),
        ({}, {VERSION: 7}, -32602),
        ({}, {CAPABILITIES: []}, -32602),
    ],
)
def test_headers_say_what_the_body_says(
    headers: dict[str, str | None], meta: dict[str, Any], code: int, wire: Wire
) -> None:
    params = {"name": "get_order", "arguments": {}}
    told = wire.ask("tools/call", params, headers=headers, meta=meta)
    assert (told.status, told.error["code"]) == (400, code)


def test_a_name_may_come_encoded(wire: Wire, pending: Order) -> None:
    name = base64.b64encode(b"get_order").decode()
    told = wire.ask(
        "tools/call",
        {"name": "get_order", "arguments": {"id": pending.public_id}},
        headers={"mcp-name": f"  =?base64?{name}?= "},
    )
    assert told.structured["id"] == pending.public_id


def test_a_version_that_nobody_speaks_is_answered_with_those_that_are(
    wire: Wire,
) -> None:
    told = wire.ask_old("tools/list", version="1999-01-01")
    assert (told.status, told.error["code"]) == (400, -32022)
    assert told.error["data"]["requested"] == "1999-01-01"
    assert told.error["data"]["supported"] == list(SUPPORTED)


@pytest.mark.parametrize(
    "method", ["initialize", "ping", "logging/setLevel", "tasks/list", "no/such"]
)
def test_a_method_that_is_not_there_is_not_found(method: str, wire: Wire) -> None:
    told = wire.ask(method)
    assert (told.status, told.error["code"]) == (404, -32601)


@pytest.mark.parametrize("version", ["2025-11-25", "2025-06-18"])
def test_an_older_client_begins_with_initialize(version: str, wire: Wire) -> None:
    about = {"name": "old", "version": "1"}
    asked = {"protocolVersion": version, "capabilities": {}, "clientInfo": about}
    told = wire.ask_old("initialize", asked)
    assert told.result["protocolVersion"] == version
    assert "Mcp-Session-Id" not in told.headers
    assert wire.ask_old("ping", version=version).result == {}
    listed = wire.ask_old("tools/list", version=version).result
    assert set(listed) == {"tools"}


def test_a_client_of_another_time_is_told_the_newest_that_begins_like_this(
    wire: Wire,
) -> None:
    told = wire.ask_old("initialize", {"protocolVersion": "2024-11-05"})
    assert told.result["protocolVersion"] == "2025-11-25"


def test_an_older_client_gets_its_errors_with_the_status_200(wire: Wire) -> None:
    told = wire.ask_old("no/such", version="2025-11-25")
    assert (told.status, told.error["code"]) == (200, -32601)
    gone = wire.ask_old("resources/read", {"uri": "paybill://nothing"}, "2025-06-18")
    assert gone.error["code"] == -32002


def test_a_page_of_another_site_is_refused(wire: Wire) -> None:
    told = wire.ask("tools/list", headers={"origin": "https://evil.example.com"})
    assert told.status == 403
    assert wire.ask("tools/list", headers={"origin": "null"}).status == 403
    own = wire.ask("tools/list", headers={"origin": f"http://{wire.host}"})
    assert own.status == 200


def test_behind_what_ends_tls_the_origin_is_the_address_that_people_see(
    wire: Wire, settings: Any
) -> None:
    settings.PAYBILL_BASE_URL = "https://localhost"
    for scheme, status in {"https": 200, "http": 403}.items():
        # The proxy says nothing of X-Forwarded-Proto.
        told = wire.ask("tools/list", headers={"origin": f"{scheme}://{wire.host}"})
        assert told.status == status


def test_a_host_that_is_nobodys_is_not_found(wire: Wire) -> None:
    stranger = Wire(wire.token, "evil.example.com")
    assert stranger.ask("tools/list").status == 404


def test_who_reads_neither_kind_of_answer_is_told_so(wire: Wire) -> None:
    assert wire.ask("tools/list", headers={"accept": "text/html"}).status == 406
    for accept in (BOTH, "application/json", "*/*", "text/event-stream;q=1"):
        told = wire.ask("tools/list", headers={"accept": accept})
        assert told.status == 200
        assert "tools" in told.result


def test_progress_is_told_on_the_way_where_it_is_wanted(
    wire: Wire, pending: Order
) -> None:
    told = wire.ask(
        "tools/call",
        {"name": "get_order", "arguments": {"id": pending.public_id}},
        meta={"progressToken": "p1"},
    )
    assert told.headers["Content-Type"] == "text/event-stream"
    assert told.headers["X-Accel-Buffering"] == "no"
    *progress, last = told.messages
    steps = [one["params"] for one in progress]
    assert [(one["progressToken"], one["progress"]) for one in steps] == [
        ("p1", 0),
        ("p1", 1),
    ]
    assert last["result"]["structuredContent"]["id"] == pending.public_id


def test_long_lists_come_in_pages_behind_a_cursor_that_nobody_else_can_use(
    wire: Wire, pending: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE", 2)
    names: list[str] = []
    params: dict[str, Any] = {}
    for _ in range(20):
        shown = wire.ask("tools/list", params).result
        names += [tool["name"] for tool in shown["tools"]]
        if "nextCursor" not in shown:
            break
        params = {"cursor": shown["nextCursor"]}
    assert names == sorted(set(names))
    assert {"cancel_order", "get_order", "list_orders"} <= set(names)
    for cursor in ("", "x", params["cursor"] + "x", 7):
        told = wire.ask("tools/list", {"cursor": cursor})
        assert (told.status, told.error["code"]) == (400, -32602)
    elsewhere = wire.ask("resources/list", params)
    assert elsewhere.error["code"] == -32602
